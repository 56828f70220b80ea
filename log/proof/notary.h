/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The notary: a chore that keeps the log's Merkle tree up to date and signs a checkpoint from time to time. */
#ifndef HUB_LOG_PROOF_NOTARY_H
#define HUB_LOG_PROOF_NOTARY_H

#include "log/log.h"

struct hub_notary;

struct hub_notary_options {
    struct hub_log *log; /* open for writing; outlives the notary */
    const char *data_dir;
    const struct hub_world *world;
    int64_t every_us;    /* between two checkpoints, when the log grew; 0: ten minutes */
    int64_t first_us;    /* before it begins; 0: soon */
    uint64_t far_events; /* as many, behind the head, a stop reads, and signs when no more are left; 0: 50,000 */
    const char *copy_to; /* a file that gets every checkpoint too, as on another machine's disk; NULL: none */
    /* Called on the notary's thread when something could not be written; it tries again at the next turn. */
    void (*on_fault)(void *arg, const char *why);
    void *arg;
};

/* Start it; the signing key is made when there is none. Options are borrowed until the stop.
 * Returns 0, or < 0 with a sentence in ret_why. */
int hub_notary_start(const struct hub_notary_options *options, struct hub_notary **ret_notary, char *ret_why,
                     size_t why_size);

/* Sign a last checkpoint when the log grew, and stop. When it grew so much that reading it would hold up the stop, the next
 * checkpoint covers it. *self_p becomes NULL. Takes NULL. */
void hub_notary_stop(struct hub_notary **self_p);

#endif
