/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of sockets, and the way of batches into them. */
#include "api/live/live.h"

#include <stdlib.h>

#include "api/live/client.h"
#include "api/live/feed.h"
#include "api/live/presence.h"
#include "api/live/resume.h"
#include "base/memory.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

#define TICK_US INT64_C(1000000)
#define DRAINING_TICK_US INT64_C(50000)
#define LOOK_AGAIN_US INT64_C(60000000)
#define PING_US INT64_C(22000000) /* without a setting */
#define HOLD_US INT64_C(250000)   /* a fresh client has this long to say that it resumes */

/* --- life --- */

struct hub_live *hub_live_new(struct hub_loop *loop)
{
    struct hub_live *self = hub_memory_zero(sizeof *self);
    struct hub_buf ping;
    self->loop = loop;
    hub_buf_init(&ping);
    hub_render_frame(WSLAY_PING, hub_span_of(NULL, 0), &ping);
    self->ping = hub_ref_new(hub_buf_span(&ping));
    hub_buf_done(&ping);
    self->now_us = hub_tick_us(loop->server->options.world);
    self->ping_us = loop->server->options.ping_s > 0 ? loop->server->options.ping_s * INT64_C(1000000) : PING_US;
    return self;
}

static void forget_recent(struct hub_live *self)
{
    for (; self->recent_count > 0; self->recent_count--) {
        hub_batch_drop(&self->recent[self->recent_first++ % HUB_LIVE_RECENT]);
    }
}

/* What the feed left, behind what is there already. */
static void take_notes(struct hub_live *self)
{
    struct hub_live_note *note = atomic_exchange(&self->notes, NULL), *oldest = NULL;
    while (note != NULL) {
        struct hub_live_note *next = note->next;
        note->next = oldest;
        oldest = note;
        note = next;
    }
    struct hub_live_note **end = &self->waiting;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = oldest;
}

void hub_live_destroy(struct hub_live **self_p)
{
    struct hub_live *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    take_notes(self);
    while (self->waiting != NULL) {
        struct hub_live_note *next = self->waiting->next;
        hub_batch_drop(&self->waiting->batch);
        free(self->waiting);
        self->waiting = next;
    }
    hub_batch_drop(&self->delivery.batch);
    forget_recent(self);
    hub_live_table_done(&self->ears);
    hub_ref_drop(&self->ping);
    free(self);
}

/* --- who hears what --- */

static struct hub_live_key ear_key(const struct hub_lens *lens)
{
    return lens->topic == HUB_TOPIC_company ? hub_lens_lane(lens) : hub_lens_topic(lens);
}

static void link_to(struct hub_live_socket *socket, struct hub_live_socket **first)
{
    socket->ear_before = NULL;
    socket->ear_after = *first;
    if (*first != NULL) {
        (*first)->ear_before = socket;
    }
    *first = socket;
}

static void unlink_from(struct hub_live_socket *socket, struct hub_live_socket **first)
{
    if (socket->ear_before != NULL) {
        socket->ear_before->ear_after = socket->ear_after;
    } else {
        *first = socket->ear_after;
    }
    if (socket->ear_after != NULL) {
        socket->ear_after->ear_before = socket->ear_before;
    }
    socket->ear_before = socket->ear_after = NULL;
}

static void go_live(struct hub_live_socket *socket)
{
    struct hub_live *self = socket->live;
    struct hub_live_key key = ear_key(&socket->lens);
    struct hub_live_ear *ear = (struct hub_live_ear *) hub_live_table_find(&self->ears, key);
    unlink_from(socket, &self->behind);
    if (ear == NULL) {
        ear = hub_memory_zero(sizeof *ear);
        ear->entry.key = key;
        hub_live_table_add(&self->ears, &ear->entry);
    }
    socket->state = HUB_SOCKET_live;
    socket->at = self->at;
    socket->ear = ear;
    self->by_topic += socket->lens.topic != HUB_TOPIC_company;
    link_to(socket, &ear->first);
}

static void leave_ear(struct hub_live_socket *socket)
{
    struct hub_live *self = socket->live;
    struct hub_live_ear *ear = socket->ear;
    unlink_from(socket, &ear->first);
    self->by_topic -= socket->lens.topic != HUB_TOPIC_company;
    socket->ear = NULL;
    if (ear->first == NULL) {
        hub_live_table_remove(&self->ears, &ear->entry);
        free(ear);
    }
}

/* Out of whichever list it is in. */
static void unlist(struct hub_live_socket *socket)
{
    if (socket->state == HUB_SOCKET_live) {
        socket->at = hub_delivery_reached(socket);
        hub_delivery_pass_over(socket);
        leave_ear(socket);
    } else if (socket->state == HUB_SOCKET_behind) {
        unlink_from(socket, &socket->live->behind);
    }
}

static void go_behind(struct hub_live_socket *socket)
{
    unlist(socket);
    socket->state = HUB_SOCKET_behind;
    link_to(socket, &socket->live->behind);
}

/* --- batches --- */

static void remember(struct hub_live *self, struct hub_batch *batch)
{
    if (self->recent_count == HUB_LIVE_RECENT) {
        hub_batch_drop(&self->recent[self->recent_first++ % HUB_LIVE_RECENT]);
        self->recent_count--;
    }
    self->recent[(self->recent_first + self->recent_count++) % HUB_LIVE_RECENT] = batch;
}

/* A batch that nobody was told of yet. */
static void begin_batch(struct hub_live *self, struct hub_batch *batch)
{
    if (batch->to > 0) {
        if (self->has_at && batch->from != self->at) {
            forget_recent(self); /* the feed has slept: nobody listened */
        }
        self->has_at = true;
        self->at = batch->to;
        self->epoch = batch->epoch;
        remember(self, hub_batch_hold(batch));
    }
    hub_delivery_begin(self, batch);
    hub_batch_drop(&batch);
}

void hub_live_leave_batch(struct hub_live *self, struct hub_batch *batch)
{
    struct hub_live_note *note = hub_memory_new(sizeof *note);
    note->batch = batch;
    atomic_fetch_add(&self->under_way, 1);
    note->next = atomic_load(&self->notes);
    while (!atomic_compare_exchange_weak(&self->notes, &note->next, note)) {
    }
}

static void catch_all_up(struct hub_live *self)
{
    for (struct hub_live_socket *socket = self->behind, *next; socket != NULL; socket = next) {
        next = socket->ear_after;
        hub_live_catch_up(socket);
    }
}

bool hub_live_take(struct hub_live *self)
{
    bool any = false;
    take_notes(self);
    self->now_us = hub_tick_us(self->loop->server->options.world);
    hub_delivery_go_on(self);
    while (self->delivery.batch == NULL && self->waiting != NULL) {
        struct hub_live_note *note = self->waiting;
        self->waiting = note->next;
        begin_batch(self, note->batch);
        free(note);
        hub_delivery_go_on(self);
        any = true;
    }
    if (any) {
        catch_all_up(self);
    }
    return self->delivery.batch != NULL;
}

/* --- coming and going --- */

void hub_live_say(struct hub_live_socket *socket, const char *type, const void *payload, uint64_t sequence)
{
    const struct hub_server_options *options = &socket->live->loop->server->options;
    char position[HUB_POSITION_TEXT] = "";
    struct hub_buf out;
    if (sequence > 0) {
        hub_position_print((struct hub_position){ sequence }, hub_log_identity(options->log), position);
    }
    const struct hub_say say = {
        .row = hub_frame_said(socket->lens.contract, type),
        .payload = payload,
        .time_us = hub_now_us(options->world),
        .position = hub_span(position),
    };
    hub_buf_init(&out);
    hub_render_said(&say, &out);
    hub_live_socket_send_bytes(socket, hub_buf_span(&out));
    hub_buf_done(&out);
}

static void say_connected(struct hub_live_socket *socket)
{
    struct live_connected connected = { 0 };
    HUB_SET(live_connected, &connected, user_id, socket->lens.viewer);
    HUB_SET(live_connected, &connected, role, socket->lens.role);
    hub_live_say(socket, "connected", &connected, socket->at);
}

void hub_live_join(struct hub_live_socket *socket, uint64_t since)
{
    struct hub_live *self = socket->live;
    struct hub_server *server = self->loop->server;
    uint64_t now = hub_views_position(server->options.views).sequence;
    socket->at = socket->begin = since > 0 && since <= now ? since : now;
    socket->hold_until_us = since > 0 || socket->reloads ? 0 : hub_tick_us(server->options.world) + HOLD_US;
    socket->epoch = hub_interest_add(server->interest, &socket->lens, now);
    socket->is_counted = true;
    go_behind(socket);
    if (since > 0) {
        atomic_fetch_add_explicit(&self->resumed, 1, memory_order_relaxed);
    }
    hub_presence_came(server->presence, socket);
    say_connected(socket);
    hub_feed_nudge(server->feed);
    hub_live_catch_up(socket);
}

static bool is_listening(const struct hub_live_socket *socket)
{
    return socket->state == HUB_SOCKET_live || socket->state == HUB_SOCKET_behind;
}

/* Out of the batches; what a job reads meanwhile is dropped. */
static void step_back(struct hub_live_socket *socket)
{
    go_behind(socket);
    hub_tickets_close(socket->live->loop->tickets, &socket->expect);
    socket->is_asking = false;
    atomic_fetch_add_explicit(&socket->live->resumed, 1, memory_order_relaxed);
}

/* A client that resumes as the first thing has been sent nothing: its place is simply an earlier one. A later one has heard what
 * came since it joined, which is not sent again. */
bool hub_live_rewind(struct hub_live_socket *socket, uint64_t since)
{
    if (!is_listening(socket) || since >= socket->begin) {
        return true;
    }
    if (socket->missed_to > 0) {
        return false;
    }
    step_back(socket);
    socket->missed_to = socket->begin;
    socket->goes_on = socket->at;
    socket->at = socket->begin = since;
    hub_live_catch_up(socket);
    return true;
}

void hub_live_reload(struct hub_live_socket *socket)
{
    if (is_listening(socket)) {
        socket->reloads = true;
        socket->missed_to = 0;
        step_back(socket);
        hub_live_catch_up(socket);
    }
}

void hub_live_release(struct hub_live_socket *socket)
{
    socket->hold_until_us = 0;
    if (socket->state == HUB_SOCKET_behind) {
        hub_live_catch_up(socket);
    }
}

/* From the batches that came last, when one of them continues where the socket is. */
static bool catch_up_from_recent(struct hub_live_socket *socket)
{
    struct hub_live *self = socket->live;
    uint64_t erasures = hub_keyring_erasures(self->loop->server->options.keys);
    bool found = false;
    for (unsigned i = 0; i < self->recent_count; i++) {
        const struct hub_batch *batch = self->recent[(self->recent_first + i) % HUB_LIVE_RECENT];
        found = found || hub_batch_goes_on(batch, socket->at, socket->epoch, erasures);
        const struct hub_batch_lane *lane = found ? hub_batch_lane(batch, hub_lens_lane(&socket->lens)) : NULL;
        if (lane != NULL) {
            hub_delivery_lane(socket, lane);
        }
    }
    return found && socket->state == HUB_SOCKET_behind;
}

void hub_live_catch_up(struct hub_live_socket *socket)
{
    struct hub_live *self = socket->live;
    if (socket->state != HUB_SOCKET_behind || socket->is_asking || socket->queued > 0 || !self->has_at ||
        self->epoch < socket->epoch || socket->hold_until_us > self->now_us) {
        return;
    }
    if (socket->missed_to > 0 && socket->at < socket->missed_to) {
        hub_resume_ask(socket, socket->missed_to);
        return;
    }
    if (socket->missed_to > 0) {
        socket->missed_to = 0;
        socket->at = socket->at > socket->goes_on ? socket->at : socket->goes_on;
    }
    if (!socket->reloads && (socket->at == self->at || catch_up_from_recent(socket))) {
        if (socket->state == HUB_SOCKET_behind) {
            go_live(socket);
        }
    } else if (socket->state == HUB_SOCKET_behind && (socket->at < self->at || socket->reloads)) {
        hub_resume_ask(socket, self->at);
    }
}

void hub_live_leave(struct hub_live_socket *socket)
{
    struct hub_server *server = socket->live->loop->server;
    unlist(socket);
    socket->state = HUB_SOCKET_new;
    hub_tickets_close(socket->live->loop->tickets, &socket->expect);
    hub_client_forget(socket);
    if (socket->is_counted) {
        socket->is_counted = false;
        hub_presence_left(server->presence, socket);
        hub_interest_drop(server->interest, &socket->lens);
        if (hub_interest_count(server->interest) == 0) {
            hub_feed_nudge(server->feed);
        }
    }
}

void hub_live_forget(struct hub_live_socket *socket)
{
    struct hub_live *self = socket->live;
    if (socket->state != HUB_SOCKET_closing) {
        hub_live_leave(socket);
    }
    if (socket->before != NULL) {
        socket->before->after = socket->after;
    } else {
        self->first = socket->after;
    }
    if (socket->after != NULL) {
        socket->after->before = socket->before;
    }
    self->unknown -= socket->is_unknown;
    atomic_fetch_sub_explicit(&self->sockets, 1, memory_order_relaxed);
}

/* --- time --- */

/* Whether all credentials are to be looked at again: one was taken away somewhere, or some time has passed. */
static bool looks_again(struct hub_live *self)
{
    uint64_t epoch = hub_views_credentials_epoch(self->loop->server->options.views);
    if (epoch == self->credentials_epoch && self->now_us < self->look_again_us) {
        return false;
    }
    self->credentials_epoch = epoch;
    self->look_again_us = self->now_us + LOOK_AGAIN_US;
    return true;
}

static void check_credential(struct hub_live_socket *socket)
{
    bool is_in = socket->state == HUB_SOCKET_live || socket->state == HUB_SOCKET_behind;
    if (is_in && hub_credentials_find_by(socket->live->loop->credentials, &socket->token) == NULL) {
        hub_live_socket_close(socket, HUB_CLOSE_unauthenticated, "These credentials are no longer valid.");
    }
}

/* What shows somebody who was erased since is not kept. */
static void forget_erased(struct hub_live *self)
{
    uint64_t erasures = hub_keyring_erasures(self->loop->server->options.keys);
    if (erasures != self->erasures) {
        self->erasures = erasures;
        forget_recent(self);
    }
}

void hub_live_tick(struct hub_live *self)
{
    bool drains = atomic_load_explicit(&self->loop->server->draining, memory_order_relaxed);
    self->now_us = hub_tick_us(self->loop->server->options.world);
    if (self->behind != NULL) {
        catch_all_up(self);
    }
    if (self->now_us < self->next_tick_us) {
        return;
    }
    self->next_tick_us = self->now_us + (drains ? DRAINING_TICK_US : TICK_US);
    bool again = looks_again(self);
    forget_erased(self);
    if (self->loop->number == 0) {
        hub_presence_sweep(self->loop->server->presence, self->loop);
    }
    for (struct hub_live_socket *socket = self->first, *next; socket != NULL; socket = next) {
        next = socket->after;
        if (again) {
            check_credential(socket);
        }
        if (!hub_live_socket_tick(socket, self->now_us)) {
            hub_live_socket_destroy(&socket);
        }
    }
}

void hub_live_close_all(struct hub_live *self)
{
    for (struct hub_live_socket *socket = self->first; socket != NULL; socket = socket->after) {
        hub_live_socket_close(socket, HUB_CLOSE_going_away, "The hub stops; resume from your last position.");
    }
}
