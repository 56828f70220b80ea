/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Figures about the running hub, in the text format of Prometheus (exposition format 0.0.4). */
#ifndef HUB_API_METRICS_H
#define HUB_API_METRICS_H

#include "api/serving.h"

/* Append all figures. Any thread. */
void hub_metrics_write(struct hub_server *server, struct hub_buf *out);

#endif
