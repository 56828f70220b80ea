/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The API as an OpenAPI 3.1 document, printed from the routes and the records. */
#ifndef HUB_API_OPENAPI_H
#define HUB_API_OPENAPI_H

#include "base/buf.h"

/* Append the document: one line of JSON, a function of the tables alone. Any thread. */
void hub_openapi_print(struct hub_buf *out);

#endif
