/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A kind of entity as the runtime sees it: its state, its fold and its decisions. One row in actors/kinds.c each. */
#ifndef HUB_ACTORS_KIND_H
#define HUB_ACTORS_KIND_H

#include "actors/decision.h"

/* An event as apply sees it: nothing that depends on the log's own clock or order (I7). */
struct hub_event {
    const struct hub_shape *shape;
    const void *record; /* sealed values as boxes only; borrowed */
    uint64_t version;   /* of the stream, 1-based */
    int64_t decided_at_us;
    struct hub_ulid entity;
    struct hub_ulid subject;
};

/* Fold one event into a state. Cannot fail; reads nothing but its arguments. `state` is zeroed before the first event.
 * What the state keeps is copied into `arena`, the entity's own; what it replaces there is reclaimed by the runtime. */
typedef void hub_apply_fn(void *state, const struct hub_event *event, struct hub_arena *arena);

/* Decide one command. state is NULL when the entity has no event yet. */
typedef void hub_decide_fn(const void *state, const void *command, struct hub_decision *decision);

/* Tell the timers that a state waits for, each as the command that its decisions once asked for. */
typedef void hub_timer_fn(void *arg, int64_t due_us, const struct hub_shape *shape, const void *record);
typedef void hub_timers_fn(const void *state, hub_timer_fn *tell, void *arg);

struct hub_decider {
    const struct hub_shape *command;
    hub_decide_fn *decide;
};

/* Bytes to set aside beside the record of a young state, for what it points to: ids that clients brought, its first few messages. */
enum { HUB_STATE_ROOM = 256 };

struct hub_kind_info {
    uint8_t number;
    const char *name; /* "session": in docs, `--state session/ID`, alias labels */
    const struct hub_shape *state;
    hub_apply_fn *apply;
    const struct hub_decider *deciders;
    size_t decider_count;
    hub_timers_fn *timers; /* NULL: it has none */
};

/* The kind with this number or name, NULL when there is none. */
const struct hub_kind_info *hub_kind_find(uint8_t number);
const struct hub_kind_info *hub_kind_by_name(struct hub_span name);

/* The decide function of a kind for a command, NULL when it has none. */
hub_decide_fn *hub_kind_decider(const struct hub_kind_info *kind, const struct hub_shape *command);

/* Fold what a decision has decided so far into a copy of the state it began with.
 *
 * after    the copy; its memory comes from the decision's arena
 * version  of the copy */
void hub_fold_decided(const struct hub_decision *decision, hub_apply_fn *apply, void *after, uint64_t version);

/* Keep a span, or a sealed value's box, in a state. */
void hub_keep_text(struct hub_arena *arena, struct hub_span *ret_to, struct hub_span from);
void hub_keep_sealed(struct hub_arena *arena, hub_sealed *ret_to, const hub_sealed *from);

/* Keep a list of texts in a state. */
void hub_keep_texts(struct hub_arena *arena, hub_list *ret_to, const hub_list *from);

#endif
