/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether an append may be written; for the files of log/ alone. */
#ifndef HUB_LOG_ADMIT_H
#define HUB_LOG_ADMIT_H

#include "log/heads.h"
#include "log/store.h"

struct hub_admission {
    struct hub_log *log;
    struct hub_heads heads;    /* versions of streams */
    struct hub_heads pendings; /* pending rows of late: 1 there, 0 settled */
    struct hub_table commands; /* ids in this batch */
};

/* Start with empty caches before the store of a log, which outlives this. */
void hub_admission_init(struct hub_admission *self, struct hub_log *log);

/* Free the memory. */
void hub_admission_done(struct hub_admission *self);

/* Between two batches. */
void hub_admission_next_batch(struct hub_admission *self);

/* Decide about one append, as those admitted before left the log. Returns HUB_APPENDED, which must then come true,
 * HUB_APPEND_CONFLICT, or < 0 for a read error. */
int hub_admission_admit(struct hub_admission *self, const struct hub_append *append);

/* A pending row was put into the batch. */
void hub_admission_add_pending(struct hub_admission *self, const struct hub_pending_key *key);

#endif
