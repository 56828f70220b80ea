/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Parked streams: a sorted list in memory, as there should be none, and a row each in the views' store. */
#include "replay/park.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/pack.h"

void hub_parks_init(struct hub_parks *self)
{
    *self = (struct hub_parks){ 0 };
}

void hub_parks_done(struct hub_parks *self)
{
    free(self->at);
    hub_parks_init(self);
}

static struct hub_row_key key_of(uint16_t view, const struct hub_stream *stream)
{
    return hub_row_key_of((uint16_t) (HUB_VIEW_PARKED | view), stream->company, stream->kind, stream->entity);
}

/* The index where a key is or would be. */
static size_t place_of(const struct hub_parks *self, const struct hub_row_key *key, bool *ret_found)
{
    size_t first = 0;
    size_t end = self->count;
    *ret_found = false;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        struct hub_row_key other = key_of(self->at[middle].view, &self->at[middle].stream);
        int order = memcmp(other.b, key->b, key->len);
        *ret_found = *ret_found || order == 0;
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

struct hub_park *hub_parks_find(const struct hub_parks *self, uint16_t view, const struct hub_stream *stream)
{
    struct hub_row_key key = key_of(view, stream);
    bool found;
    size_t place = place_of(self, &key, &found);
    return found ? &self->at[place] : NULL;
}

static void insert(struct hub_parks *self, const struct hub_park *park)
{
    struct hub_row_key key = key_of(park->view, &park->stream);
    bool found;
    size_t place = place_of(self, &key, &found);
    if (self->count == self->room) {
        self->room = self->room > 0 ? self->room * 2 : 8;
        self->at = hub_memory_resize(self->at, self->room * sizeof *self->at);
    }
    memmove(self->at + place + 1, self->at + place, (self->count - place) * sizeof *self->at);
    self->at[place] = *park;
    self->count++;
}

void hub_parks_add(struct hub_parks *self, uint16_t view, const struct event_header *header, const char *reason)
{
    struct hub_park park = {
        .view = view,
        .stream = { header->company, header->entity, (uint8_t) header->kind },
        .version = header->version,
        .sequence = header->sequence,
        .events = 1,
        .since_us = header->time,
        .is_changed = true,
    };
    snprintf(park.reason, sizeof park.reason, "%s", reason);
    insert(self, &park);
}

void hub_parks_remove(struct hub_parks *self, struct hub_park *park, struct hub_view_fold *fold)
{
    struct hub_row_key key = key_of(park->view, &park->stream);
    hub_fold_drop(fold, &key);
    size_t place = (size_t) (park - self->at);
    self->count--;
    memmove(park, park + 1, (self->count - place) * sizeof *park);
}

struct loading {
    struct hub_parks *parks;
    struct hub_arena *arena;
    uint16_t view;
    int error;
};

static bool load(void *arg, struct hub_span key, struct hub_span value)
{
    (void) key;
    struct loading *loading = arg;
    struct parked_row row;
    hub_arena_reset(loading->arena);
    if (hub_unpack(&parked_row_shape, value, loading->arena, &row, NULL) != 0) {
        loading->error = -1;
        return false;
    }
    struct hub_park park = {
        .view = loading->view,
        .stream = { row.company, row.entity, (uint8_t) row.kind },
        .version = row.version,
        .sequence = row.sequence,
        .events = row.events,
        .since_us = row.since,
    };
    snprintf(park.reason, sizeof park.reason, "%.*s", (int) row.reason.len, row.reason.len > 0 ? row.reason.at : "");
    insert(loading->parks, &park);
    return true;
}

int hub_parks_load(struct hub_parks *self, uint16_t view, const struct hub_rows *rows)
{
    struct loading loading = { .parks = self, .arena = hub_arena_new(0), .view = view };
    struct hub_row_key prefix = hub_row_key_of_view((uint16_t) (HUB_VIEW_PARKED | view));
    int done = rows->scan(rows->self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, load, &loading);
    hub_arena_destroy(&loading.arena);
    return done != 0 ? done : loading.error;
}

void hub_parks_store(struct hub_parks *self, struct hub_view_fold *fold)
{
    for (size_t i = 0; i < self->count; i++) {
        struct hub_park *park = &self->at[i];
        if (!park->is_changed) {
            continue;
        }
        struct parked_row row = { 0 };
        HUB_SET(parked_row, &row, company, park->stream.company);
        HUB_SET(parked_row, &row, kind, park->stream.kind);
        HUB_SET(parked_row, &row, entity, park->stream.entity);
        HUB_SET(parked_row, &row, version, park->version);
        HUB_SET(parked_row, &row, sequence, park->sequence);
        HUB_SET(parked_row, &row, events, park->events);
        HUB_SET(parked_row, &row, since, park->since_us);
        HUB_SET(parked_row, &row, reason, hub_span(park->reason));
        struct hub_row_key key = key_of(park->view, &park->stream);
        hub_fold_put(fold, &key, &parked_row_shape, &row);
        park->is_changed = false;
    }
}

void hub_parks_count(const struct hub_parks *self, uint16_t view, uint64_t *ret_streams, uint64_t *ret_events)
{
    *ret_streams = 0;
    *ret_events = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (self->at[i].view == view) {
            *ret_streams += 1;
            *ret_events += self->at[i].events;
        }
    }
}
