/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is looked up and folded to answer questions about an entity's past. */
#ifndef HUB_TOOLS_REPLAY_REPLAY_STUDY_H
#define HUB_TOOLS_REPLAY_REPLAY_STUDY_H

#include "actors/entity.h"
#include "tools/replay/record_diff.h"
#include "tools/replay/replay_events.h"
#include "tools/replay/rows_print.h"

/* An entity, or several in turn, of one data directory. */
struct hub_study {
    const struct hub_replay_query *query;
    struct hub_datadir reader;
    struct hub_ulid company;
    struct hub_stream stream;
    const struct hub_shape *shape; /* of its state */
    uint64_t from, to;             /* positions */
    struct hub_arena *arena;       /* of what is kept to the end of a stream */
    struct hub_rows_print print;
};

/* Open the query's data directory. Returns 0, or an exit status as a negative number with a sentence on stderr, as all of these do
 * that return an int; hub_study_close is due in any case. */
int hub_study_open(struct hub_study *self, const struct hub_replay_query *query);
/* The same for a single entity as it was at a moment (NULL: the end), see hub_datadir_open_at. */
int hub_study_open_at(struct hub_study *self, const struct hub_replay_query *query, const char *at);
void hub_study_close(struct hub_study *self);

/* Turn to an entity: by its stream, or by KIND/ID. */
void hub_study_choose(struct hub_study *self, const struct hub_stream *stream);
int hub_study_find(struct hub_study *self, const char *name);

/* Fold the entity up to `to`. on_folded as in hub_fold_options; may be NULL. */
int hub_study_fold(struct hub_study *self,
                   void (*on_folded)(void *arg, const struct hub_stored *event, const void *state), void *arg,
                   struct hub_folded_state *ret_folded);

/* A copy of a state with its personal values shown as far as there are keys. */
void *hub_study_shown(const struct hub_study *self, const void *state, struct hub_arena *arena);

/* Texts: of an id, empty for none; of a type of events. */
struct hub_span hub_study_id(struct hub_ulid id, struct hub_arena *arena);
const char *hub_study_type(uint32_t type);

/* A stream's way through its events. */
struct hub_study_way {
    struct hub_study *study;
    const void *before;                /* as shown, at `from`, then after each event; NULL: there was none */
    struct hub_arena *arena, *other;   /* of `before`, and of the one that follows */
    const struct event_header *header; /* of the event under way */
    hub_difference_fn *visit;
    void *arg;
};

/* Visit what each event of the entity behind `from` changed; study, before, visit and arg are set. */
int hub_study_walk(struct hub_study_way *self, struct hub_folded_state *ret_folded);

#endif
