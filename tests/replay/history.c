/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A history on a real log, and questions about it. */
#include "tests/replay/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actors/session/render.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pack.h"

static void on_moved(void *arg, struct hub_position at)
{
    struct history *self = arg;
    self->went_back |= at.sequence < self->moved_to.sequence;
    self->moved_to = at;
}

int history_setup(void **state)
{
    struct history *self = calloc(1, sizeof *self);
    fixture_setup((void **) &self->log);
    self->company = fixture_id(1);
    self->other_company = fixture_id(2);
    self->customer = fixture_id(10);
    self->other_customer = fixture_id(11);
    self->first = fixture_id(20);
    self->second = fixture_id(21);
    hub_keyring_add_company(self->log->ring, self->company);
    hub_keyring_add_company(self->log->ring, self->other_company);
    history_open(self);
    *state = self;
    return 0;
}

int history_teardown(void **state)
{
    struct history *self = *state;
    history_close(self);
    fixture_teardown((void **) &self->log);
    free(self);
    return 0;
}

void history_open(struct history *self)
{
    const struct hub_views_options options = {
        .data_dir = self->log->dir,
        .world = hub_world_real(),
        .log = self->log->log,
        .on_moved = self->follow ? NULL : on_moved,
        .arg = self,
        .follow = self->follow,
        .list_every = self->list_every,
        .views = self->infos,
        .view_count = self->info_count,
    };
    self->moved_to = (struct hub_position){ 0 };
    if (hub_views_open(&options, &self->views, self->why, sizeof self->why) != 0) {
        fail_msg("%s", self->why);
    }
}

void history_close(struct history *self)
{
    hub_views_close(&self->views);
}

void history_delete_views(struct history *self)
{
    char dir[2 * FIXTURE_DIR];
    assert_null(self->views);
    snprintf(dir, sizeof dir, "%s/views", self->log->dir);
    fixture_remove(dir);
}

static void seal(struct history *self, const struct hub_shape *shape, void *record, struct hub_ulid company,
                 struct hub_ulid subject)
{
    struct hub_key key;
    if (!hub_keyring_find(self->log->ring, company, subject, &key)) {
        struct hub_new_key made;
        hub_keyring_make(self->log->ring, company, subject, &made);
        assert_int_equal(hub_keyring_store(self->log->ring, &made, 1), 0);
        key = made.key;
    }
    const struct hub_sealing with = {
        .company = company, .subject = subject, .key = &key, .world = self->log->world, .arena = self->log->arena
    };
    hub_record_seal(shape, record, &with);
}

/* The client's own id of the first customer finds it from its first event on. */
static const struct hub_alias *alias_of(struct history *self, struct hub_stream stream, uint64_t version)
{
    struct hub_name name;
    if (version > 0 || stream.kind != KIND_customer || !hub_ulid_is(stream.entity, self->customer)) {
        return NULL;
    }
    assert_true(hub_name_read(self->log->ring, stream.company, KIND_customer, HUB_SPAN("customer_1"), &name));
    struct hub_alias *alias = HUB_NEW(self->log->arena, struct hub_alias);
    alias->kind = KIND_customer;
    alias->entity = stream.entity;
    memcpy(alias->digest, name.digest, sizeof alias->digest);
    return alias;
}

uint64_t put_event(struct history *self, struct hub_stream stream, const struct hub_shape *shape, void *record,
                   struct hub_ulid subject)
{
    struct hub_buf payload;
    uint64_t version;
    hub_buf_init(&payload);
    if (!hub_ulid_is_none(subject)) {
        seal(self, shape, record, stream.company, subject);
    }
    hub_pack(shape, record, &payload);
    hub_world_fake_advance(self->log->world, 10000); /* the witness is written once a second */
    assert_int_equal(hub_log_stream_version(self->log->log, &stream, &version), 0);
    struct hub_new_event event = {
        .type = shape->id, .schema = shape->version, .subject = subject, .payload = hub_buf_span(&payload)
    };
    const struct hub_alias *alias = alias_of(self, stream, version);
    struct hub_append append = {
        .stream = stream,
        .expected_version = version,
        .decided_at_us = hub_now_us(self->log->world) - 1000,
        .events = &event,
        .event_count = 1,
        .aliases = alias,
        .alias_count = alias != NULL,
    };
    struct hub_append *one = &append;
    fixture_write(self->log, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    hub_buf_done(&payload);
    return append.last.sequence;
}

struct hub_stream session_stream(const struct history *self, struct hub_ulid session)
{
    return (struct hub_stream){ self->company, session, KIND_session };
}

struct hub_stream customer_stream(const struct history *self, struct hub_ulid customer)
{
    return (struct hub_stream){ self->company, customer, KIND_customer };
}

void catch_up(struct history *self)
{
    if (hub_views_catch_up(self->views) != 0) {
        struct hub_view_status status;
        hub_views_status(self->views, &status, 1);
        fail_msg("%s", status.error);
    }
}

/* --- Asking --- */

char *ask_json(struct history *self, const struct question *question, uint64_t at)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault = { 0 };
    struct hub_position reached;
    const struct hub_ask ask = {
        .query = question->query,
        .params = question->params,
        .company = question->company,
        .names = question->names,
        .arena = arena,
    };
    void *answer = NULL;
    int done = at == 0 ? hub_query_live(self->views, &ask, &answer, &reached, &fault)
                       : hub_query_at(self->views, &ask, (struct hub_position){ at }, &answer, &fault);
    struct hub_buf out;
    hub_buf_init(&out);
    if (done == 0 && at == 0 && !self->follow) {
        assert_int_equal(reached.sequence, hub_views_position(self->views).sequence);
    }
    if (done == 0) {
        struct hub_key_source keys = hub_keyring_source(self->log->ring);
        hub_record_open(question->query->answer, answer, question->company, &keys, arena);
        hub_json_write(question->query->answer, answer, HUB_DIALECT_snake, &out);
    } else {
        assert_true(done > 0); /* never a failure */
        hub_buf_put_text(&out, "error ");
        hub_buf_put_text(&out, hub_error_code(done));
        hub_buf_put_text(&out, ": ");
        hub_buf_put_text(&out, fault.reason);
    }
    hub_buf_put_byte(&out, 0);
    hub_arena_destroy(&arena);
    return out.at;
}

static void name_ours(struct question *question, uint8_t kind, struct hub_ulid id)
{
    question->names[kind] = (struct hub_name){ .given = true, .is_ours = true, .id = id };
}

struct asking {
    struct history *history;
    struct question *at;
    size_t count;
};

static struct question *add(struct asking *self, const char *label, const struct hub_query_info *query,
                            const void *params)
{
    struct question *question = &self->at[self->count++];
    *question = (struct question){ label, query, params, self->history->company, { { 0 } } };
    return question;
}

static void *params_of(struct history *self, const struct hub_shape *shape)
{
    return hub_arena_get(self->log->arena, shape->size);
}

static void add_lists(struct asking *self)
{
    struct history *h = self->history;
    struct active_sessions_query *some = params_of(h, &active_sessions_query_shape);
    HUB_SET(active_sessions_query, some, limit, 1);
    struct active_sessions_query *video = params_of(h, &active_sessions_query_shape);
    HUB_SET(active_sessions_query, video, channel, channel_video);
    void *whole = params_of(h, &active_sessions_query_shape);
    add(self, "active", &hub_query_active_sessions, whole);
    add(self, "active, first", &hub_query_active_sessions, some);
    add(self, "active, video", &hub_query_active_sessions, video);
    add(self, "active, elsewhere", &hub_query_active_sessions, whole)->company = h->other_company;
    add(self, "figures", &hub_query_analytics, params_of(h, &analytics_query_shape));
    add(self, "channels", &hub_query_channel_performance, params_of(h, &channel_performance_query_shape));
}

static void add_sessions(struct asking *self)
{
    struct history *h = self->history;
    struct session_messages_query *two = params_of(h, &session_messages_query_shape);
    HUB_SET(session_messages_query, two, limit, 2);
    void *messages = params_of(h, &session_messages_query_shape);
    void *session = params_of(h, &session_at_query_shape);
    name_ours(add(self, "session 1", &hub_query_session, session), KIND_session, h->first);
    name_ours(add(self, "session 2", &hub_query_session, session), KIND_session, h->second);
    name_ours(add(self, "messages of 1", &hub_query_session_messages, messages), KIND_session, h->first);
    name_ours(add(self, "two messages of 1", &hub_query_session_messages, two), KIND_session, h->first);
    name_ours(add(self, "messages of 2", &hub_query_session_messages, messages), KIND_session, h->second);
    struct question *foreign = add(self, "session 1 from elsewhere", &hub_query_session, session);
    foreign->company = h->other_company;
    name_ours(foreign, KIND_session, h->second);
}

static void add_parts(struct asking *self)
{
    struct history *h = self->history;
    for (uint32_t i = 1; i <= 3; i++) {
        struct message_query *message = params_of(h, &message_query_shape);
        HUB_SET(message_query, message, message_id, hub_part_id_print(h->first, 'm', i, h->log->arena));
        add(self, "message", &hub_query_message, message);
        struct transfer_query *transfer = params_of(h, &transfer_query_shape);
        HUB_SET(transfer_query, transfer, transfer_id, hub_part_id_print(h->first, 't', i, h->log->arena));
        add(self, "transfer", &hub_query_transfer, transfer);
    }
    struct message_query *nonsense = params_of(h, &message_query_shape);
    HUB_SET(message_query, nonsense, message_id, HUB_SPAN("nonsense"));
    add(self, "no message", &hub_query_message, nonsense);
    struct transfer_done *moved = params_of(h, &transfer_done_shape);
    HUB_SET(transfer_done, moved, success, true);
    HUB_SET(transfer_done, moved, transfer_id, hub_part_id_print(h->first, 't', 1, h->log->arena));
    HUB_SET(transfer_done, moved, transfer_completed, true);
    HUB_SET(transfer_done, moved, session_id, ((hub_sealed){ .clear = HUB_SPAN("omni_session_1") }));
    HUB_SET(transfer_done, moved, session, h->first);
    HUB_SET(transfer_done, moved, customer, h->customer);
    HUB_SET(transfer_done, moved, channel, channel_video);
    HUB_SET(transfer_done, moved, history_count, 2);
    HUB_SET(transfer_done, moved, history_digest, HUB_SPAN("01234567890123456789012345678901"));
    add(self, "transfer answer", &hub_query_transfer_answer, moved);
}

static void add_customers(struct asking *self)
{
    struct history *h = self->history;
    struct customer_query *three = params_of(h, &customer_query_shape);
    HUB_SET(customer_query, three, limit, 3);
    void *whole = params_of(h, &customer_query_shape);
    static const struct hub_query_info *const queries[] = { &hub_query_customer_sessions, &hub_query_customer_history,
                                                            &hub_query_unified_view };
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct question *by_alias = add(self, "customer 1", queries[i], whole);
        assert_true(hub_name_read(h->log->ring, h->company, KIND_customer, HUB_SPAN("customer_1"),
                                  &by_alias->names[KIND_customer]));
        name_ours(add(self, "customer 1, three", queries[i], three), KIND_customer, h->customer);
        name_ours(add(self, "customer 2", queries[i], whole), KIND_customer, h->other_customer);
        struct question *foreign = add(self, "customer 1 elsewhere", queries[i], whole);
        foreign->company = h->other_company;
        name_ours(foreign, KIND_customer, h->customer);
    }
}

const struct question *all_questions(struct history *self, size_t *ret_count)
{
    enum { MOST = 64 };
    struct asking asking = { self, HUB_NEW_ARRAY(self->log->arena, struct question, MOST), 0 };
    add_lists(&asking);
    add_sessions(&asking);
    add_parts(&asking);
    add_customers(&asking);
    assert_true(asking.count < MOST);
    *ret_count = asking.count;
    return asking.at;
}
