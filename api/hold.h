/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Holding a connection: it stays with the kernel's poll while its request waits for an answer. */
#ifndef HUB_API_HOLD_H
#define HUB_API_HOLD_H

#define H2O_USE_LIBUV 0
#include <h2o.h>

/* Keep the connection of a request that is not answered in this round of its loop; may be called again. It must be let go
 * when the request is disposed of. Connections with TLS or HTTP/2 are left as they are. Its loop's thread only. */
void hub_hold(h2o_req_t *req);

/* Let h2o read from it again. Takes a request whose connection is not held. */
void hub_hold_end(h2o_req_t *req);

#endif
