/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A stage: views on their way through the log. One batch of rows and one mark are written together, so that every event has its
 * effect exactly once, whenever the power goes. */
#include "base/error.h"
#include "replay/views_state.h"

#include <stdio.h>

enum { BATCH_EVENTS = 2048, BATCH_BYTES = 1024 * 1024 };

static int fail(struct hub_stage *self, const char *what)
{
    if (self->why[0] == '\0') {
        snprintf(self->why, sizeof self->why, "%s", what);
    }
    return -1;
}

int hub_stage_init(struct hub_stage *self, struct hub_views *views, const struct hub_view_mark *mark,
                   const struct hub_stage_views *what)
{
    *self = (struct hub_stage){ .db = views->db, .log = views->log, .which = what->which, .mark = *mark };
    self->batch = hub_rocks_batch_new(views->db);
    self->rows = (struct hub_view_rows){ .db = views->db, .batch = self->batch, .places = self->mark.places };
    const struct hub_projector_options options = {
        .rows = hub_view_rows(&self->rows),
        .views = what->infos,
        .count = what->count,
        .cache_bytes = views->memory_bytes / 4,
    };
    self->projector = hub_projector_new(&options);
    return hub_projector_load(self->projector) == 0 ? 0 : fail(self, "the parked streams cannot be read");
}

void hub_stage_done(struct hub_stage *self)
{
    hub_projector_destroy(&self->projector);
    hub_rocks_batch_destroy(&self->batch);
}

int hub_stage_write(struct hub_stage *self)
{
    hub_projector_flush(self->projector);
    hub_view_mark_put(self->batch, self->which, &self->mark);
    self->why[0] = '\0';
    return hub_rocks_write(self->db, self->batch, self->why, sizeof self->why) == 0
               ? 0
               : fail(self, "the views cannot be written");
}

/* Fold events until a batch is full or the scan ends. Returns how many, or < 0. */
static int fold_events(struct hub_stage *self, struct hub_scan *scan)
{
    size_t bytes = 0;
    int count = 0;
    while (count < BATCH_EVENTS && bytes < BATCH_BYTES && !hub_projector_is_full(self->projector)) {
        struct hub_stored stored;
        int found = hub_scan_next(scan, &stored);
        if (found <= 0) {
            return found < 0 ? fail(self, "the log cannot be read") : count;
        }
        if (stored.header.sequence != self->mark.sequence + 1) {
            return fail(self, "the log has a gap");
        }
        hub_projector_expect(self->projector, hub_scan_ahead(scan, HUB_FOLD_EXPECT));
        if (hub_projector_fold(self->projector, &stored) < 0) {
            return fail(self, "the rows of a view cannot be read");
        }
        self->mark.sequence = stored.header.sequence;
        self->mark.hash = stored.hash;
        self->company_events += stored.header.kind == KIND_company;
        bytes += stored.payload.len + stored.header_bytes.len;
        count++;
    }
    return count;
}

/* Fold one batch and write it with the mark. Returns 1, 0 at the end, < 0. */
static int fold_batch(struct hub_stage *self, struct hub_scan *scan)
{
    self->why[0] = '\0';
    int count = fold_events(self, scan);
    if (count <= 0) {
        return count;
    }
    return hub_stage_write(self) == 0 ? 1 : -1;
}

int hub_stage_fold_to(struct hub_stage *self, uint64_t to, const _Atomic bool *stop, void (*on_batch)(void *arg),
                      void *arg)
{
    if (self->mark.sequence >= to) {
        return 0;
    }
    struct hub_scan *scan = hub_scan_all(self->log, self->mark.sequence + 1, to);
    int done = 1;
    while (done > 0 && !atomic_load(stop)) {
        done = fold_batch(self, scan);
        if (done > 0) {
            on_batch(arg);
        }
    }
    hub_scan_close(&scan);
    return done < 0 ? done : 0;
}

int hub_stage_reset(struct hub_stage *self)
{
    struct hub_view_mark mark;
    hub_projector_reset(self->projector);
    hub_rocks_batch_destroy(&self->batch);
    self->batch = hub_rocks_batch_new(self->db);
    self->rows.batch = self->batch;
    int done = hub_view_mark_read(self->db, NULL, self->which, &mark);
    if (done == 0) {
        self->mark = mark;
        done = hub_projector_load(self->projector);
    }
    return done == 0 ? 0 : -1;
}
