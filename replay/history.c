/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer's events by the subject's tag, merged in time with the notes of who read. */
#include "replay/history.h"

#include <stdio.h>

#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pack.h"

/* Fold a stream up to a position (0: all of it). Returns 0 or < 0; NULL when there is nothing. */
static int fold(struct hub_history *self, struct hub_stream stream, uint64_t to, void **ret_state)
{
    const struct hub_fold_options options = { .log = self->of.log, .stream = stream, .to = to };
    struct hub_folded_state folded = { .state = NULL };
    int done = hub_entity_fold(&options, self->arena, &folded);
    *ret_state = folded.state;
    return done;
}

static void unseal(const struct hub_history *self, const struct hub_shape *shape, void *record, struct hub_arena *arena)
{
    self->of.open(self->of.open_arg, shape, record, arena);
}

static void find_time(struct hub_history *self)
{
    struct hub_stored event;
    struct hub_arena *arena = hub_arena_new(4096);
    if (hub_log_read(self->of.log, (struct hub_position){ self->of.to }, arena, &event) == 0) {
        self->to_time_us = event.header.time;
    }
    hub_arena_destroy(&arena);
}

int hub_history_begin(struct hub_history *self, const struct hub_history_of *of)
{
    *self = (struct hub_history){ .of = *of, .arena = hub_arena_new(65536) };
    void *company = NULL;
    if (of->to == 0) {
        return HUB_ERROR_not_found;
    }
    int done = fold(self, (struct hub_stream){ of->company, of->customer, KIND_customer }, of->to, &self->state);
    if (done < 0 || self->state == NULL) {
        return done < 0 ? done : HUB_ERROR_not_found;
    }
    unseal(self, &customer_state_shape, self->state, self->arena);
    find_time(self);
    self->of.until_us = of->until_us > 0 ? of->until_us : self->to_time_us;
    (void) fold(self, (struct hub_stream){ of->company, of->company, KIND_company }, 0, &company);
    self->company = company;
    const struct hub_tag_range range = {
        .company = of->company, .tag = HUB_TAG_subject, .id = of->customer, .from = of->after + 1, .to = of->to
    };
    self->scan = of->after < of->to ? hub_scan_tag(of->log, &range) : NULL;
    self->accesses = of->data_dir == NULL ? NULL : hub_access_scan_open(of->data_dir, of->after_read + 1);
    self->access_arena = hub_arena_new(4096);
    return 0;
}

void hub_history_end(struct hub_history *self)
{
    hub_scan_close(&self->scan);
    hub_access_scan_close(&self->accesses);
    hub_arena_destroy(&self->access_arena);
    hub_arena_destroy(&self->arena);
}

const char *hub_history_doc(const struct hub_history_event *event)
{
    return event->shape != NULL ? event->shape->doc : "An event of a type that this program does not know.";
}

/* --- Who did it --- */

static const struct company_user *find_user(const struct company_state *company, struct hub_ulid id)
{
    for (size_t i = 0; company != NULL && i < company->users.count; i++) {
        if (hub_ulid_is(company->users.at[i].user, id)) {
            return &company->users.at[i];
        }
    }
    return NULL;
}

static const struct company_key *find_key(const struct company_state *company, struct hub_ulid id)
{
    for (size_t i = 0; company != NULL && i < company->keys.count; i++) {
        if (hub_ulid_is(company->keys.at[i].key, id)) {
            return &company->keys.at[i];
        }
    }
    return NULL;
}

/* A key that was made, or a person who was added, whatever became of them: < 0 when the log cannot be read. */
static int find_past(const struct hub_history *self, uint16_t type, struct hub_ulid id, struct hub_arena *arena,
                     void **ret_record)
{
    const struct hub_tag_range range = {
        .company = self->of.company, .tag = HUB_TAG_type, .id = hub_tag_of_type(type), .from = 1
    };
    const struct hub_shape *shape = hub_registry_find(hub_records(), type);
    struct hub_scan *scan = hub_scan_tag(self->of.log, &range);
    struct hub_stored stored;
    int more;
    while ((more = hub_scan_next(scan, &stored)) == 1 && *ret_record == NULL) {
        void *record = hub_arena_get(arena, shape->size);
        if (hub_unpack(shape, hub_arena_copy(arena, stored.payload), arena, record, NULL) != 0) {
            continue;
        }
        const struct company_user_added *user = record;
        const struct company_key_added *key = record;
        if (hub_ulid_is(type == company_key_added_id ? key->key->key : user->user, id)) {
            unseal(self, shape, record, arena);
            *ret_record = record;
        }
    }
    hub_scan_close(&scan);
    return more < 0 ? more : 0;
}

/* An address, or the mark of one that cannot be opened any more. */
static struct hub_span address_of(const hub_sealed *email)
{
    return email->clear.at != NULL ? email->clear : HUB_SPAN(HUB_ERASED);
}

/* Somebody whom the company does not know any more: as the log introduced them. */
static void name_past(const struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    char principal[HUB_ULID_TEXT];
    void *found = NULL;
    struct hub_arena *arena = hub_arena_new(4096);
    hub_ulid_print(header->principal, principal);
    if (find_past(self, company_key_added_id, header->principal, arena, &found) == 0 && found != NULL) {
        const struct company_key *key = ((const struct company_key_added *) found)->key;
        snprintf(ret_who, size, "key '%.*s' (%s, removed since)", (int) key->name.len, key->name.at,
                 hub_vocab_name(&role_vocab, key->role));
    } else if (find_past(self, company_user_added_id, header->principal, arena, &found) == 0 && found != NULL) {
        const struct company_user_added *user = found;
        struct hub_span email = address_of(&user->email);
        snprintf(ret_who, size, "%.*s (%s, gone since)", (int) email.len, email.at,
                 hub_vocab_name(&role_vocab, user->role));
    } else {
        snprintf(ret_who, size, "%.*s", (int) sizeof principal, principal);
    }
    hub_arena_destroy(&arena);
}

/* Only who is named is opened. */
static void name_user(const struct hub_history *self, const struct company_user *user, struct hub_ulid login,
                      char *ret_who, size_t size)
{
    char credential[HUB_ULID_TEXT];
    struct hub_arena *arena = hub_arena_new(4096);
    struct company_user *opened = hub_record_copy(&company_user_shape, user, arena);
    unseal(self, &company_user_shape, opened, arena);
    hub_ulid_print(login, credential);
    struct hub_span email = address_of(&opened->email);
    snprintf(ret_who, size, "%.*s (%s, login %.*s)", (int) email.len, email.at, hub_vocab_name(&role_vocab, user->role),
             (int) sizeof credential, credential);
    hub_arena_destroy(&arena);
}

/* A person by address, a key by name, with the credential. */
static void name_who(const struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    if (!HUB_HAS(event_header, header, principal)) {
        snprintf(ret_who, size, "the hub");
        return;
    }
    const struct company_user *user = find_user(self->company, header->principal);
    const struct company_key *key = find_key(self->company, header->principal);
    if (user != NULL) {
        name_user(self, user, header->credential, ret_who, size);
    } else if (key != NULL) {
        snprintf(ret_who, size, "key '%.*s' (%s)", (int) key->name.len, key->name.at,
                 hub_vocab_name(&role_vocab, key->role));
    } else {
        name_past(self, header, ret_who, size);
    }
}

/* One looks up who is asked for again and again once. */
static void name_once(struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    bool is_same = self->last_who[0] != 0 && hub_ulid_is(self->last_principal, header->principal) &&
                   hub_ulid_is(self->last_credential, header->credential);
    if (!is_same) {
        name_who(self, header, self->last_who, sizeof self->last_who);
        self->last_principal = header->principal;
        self->last_credential = header->credential;
    }
    snprintf(ret_who, size, "%s", self->last_who);
}

/* --- One after the other --- */

static int show_event(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event)
{
    const struct event_header *header = &self->event.header;
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) header->type);
    void *record = shape == NULL ? NULL : hub_arena_get(scratch, shape->size);
    if (shape != NULL && hub_unpack(shape, self->event.payload, scratch, record, NULL) != 0) {
        record = NULL;
    }
    if (record != NULL) {
        unseal(self, shape, record, scratch);
    }
    *ret_event = (struct hub_history_event){
        .time_us = header->time, .sequence = header->sequence, .shape = shape, .record = record
    };
    name_once(self, header, ret_event->who, sizeof ret_event->who);
    self->has_event = false;
    return 1;
}

/* Who read, by the same names; what the line says already is not told twice. */
static int show_access(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event)
{
    struct access_entry *entry = hub_record_copy(&access_entry_shape, &self->access, scratch);
    struct event_header header = { 0 };
    unseal(self, &access_entry_shape, entry, scratch);
    *ret_event = (struct hub_history_event){
        .time_us = entry->time, .number = self->access_number, .shape = &access_entry_shape, .record = entry
    };
    if (HUB_HAS(access_entry, entry, principal)) {
        HUB_SET(event_header, &header, principal, entry->principal);
        HUB_SET(event_header, &header, credential, entry->credential);
        name_once(self, &header, ret_event->who, sizeof ret_event->who);
    } else {
        snprintf(ret_event->who, sizeof ret_event->who, "the account '%.*s' of the machine", (int) entry->account.len,
                 entry->account.at);
    }
    HUB_CLEAR(access_entry, entry, time);
    HUB_CLEAR(access_entry, entry, company);
    HUB_CLEAR(access_entry, entry, principal);
    HUB_CLEAR(access_entry, entry, credential);
    HUB_CLEAR(access_entry, entry, customers);
    self->has_access = false;
    return 1;
}

/* Read ahead: the next reading of this customer's data up to the moment. Returns 0 or < 0. */
static int fetch_access(struct hub_history *self, const char **ret_why)
{
    int more = 1;
    while (more == 1 && !self->has_access && self->accesses != NULL) {
        hub_arena_reset(self->access_arena);
        more = hub_access_scan_next(self->accesses, self->access_arena, &self->access_number, &self->access, ret_why);
        bool is_late = more == 1 && self->access.time > self->of.until_us;
        self->has_access = more == 1 && !is_late && hub_ulid_is(self->access.company, self->of.company) &&
                           hub_access_concerns(&self->access, self->of.customer);
        if (more != 1) {
            hub_access_scan_close(&self->accesses);
        }
    }
    return more < 0 ? -1 : 0;
}

/* Read ahead: the next event. Returns 0 or < 0. */
static int fetch_event(struct hub_history *self, const char **ret_why)
{
    int more = self->has_event || self->scan == NULL ? self->has_event : hub_scan_next(self->scan, &self->event);
    *ret_why = "the log cannot be read further";
    self->has_event = more == 1;
    return more < 0 ? -1 : 0;
}

int hub_history_next(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event,
                     const char **ret_why)
{
    if (fetch_event(self, ret_why) < 0 || fetch_access(self, ret_why) < 0) {
        return -1;
    }
    if (self->has_access && (!self->has_event || self->access.time < self->event.header.time)) {
        return show_access(self, scratch, ret_event);
    }
    return self->has_event ? show_event(self, scratch, ret_event) : 0;
}
