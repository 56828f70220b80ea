/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How long conversations of agents with customers lasted, for replays of the routing. */
#ifndef HUB_REPLAY_WHATIF_TALKS_H
#define HUB_REPLAY_WHATIF_TALKS_H

#include "log/log.h"

struct hub_talk {
    struct hub_ulid customer;
    int64_t from_us, lasted_us; /* lasted_us < 0: its end is not in the range */
};

struct hub_talks {
    struct hub_talk *at; /* owned; by customer, then time */
    size_t count, room;
    uint64_t known;   /* whose length is known */
    int64_t usual_us; /* the middle one of these; ten minutes when there is none */
};

/* Read a company's conversations that began in a range of positions, inclusive. Returns 0, or < 0 for a read error;
 * hub_talks_done is due in both cases. */
int hub_talks_read(struct hub_log *log, struct hub_ulid company, uint64_t from, uint64_t to,
                   struct hub_talks *ret_talks);
void hub_talks_done(struct hub_talks *self);

/* The length of a customer's first conversation since a moment; the usual one where it is not known. */
int64_t hub_talks_length(const struct hub_talks *self, struct hub_ulid customer, int64_t since_us);

#endif
