/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Offering pending rows. A row stays until the append that does it deletes it, so what was offered is remembered by key and
 * not offered again while it is under way; after a restart it is offered afresh. Follow-ups are sent by the worker that
 * wrote them: the pump sends those that are still there after a while, because their append was refused. */
#include "actors/pump.h"

#include <assert.h>
#include <czmq.h>

#include "actors/outcome.h"
#include "base/handoff.h"
#include "base/memory.h"

enum {
    IN_FLIGHT = 1024, /* of a kind, at most */
    TICK_MS = 100,    /* longest time between two looks */
    DEAD_COUNTED = 10000,
};

#define SLOW_TICK_US (1000 * 1000)  /* between looks at what is seldom there: follow-ups, dead effects */
#define FOLLOW_US (3 * 1000 * 1000) /* a follow-up that is still there after this long is sent again */
#define STALE_US (30 * 1000 * 1000) /* an offer that nobody settled in this time is made again */
#define LATE_US (60 * 1000 * 1000)  /* looks begin so far before now; one so often begins at the first key */

enum taken { TAKEN, NO_ROOM, UNREADABLE };

/* A row that was seen. */
struct seen_row {
    struct hub_pending_key key;
    int64_t tick_us; /* when it was offered; before that, when it was first seen */
    bool offered;
};

/* Rows of one kind that were seen and may still be there, by key. A look walks the rows of the log, which come by key too,
 * beside `before`, and builds the list that takes its place. */
struct offers {
    uint8_t kind;
    int64_t patience_us; /* a row is first offered when it was seen this long ago */
    enum taken (*offer)(struct hub_pump *pump, const struct hub_pending_key *key, struct hub_span value);
    struct seen_row *rows, *before; /* IN_FLIGHT each; owned */
    size_t count, before_count;
    size_t at; /* rows of `before` up to here have been passed by the look */

    /* No row has a key up to these: of rows without a due time, and of those with one. The log's store remembers for long what
     * was deleted, and looking from the start would go through all of it. */
    struct hub_pending_key gone_at_once, gone_later;
    int64_t all_tick_us; /* the last look at all */
};

struct hub_pump {
    struct hub_pump_options options;
    zactor_t *actor;
    struct hub_port *port;
    struct offers timers, effects, follows;
    int64_t tick_us, slow_tick_us;
    atomic_ulong timer_count, effect_count, in_flight, dead;
    struct hub_handoff over; /* from the actor, which ends, to who stops it */
};

/* One look under way. */
struct look {
    struct hub_pump *pump;
    struct offers *offers;
    bool stopped;                                      /* before the end */
    struct hub_pending_key first_at_once, first_later; /* lowest keys that are there, or that new rows may have */
};

/* Offer a row if it is time. Returns false when there is no room: the look stops. */
static bool consider(struct look *look, struct seen_row row, struct hub_span value)
{
    struct offers *offers = look->offers;
    int64_t tick_us = look->pump->tick_us;
    if (tick_us - row.tick_us >= (row.offered ? STALE_US : offers->patience_us)) {
        enum taken taken = offers->offer(look->pump, &row.key, value);
        if (taken == UNREADABLE) {
            return true;
        }
        if (taken == NO_ROOM && !row.offered) {
            return false;
        }
        if (taken == TAKEN) {
            row.offered = true;
            row.tick_us = tick_us;
        }
    }
    offers->rows[offers->count++] = row;
    return true;
}

static bool is_below(const struct hub_pending_key *a, const struct hub_pending_key *b)
{
    return memcmp(a, b, sizeof *a) < 0;
}

static void note_first(struct hub_pending_key *first, const struct hub_pending_key *key)
{
    if (is_below(key, first)) {
        *first = *key;
    }
}

static bool visit(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct look *look = arg;
    struct offers *offers = look->offers;
    const struct hub_pending_key later = hub_pending_key_make(offers->kind, 1, 0, 0);
    note_first(is_below(key, &later) ? &look->first_at_once : &look->first_later, key);
    while (offers->at < offers->before_count && is_below(&offers->before[offers->at].key, key)) {
        offers->at++; /* no longer there: settled */
    }
    bool known = offers->at < offers->before_count && memcmp(&offers->before[offers->at].key, key, sizeof *key) == 0;
    struct seen_row row = { .key = *key, .tick_us = look->pump->tick_us };
    if (known) {
        row = offers->before[offers->at++];
    }
    bool fits = known || offers->count + (offers->before_count - offers->at) < IN_FLIGHT;
    look->stopped = !fits || !consider(look, row, value);
    return !look->stopped;
}

static bool is_it(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    (void) value;
    struct seen_row *row = arg;
    row->offered = memcmp(&row->key, key, sizeof *key) == 0;
    return false;
}

/* Whether a row is still there; true when the log cannot tell. */
static bool is_there(struct hub_pump *pump, uint8_t kind, const struct hub_pending_key *key)
{
    struct hub_pending_key before = hub_pending_key_before(key);
    struct seen_row row = { .key = *key };
    const struct hub_due due = { .kind = kind, .until_us = INT64_MAX, .after = &before };
    int failed = hub_log_pending(pump->options.runtime->log, &due, is_it, &row);
    return failed != 0 || row.offered;
}

/* Where new rows will be: one without a due time gets the number of an event that is still to come, and one with a due time
 * is due in the future, or was when it was asked for. */
static void expect_rows(struct look *look, int64_t until_us)
{
    uint64_t commit = hub_log_commit(look->pump->options.runtime->log).sequence;
    int64_t due_us = until_us > LATE_US ? until_us - LATE_US : 1;
    look->first_at_once = hub_pending_key_make(look->offers->kind, 0, commit + 1, 0);
    look->first_later = hub_pending_key_make(look->offers->kind, due_us, 0, 0);
}

static void start_at_all(struct hub_pump *self, struct offers *offers)
{
    struct hub_pending_key first = hub_pending_key_make(offers->kind, 0, 0, 0);
    struct hub_pending_key later = hub_pending_key_make(offers->kind, 1, 0, 0);
    offers->gone_at_once = hub_pending_key_before(&first);
    offers->gone_later = hub_pending_key_before(&later);
    offers->all_tick_us = self->tick_us;
}

/* What a look did not come to is kept unless it is gone. */
static void keep_rest(struct hub_pump *self, struct offers *offers)
{
    for (; offers->at < offers->before_count; offers->at++) {
        if (is_there(self, offers->kind, &offers->before[offers->at].key)) {
            offers->rows[offers->count++] = offers->before[offers->at];
        }
    }
}

/* Look through the rows of a kind that are due. */
static void look_at(struct hub_pump *self, struct offers *offers, int64_t until_us)
{
    struct hub_log *log = self->options.runtime->log;
    struct look look = { .pump = self, .offers = offers };
    struct seen_row *rows = offers->before;
    offers->before = offers->rows;
    offers->before_count = offers->count;
    offers->rows = rows;
    offers->count = offers->at = 0;
    if (offers->all_tick_us == 0 || self->tick_us - offers->all_tick_us >= LATE_US) {
        start_at_all(self, offers);
    }
    expect_rows(&look, until_us);
    const struct hub_due at_once = { .kind = offers->kind, .until_us = 0, .after = &offers->gone_at_once };
    int failed = hub_log_pending(log, &at_once, visit, &look);
    if (failed == 0) { /* also of a look that stopped: the lowest row comes first */
        offers->gone_at_once = hub_pending_key_before(&look.first_at_once);
    }
    if (failed == 0 && !look.stopped && until_us > 0) {
        const struct hub_due later = { .kind = offers->kind, .until_us = until_us, .after = &offers->gone_later };
        failed = hub_log_pending(log, &later, visit, &look);
        if (failed == 0) {
            offers->gone_later = hub_pending_key_before(&look.first_later);
        }
    }
    if (failed != 0 || look.stopped) {
        keep_rest(self, offers);
    }
}

/* --- what is offered --- */

static enum taken offer_timer(struct hub_pump *self, const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_command *command = hub_command_from_pending(key, value);
    if (command == NULL) {
        return UNREADABLE;
    }
    if (hub_port_send(self->port, &command) != 0) {
        hub_command_destroy(&command);
        return NO_ROOM;
    }
    atomic_fetch_add(&self->timer_count, 1);
    return TAKEN;
}

static enum taken offer_effect(struct hub_pump *self, const struct hub_pending_key *key, struct hub_span value)
{
    const struct hub_runtime_options *runtime = self->options.runtime;
    struct hub_effect *effect = hub_effect_from_pending(key, value);
    if (effect == NULL) {
        return UNREADABLE;
    }
    struct hub_key sealed_with;
    effect->is_erased = !hub_ulid_is_none(effect->subject) &&
                        !hub_keyring_find(runtime->keys, effect->company, effect->subject, &sealed_with);
    explicit_bzero(&sealed_with, sizeof sealed_with);
    if (runtime->on_effect == NULL || !runtime->on_effect(runtime->arg, effect)) {
        struct hub_arena *arena = effect->arena;
        hub_arena_destroy(&arena);
        return NO_ROOM;
    }
    atomic_fetch_add(&self->effect_count, 1);
    return TAKEN;
}

static enum taken offer_follow(struct hub_pump *self, const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_command *command = hub_command_from_pending(key, value);
    if (command == NULL) {
        return UNREADABLE;
    }
    hub_port_pass(self->port, command);
    return TAKEN;
}

static bool count_dead(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    (void) key;
    (void) value;
    return ++*(unsigned long *) arg < DEAD_COUNTED;
}

static void look(struct hub_pump *self)
{
    const struct hub_world *world = self->options.runtime->world;
    self->tick_us = hub_tick_us(world);
    int64_t now_us = hub_now_us(world);
    look_at(self, &self->timers, now_us);
    look_at(self, &self->effects, now_us);
    atomic_store(&self->in_flight, self->timers.count + self->effects.count);
    if (self->tick_us - self->slow_tick_us >= SLOW_TICK_US) {
        const struct hub_due due = { .kind = HUB_PENDING_dead, .until_us = INT64_MAX };
        unsigned long dead = 0;
        self->slow_tick_us = self->tick_us;
        look_at(self, &self->follows, 0); /* they have no due time */
        (void) hub_log_pending(self->options.runtime->log, &due, count_dead, &dead);
        atomic_store(&self->dead, dead);
    }
}

static struct hub_inbox *inbox_of(struct hub_pump *self)
{
    return self->options.boxes->inboxes[self->options.boxes->workers];
}

static void pump_main(zsock_t *pipe, void *arg)
{
    struct hub_pump *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-pump");
    self->port = hub_mailbox_port_new(self->options.boxes);
    zsock_signal(pipe, 0);
    struct hub_inbox *inbox = inbox_of(self);
    while (!hub_inbox_is_stopped(inbox)) {
        void *wakes;
        (void) hub_inbox_take(inbox, TICK_MS, &wakes); /* all of them say the same */
        if (!hub_inbox_is_stopped(inbox)) {
            look(self);
        }
    }
    hub_port_destroy(&self->port);
    free(zstr_recv(pipe)); /* $TERM, the only word that comes */
    hub_hand_over(&self->over);
}

static void offers_init(struct offers *self, struct offers with)
{
    *self = with;
    self->rows = hub_memory_new(IN_FLIGHT * sizeof *self->rows);
    self->before = hub_memory_new(IN_FLIGHT * sizeof *self->before);
}

static void offers_done(struct offers *self)
{
    free(self->rows);
    free(self->before);
}

struct hub_pump *hub_pump_new(const struct hub_pump_options *options)
{
    struct hub_pump *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    offers_init(&self->timers, (struct offers){ .kind = HUB_PENDING_timer, .offer = offer_timer });
    offers_init(&self->effects, (struct offers){ .kind = HUB_PENDING_effect, .offer = offer_effect });
    offers_init(&self->follows,
                (struct offers){ .kind = HUB_PENDING_follow, .patience_us = FOLLOW_US, .offer = offer_follow });
    self->actor = zactor_new(pump_main, self);
    assert(self->actor != NULL);
    return self;
}

void hub_pump_destroy(struct hub_pump **self_p)
{
    struct hub_pump *self = *self_p;
    if (self == NULL) {
        return;
    }
    hub_inbox_stop(inbox_of(self));
    zactor_destroy(&self->actor);
    hub_take_over(&self->over);
    offers_done(&self->timers);
    offers_done(&self->effects);
    offers_done(&self->follows);
    free(self);
    *self_p = NULL;
}

struct recovery {
    struct hub_port *port;
    struct hub_pending_key *at;
    size_t count, most;
};

static bool send_follow(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct recovery *self = arg;
    struct hub_command *command = hub_command_from_pending(key, value);
    if (command != NULL) {
        hub_port_pass(self->port, command);
    }
    *self->at = *key;
    return ++self->count < self->most;
}

int64_t hub_pump_recover(const struct hub_runtime_options *runtime, struct hub_port *port, size_t most,
                         struct hub_pending_key *at)
{
    struct hub_pending_key after = *at;
    struct recovery recovery = { .port = port, .at = at, .most = most };
    const struct hub_due due = { .kind = HUB_PENDING_follow, .until_us = INT64_MAX, .after = &after };
    int failed = hub_log_pending(runtime->log, &due, send_follow, &recovery);
    return failed != 0 ? -1 : (int64_t) recovery.count;
}

void hub_pump_stats(const struct hub_pump *self, struct hub_pump_stats *ret_stats)
{
    ret_stats->timers = atomic_load(&self->timer_count);
    ret_stats->effects = atomic_load(&self->effect_count);
    ret_stats->in_flight = atomic_load(&self->in_flight);
    ret_stats->dead = atomic_load(&self->dead);
}
