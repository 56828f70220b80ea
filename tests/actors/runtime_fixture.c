/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The runtime fixture. */
#include "tests/actors/runtime_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/temp_dir.h"

static void on_answers(void *arg, struct hub_answer *answers)
{
    struct fixture *self = arg;
    pthread_mutex_lock(&self->mutex);
    while (answers != NULL) {
        struct hub_answer *next = answers->next;
        answers->next = self->answers;
        self->answers = answers;
        answers = next;
    }
    pthread_cond_broadcast(&self->arrived);
    pthread_mutex_unlock(&self->mutex);
}

static bool on_effect(void *arg, struct hub_effect *effect)
{
    struct fixture *self = arg;
    pthread_mutex_lock(&self->mutex);
    if (self->effect != NULL) {
        hub_arena_destroy(&self->effect->arena);
    }
    self->effect = effect;
    self->effects++;
    pthread_cond_broadcast(&self->arrived);
    pthread_mutex_unlock(&self->mutex);
    return true;
}

/* The real sink, unless the test says otherwise for an append. */
static int tampered_put(void *arg, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size)
{
    struct fixture *self = arg;
    struct hub_log_sink real = hub_log_sink(self->log);
    tamper_fn *tamper = atomic_load(&self->tamper);
    if (tamper == NULL) {
        return real.put(real.self, appends, count, ret_why, why_size);
    }
    for (size_t i = 0; i < count; i++) {
        int result = tamper(self->tamper_arg, appends[i]);
        if (result == 0 || result == FIXTURE_WRITTEN_UNKNOWN) {
            int failed = real.put(real.self, &appends[i], 1, ret_why, why_size);
            if (failed != 0) {
                return failed;
            }
        }
        if (result != 0) {
            appends[i]->result = result == FIXTURE_WRITTEN_UNKNOWN ? HUB_APPEND_UNKNOWN : result;
        }
    }
    return 0;
}

static int real_sync(void *arg, char *ret_why, size_t why_size)
{
    struct fixture *self = arg;
    struct hub_log_sink real = hub_log_sink(self->log);
    return real.sync(real.self, ret_why, why_size);
}

static int64_t shifted_now(void *arg)
{
    struct fixture *self = arg;
    return hub_now_us(hub_world_real()) + atomic_load(&self->ahead_us);
}

static int64_t real_tick(void *arg)
{
    (void) arg;
    return hub_tick_us(hub_world_real());
}

static void real_random(void *arg, void *ret_bytes, size_t len)
{
    (void) arg;
    hub_world_real()->random(hub_world_real()->self, ret_bytes, len);
}

void fixture_init(struct fixture *self)
{
    *self = (struct fixture){ 0 };
    self->world = (struct hub_world){
        .now_us = shifted_now, .tick_us = real_tick, .random = real_random, .self = self
    };
    temp_dir_make(self->dir, sizeof self->dir);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->arrived, NULL);
    self->company = hub_world_ulid(hub_world_real());
}

int fixture_try(struct fixture *self, char *ret_why, size_t why_size)
{
    const struct hub_keyring_options ring = { .data_dir = self->dir, .create = true, .world = hub_world_real() };
    assert_int_equal(hub_keyring_open(&ring, &self->keys, ret_why, why_size), 0);
    assert_int_equal(hub_keyring_add_company(self->keys, self->company), 0);
    struct hub_log_options log = { .data_dir = self->dir,
                                   .world = hub_world_real(),
                                   .keyring = self->keys,
                                   .mode = HUB_LOG_WRITE,
                                   .reserve_bytes = 1 };
    if (hub_log_open(&log, &self->log, ret_why, why_size) != 0) {
        fail_msg("%s", ret_why);
    }
    self->options.world = &self->world;
    self->options.log = self->log;
    self->options.keys = self->keys;
    self->options.data_dir = self->dir;
    self->options.sink = (struct hub_log_sink){ .put = tampered_put, .sync = real_sync, .self = self };
    self->options.on_answers = on_answers;
    if (self->options.on_effect == NULL) {
        self->options.on_effect = on_effect;
    }
    self->options.arg = self;
    if (hub_runtime_start(&self->options, &self->runtime, ret_why, why_size) != 0) {
        hub_log_close(&self->log);
        hub_keyring_close(&self->keys);
        return -1;
    }
    self->port = hub_port_new(self->runtime);
    return 0;
}

void fixture_start(struct fixture *self)
{
    char why[256];
    if (fixture_try(self, why, sizeof why) != 0) {
        fail_msg("%s", why);
    }
}

void fixture_stop(struct fixture *self)
{
    hub_port_destroy(&self->port);
    hub_runtime_stop(&self->runtime);
    hub_log_close(&self->log);
    hub_keyring_close(&self->keys);
}

void fixture_done(struct fixture *self)
{
    while (self->answers != NULL) {
        struct hub_answer *answer = self->answers;
        self->answers = answer->next;
        hub_answer_destroy(&answer);
    }
    if (self->effect != NULL) {
        hub_arena_destroy(&self->effect->arena);
    }
    pthread_cond_destroy(&self->arrived);
    pthread_mutex_destroy(&self->mutex);
    temp_dir_remove(self->dir);
}

static struct hub_command *command_for(struct fixture *self, const struct hub_shape *shape, uint8_t target)
{
    struct hub_command *command = hub_command_new(shape, 0);
    command->caller.company = self->company;
    command->caller.role = role_service;
    command->target = target;
    return command;
}

static void name_it(struct fixture *self, struct hub_command *command, uint8_t kind, const char *text)
{
    assert_true(hub_name_read(self->keys, self->company, kind, hub_span(text), &command->names[kind]));
}

struct hub_command *message_for(struct fixture *self, const char *customer, const char *session, const char *content)
{
    struct hub_command *command = command_for(self, &process_message_shape,
                                              session != NULL ? KIND_session : KIND_customer);
    struct process_message *record = command->record;
    record->customer_id.clear = hub_span(customer);
    HUB_MARK(process_message, record, customer_id);
    name_it(self, command, KIND_customer, customer);
    if (session != NULL) {
        record->session_id.clear = hub_span(session);
        HUB_MARK(process_message, record, session_id);
        name_it(self, command, KIND_session, session);
    }
    HUB_SET(process_message, record, channel, channel_chat);
    record->content.clear = hub_span(content);
    HUB_MARK(process_message, record, content);
    return command;
}

struct hub_command *new_session(struct fixture *self, const char *customer, const char *session)
{
    struct hub_command *command = command_for(self, &create_session_shape, KIND_customer);
    struct create_session *record = command->record;
    record->customer_id.clear = hub_span(customer);
    HUB_MARK(create_session, record, customer_id);
    name_it(self, command, KIND_customer, customer);
    if (session != NULL) {
        record->session_id.clear = hub_span(session);
        HUB_MARK(create_session, record, session_id);
        name_it(self, command, KIND_session, session);
    }
    HUB_SET(create_session, record, channel, channel_voice);
    return command;
}

struct hub_command *read_session(struct fixture *self, const char *session)
{
    struct hub_command *command = command_for(self, &get_session_shape, KIND_session);
    struct get_session *record = command->record;
    record->session_id.clear = hub_span(session);
    HUB_MARK(get_session, record, session_id);
    name_it(self, command, KIND_session, session);
    return command;
}

struct hub_command *respond_to(struct fixture *self, const char *session, const char *content)
{
    struct hub_command *command = command_for(self, &respond_message_shape, KIND_session);
    struct respond_message *record = command->record;
    record->session_id.clear = hub_span(session);
    HUB_MARK(respond_message, record, session_id);
    name_it(self, command, KIND_session, session);
    record->content.clear = hub_span(content);
    HUB_MARK(respond_message, record, content);
    return command;
}

struct hub_command *end_of(struct fixture *self, const char *session)
{
    struct hub_command *command = command_for(self, &end_session_shape, KIND_session);
    struct end_session *record = command->record;
    record->session_id.clear = hub_span(session);
    HUB_MARK(end_session, record, session_id);
    name_it(self, command, KIND_session, session);
    return command;
}

void with_key(struct hub_command *command, const char *key, const char *body)
{
    command->keyed = true;
    memcpy(command->id, hub_sha256(hub_span(key)).b, sizeof command->id);
    memcpy(command->body, hub_sha256(hub_span(body)).b, sizeof command->body);
}

uint64_t send_command(struct fixture *self, struct hub_command *command)
{
    uint64_t ticket = ++self->tickets;
    command->ticket = (struct hub_ticket){ .loop = 0, .number = ticket };
    assert_int_equal(hub_port_send(self->port, &command), 0);
    assert_null(command);
    return ticket;
}

static struct hub_answer *take(struct fixture *self, uint64_t ticket)
{
    for (struct hub_answer **link = &self->answers; *link != NULL; link = &(*link)->next) {
        if ((*link)->ticket.number == ticket) {
            struct hub_answer *answer = *link;
            *link = answer->next;
            return answer;
        }
    }
    return NULL;
}

struct hub_answer *await_answer(struct fixture *self, uint64_t ticket)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&self->mutex);
    struct hub_answer *answer;
    int timed_out = 0;
    while ((answer = take(self, ticket)) == NULL && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&self->arrived, &self->mutex, &until);
    }
    pthread_mutex_unlock(&self->mutex);
    assert_non_null(answer);
    return answer;
}

bool comes_true(struct fixture *self, bool (*is_so)(struct fixture *self, void *arg), void *arg)
{
    const struct hub_world *world = hub_world_real();
    int64_t until_us = hub_tick_us(world) + 10 * 1000000;
    bool so;
    while (!(so = is_so(self, arg)) && hub_tick_us(world) < until_us) {
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
    return so;
}

struct hub_answer *ask(struct fixture *self, struct hub_command *command)
{
    return await_answer(self, send_command(self, command));
}

void expect(struct hub_answer *answer, int error)
{
    assert_int_equal(answer->error, error);
    hub_answer_destroy(&answer);
}

unsigned events_of(struct fixture *self, uint16_t type)
{
    struct hub_scan *scan = hub_scan_all(self->log, 1, 0);
    struct hub_stored stored;
    unsigned count = 0;
    while (hub_scan_next(scan, &stored) > 0) {
        count += stored.header.type == type;
    }
    hub_scan_close(&scan);
    return count;
}

static bool count_row(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    (void) key;
    (void) value;
    ++*(unsigned *) arg;
    return true;
}

unsigned pending_of(struct fixture *self, uint8_t kind)
{
    const struct hub_due due = { .kind = kind, .until_us = INT64_MAX };
    unsigned count = 0;
    assert_int_equal(hub_log_pending(self->log, &due, count_row, &count), 0);
    return count;
}

static bool has_no_pending(struct fixture *self, void *kind)
{
    return pending_of(self, *(uint8_t *) kind) == 0;
}

static bool nothing_waits(struct fixture *self, void *arg)
{
    struct hub_runtime_stats *stats = arg;
    hub_runtime_stats(self->runtime, stats);
    return stats->waiting == 0;
}

bool comes_to_rest(struct fixture *self)
{
    struct hub_runtime_stats stats;
    return comes_true(self, nothing_waits, &stats);
}

/* A row is gone when its append is written; what the append brought is seen a little later, when it is durable. */
bool runs_out_of(struct fixture *self, uint8_t kind)
{
    return comes_true(self, has_no_pending, &kind) && comes_to_rest(self);
}
