/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The head witness: a small file beside the log that remembers how far it went, at most a second behind. */
#ifndef HUB_LOG_WITNESS_H
#define HUB_LOG_WITNESS_H

#include "base/digest.h"
#include "log/position.h"

struct hub_witness {
    struct hub_log_identity identity;
    uint64_t sequence;
    struct hub_digest hash; /* h(sequence) */
};

/* Replace DATA/witness, durably. Returns 0, or < 0 with errno set. See docs/log-format.md §4. */
int hub_witness_write(const char *data_dir, const struct hub_witness *witness);

/* Read DATA/witness. Returns 0, HUB_ERROR_not_found, or < 0 with a sentence in ret_why: unreadable or damaged. */
int hub_witness_read(const char *data_dir, struct hub_witness *ret_witness, char *ret_why, size_t why_size);

#endif
