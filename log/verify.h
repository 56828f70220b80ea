/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Proves that a log is whole: chain, density, versions, and every index against the events. */
#ifndef HUB_LOG_VERIFY_H
#define HUB_LOG_VERIFY_H

#include "log/chain.h"
#include "log/log.h"

/* Check the chain from the position behind a mark to `head`. Returns 0, or < 0 with the report filled. */
int hub_verify_tail(struct hub_log *log, const struct hub_mark *mark, uint64_t head,
                    struct hub_verify_report *ret_report);

enum hub_verdict {
    HUB_VERDICT_sound = 0,
    HUB_VERDICT_faulty,  /* the report names the first bad position found */
    HUB_VERDICT_stopped, /* on_progress returned false */
};

struct hub_verify_options {
    /* Called now and then; may be NULL. done grows to total. Return false to stop. */
    bool (*on_progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;

    /* Whether the key of a subject is where it should be; NULL: not asked. Called once for each subject of the range. */
    bool (*has_key)(void *arg, struct hub_ulid company, struct hub_ulid subject);
    void *key_arg;

    /* Only these positions, inclusive; 0: from the first, to the last. Of a part, the rows that no event repeats are not
     * looked at. */
    uint64_t from, to;
};

/* Check everything up to the commit position at the call. Beside a running hub too: what a follower sees amiss counts when
 * it is still so after catching up. Any thread.
 *
 * ret_events  events that were checked */
enum hub_verdict hub_log_verify(struct hub_log *log, const struct hub_verify_options *options,
                                struct hub_verify_report *ret_report, uint64_t *ret_events);

/* Part of the above: command ids, aliases, pending rows and names against their sums (log/sums.h), each row by itself, and
 * that nothing lies before the first event or behind the last. Returns 0, or < 0 with the report filled. */
int hub_verify_rows(struct hub_log *log, uint64_t head, struct hub_verify_report *ret_report);

#endif
