/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A pure world for the kinds of actors. */
#include "tests/actors/decide_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/pack.h"
#include "base/sealed.h"

enum { ENTITIES = 512, EVENTS = 60000, LATERS = 8192, ALIASES = 512, SUBJECTS = 512, HOPS = 4, TEXT = 20000 };

struct entity {
    uint8_t kind;
    struct hub_ulid id;
    void *state;
    struct hub_arena *arena;
    uint64_t version;
};

struct kept_event {
    struct entity *entity;
    const struct hub_shape *shape;
    struct hub_ulid subject;
    int64_t decided_at_us;
    struct hub_span packed;
};

struct harness {
    struct hub_world *world;
    struct hub_arena *arena; /* of what is kept */
    struct hub_arena *call;  /* of the call under way */
    struct hub_arena *reading;
    struct hub_key key;
    struct hub_ulid company;
    struct harness_result result;
    size_t entity_count, event_count, later_count, alias_count, subject_count;
    struct entity entities[ENTITIES];
    struct kept_event events[EVENTS];
    struct harness_later laters[LATERS];
    struct hub_alias aliases[ALIASES];
    struct hub_ulid subjects[SUBJECTS]; /* that have a key */
    char text[TEXT];
};

/* One command on its way. */
struct travel {
    uint8_t kind;
    struct hub_ulid entity;
    const struct hub_shape *shape;
    const void *record;
    struct hub_name names[HUB_KINDS];
    struct hub_caller caller;
    uint8_t key[HUB_COMMAND_ID];
    bool keyed, settles, has_ticket;
    unsigned hops;
};

struct harness *harness_new(uint64_t seed)
{
    struct harness *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->world = hub_world_fake_new((int64_t) HARNESS_START_S * 1000000, seed);
    self->arena = hub_arena_new(1 << 16);
    self->call = hub_arena_new(1 << 14);
    self->reading = hub_arena_new(1 << 14);
    memset(&self->key, 7, sizeof self->key);
    memset(&self->company, 9, sizeof self->company);
    return self;
}

void harness_destroy(struct harness **self_p)
{
    struct harness *self = *self_p;
    *self_p = NULL;
    for (size_t i = 0; i < self->entity_count; i++) {
        hub_arena_destroy(&self->entities[i].arena);
    }
    hub_arena_destroy(&self->arena);
    hub_arena_destroy(&self->call);
    hub_arena_destroy(&self->reading);
    hub_world_fake_destroy(&self->world);
    free(self);
}

int64_t harness_now(const struct harness *self)
{
    return hub_now_us(self->world);
}

void harness_advance(struct harness *self, int64_t seconds)
{
    hub_world_fake_advance(self->world, seconds * 1000000);
}

hub_sealed harness_sealed(const char *text)
{
    return (hub_sealed){ .clear = hub_span(text) };
}

/* --- entities and names --- */

static struct entity *find_entity(const struct harness *self, uint8_t kind, struct hub_ulid id)
{
    for (size_t i = 0; i < self->entity_count; i++) {
        const struct entity *entity = &self->entities[i];
        if (entity->kind == kind && hub_ulid_is(entity->id, id)) {
            return (struct entity *) entity;
        }
    }
    return NULL;
}

static struct entity *entity_for(struct harness *self, uint8_t kind, struct hub_ulid id)
{
    struct entity *entity = find_entity(self, kind, id);
    if (entity == NULL) {
        assert_true(self->entity_count < ENTITIES);
        entity = &self->entities[self->entity_count++];
        *entity = (struct entity){ .kind = kind, .id = id, .arena = hub_arena_new(0) };
        entity->state = hub_arena_get(entity->arena, hub_kind_find(kind)->state->size);
    }
    return entity;
}

static struct hub_name name_of(const struct harness *self, uint8_t kind, const char *text)
{
    struct hub_name name = { .given = text != NULL };
    if (text == NULL || hub_ulid_parse(hub_span(text), &name.id)) {
        name.is_ours = text != NULL;
        return name;
    }
    const struct hub_span parts[] = { hub_span_of(&kind, 1), hub_span(text) };
    struct hub_digest digest = hub_sha256_of(parts, 2);
    memcpy(name.digest, digest.b, sizeof name.digest);
    memcpy(name.id.b, digest.b + 16, sizeof name.id.b);
    for (size_t i = 0; i < self->alias_count; i++) {
        if (self->aliases[i].kind == kind && memcmp(self->aliases[i].digest, name.digest, sizeof name.digest) == 0) {
            name.known = true;
            name.id = self->aliases[i].entity;
        }
    }
    return name;
}

static void add_alias(struct harness *self, uint8_t kind, const struct hub_name *name, struct hub_ulid entity)
{
    assert_true(self->alias_count < ALIASES);
    struct hub_alias *alias = &self->aliases[self->alias_count++];
    *alias = (struct hub_alias){ .kind = kind, .entity = entity };
    memcpy(alias->digest, name->digest, sizeof alias->digest);
}

struct hub_ulid harness_find(const struct harness *self, uint8_t kind, const char *name)
{
    return name_of(self, kind, name).id;
}

const void *harness_state(const struct harness *self, uint8_t kind, struct hub_ulid id)
{
    const struct entity *entity = find_entity(self, kind, id);
    return entity == NULL || entity->version == 0 ? NULL : entity->state;
}

uint64_t harness_version(const struct harness *self, uint8_t kind, struct hub_ulid id)
{
    const struct entity *entity = find_entity(self, kind, id);
    return entity == NULL ? 0 : entity->version;
}

/* --- one command --- */

static void run(struct harness *self, const struct travel *travel);

static void apply_to(const struct kept_event *event, uint64_t version, void *state, struct hub_arena *arena)
{
    struct hub_arena *scratch = hub_arena_new(0);
    void *record = hub_arena_get(scratch, event->shape->size);
    struct hub_span copy = hub_arena_copy(scratch, event->packed);
    struct hub_fault fault = { 0 };
    if (hub_unpack(event->shape, copy, scratch, record, &fault) != 0) {
        fail_msg("%s: %s %s", event->shape->name, fault.pointer, fault.reason);
    }
    const struct hub_event one = {
        .shape = event->shape,
        .record = record,
        .version = version,
        .decided_at_us = event->decided_at_us,
        .entity = event->entity->id,
        .subject = event->subject,
    };
    hub_kind_find(event->entity->kind)->apply(state, &one, arena);
    hub_arena_destroy(&scratch); /* a state that kept a pointer into the event is found by the sanitizer */
}

/* What is sealed has a subject with a key. */
static void has_key(const struct harness *self, struct hub_ulid subject)
{
    for (size_t i = 0; i < self->subject_count; i++) {
        if (hub_ulid_is(self->subjects[i], subject)) {
            return;
        }
    }
    fail_msg("an event has a subject that nobody made a key for");
}

static void seal(struct harness *self, const struct hub_shape *shape, void *record, struct hub_ulid subject)
{
    const struct hub_sealing with = {
        .company = self->company, .subject = subject, .key = &self->key, .world = self->world, .arena = self->call
    };
    hub_record_seal(shape, record, &with);
}

static void write_event(struct harness *self, struct entity *entity, const struct hub_decided_event *decided)
{
    struct hub_buf packed;
    hub_buf_init(&packed);
    if (!hub_ulid_is_none(decided->subject)) {
        has_key(self, decided->subject);
        seal(self, decided->shape, decided->record, decided->subject);
    }
    hub_pack(decided->shape, decided->record, &packed);
    assert_true(self->event_count < EVENTS);
    struct kept_event *event = &self->events[self->event_count++];
    *event = (struct kept_event){
        .entity = entity,
        .shape = decided->shape,
        .subject = decided->subject,
        .decided_at_us = harness_now(self),
        .packed = hub_arena_copy(self->arena, hub_buf_span(&packed)),
    };
    hub_buf_done(&packed);
    apply_to(event, ++entity->version, entity->state, entity->arena);
    self->result.events++;
}

static void keep_later(struct harness *self, const struct travel *travel, const struct hub_decided_later *later)
{
    assert_true(self->later_count < LATERS);
    assert_int_equal(later->follow.kind, 0);
    seal(self, later->follow.shape, later->follow.record, later->follow.subject);
    self->laters[self->later_count++] = (struct harness_later){
        .pending = later->pending,
        .kind = travel->kind,
        .due_us = later->due_us,
        .attempt = later->attempt,
        .entity = later->follow.entity,
        .shape = later->follow.shape,
        .record = hub_record_copy(later->follow.shape, later->follow.record, self->arena),
    };
}

static void follow_up(struct harness *self, const struct travel *travel, const struct hub_follow *follow)
{
    struct travel next = {
        .kind = follow->kind,
        .entity = follow->entity,
        .shape = follow->shape,
        .record = follow->record,
        .caller = travel->caller,
        .settles = true,
        .has_ticket = follow->takes_ticket,
    };
    if (follow->alias != NULL) {
        next.names[follow->kind] = *follow->alias;
    }
    next.names[follow->kind].given = true;
    next.names[follow->kind].id = follow->entity;
    next.names[follow->kind].is_ours = follow->alias == NULL;
    run(self, &next);
}

static void write_all(struct harness *self, const struct travel *travel, const struct hub_decided *decided)
{
    struct entity *entity = entity_for(self, travel->kind, travel->entity);
    bool is_new = entity->version == 0 && decided->event_count > 0;
    const struct hub_name *own = &travel->names[travel->kind];
    for (size_t i = 0; i < decided->subject_count; i++) {
        assert_true(self->subject_count < SUBJECTS);
        self->subjects[self->subject_count++] = decided->subjects[i];
    }
    for (size_t i = 0; i < decided->event_count; i++) {
        write_event(self, entity, &decided->events[i]);
    }
    if (is_new && own->given && !own->is_ours) {
        add_alias(self, travel->kind, own, travel->entity);
    }
    for (size_t i = 0; i < decided->alias_count; i++) {
        add_alias(self, decided->aliases[i].kind, &decided->alias_names[i], decided->aliases[i].entity);
    }
    for (size_t i = 0; i < decided->later_count; i++) {
        if (decided->laters[i].pending == HUB_PENDING_follow) {
            follow_up(self, travel, &decided->laters[i].follow);
        } else {
            keep_later(self, travel, &decided->laters[i]);
        }
    }
}

static const struct hub_decided *decide(struct harness *self, const struct travel *travel)
{
    struct hub_ulid named[HUB_KINDS];
    bool names[HUB_KINDS];
    for (unsigned i = 0; i < HUB_KINDS; i++) {
        named[i] = travel->names[i].id;
        names[i] = travel->names[i].given;
    }
    struct hub_decision *decision = hub_decision_new(&(struct hub_decision_input){
        .caller = &travel->caller,
        .self = travel->entity,
        .named = named,
        .names = names,
        .given = travel->names,
        .settles = travel->settles,
        .now_us = harness_now(self),
        .world = self->world,
        .arena = self->call,
        .key_id = travel->keyed ? travel->key : NULL,
    });
    hub_decide_fn *decides = hub_kind_decider(hub_kind_find(travel->kind), travel->shape);
    assert_non_null(decides);
    decides(harness_state(self, travel->kind, travel->entity), travel->record, decision);
    return hub_decision_result(decision);
}

static void run(struct harness *self, const struct travel *travel)
{
    assert_true(travel->hops <= HOPS);
    const struct hub_decided *decided = decide(self, travel);
    struct harness_result *result = &self->result;
    if (decided->error != 0 && travel->has_ticket) {
        result->error = decided->error;
        result->fault = decided->fault;
    }
    if (decided->error == 0 && decided->answer != NULL && travel->has_ticket) {
        result->shape = decided->answer_shape;
        result->answer = decided->answer;
    }
    result->dead_letter |= decided->dead_letter;
    if (decided->retries) {
        result->retries = true;
        result->retry_due_us = decided->retry_due_us;
        result->retry_attempt = decided->retry_attempt;
    }
    write_all(self, travel, decided);
    if (decided->error == 0 && decided->forwards) {
        struct travel next = *travel;
        next.kind = decided->forward_kind;
        next.entity = decided->forward_entity;
        next.hops++;
        run(self, &next);
    }
}

static void take_caller(const struct harness_call *call, struct hub_caller *ret_caller)
{
    *ret_caller = (struct hub_caller){ .role = call->role };
    if (call->role != 0) {
        memset(&ret_caller->principal, 3, sizeof ret_caller->principal);
        memset(&ret_caller->credential, call->is_person ? 4 : 3, sizeof ret_caller->credential);
    }
    if (!hub_ulid_is_none(call->principal)) {
        ret_caller->principal = call->principal;
    }
    ret_caller->settled = call->settled;
}

const struct harness_result *harness_do(struct harness *self, const struct harness_call *call)
{
    struct travel travel = {
        .kind = call->target,
        .shape = call->shape,
        .record = call->record,
        .keyed = call->key != NULL,
        .settles = call->settles,
        .has_ticket = true,
    };
    travel.names[KIND_customer] = name_of(self, KIND_customer, call->customer);
    travel.names[KIND_session] = name_of(self, KIND_session, call->session);
    travel.names[KIND_campaign] = name_of(self, KIND_campaign, call->campaign);
    travel.names[HUB_ALIAS_USER] = name_of(self, HUB_ALIAS_USER, call->user);
    if (!hub_ulid_is_none(call->agent)) {
        bool known = harness_version(self, KIND_agent, call->agent) > 0;
        travel.names[KIND_agent] = (struct hub_name){
            .given = true, .is_ours = true, .known = known, .id = call->agent
        };
    }
    travel.entity = travel.names[call->target].given ? travel.names[call->target].id : call->entity;
    if (call->key != NULL) {
        memcpy(travel.key, call->key, strnlen(call->key, sizeof travel.key));
    }
    take_caller(call, &travel.caller);
    travel.caller.company = self->company;
    hub_arena_reset(self->call);
    self->result = (struct harness_result){ 0 };
    run(self, &travel);
    return &self->result;
}

/* --- reading --- */

const struct harness_later *harness_laters(const struct harness *self, size_t *ret_count)
{
    *ret_count = self->later_count;
    return self->laters;
}

const void *harness_last_event(struct harness *self, uint8_t kind, struct hub_ulid id, const struct hub_shape *shape)
{
    const struct entity *entity = find_entity(self, kind, id);
    for (size_t i = self->event_count; i-- > 0;) {
        const struct kept_event *event = &self->events[i];
        if (event->entity == entity && event->shape == shape) {
            void *record = hub_arena_get(self->reading, shape->size);
            assert_int_equal(hub_unpack(shape, event->packed, self->reading, record, NULL), 0);
            return record;
        }
        if (event->entity == entity) {
            return NULL;
        }
    }
    return NULL;
}

static bool the_key(void *self, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    (void) company;
    (void) subject;
    *ret_key = ((struct harness *) self)->key;
    return true;
}

const char *harness_text(struct harness *self, const hub_sealed *value)
{
    const struct hub_key_source keys = { .find = the_key, .self = self };
    struct hub_span clear = value->clear;
    if (value->box.len > 0 && !hub_box_open(value->box, self->company, &keys, self->reading, &clear)) {
        clear = HUB_SPAN("");
    }
    assert_true(clear.len < TEXT);
    if (clear.len > 0) {
        memcpy(self->text, clear.at, clear.len);
    }
    self->text[clear.len] = '\0';
    return self->text;
}

/* --- folding again --- */

static void *fresh_state(uint8_t kind, struct hub_arena *arena)
{
    return hub_arena_get(arena, hub_kind_find(kind)->state->size);
}

/* The state through a snapshot: packed, and unpacked into another arena. */
static void *through_snapshot(const struct hub_shape *shape, const void *state, struct hub_arena *arena)
{
    struct hub_buf packed;
    hub_buf_init(&packed);
    hub_pack(shape, state, &packed);
    struct hub_span bytes = hub_arena_copy(arena, hub_buf_span(&packed));
    hub_buf_done(&packed);
    void *back = hub_arena_get(arena, shape->size);
    struct hub_fault fault = { 0 };
    if (hub_unpack(shape, bytes, arena, back, &fault) != 0) {
        fail_msg("%s: %s %s", shape->name, fault.pointer, fault.reason);
    }
    return back;
}

enum way { WAY_STRAIGHT, WAY_COPIES, WAY_SNAPSHOTS };

static struct hub_digest fold_again(const struct harness *self, const struct entity *entity, enum way way)
{
    const struct hub_shape *shape = hub_kind_find(entity->kind)->state;
    struct hub_arena *arena = hub_arena_new(0);
    void *state = fresh_state(entity->kind, arena);
    uint64_t version = 0;
    for (size_t i = 0; i < self->event_count; i++) {
        if (self->events[i].entity != entity) {
            continue;
        }
        apply_to(&self->events[i], ++version, state, arena);
        if (way != WAY_STRAIGHT) {
            struct hub_arena *next = hub_arena_new(0);
            state = way == WAY_COPIES ? hub_record_copy(shape, state, next) : through_snapshot(shape, state, next);
            hub_arena_destroy(&arena); /* what still points there is found by the sanitizer */
            arena = next;
        }
    }
    struct hub_digest hash = hub_record_hash(shape, state);
    hub_arena_destroy(&arena);
    return hash;
}

void harness_check(struct harness *self, bool thorough)
{
    for (size_t i = 0; i < self->entity_count; i++) {
        const struct entity *entity = &self->entities[i];
        if (entity->version == 0) {
            continue;
        }
        struct hub_digest live = hub_record_hash(hub_kind_find(entity->kind)->state, entity->state);
        for (int way = WAY_STRAIGHT; way <= (thorough ? WAY_SNAPSHOTS : WAY_STRAIGHT); way++) {
            struct hub_digest again = fold_again(self, entity, way);
            assert_memory_equal(again.b, live.b, sizeof live.b);
        }
    }
}

size_t harness_folded_bytes(struct harness *self, uint8_t kind, struct hub_ulid id)
{
    const struct entity *entity = find_entity(self, kind, id);
    if (entity == NULL) {
        fail_msg("there is no such entity");
        return 0;
    }
    struct hub_arena *arena = hub_arena_new(0);
    void *state = fresh_state(kind, arena);
    uint64_t version = 0;
    for (size_t i = 0; i < self->event_count; i++) {
        if (self->events[i].entity == entity) {
            apply_to(&self->events[i], ++version, state, arena);
        }
    }
    size_t bytes = hub_arena_used(arena);
    hub_arena_destroy(&arena);
    return bytes;
}
