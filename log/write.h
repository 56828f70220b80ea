/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The write side of an open log; for the files of log/ alone. */
#ifndef HUB_LOG_WRITE_H
#define HUB_LOG_WRITE_H

#include "log/store.h"

/* What the writer needs to go on from the log's head.
 *
 * head_time_us  log time of the last event, 0 when there is none */
struct hub_writing *hub_writing_new(struct hub_log *log, const struct hub_digest *head_hash, int64_t head_time_us);
void hub_writing_destroy(struct hub_writing **self_p);

#endif
