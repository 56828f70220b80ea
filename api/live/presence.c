/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A table of people behind a mutex. */
#include "api/live/presence.h"

#include <stdlib.h>

#include "actors/agent/agent.h"
#include "api/live/tell.h"
#include "base/memory.h"
#include "log/log.h"
#include "replay/reading.h"

enum { COMMAND_BYTES = 512 };

#define GONE_US INT64_C(30000000) /* without a setting */

struct person {
    struct hub_live_entry entry; /* key: the person */
    struct hub_ulid company;
    size_t sockets;
    int64_t gone_us; /* since when there is none */
    bool is_unsaid;  /* there was no room to tell the agent's actor of the first socket */
};

struct hub_presence {
    pthread_mutex_t lock; /* guards the table */
    struct hub_live_table people;
};

struct hub_presence *hub_presence_new(void)
{
    struct hub_presence *self = hub_memory_zero(sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

static void forget(struct hub_presence *self, struct hub_live_entry *entry)
{
    hub_live_table_remove(&self->people, entry);
    free(entry); /* the first member of its person */
}

void hub_presence_destroy(struct hub_presence **self_p)
{
    struct hub_presence *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    struct hub_live_entry *entry;
    while ((entry = hub_live_table_next(&self->people, NULL)) != NULL) {
        forget(self, entry);
    }
    hub_live_table_done(&self->people);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* The entry of a person; *ret_is_new when there was none. */
static struct person *make_person(struct hub_presence *self, struct hub_ulid id, struct hub_ulid company,
                                  bool *ret_is_new)
{
    const struct hub_live_key key = { .id = id };
    struct person *person = (struct person *) hub_live_table_find(&self->people, key);
    *ret_is_new = person == NULL;
    if (person == NULL) {
        person = hub_memory_zero(sizeof *person);
        person->entry.key = key;
        person->company = company;
        hub_live_table_add(&self->people, &person->entry);
    }
    return person;
}

/* --- telling --- */

/* A command of the hub itself. Under the lock, so that what is told comes in the order in which it happened. Returns false when
 * there is no room for it now. */
static bool tell_actor(struct hub_loop *loop, const struct hub_shape *shape, struct hub_ulid company,
                       struct hub_ulid agent)
{
    struct hub_command *command = hub_command_new(shape, COMMAND_BYTES);
    command->caller.company = company;
    (void) hub_views_settled(loop->server->options.views, company, command->arena, &command->caller.settled);
    command->received_tick_us = hub_tick_us(loop->server->options.world);
    command->target = KIND_agent;
    command->names[KIND_agent] = (struct hub_name){ .given = true, .is_ours = true, .id = agent };
    command->names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .id = company };
    bool is_sent = hub_port_send(loop->port, &command) == 0;
    if (!is_sent) {
        hub_command_destroy(&command);
    }
    return is_sent;
}

static void tell_others(struct hub_server *server, struct hub_ulid company, struct hub_ulid agent, bool online)
{
    struct live_presence_shown shown = { 0 };
    HUB_SET(live_presence_shown, &shown, user_id, agent);
    HUB_SET(live_presence_shown, &shown, online, online);
    hub_live_announce(server, company, "presence", &shown);
}

/* --- coming and going --- */

static bool is_person(const struct hub_caller *caller)
{
    return caller->role != role_service && !hub_ulid_is(caller->principal, caller->credential);
}

void hub_presence_came(struct hub_presence *self, const struct hub_live_socket *socket)
{
    const struct hub_caller *caller = &socket->caller;
    bool is_new = false;
    if (!is_person(caller)) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    struct person *person = make_person(self, caller->principal, caller->company, &is_new);
    bool is_expected = !is_new && person->sockets == 0 && person->gone_us < 0;
    person->sockets++;
    person->gone_us = 0;
    if (is_new || is_expected) {
        person->is_unsaid = !tell_actor(socket->live->loop, &agent_seen_shape, caller->company, caller->principal);
    }
    pthread_mutex_unlock(&self->lock);
    if (is_new || is_expected) {
        tell_others(socket->live->loop->server, caller->company, caller->principal, true);
    }
}

void hub_presence_left(struct hub_presence *self, const struct hub_live_socket *socket)
{
    if (!is_person(&socket->caller)) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    bool is_new;
    struct person *person = make_person(self, socket->caller.principal, socket->caller.company, &is_new);
    if (person->sockets > 0 && --person->sockets == 0) {
        person->gone_us = hub_tick_us(socket->live->loop->server->options.world);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Tell the actors of those who came when there was no room for it. */
static void say_unsaid(struct hub_presence *self, struct hub_loop *loop)
{
    struct hub_live_entry *entry = NULL;
    bool has_room = true;
    pthread_mutex_lock(&self->lock);
    while (has_room && (entry = hub_live_table_next(&self->people, entry)) != NULL) {
        struct person *person = (struct person *) entry;
        if (person->is_unsaid) {
            has_room = tell_actor(loop, &agent_seen_shape, person->company, entry->key.id);
            person->is_unsaid = !has_room;
        }
    }
    pthread_mutex_unlock(&self->lock);
}

/* Tell the actor of one who is gone for long, and forget who it was. Returns false when there is none, or no room to tell. */
static bool take_gone(struct hub_presence *self, struct hub_loop *loop, int64_t until_us, struct person *ret_person)
{
    struct hub_live_entry *entry = NULL;
    bool found = false;
    pthread_mutex_lock(&self->lock);
    while (!found && (entry = hub_live_table_next(&self->people, entry)) != NULL) {
        const struct person *person = (const struct person *) entry;
        int64_t since_us = person->gone_us < 0 ? -person->gone_us : person->gone_us;
        found = person->sockets == 0 && since_us <= until_us;
    }
    if (found) {
        *ret_person = *(struct person *) entry;
        found = tell_actor(loop, &agent_lost_shape, ret_person->company, entry->key.id);
    }
    if (found) {
        forget(self, entry);
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}

void hub_presence_sweep(struct hub_presence *self, struct hub_loop *loop)
{
    const struct hub_server_options *options = &loop->server->options;
    int64_t gone_us = options->agent_gone_s > 0 ? options->agent_gone_s * INT64_C(1000000) : GONE_US;
    int64_t until_us = hub_tick_us(options->world) - gone_us;
    struct person gone;
    say_unsaid(self, loop);
    while (take_gone(self, loop, until_us, &gone)) {
        tell_others(loop->server, gone.company, gone.entry.key.id, false);
    }
}

/* --- after a start --- */

struct roll {
    struct hub_presence *self;
    const struct hub_reading *reading;
    const struct hub_server_options *options;
    struct hub_ulid company;
};

/* One agent as the views have it. A moment that is expected is kept negative: the first socket then counts as seen. */
static bool call(void *arg, struct hub_span key, struct hub_span value)
{
    struct roll *roll = arg;
    void *found = NULL;
    struct hub_ulid agent;
    (void) value;
    memcpy(agent.b, key.at + key.len - sizeof agent.b, sizeof agent.b);
    if (hub_reading_state(roll->reading, &hub_kind_agent, agent, &found) != 0) {
        return true;
    }
    const struct agent_state *state = found;
    bool is_lost = HUB_HAS(agent_state, state, cause) && state->cause == presence_cause_lost;
    if (state->presence != presence_offline && !is_lost && !HUB_HAS(agent_state, state, removed)) {
        bool is_new;
        make_person(roll->self, agent, roll->company, &is_new)->gone_us = -hub_tick_us(roll->options->world);
    }
    return true;
}

static int call_all(const struct hub_reading *reading, void *arg)
{
    struct roll *roll = arg;
    struct hub_reading of_company = *reading;
    struct hub_ulid after = { { 0 } };
    roll->reading = &of_company;
    while (hub_log_next_company(roll->options->log, after, &roll->company) == 0) {
        struct hub_row_key prefix = hub_row_key(HUB_VIEW_entities, roll->company);
        hub_row_key_byte(&prefix, KIND_agent);
        of_company.company = after = roll->company;
        if (reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&prefix), call, roll) !=
            0) {
            return -1;
        }
    }
    return 0;
}

void hub_presence_expect_all(struct hub_presence *self, const struct hub_server_options *options)
{
    struct roll roll = { .self = self, .options = options };
    struct hub_arena *arena = hub_arena_new(0);
    (void) hub_views_read(options->views, arena, call_all, &roll); /* who is forgotten is lost when they come and go */
    hub_arena_destroy(&arena);
}
