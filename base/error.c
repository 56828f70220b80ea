/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of error.def as tables. */
#include "base/error.h"

#include <stddef.h>

struct condition {
    const char *code;
    const char *title;
    int status;
};

static const struct condition conditions[HUB_ERROR_COUNT] = {
    [HUB_OK] = { .code = "ok", .title = "Fine.", .status = 200 },
#define ERROR(name, status_, title_) [HUB_ERROR_##name] = { .code = #name, .title = title_, .status = status_ },
#include "base/error.def"
#undef ERROR
};

static const struct condition *find(int error)
{
    return &conditions[error >= 0 && error < HUB_ERROR_COUNT ? error : HUB_ERROR_internal];
}

const char *hub_error_code(int error)
{
    return find(error)->code;
}

const char *hub_error_title(int error)
{
    return find(error)->title;
}

int hub_error_status(int error)
{
    return find(error)->status;
}
