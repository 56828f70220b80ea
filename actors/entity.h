/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The entities of one worker: found by stream, activated from snapshot and tail, passivated when idle or too many. */
#ifndef HUB_ACTORS_ENTITY_H
#define HUB_ACTORS_ENTITY_H

#include "actors/kind.h"
#include "actors/runtime.h"

struct hub_outcome; /* actors/outcome.h */

/* One activated entity. Owned by its table; only its worker's thread touches it. */
struct hub_entity {
    struct hub_stream stream;
    const struct hub_kind_info *kind;
    uint64_t version;                 /* of the stream, tentative appends included; 0: no event yet */
    void *state;                      /* kind->state's record, NULL while version is 0 */
    struct hub_arena *arena;          /* holds state and what it points to, NULL while version is 0 */
    size_t arena_base;                /* bytes in the arena after it was last tidied */
    size_t charged;                   /* what it counts in the table's bytes */
    struct hub_outcome *last;         /* newest append that is not yet durable, NULL when all are */
    int64_t used_tick_us;             /* last command */
    struct hub_entity *same_hash;     /* next in its chain */
    struct hub_entity *newer, *older; /* by use */
    bool dropped;                     /* no longer in the table: a conflict; goes when nothing is under way */
    uint32_t under_way;               /* appends not yet answered */
};

struct hub_entities_options {
    struct hub_log *log;
    struct hub_snapshots snapshots;
    size_t room;     /* active entities before the least recently used are passivated */
    size_t bytes;    /* that they may take before the same happens; 0: any */
    int64_t idle_us; /* passivated after this long */
};

struct hub_entities;
/* An empty table; options are copied. Never NULL. One thread. */
struct hub_entities *hub_entities_new(const struct hub_entities_options *options);

/* Free the table and every entity in it; *self_p becomes NULL. Takes NULL. */
void hub_entities_destroy(struct hub_entities **self_p);

/* Find an entity, activating it when it is not in memory. An entity without events is found too (version 0).
 *
 * fresh  the id was made a moment ago: no need to look in the log
 * Returns 0, or < 0 when log or snapshot cannot be read. */
int hub_entities_get(struct hub_entities *self, const struct hub_stream *stream, bool fresh, int64_t tick_us,
                     struct hub_entity **ret_entity);

/* Begin to load what hub_entities_get and a decision will look at, a step a call: 0 the place in the table, 1 the entity, 2 its
 * state. A step needs what the one before has loaded, so there should be time between them. */
void hub_entities_expect(struct hub_entities *self, const struct hub_stream *stream, unsigned step);

/* Fold an event into an entity and count its version. */
void hub_entity_apply(struct hub_entity *entity, const struct hub_event *event);

/* Tidy the arena when it has grown: the state moves. Call when nothing points into the state any more, as the records of
 * events that are still to be applied may. */
void hub_entity_tidy(struct hub_entity *entity);

/* Take an entity out of the table: what is in memory can no longer be trusted. It is freed when nothing is under way. */
void hub_entities_drop(struct hub_entities *self, struct hub_entity *entity);

/* An append of a dropped entity came about after all: what was activated in its place does not know of it, and goes too. */
void hub_entities_renew(struct hub_entities *self, const struct hub_entity *dropped);

/* One append fewer under way. May free a dropped entity. */
void hub_entities_settled(struct hub_entities *self, struct hub_entity *entity);

/* Passivate what has been idle. Call about once a second. */
void hub_entities_sweep(struct hub_entities *self, int64_t tick_us);

struct hub_entities_stats {
    uint64_t active, bytes, activations, passivations;
};
/* What the table counted so far. Its own thread. */
struct hub_entities_stats hub_entities_stats(const struct hub_entities *self);

/* What to fold, and how far. */
struct hub_fold_options {
    struct hub_log *log;
    const struct hub_snapshots *snapshots; /* NULL: from the first event */
    struct hub_stream stream;
    uint64_t to; /* position; 0: to the stream's end, starting from a snapshot when there is one */
    /* Called after each event with the state as it then is, both borrowed for the call; may be NULL. */
    void (*on_folded)(void *arg, const struct hub_stored *event, const void *state);
    void *arg;
};

/* What came of it: state NULL and version 0 for a stream without events. */
struct hub_folded_state {
    void *state; /* in the arena */
    uint64_t version;
};

/* Fold a stream into a fresh state in `arena`. Used for activation, time travel and audits. Returns 0, or < 0. */
int hub_entity_fold(const struct hub_fold_options *options, struct hub_arena *arena,
                    struct hub_folded_state *ret_folded);

#endif
