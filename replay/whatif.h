/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Past routing decisions once more, under other rules or other room: through the deciders of the kind routing, in a world of
 * its own in memory, which sends nothing and writes nothing. */
#ifndef HUB_REPLAY_WHATIF_H
#define HUB_REPLAY_WHATIF_H

#include "actors/routing/routing.h"
#include "log/log.h"

enum { HUB_WHATIF_CHANNELS = 16 };

/* What one way of routing came to. */
struct hub_whatif_run {
    uint64_t decisions;
    uint64_t by_channel[HUB_WHATIF_CHANNELS]; /* chosen, by the channel's code */
    uint64_t wanted;                          /* decisions that asked for an agent */
    uint64_t given;                           /* of these: an agent got the customer */
    uint64_t within;                          /* of these: within the service level's time */
    int64_t wait_us, longest_us;              /* of those given: sum, longest */
    int64_t busy_us, available_us;            /* of agents: with a conversation at least, there; 0: not known */
};

struct hub_whatif_options {
    struct hub_log *log;
    struct hub_ulid company;
    const struct put_routing_rules *rules; /* with zones; NULL: the rules of then */
    bool has_room[HUB_WHATIF_CHANNELS];    /* another capacity on a channel */
    uint32_t room[HUB_WHATIF_CHANNELS];    /* of every agent */
    uint64_t from, to;                     /* sequences, inclusive */
    int64_t within_us;                     /* the service level's time */
    const struct hub_world *world;
};

struct hub_whatif {
    struct hub_whatif_run recorded;         /* as the log has it */
    struct hub_whatif_run before;           /* replayed by the rules and the room of then */
    struct hub_whatif_run after;            /* replayed by the others */
    uint64_t changed_rule, changed_channel; /* decisions that the two replays made otherwise */
    uint64_t known;                         /* conversations whose length the log knows */
    int64_t usual_us;                       /* length that the others were given: the middle one of those known */
};

/* Replay. Returns 0; HUB_ERROR_not_found when there is no decision in the range; HUB_ERROR_invalid_field with ret_fault filled
 * for rules that are none; < 0 when the log cannot be read. */
int hub_whatif(const struct hub_whatif_options *options, struct hub_whatif *ret_whatif, struct hub_fault *ret_fault);

#endif
