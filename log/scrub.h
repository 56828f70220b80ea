/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The scrubber: a thread of low priority that verifies the chain all the time, forgets command ids that are too old, and writes
 * what lies in memory into tables while nothing else happens. */
#ifndef HUB_LOG_SCRUB_H
#define HUB_LOG_SCRUB_H

#include "log/chain.h"
#include "log/log.h"

struct hub_scrub;

struct hub_scrub_options {
    struct hub_log *log;        /* open for writing; outlives the scrubber */
    uint32_t events_per_second; /* how fast it walks; 0: 10,000. Eight times that when it is far behind */
    uint64_t
        far_events; /* so far behind the head it walks without rest, with a priority like everybody's; 0: 250,000 */
    int64_t keep_commands_us; /* how long a command id is remembered; 0: for ever */
    int64_t forget_every_us;  /* between two looks for old command ids; 0: an hour */
    int64_t idle_us;          /* without an event after which hub_log_flush is due; 0: one second, < 0: at once */
    uint64_t idle_bytes;      /* and with so much written since the last one; 0: 1 MiB */
    /* Called once, on the scrubber's thread, when something is wrong; it has ended then. The report is borrowed. */
    void (*on_fault)(void *arg, const struct hub_verify_report *report);
    void *arg;
};

/* Start the thread. It flushes the log when a backup asks for it (log/backup/pin.h). It follows the head first, which moves the verified mark (a later start has less to check), then
 * walks the whole chain from the beginning, over and over. Never NULL. */
struct hub_scrub *hub_scrub_start(const struct hub_scrub_options *options);

/* Stop it and wait for its end. *self_p becomes NULL. Takes NULL. */
void hub_scrub_stop(struct hub_scrub **self_p);

/* Times the whole chain was walked from the beginning to the end. Any thread. */
uint64_t hub_scrub_rounds(const struct hub_scrub *self);

/* Forget the command ids that were stored before a moment. They can be used again then, so the moment lies as far back as
 * repetitions are promised to be recognised. Any one thread, beside the writer.
 *
 * ret_count  how many there were
 * Returns 0 or < 0. */
int hub_log_forget_commands(struct hub_log *log, int64_t before_us, uint64_t *ret_count);

#endif
