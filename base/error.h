/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The conditions of error.def as numbers, with their texts and HTTP statuses. */
#ifndef HUB_BASE_ERROR_H
#define HUB_BASE_ERROR_H

enum hub_error {
    HUB_OK = 0,
#define ERROR(name, status, title) HUB_ERROR_##name,
#include "base/error.def"
#undef ERROR
    HUB_ERROR_COUNT,
};

/* The permanent code of an error, "not_found"; "ok" for 0, "internal" for a number that is none. */
const char *hub_error_code(int error);

/* One sentence for people. */
const char *hub_error_title(int error);

/* The HTTP status, 200 for 0. */
int hub_error_status(int error);

#endif
