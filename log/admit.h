/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether an append may be written; for the files of log/ alone. */
#ifndef HUB_LOG_ADMIT_H
#define HUB_LOG_ADMIT_H

#include "log/heads.h"
#include "log/store.h"
#include "log/sums.h"

struct hub_admission {
    struct hub_log *log;
    struct hub_heads heads;    /* versions of streams */
    struct hub_heads pendings; /* pending rows of late: their hash, 0 when settled */
    struct hub_table aliases;  /* of this batch: which of `entities` each leads to, from 1; 0 when removed */
    struct hub_buf entities;   /* struct hub_ulid each */
    struct hub_table unique;   /* those of this batch that only one may have */
    struct hub_table commands; /* ids in this batch */
    struct hub_buf value;      /* scratch */
    struct hub_sums sums;      /* of the rows as this batch leaves them */
    bool sums_are_new;         /* since they were last put into a batch */
};

/* Start with empty caches before the store of a log, which outlives this. */
void hub_admission_init(struct hub_admission *self, struct hub_log *log);

/* Free the memory. */
void hub_admission_done(struct hub_admission *self);

/* Between two batches. */
void hub_admission_next_batch(struct hub_admission *self);

/* Begin to load what deciding about an append will look at. */
void hub_admission_expect(const struct hub_admission *self, const struct hub_append *append);

/* Decide about one append, as those admitted before left the log. Returns HUB_APPENDED, which must then come true,
 * HUB_APPEND_CONFLICT, HUB_APPEND_TAKEN, or < 0 for a read error. */
int hub_admission_admit(struct hub_admission *self, const struct hub_append *append);

/* A row was put into the batch: count it. sequence: what the command row says */
void hub_admission_add_command(struct hub_admission *self, struct hub_span key, struct hub_span value,
                               uint64_t sequence);
void hub_admission_add_pending(struct hub_admission *self, const struct hub_pending_key *key, struct hub_span value);

/* An alias is going to be put into the batch, or removed from it (entity NULL). Returns 0, or < 0 for a read error. */
int hub_admission_set_alias(struct hub_admission *self, const struct hub_name *key, const struct hub_ulid *entity);

#endif
