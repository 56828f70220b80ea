/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Erasing a customer at the door: what is held is counted first, and a certificate is made afterwards. */
#ifndef HUB_API_ERASURE_H
#define HUB_API_ERASURE_H

struct hub_call;

/* .run of GET /customer/{customer_id}/erasure: answers with customer_erasure. */
void hub_erasure_show(struct hub_call *call);

/* .run of POST /customer/{customer_id}/erase: answers with customer_erasure. */
void hub_erasure_run(struct hub_call *call);

#endif
