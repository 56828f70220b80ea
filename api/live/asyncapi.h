/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The live streams, described: AsyncAPI 3.0, printed from the tables of routes, frames and clients. */
#ifndef HUB_API_LIVE_ASYNCAPI_H
#define HUB_API_LIVE_ASYNCAPI_H

#include "base/buf.h"

/* Append the document. Any thread. */
void hub_asyncapi_print(struct hub_buf *out);

#endif
