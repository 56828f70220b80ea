/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Figures that are due. */
#include "api/live/figures.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/world.h"

enum { EVERY_US = 1000000 };

/* A company that somebody hears. */
struct heard {
    struct hub_live_entry entry;
    int64_t said_us; /* tick of the last frame */
    bool is_stale;   /* something happened since */
};

struct hub_live_figures {
    struct hub_views *views;
    const struct hub_interest *interest;
    const struct hub_world *world;
    const struct hub_frame_row *row;
    struct hub_live_table companies; /* of struct heard, owned */
};

struct hub_live_figures *hub_live_figures_new(struct hub_views *views, const struct hub_interest *interest,
                                              const struct hub_world *world)
{
    struct hub_live_figures *self = hub_memory_zero(sizeof *self);
    *self = (struct hub_live_figures){ .views = views, .interest = interest, .world = world };
    self->row = hub_frame_said(HUB_CONTRACT_a, "performance_update");
    return self;
}

static void forget(struct hub_live_figures *self, struct hub_live_entry *entry)
{
    hub_live_table_remove(&self->companies, entry);
    free(entry); /* the first member of what it stands for */
}

void hub_live_figures_destroy(struct hub_live_figures **self_p)
{
    struct hub_live_figures *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    struct hub_live_entry *entry;
    while ((entry = hub_live_table_next(&self->companies, NULL)) != NULL) {
        forget(self, entry);
    }
    hub_live_table_done(&self->companies);
    free(self);
}

void hub_live_figures_note(struct hub_live_figures *self, struct hub_ulid company)
{
    const struct hub_live_key key = { .id = company };
    struct heard *heard = (struct heard *) hub_live_table_find(&self->companies, key);
    if (heard == NULL) {
        heard = hub_memory_zero(sizeof *heard);
        heard->entry.key = key;
        heard->said_us = hub_tick_us(self->world) - EVERY_US;
        hub_live_table_add(&self->companies, &heard->entry);
    }
    heard->is_stale = true;
}

/* The roles that hear everything of a company. */
static uint32_t hearers_of(const struct hub_live_figures *self, struct hub_ulid company)
{
    struct hub_hearers hearers;
    bool is_heard = hub_interest_hearers(self->interest, company, HUB_CONTRACT_a, &hearers);
    return is_heard ? hearers.all & self->row->roles : 0;
}

static void say(struct hub_live_figures *self, struct hub_ulid company, struct hub_arena *arena,
                struct hub_batch *batch)
{
    static const struct channel_performance_query usual;
    const struct hub_name names[HUB_KINDS] = { { 0 } };
    const struct hub_ask ask = { .query = &hub_query_channel_performance,
                                 .params = &usual,
                                 .company = company,
                                 .names = names,
                                 .arena = arena,
                                 .now_us = hub_now_us(self->world) };
    struct hub_say figures = { .row = self->row, .time_us = ask.now_us };
    struct hub_position at;
    struct hub_fault fault;
    struct hub_buf frame;
    void *answer = NULL;
    if (hub_query_live(self->views, &ask, &answer, &at, &fault) != 0) {
        return; /* the next second has newer ones */
    }
    figures.payload = answer;
    hub_buf_init(&frame);
    hub_render_said(&figures, &frame);
    const struct hub_rendered rendered = { .row = self->row, .company = company, .frame = hub_buf_span(&frame) };
    hub_batch_add_to(batch, hearers_of(self, company), &rendered);
    hub_buf_done(&frame);
}

int64_t hub_live_figures_say(struct hub_live_figures *self, struct hub_arena *arena, struct hub_batch *batch)
{
    int64_t now_us = hub_tick_us(self->world), next_us = -1;
    struct hub_live_entry *entry = hub_live_table_next(&self->companies, NULL);
    while (entry != NULL) {
        struct hub_live_entry *after = hub_live_table_next(&self->companies, entry);
        struct heard *heard = (struct heard *) entry;
        int64_t left_us = heard->said_us + EVERY_US - now_us;
        if (hearers_of(self, entry->key.id) == 0) {
            forget(self, entry);
        } else if (heard->is_stale && left_us <= 0) {
            say(self, entry->key.id, arena, batch);
            heard->said_us = now_us;
            heard->is_stale = false;
        } else if (heard->is_stale && (next_us < 0 || left_us < next_us)) {
            next_us = left_us;
        }
        entry = after;
    }
    return next_us;
}
