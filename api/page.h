/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The page at /: one document without other files, which shows /openapi.json to people. */
#ifndef HUB_API_PAGE_H
#define HUB_API_PAGE_H

#include "base/span.h"

/* Its HTML. Any thread. */
struct hub_span hub_page(void);

#endif
