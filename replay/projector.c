/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folding events into views. An event is decoded once for all of them. */
#include "replay/projector.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "replay/decode.h"

enum { TYPES = 64 };

struct hub_projector {
    struct hub_projector_options options;
    struct hub_view_fold *fold; /* owned */
    struct hub_arena *arena;    /* owned; of one event */
    struct hub_parks parks;
    struct {
        uint32_t type;
        const struct hub_shape *shape;
    } types[TYPES]; /* looked up lately, by the type's last bits */
};

struct hub_projector *hub_projector_new(const struct hub_projector_options *options)
{
    struct hub_projector *self = hub_memory_new(sizeof *self);
    *self = (struct hub_projector){ .options = *options };
    self->fold = hub_fold_new(&options->rows, options->cache_bytes);
    if (options->puts_through) {
        hub_fold_put_through(self->fold);
    }
    self->arena = hub_arena_new(16 * 1024);
    hub_parks_init(&self->parks);
    return self;
}

void hub_projector_destroy(struct hub_projector **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_projector *self = *self_p;
    *self_p = NULL;
    hub_fold_destroy(&self->fold);
    hub_arena_destroy(&self->arena);
    hub_parks_done(&self->parks);
    free(self);
}

int hub_projector_load(struct hub_projector *self)
{
    int done = 0;
    for (size_t i = 0; done == 0 && i < self->options.count; i++) {
        done = hub_parks_load(&self->parks, self->options.views[i]->number, &self->options.rows);
    }
    return done;
}

static int decode(struct hub_projector *self, const struct hub_stored *stored, struct hub_view_event *ret_event,
                  struct hub_fault *ret_why)
{
    uint32_t type = stored->header.type;
    if (self->types[type % TYPES].type != type) {
        self->types[type % TYPES].type = type;
        self->types[type % TYPES].shape = hub_view_shape(type);
    }
    hub_arena_reset(self->arena);
    return hub_view_decode(stored, self->types[type % TYPES].shape, self->arena, ret_event, ret_why);
}

/* Whether the event's stream waits in this view; the event then waits too. */
static bool is_parked(struct hub_projector *self, uint16_t view, const struct event_header *header)
{
    if (self->parks.count == 0) {
        return false;
    }
    const struct hub_stream stream = { header->company, header->entity, (uint8_t) header->kind };
    struct hub_park *park = hub_parks_find(&self->parks, view, &stream);
    if (park != NULL) {
        park->events++;
        park->is_changed = true;
    }
    return park != NULL;
}

/* why: NULL when the event could be decoded. */
static int fold_into_all(struct hub_projector *self, const struct hub_view_event *event, const struct hub_fault *why)
{
    const struct event_header *header = &event->stored->header;
    for (size_t i = 0; i < self->options.count; i++) {
        const struct hub_view_info *view = self->options.views[i];
        if (is_parked(self, view->number, header)) {
            continue;
        }
        int done = why == NULL ? view->fold(self->fold, event) : why->error;
        if (done < 0) {
            return done;
        }
        if (done > 0) {
            hub_parks_add(&self->parks, view->number, header, why == NULL ? "the view cannot fold it" : why->reason);
        }
    }
    return 0;
}

int hub_projector_fold(struct hub_projector *self, const struct hub_stored *stored)
{
    struct hub_view_event event;
    struct hub_fault why;
    int decoded = decode(self, stored, &event, &why);
    return decoded < 0 ? decoded : fold_into_all(self, &event, decoded == 0 ? NULL : &why);
}

int hub_projector_fold_decoded(struct hub_projector *self, const struct hub_view_event *event,
                               const struct hub_fault *why)
{
    struct hub_view_event own = *event;
    hub_arena_reset(self->arena);
    own.arena = self->arena;
    return fold_into_all(self, &own, why);
}

void hub_projector_expect(struct hub_projector *self, const struct hub_stored *stored)
{
    for (size_t i = 0; stored != NULL && i < self->options.count; i++) {
        if (self->options.views[i]->expect != NULL) {
            self->options.views[i]->expect(self->fold, &stored->header);
        }
    }
}

bool hub_projector_is_full(const struct hub_projector *self)
{
    return hub_fold_is_full(self->fold);
}

void hub_projector_flush(struct hub_projector *self)
{
    hub_parks_store(&self->parks, self->fold);
    hub_fold_flush(self->fold);
}

void hub_projector_finish(struct hub_projector *self)
{
    hub_projector_flush(self);
    hub_fold_reset(self->fold);
}

void hub_projector_reset(struct hub_projector *self)
{
    hub_fold_reset(self->fold);
    hub_parks_done(&self->parks);
}

/* Fold what waits of one stream into one view. Returns 0 when nothing is left, 1 when it stays, < 0. */
static int fold_parked(struct hub_projector *self, struct hub_scan *scan, const struct hub_view_info *view,
                       struct hub_park *park)
{
    struct hub_stored stored;
    int found;
    while ((found = hub_scan_next(scan, &stored)) == 1) {
        struct hub_view_event event;
        struct hub_fault why;
        int done = decode(self, &stored, &event, &why);
        done = done == 0 ? view->fold(self->fold, &event) : done;
        if (done < 0) {
            return done;
        }
        if (done > 0) {
            park->version = stored.header.version;
            park->sequence = stored.header.sequence;
            park->since_us = stored.header.time;
            park->is_changed = true;
            return 1;
        }
        park->events -= park->events > 0;
    }
    return found;
}

int hub_projector_retry(struct hub_projector *self, struct hub_log *log, const struct hub_view_info *view, uint64_t to)
{
    for (size_t i = 0; i < self->parks.count;) {
        struct hub_park *park = &self->parks.at[i];
        if (park->view != view->number) {
            i++;
            continue;
        }
        struct hub_scan *scan = hub_scan_stream(log, &park->stream, park->version, to);
        int left = fold_parked(self, scan, view, park);
        hub_scan_close(&scan);
        if (left < 0) {
            return left;
        }
        if (left == 0) {
            hub_parks_remove(&self->parks, park, self->fold);
        } else {
            i++;
        }
    }
    return 0;
}

const struct hub_parks *hub_projector_parks(const struct hub_projector *self)
{
    return &self->parks;
}
