/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How long conversations lasted, by what agents' streams say. */
#include "replay/whatif_talks.h"

#include <stdlib.h>

#include "actors/agent/agent.h"
#include "base/memory.h"
#include "base/pack.h"

static const int64_t usual_unknown_us = INT64_C(600) * 1000 * 1000;

static int by_customer(const void *a, const void *b)
{
    const struct hub_talk *left = a, *right = b;
    int order = memcmp(left->customer.b, right->customer.b, sizeof left->customer.b);
    return order != 0 ? order : left->from_us < right->from_us ? -1 : left->from_us > right->from_us;
}

static int by_length(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;
    return left < right ? -1 : left > right;
}

/* The newest conversation of a customer that has no end yet ends now. */
static void note_end(struct hub_talks *past, struct hub_ulid customer, int64_t at_us)
{
    for (size_t i = past->count; i-- > 0;) {
        if (past->at[i].lasted_us < 0 && hub_ulid_is(past->at[i].customer, customer)) {
            past->at[i].lasted_us = at_us - past->at[i].from_us;
            return;
        }
    }
}

static void note_talk(struct hub_talks *past, const struct hub_stored *event, struct hub_arena *arena)
{
    union {
        struct agent_help_added added;
        struct agent_help_removed removed;
    } said;
    if (event->header.type == agent_help_removed_shape.id &&
        hub_unpack(&agent_help_removed_shape, event->payload, arena, &said, NULL) == 0) {
        note_end(past, said.removed.customer, event->header.decided_at);
    }
    if (event->header.type != agent_help_added_shape.id ||
        hub_unpack(&agent_help_added_shape, event->payload, arena, &said, NULL) != 0) {
        return;
    }
    if (past->count == past->room) {
        past->room = past->room == 0 ? 256 : 2 * past->room;
        past->at = hub_memory_resize(past->at, past->room * sizeof *past->at);
    }
    past->at[past->count++] = (struct hub_talk){ said.added.help->customer, event->header.decided_at, -1 };
}

/* The middle one of the lengths that are known. */
static void find_usual(struct hub_talks *self)
{
    int64_t *lengths = hub_memory_new((self->count + 1) * sizeof *lengths);
    for (size_t i = 0; i < self->count; i++) {
        if (self->at[i].lasted_us >= 0) {
            lengths[self->known++] = self->at[i].lasted_us;
        }
    }
    if (self->known > 0) {
        qsort(lengths, self->known, sizeof *lengths, by_length);
    }
    self->usual_us = self->known > 0 ? lengths[self->known / 2] : usual_unknown_us;
    free(lengths);
}

int hub_talks_read(struct hub_log *log, struct hub_ulid company, uint64_t from, uint64_t to,
                   struct hub_talks *ret_talks)
{
    struct hub_scan *scan = hub_scan_all(log, from, to);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    int more;
    *ret_talks = (struct hub_talks){ .at = NULL };
    while ((more = hub_scan_next(scan, &event)) == 1) {
        if (event.header.kind == KIND_agent && hub_ulid_is(event.header.company, company)) {
            note_talk(ret_talks, &event, arena);
            hub_arena_reset(arena);
        }
    }
    hub_arena_destroy(&arena);
    hub_scan_close(&scan);
    find_usual(ret_talks);
    if (ret_talks->count > 0) {
        qsort(ret_talks->at, ret_talks->count, sizeof *ret_talks->at, by_customer);
    }
    return more;
}

void hub_talks_done(struct hub_talks *self)
{
    free(self->at);
    self->at = NULL;
}

int64_t hub_talks_length(const struct hub_talks *self, struct hub_ulid customer, int64_t since_us)
{
    const struct hub_talk wanted = { customer, since_us, 0 };
    size_t from = 0, to = self->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (by_customer(&self->at[middle], &wanted) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    bool is_theirs = from < self->count && hub_ulid_is(self->at[from].customer, customer);
    return is_theirs && self->at[from].lasted_us >= 0 ? self->at[from].lasted_us : self->usual_us;
}
