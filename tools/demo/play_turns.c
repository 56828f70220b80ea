/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The requests of `demo --load`, one function a turn. */
#include "tools/demo/play_turns.h"

#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "actors/routing/routing.h"

enum { ID = 96, WORDS = 256, TRIES = 40, BUSY = 503, PAUSE_NS = 50 * 1000000 };

/* A request on its way: ids, and the body that is being written. */
struct turn {
    struct hub_play_asker *asker;
    struct hub_play_life *life;
    struct hub_json_emit emit;
    char customer[ID], session[ID];
};

static void path(struct turn *self, const char *before, const char *id, const char *after)
{
    struct hub_buf *path = &self->asker->path;
    hub_buf_clear(path);
    hub_buf_put_text(path, before);
    hub_buf_put_text(path, id);
    hub_buf_put_text(path, after);
    hub_buf_put_byte(path, 0);
}

static void member(struct turn *self, const char *name, const char *value)
{
    hub_json_emit_member_text(&self->emit, name, value);
}

static void object(struct turn *self, const char *name)
{
    hub_json_emit_key(&self->emit, name);
    hub_json_emit_object_begin(&self->emit);
}

static void end(struct turn *self)
{
    hub_json_emit_object_end(&self->emit);
}

static const char *channel_of(const struct hub_play_life *life)
{
    return hub_vocab_name(&channel_vocab, life->channel);
}

/* --- Turns: each writes a path, and the members of a body if it has one --- */

static void play_arrive(struct turn *self)
{
    static const char *const languages[] = { "en", "en", "en", "de", "fr", "es", "it" };
    char name[WORDS];
    path(self, "/session/create", "", "");
    member(self, "customer_id", self->customer);
    member(self, "session_id", self->session);
    member(self, "channel", channel_of(self->life));
    object(self, "customer_profile");
    snprintf(name, sizeof name, "Customer %u", (unsigned) self->life->number);
    member(self, "name", name);
    member(self, "tier", hub_vocab_name(&tier_vocab, self->life->tier));
    member(self, "language", languages[self->life->number % (sizeof languages / sizeof *languages)]);
    end(self);
}

/* Where it stands in simulated time goes along, for whoever looks at the data later. */
static void play_message(struct turn *self, bool is_customer)
{
    char words[WORDS];
    hub_play_words(self->life, is_customer, words, sizeof words);
    member(self, "session_id", self->session);
    member(self, "channel", channel_of(self->life));
    member(self, "content", words);
    object(self, "metadata");
    hub_json_emit_member_i64(&self->emit, "simulated_s", self->life->at_us / 1000000);
    end(self);
}

static void play_ask(struct turn *self)
{
    path(self, "/message/process", "", "");
    member(self, "customer_id", self->customer);
    play_message(self, true);
}

static void play_answer(struct turn *self)
{
    path(self, "/message/respond", "", "");
    play_message(self, false);
}

static void play_advise(struct turn *self)
{
    path(self, "/intelligent-routing", "", "");
    member(self, "customer_id", self->customer);
    member(self, "current_channel", channel_of(self->life));
    member(self, "sentiment", self->life->is_calm ? "neutral" : "frustrated");
    member(self, "urgency", self->life->is_calm ? "medium" : "high");
    object(self, "interaction_context");
    member(self, "issue_type", hub_play_issue(self->life));
    member(self, "customer_tier", hub_vocab_name(&tier_vocab, self->life->tier));
    end(self);
}

static void play_move(struct turn *self)
{
    uint8_t to = (uint8_t) (1 + hub_play_chance(self->life, channel_vocab.count - 1));
    to = (uint8_t) (to + (to >= self->life->channel));
    path(self, "/transfer/channel", "", "");
    member(self, "customer_id", self->customer);
    member(self, "session_id", self->session);
    member(self, "from_channel", channel_of(self->life));
    self->life->channel = to;
    member(self, "to_channel", channel_of(self->life));
    member(self, "reason", "It goes better there");
    object(self, "context_data");
    member(self, "issue_type", hub_play_issue(self->life));
    end(self);
}

static void play_look(struct turn *self)
{
    path(self, "/customer/", self->customer, "/unified-view");
}

static void play_settle(struct turn *self)
{
    path(self, "/session/", self->session, "");
    member(self, "status", "resolved");
    if (hub_play_happens(self->life, 45)) {
        unsigned stars = (unsigned) hub_play_chance(self->life, 5) + 1;
        hub_json_emit_member_i64(&self->emit, "satisfaction", self->life->is_calm && stars < 4 ? stars + 2 : stars);
    }
}

static void play_leave(struct turn *self)
{
    path(self, "/session/", self->session, "");
    member(self, "reason", self->life->patience == 0 ? "completed" : "abandoned");
}

static void play_want(struct turn *self)
{
    path(self, "/customer/", self->customer, "/stop");
    hub_json_emit_member_bool(&self->emit, "stop", true);
    member(self, "reason", "The answers do not help");
}

static void play_take(struct turn *self)
{
    const struct hub_play_agents *agents = self->asker->agents;
    path(self, "/customer/", self->customer, "/assign");
    member(self, "agent_id", agents->ids[self->life->number % agents->count]);
}

static void play_finish(struct turn *self)
{
    path(self, "/customer/", self->customer, "/done");
    member(self, "code", "solved");
}

static const struct {
    const char *method, *counts;
    void (*play)(struct turn *self);
} turns[] = {
#define TOPIC(...)
#define TURN(name, method, counts) [HUB_PLAY_##name] = { method, counts, play_##name },
#include "tools/demo/play.def"
#undef TURN
#undef TOPIC
};

const char *hub_play_turn_counts(enum hub_play_turn turn)
{
    return turns[turn].counts;
}

/* --- Asking --- */

void hub_play_asker_init(struct hub_play_asker *self, struct hub_http *http, const char *run)
{
    *self = (struct hub_play_asker){ .http = http, .run = run };
    hub_http_answer_init(&self->answer);
    hub_buf_init(&self->body);
    hub_buf_init(&self->path);
}

void hub_play_asker_done(struct hub_play_asker *self)
{
    hub_http_answer_done(&self->answer);
    hub_buf_done(&self->body);
    hub_buf_done(&self->path);
}

int hub_play_ask(struct hub_play_asker *self, const char *method)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    struct hub_span body = hub_buf_span(&self->body);
    for (unsigned left = TRIES; left-- > 0; nanosleep(&pause, NULL)) {
        if (hub_http_ask(self->http, method, self->path.at, body, &self->answer) < 0) {
            snprintf(self->why, sizeof self->why, "%s %s: %s", method, self->path.at, hub_http_why(self->http));
            return -1;
        }
        if (self->answer.status != BUSY) {
            break;
        }
    }
    if (self->answer.status / 100 == 2) {
        return 0;
    }
    snprintf(self->why, sizeof self->why, "%s %s was answered with %ld: %.*s", method, self->path.at,
             self->answer.status, (int) self->answer.body.len, self->answer.body.at);
    return -1;
}

void hub_play_customer(const struct hub_play_asker *self, uint32_t number, char *ret_id, size_t size)
{
    snprintf(ret_id, size, "load_customer_%u%s", (unsigned) number, self->run);
}

int hub_play_take(struct hub_play_asker *self, struct hub_play_life *life)
{
    struct turn turn = { .asker = self, .life = life };
    const char *method = turns[life->turn].method;
    hub_play_customer(self, life->number, turn.customer, sizeof turn.customer);
    snprintf(turn.session, sizeof turn.session, "load_session_%u_%u%s", (unsigned) life->number, (unsigned) life->visit,
             self->run);
    hub_buf_clear(&self->body);
    hub_json_emit_init(&turn.emit, &self->body);
    hub_json_emit_object_begin(&turn.emit);
    turns[life->turn].play(&turn);
    hub_json_emit_object_end(&turn.emit);
    hub_json_emit_done(&turn.emit);
    if (strcmp(method, "GET") == 0) {
        hub_buf_clear(&self->body);
    }
    return hub_play_ask(self, method);
}
