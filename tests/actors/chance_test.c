/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Commands at random against a log that refuses, forgets and fills up at random, compared with a trivial model: what was
 * acknowledged is in the log exactly once, numbers are dense, no answer is lost, and nothing is left half done.
 *
 * OMNIHUB_SEED repeats a run, OMNIHUB_ROUNDS makes more of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actors/entity.h"
#include "actors/session/render.h"
#include "base/pack.h"
#include "tests/actors/runtime_fixture.h"

enum {
    CUSTOMERS = 3,
    SESSIONS = 5, /* named ones; session i is customer i % CUSTOMERS's */
    STEPS = 600,
    UNDER_WAY = 24, /* commands at once, at most */
    EVENTS_MOST = 8 * STEPS,
};

enum what { MESSAGE, RESPONSE, CREATION, READING, ENDING, REPORT };

/* One command that was sent. */
struct sent {
    enum what what;
    unsigned first; /* of the same key: the step that sent it first; else this one */
    int customer;   /* -1: not named */
    int session;    /* -1: not named */
    bool keyed;
    char content[32];
    char key[32];
    unsigned answers;
    int error;
    char message_id[64]; /* acknowledged: what it is called */
    uint64_t version;    /* the version of the session that the answer shows, 0: none */
    uint64_t position;   /* and the position at which it says so */
    struct hub_ulid shown;
};

/* One message in the log. */
struct found {
    char content[32];
    char message_id[64];
    bool is_response;
};

struct run {
    struct fixture f; /* first: the runtime knows it by this address */
    uint64_t seed, random;
    uint64_t tamper_random; /* the log actor's own */
    atomic_bool tampers;    /* both the log actor and the test read it */
    struct sent sent[STEPS];
    unsigned count;
    struct found found[EVENTS_MOST];
    unsigned found_count;
    struct hub_effect *effects[EVENTS_MOST]; /* under the fixture's mutex */
    unsigned effect_count, effect_next;
    struct hub_pending_key delivered[EVENTS_MOST];
    unsigned delivered_count;
};

static const char *const customer_names[CUSTOMERS] = { "customer_0", "customer_1", "customer_2" };
static const char *const session_names[SESSIONS] = { "session_0", "session_1", "session_2", "session_3", "session_4" };

static uint64_t next(uint64_t *random)
{
    uint64_t value = *random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static unsigned pick(uint64_t *random, unsigned below)
{
    return (unsigned) (next(random) % below);
}

/* --- the log's moods and the gateway --- */

static int tamper(void *arg, struct hub_append *append)
{
    static const int moods[] = { HUB_APPEND_CONFLICT, HUB_APPEND_UNKNOWN, FIXTURE_WRITTEN_UNKNOWN, HUB_APPEND_FULL };
    struct run *self = arg;
    (void) append;
    if (!self->tampers || pick(&self->tamper_random, 100) >= 8) {
        return 0;
    }
    return moods[pick(&self->tamper_random, 4)];
}

static bool take(void *arg, struct hub_effect *effect)
{
    struct run *self = arg;
    pthread_mutex_lock(&self->f.mutex);
    bool takes = self->effect_count < EVENTS_MOST;
    if (takes) {
        self->effects[self->effect_count++] = effect;
    }
    pthread_mutex_unlock(&self->f.mutex);
    return takes;
}

static struct hub_effect *next_effect(struct run *self)
{
    pthread_mutex_lock(&self->f.mutex);
    struct hub_effect *effect = self->effect_next < self->effect_count ? self->effects[self->effect_next++] : NULL;
    pthread_mutex_unlock(&self->f.mutex);
    return effect;
}

/* A provider that honours its idempotency key delivers once for each. */
static void deliver(struct run *self, const struct hub_effect *effect)
{
    for (unsigned i = 0; i < self->delivered_count; i++) {
        if (memcmp(&self->delivered[i], &effect->id, sizeof effect->id) == 0) {
            return;
        }
    }
    self->delivered[self->delivered_count++] = effect->id;
}

static struct hub_command *report_on(struct run *self, const struct hub_effect *effect)
{
    const struct send_effect *message = effect->record;
    struct hub_command *command = hub_command_new(&update_message_shape, 0);
    struct update_message *report = command->record;
    HUB_SET(update_message, report, message_id,
            hub_part_id_print(message->session, 'm', message->index, command->arena));
    bool reports_failure = self->tampers && pick(&self->random, 4) == 0;
    if (!reports_failure || pick(&self->random, 2) == 0) {
        deliver(self, effect); /* perhaps without knowing it: a time-out */
    }
    if (reports_failure) {
        HUB_SET(update_message, report, failure, HUB_SPAN("busy"));
    } else {
        HUB_SET(update_message, report, status, message_status_delivered);
    }
    HUB_SET(update_message, report, attempt, 1); /* short pauses, and never given up */
    command->caller.company = self->f.company;
    command->target = KIND_session;
    command->names[KIND_session] = (struct hub_name){ .given = true, .is_ours = true, .id = message->session };
    command->settles = true;
    command->settle = effect->key;
    return command;
}

/* --- sending --- */

static struct hub_command *command_of(struct run *self, const struct sent *sent)
{
    const char *customer = sent->customer < 0 ? NULL : customer_names[sent->customer];
    const char *session = sent->session < 0 ? NULL : session_names[sent->session];
    struct hub_command *command = NULL;
    switch (sent->what) {
    case MESSAGE: command = message_for(&self->f, customer, session, sent->content); break;
    case RESPONSE: command = respond_to(&self->f, session, sent->content); break;
    case CREATION: command = new_session(&self->f, customer, session); break;
    case READING: command = read_session(&self->f, session); break;
    default: command = end_of(&self->f, session); break;
    }
    if (sent->keyed) {
        with_key(command, sent->key, sent->key);
    }
    return command;
}

static enum what what_at_random(uint64_t *random)
{
    unsigned chance = pick(random, 100);
    return chance < 50 ? MESSAGE : chance < 60 ? RESPONSE : chance < 74 ? CREATION : chance < 94 ? READING : ENDING;
}

/* The next command: a new one, or an earlier one with its key again. */
static void choose(struct run *self, struct sent *sent)
{
    *sent = (struct sent){ .what = what_at_random(&self->random), .first = self->count, .session = -1 };
    if (self->count > 8 && pick(&self->random, 3) == 0) {
        const struct sent *earlier = &self->sent[self->count - 1 - pick(&self->random, 8)];
        if (earlier->keyed) {
            *sent = *earlier;
            sent->answers = 0;
            sent->version = 0;
            sent->message_id[0] = '\0';
            return;
        }
    }
    sent->session = (int) pick(&self->random, SESSIONS);
    sent->customer = sent->session % CUSTOMERS;
    if ((sent->what == MESSAGE || sent->what == CREATION) && pick(&self->random, 3) == 0) {
        sent->session = -1;
    }
    snprintf(sent->content, sizeof sent->content, "words %u", self->count);
    snprintf(sent->key, sizeof sent->key, "key %u", self->count);
    sent->keyed = pick(&self->random, 2) == 0;
}

/* What an answer about a whole session shows. */
static void keep_shown(struct run *self, struct sent *sent, const struct hub_answer *answer)
{
    const struct unified_session *session = answer->record;
    struct hub_key_source keys = hub_keyring_source(self->f.keys);
    struct hub_span name = session->session_id.clear;
    if (name.at == NULL) {
        assert_true(hub_box_open(session->session_id.box, self->f.company, &keys, answer->arena, &name));
    }
    sent->version = session->version;
    sent->position = answer->position.sequence;
    struct hub_name known;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int) name.len, name.at);
    assert_true(hub_name_read(self->f.keys, self->f.company, KIND_session, hub_span(text), &known));
    if (known.is_ours || hub_log_alias(self->f.log, self->f.company, KIND_session, known.digest, &known.id) == 0) {
        sent->shown = known.id;
    }
}

static void keep_answer(struct run *self, struct hub_answer *answer)
{
    assert_in_range(answer->ticket.number, 1, self->f.tickets);
    if (answer->ticket.loop < STEPS) {
        struct sent *sent = &self->sent[answer->ticket.loop];
        sent->answers++;
        sent->error = answer->error;
        if (answer->error == 0 && answer->shape == &message_processed_shape) {
            const struct message_processed *reply = answer->record;
            snprintf(sent->message_id, sizeof sent->message_id, "%.*s", (int) reply->message_id.len,
                     reply->message_id.at);
        } else if (answer->error == 0 && answer->shape == &unified_session_shape) {
            keep_shown(self, sent, answer);
        }
    }
    hub_answer_destroy(&answer);
}

static unsigned take_answers(struct run *self)
{
    unsigned count = 0;
    pthread_mutex_lock(&self->f.mutex);
    struct hub_answer *answers = self->f.answers;
    self->f.answers = NULL;
    pthread_mutex_unlock(&self->f.mutex);
    while (answers != NULL) {
        struct hub_answer *answer = answers;
        answers = answer->next;
        keep_answer(self, answer);
        count++;
    }
    return count;
}

static unsigned send(struct run *self, struct hub_command *command, uint32_t step)
{
    command->ticket = (struct hub_ticket){ .loop = step, .number = ++self->f.tickets };
    assert_int_equal(hub_port_send(self->f.port, &command), 0);
    return 1;
}

struct wanted {
    struct run *run;
    unsigned *waiting;
    unsigned most;
};

static bool few_wait(struct fixture *f, void *arg)
{
    (void) f;
    struct wanted *wanted = arg;
    *wanted->waiting -= take_answers(wanted->run);
    return *wanted->waiting <= wanted->most;
}

static void await_few(struct run *self, unsigned *waiting, unsigned most)
{
    struct wanted wanted = { self, waiting, most };
    assert_true(comes_true(&self->f, few_wait, &wanted));
}

static unsigned report_all(struct run *self)
{
    unsigned sent = 0;
    for (struct hub_effect *effect; (effect = next_effect(self)) != NULL;) {
        sent += send(self, report_on(self, effect), STEPS);
    }
    return sent;
}

static void send_all(struct run *self)
{
    unsigned waiting = 0;
    while (self->count < STEPS) {
        choose(self, &self->sent[self->count]);
        waiting += send(self, command_of(self, &self->sent[self->count]), self->count);
        self->count++;
        if (pick(&self->random, 8) == 0) {
            waiting += report_all(self);
        }
        await_few(self, &waiting, pick(&self->random, UNDER_WAY));
        if (self->count % (STEPS / 3) == 0) { /* a restart on a log that is not well */
            await_few(self, &waiting, 0);
            fixture_stop(&self->f);
            fixture_start(&self->f);
        }
    }
    await_few(self, &waiting, 0);
}

static bool is_settled(struct fixture *f, void *arg)
{
    struct run *self = (struct run *) f;
    unsigned *waiting = arg;
    *waiting += report_all(self);
    *waiting -= take_answers(self);
    return *waiting == 0 && pending_of(f, HUB_PENDING_effect) == 0 && pending_of(f, HUB_PENDING_follow) == 0;
}

/* The log is well again and the hub starts anew: all that was left behind is done. */
static void come_to_rest(struct run *self)
{
    unsigned waiting = 0;
    self->tampers = false;
    assert_true(comes_to_rest(&self->f));
    fixture_stop(&self->f);
    atomic_fetch_add(&self->f.ahead_us, 10 * 1000000);
    fixture_start(&self->f);
    assert_true(comes_true(&self->f, is_settled, &waiting));
    assert_true(comes_to_rest(&self->f));
}

/* --- what is in the log --- */

static void keep_found(struct run *self, const struct hub_stored *stored, hub_sealed words, uint32_t index)
{
    struct hub_key_source keys = hub_keyring_source(self->f.keys);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span clear, id = hub_part_id_print(stored->header.entity, 'm', index, arena);
    assert_true(hub_box_open(words.box, self->f.company, &keys, arena, &clear));
    struct found *found = &self->found[self->found_count++];
    snprintf(found->content, sizeof found->content, "%.*s", (int) clear.len, clear.at);
    snprintf(found->message_id, sizeof found->message_id, "%.*s", (int) id.len, id.at);
    found->is_response = stored->header.type == message_sent_id;
    hub_arena_destroy(&arena);
}

/* I2: versions and message numbers of a session are dense, whatever was refused in between. */
static uint32_t check_session(struct run *self, const struct hub_stream *stream)
{
    struct hub_scan *scan = hub_scan_stream(self->f.log, stream, 1, 0);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored stored;
    uint64_t version = 0;
    uint32_t messages = 0;
    while (hub_scan_next(scan, &stored) > 0) {
        assert_int_equal(stored.header.version, ++version);
        if (stored.header.type == message_received_id) {
            struct message_received received;
            assert_int_equal(hub_unpack(&message_received_shape, stored.payload, arena, &received, NULL), 0);
            assert_int_equal(received.index, ++messages);
            keep_found(self, &stored, received.content, messages);
        } else if (stored.header.type == message_sent_id) {
            struct message_sent sent;
            assert_int_equal(hub_unpack(&message_sent_shape, stored.payload, arena, &sent, NULL), 0);
            assert_int_equal(sent.index, ++messages);
            keep_found(self, &stored, sent.content, messages);
        }
    }
    hub_scan_close(&scan);
    hub_arena_destroy(&arena);
    return messages;
}

static void *state_of(struct run *self, uint8_t kind, struct hub_ulid entity, struct hub_arena *arena)
{
    const struct hub_fold_options options = {
        .log = self->f.log, .stream = { .company = self->f.company, .entity = entity, .kind = kind }
    };
    struct hub_folded_state folded;
    assert_int_equal(hub_entity_fold(&options, arena, &folded), 0);
    return folded.state;
}

static bool customer_counts_on(struct run *self, struct hub_ulid customer, struct hub_ulid session)
{
    struct hub_arena *arena = hub_arena_new(0);
    const struct customer_state *state = state_of(self, KIND_customer, customer, arena);
    bool counts = false;
    assert_non_null(state);
    for (uint32_t i = 0; i < state->sessions.count; i++) {
        counts |= hub_ulid_is(state->sessions.at[i].session, session);
    }
    hub_arena_destroy(&arena);
    return counts;
}

/* I13: what a customer counts on and what its sessions are agree once all follow-ups are done. */
static void check_opened(struct run *self, struct hub_ulid session)
{
    struct hub_arena *arena = hub_arena_new(0);
    const struct hub_stream stream = { .company = self->f.company, .entity = session, .kind = KIND_session };
    uint32_t messages = check_session(self, &stream);
    const struct session_state *state = state_of(self, KIND_session, session, arena);
    assert_non_null(state);
    assert_int_equal(state->message_ranks.len, messages);
    for (uint32_t i = 1; i <= messages; i++) {
        unsigned rank = (uint8_t) state->message_ranks.at[i - 1];
        assert_true((rank & 16) == 0 || rank == (16u | message_status_delivered));
    }
    bool is_open = state->status != session_status_ended;
    assert_int_equal(customer_counts_on(self, state->customer, session), is_open);
    hub_arena_destroy(&arena);
}

/* I2: positions are dense. Every session that a customer opened is there, once. */
static void check_log(struct run *self)
{
    static struct hub_ulid sessions[EVENTS_MOST];
    unsigned opened = 0, counted_on = 0, created = 0;
    uint64_t sequence = 0;
    struct hub_stored stored;
    struct hub_scan *scan = hub_scan_all(self->f.log, 1, 0);
    while (hub_scan_next(scan, &stored) > 0) {
        assert_int_equal(stored.header.sequence, ++sequence);
        created += stored.header.type == customer_created_id;
        counted_on += stored.header.type == customer_session_opened_id;
        if (stored.header.type == session_opened_id) {
            sessions[opened++] = stored.header.entity;
        }
    }
    hub_scan_close(&scan);
    assert_int_equal(sequence, hub_log_commit(self->f.log).sequence);
    assert_int_equal(created, CUSTOMERS);
    assert_int_equal(opened, counted_on);
    for (unsigned i = 0; i < opened; i++) {
        check_opened(self, sessions[i]);
    }
}

/* --- the model --- */

static const struct found *find(const struct run *self, const char *content, unsigned *ret_times)
{
    const struct found *found = NULL;
    *ret_times = 0;
    for (unsigned i = 0; i < self->found_count; i++) {
        if (strcmp(self->found[i].content, content) == 0) {
            found = &self->found[i];
            ++*ret_times;
        }
    }
    return found;
}

/* A session that was shown was durable as it was shown, at the position that the answer named. */
static void check_shown(struct run *self, const struct sent *sent)
{
    const struct hub_stream stream = { .company = self->f.company, .entity = sent->shown, .kind = KIND_session };
    struct hub_scan *scan = hub_scan_stream(self->f.log, &stream, sent->version, 0);
    struct hub_stored stored;
    assert_int_equal(hub_scan_next(scan, &stored), 1);
    assert_in_range(stored.header.sequence, 1, sent->position);
    hub_scan_close(&scan);
}

/* I1, I4: one answer for each command; what it acknowledged is there once, and what it did not, at most once. */
static void check_one(struct run *self, const struct sent *sent)
{
    assert_int_equal(sent->answers, 1);
    if (sent->version > 0) {
        check_shown(self, sent);
    }
    if (sent->what != MESSAGE && sent->what != RESPONSE) {
        return;
    }
    unsigned times;
    const struct found *found = find(self, sent->content, &times);
    assert_in_range(times, sent->error == 0 ? 1 : 0, 1);
    if (sent->error == 0) {
        assert_string_equal(sent->message_id, found->message_id);
        assert_int_equal(found->is_response, sent->what == RESPONSE);
    }
}

static void check_all(struct run *self)
{
    unsigned acknowledged = 0, refused = 0, responses = 0;
    for (unsigned i = 0; i < self->count; i++) {
        check_one(self, &self->sent[i]);
        acknowledged += self->sent[i].error == 0;
        refused += self->sent[i].error != 0;
    }
    for (unsigned i = 0; i < self->found_count; i++) {
        responses += self->found[i].is_response;
    }
    assert_int_equal(self->delivered_count, responses); /* I8 */
    assert_true(acknowledged > STEPS / 4);
    assert_true(refused > 0);
}

static void run_with(uint64_t seed)
{
    static struct run run;
    memset(&run, 0, sizeof run);
    print_message("seed %llu\n", (unsigned long long) seed);
    run.seed = run.random = seed;
    run.tamper_random = seed ^ 0x5eed;
    run.tampers = true;
    fixture_init(&run.f);
    run.f.options.workers = 1 + pick(&run.random, 3);
    run.f.options.active_entities = 4 + pick(&run.random, 8); /* so that entities come and go */
    run.f.options.on_effect = take;
    run.f.tamper_arg = &run;
    run.f.tamper = tamper;
    fixture_start(&run.f);
    send_all(&run);
    come_to_rest(&run);
    check_log(&run);
    check_all(&run);
    fixture_stop(&run.f);
    for (unsigned i = 0; i < run.effect_count; i++) {
        struct hub_arena *arena = run.effects[i]->arena;
        hub_arena_destroy(&arena);
    }
    fixture_done(&run.f);
}

static void acknowledged_is_there_once_and_nothing_is_half_done(void **state)
{
    (void) state;
    const char *seed = getenv("OMNIHUB_SEED"), *rounds = getenv("OMNIHUB_ROUNDS");
    if (seed != NULL) {
        run_with(strtoull(seed, NULL, 10));
        return;
    }
    uint64_t first = (uint64_t) hub_now_us(hub_world_real());
    for (unsigned i = 0; i < (rounds == NULL ? 6 : (unsigned) strtoul(rounds, NULL, 10)); i++) {
        run_with(i < 3 ? i + 1 : first + i); /* some that are always the same, some new ones */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_is_there_once_and_nothing_is_half_done),
    };
    return cmocka_run_group_tests_name("actors/chance", tests, NULL, NULL);
}
