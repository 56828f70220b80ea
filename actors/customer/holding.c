/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Counting what is held about a customer: one walk over the events that have it as their subject. */
#include "actors/customer/holding.h"

#include <stdio.h>

#include "actors/pending.h"
#include "actors/session/session.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "base/pack.h"
#include "base/sealed.h"

enum { NAMES_MAX = 60000, SCRATCH = 16384 };

/* A walk. */
struct count {
    const struct hub_holding_of *of;
    struct hub_arena *arena, *scratch;
    struct hub_holding *holding;
    struct {
        struct erased_name *at;
        uint32_t count, room;
    } names;
};

/* A name that was found: it goes when the index still leads from it to this entity. */
static int take_name(struct count *self, uint8_t kind, struct hub_ulid entity, const hub_sealed *given)
{
    const struct hub_key_source keys = hub_keyring_source(self->of->keys);
    struct hub_span clear;
    struct hub_name name;
    struct hub_ulid found;
    if (self->names.count == NAMES_MAX || !hub_box_open(given->box, self->of->company, &keys, self->scratch, &clear) ||
        !hub_name_read(self->of->keys, self->of->company, kind, clear, &name)) {
        return 0;
    }
    int failed = hub_log_alias(self->of->log, self->of->company, kind, name.digest, &found);
    if (failed != 0 || !hub_ulid_is(found, entity)) {
        return failed < 0 ? failed : 0;
    }
    struct erased_name *row = HUB_LIST_ADD(&self->names, self->arena);
    HUB_SET(erased_name, row, kind, kind);
    HUB_SET(erased_name, row, digest, hub_arena_copy(self->arena, hub_span_of(name.digest, sizeof name.digest)));
    return 0;
}

static int take_opened(struct count *self, struct hub_ulid session, const struct session_opened *opened)
{
    self->holding->held->sessions++;
    self->holding->held->open_sessions++;
    return HUB_HAS(session_opened, opened, session_id) ? take_name(self, KIND_session, session, &opened->session_id)
                                                       : 0;
}

static void take_erased(struct count *self, uint64_t at, const struct customer_erased *erased)
{
    self->holding->erased_from = at;
    self->holding->held = hub_record_copy(&customer_held_shape, erased->held, self->arena);
}

static int take_record(struct count *self, const struct event_header *header, const struct hub_shape *shape,
                       void *record)
{
    struct customer_held *held = self->holding->held;
    held->personal_values += hub_record_boxes(shape, record);
    switch (shape->id) {
    case message_received_id:
    case message_sent_id: held->messages++; return 0;
    case session_opened_id: return take_opened(self, header->entity, record);
    case session_moved_id:
        held->open_sessions -= ((const struct session_moved *) record)->status == session_status_ended;
        return 0;
    case customer_created_id: {
        const struct customer_created *created = record;
        bool has = HUB_HAS(customer_created, created, customer_id);
        return has ? take_name(self, KIND_customer, header->entity, &created->customer_id) : 0;
    }
    case customer_erased_id: take_erased(self, header->sequence, record); return 0;
    default: return 0;
    }
}

static int take_event(struct count *self, const struct hub_stored *stored)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    if (self->holding->erased_from != 0) {
        return 0; /* what came after it is nobody's */
    }
    self->holding->held->events++;
    if (shape == NULL) {
        return 0;
    }
    void *record = hub_arena_get(self->scratch, shape->size);
    if (hub_unpack(shape, stored->payload, self->scratch, record, NULL) != 0) {
        return 0;
    }
    int failed = take_record(self, &stored->header, shape, record);
    hub_arena_reset(self->scratch);
    return failed;
}

static int walk_events(struct count *self)
{
    const struct hub_tag_range range = {
        .company = self->of->company, .tag = HUB_TAG_subject, .id = self->of->customer, .from = 1
    };
    struct hub_scan *scan = hub_scan_tag(self->of->log, &range);
    struct hub_stored stored;
    int more, failed = 0;
    while (failed == 0 && (more = hub_scan_next(scan, &stored)) != 0) {
        failed = more < 0 ? more : take_event(self, &stored);
    }
    hub_scan_close(&scan);
    return failed;
}

static bool is_of(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct count *self = arg;
    struct pending_row row;
    (void) key;
    if (hub_unpack(&pending_row_shape, value, self->scratch, &row, NULL) == 0) {
        self->holding->held->under_way += hub_ulid_is(row.company, self->of->company) &&
                                          hub_ulid_is(row.subject, self->of->customer);
    }
    hub_arena_reset(self->scratch);
    return true;
}

static int walk_pending(struct count *self)
{
    static const uint8_t kinds[] = { HUB_PENDING_effect, HUB_PENDING_dead };
    int failed = 0;
    for (size_t i = 0; i < sizeof kinds && failed == 0; i++) {
        const struct hub_due due = { .kind = kinds[i], .until_us = INT64_MAX };
        failed = hub_log_pending(self->of->log, &due, is_of, self);
    }
    return failed;
}

int hub_holding_count(const struct hub_holding_of *of, struct hub_arena *arena, struct hub_holding *ret_holding)
{
    const struct hub_stream stream = { .company = of->company, .entity = of->customer, .kind = KIND_customer };
    struct hub_holding holding = { .held = HUB_NEW(arena, struct customer_held) };
    holding.held->has = hub_shape_mask(&customer_held_shape); /* a count of nothing is one, too */
    int failed = hub_log_stream_version(of->log, &stream, &holding.version);
    if (failed != 0 || holding.version == 0) {
        return failed < 0 ? failed : HUB_ERROR_not_found;
    }
    struct count self = { .of = of, .arena = arena, .scratch = hub_arena_new(SCRATCH), .holding = &holding };
    failed = walk_events(&self);
    if (failed == 0 && holding.erased_from == 0) {
        failed = walk_pending(&self);
        holding.held->names = self.names.count;
    }
    hub_arena_destroy(&self.scratch);
    holding.names = self.names.at;
    holding.name_count = self.names.count;
    *ret_holding = holding;
    return failed;
}

void hub_holding_into(const struct hub_holding *holding, struct erase_customer *command)
{
    HUB_SET(erase_customer, command, held, holding->held);
    HUB_SET(erase_customer, command, version, holding->version);
    command->names.at = holding->names;
    command->names.count = holding->name_count;
    HUB_MARK(erase_customer, command, names);
}

/* --- Certificates --- */

/* What an event of an erasure says. Returns false for another event, and for one that cannot be read. */
static bool read_erased(const struct hub_stored *event, struct hub_arena *arena,
                        struct erasure_certificate *ret_certificate)
{
    struct erasure_certificate certificate = { 0 };
    struct customer_erased erased;
    const struct event_header *header = &event->header;
    if (header->type != customer_erased_id ||
        hub_unpack(&customer_erased_shape, event->payload, arena, &erased, NULL) != 0) {
        return false;
    }
    HUB_SET(erasure_certificate, &certificate, company, header->company);
    HUB_SET(erasure_certificate, &certificate, customer, header->entity);
    HUB_SET(erasure_certificate, &certificate, erased_at, header->time);
    if (HUB_HAS(event_header, header, principal)) {
        HUB_SET(erasure_certificate, &certificate, by, header->principal);
    }
    if (HUB_HAS(event_header, header, credential)) {
        HUB_SET(erasure_certificate, &certificate, credential, header->credential);
    }
    HUB_SET(erasure_certificate, &certificate, reason, erased.reason);
    HUB_SET(erasure_certificate, &certificate, destroyed, erased.held);
    HUB_SET(erasure_certificate, &certificate, position, header->sequence);
    HUB_SET(erasure_certificate, &certificate, hash,
            hub_arena_copy(arena, hub_span_of(event->hash.b, sizeof event->hash.b)));
    *ret_certificate = certificate;
    return true;
}

int hub_erasure_certify(const struct hub_prover *prover, uint64_t at, struct hub_arena *arena,
                        struct erasure_certificate *ret_certificate)
{
    uint64_t size = hub_log_commit(prover->log).sequence;
    struct log_proof *proof = HUB_NEW(arena, struct log_proof);
    struct hub_stored event;
    if (hub_log_read(prover->log, (struct hub_position){ at }, arena, &event) != 0 ||
        hub_prove_inclusion(prover, at, size, arena, proof) != 0 || !read_erased(&event, arena, ret_certificate)) {
        return -1;
    }
    HUB_SET(erasure_certificate, ret_certificate, proof, proof);
    return 0;
}

int hub_erasure_check(const struct erasure_certificate *certificate, const struct hub_note_key *key,
                      struct hub_arena *arena, struct hub_proved *ret_proved, const char **ret_why)
{
    struct erasure_certificate proved;
    struct hub_buf given, told;
    if (hub_proof_check(certificate->proof, key, arena, ret_proved, ret_why) != 0) {
        return -1;
    }
    if (certificate->proof->kind != proof_kind_inclusion || !read_erased(&ret_proved->event, arena, &proved)) {
        *ret_why = "its proof is not of an erasure";
        return -1;
    }
    HUB_SET(erasure_certificate, &proved, proof, certificate->proof);
    hub_buf_init(&given);
    hub_buf_init(&told);
    hub_pack(&erasure_certificate_shape, certificate, &given);
    hub_pack(&erasure_certificate_shape, &proved, &told);
    bool is_same = hub_span_is(hub_buf_span(&given), hub_buf_span(&told));
    hub_buf_done(&given);
    hub_buf_done(&told);
    *ret_why = "it says something else than the event in its proof";
    return is_same ? 0 : -1;
}

/* --- At the start --- */

static int complete_company(struct hub_log *log, struct hub_keyring *keys, struct hub_ulid company)
{
    const struct hub_tag_range range = {
        .company = company, .tag = HUB_TAG_type, .id = hub_tag_of_type(customer_erased_id), .from = 1
    };
    struct hub_scan *scan = hub_scan_tag(log, &range);
    struct hub_stored stored;
    int more, failed = 0;
    hub_scan_headers_only(scan);
    while (failed >= 0 && (more = hub_scan_next(scan, &stored)) != 0) {
        failed = more < 0 ? more : hub_keyring_erase(keys, company, stored.header.subject);
    }
    hub_scan_close(&scan);
    return failed < 0 ? failed : 0;
}

int hub_erasures_complete(struct hub_log *log, struct hub_keyring *keys, char *ret_why, size_t why_size)
{
    struct hub_ulid company = { { 0 } };
    int failed;
    while ((failed = hub_log_next_company(log, company, &company)) == 0) {
        if (complete_company(log, keys, company) < 0) {
            failed = -1;
            break;
        }
    }
    if (failed < 0) {
        snprintf(ret_why, why_size,
                 "The keys of erased customers cannot be destroyed; nothing is served before they are.");
    }
    return failed < 0 ? -1 : 0;
}
