/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit history`: everything that was known about a customer at a moment: who they were, and what happened, by whom. */
#include "tools/audit/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "base/json.h"
#include "base/pack.h"
#include "log/file.h"
#include "tools/outfile.h"
#include "tools/report.h"
#include "tools/tool.h"

/* Fold a stream up to a position (0: all of it) and open what is personal. NULL when there is nothing, or it cannot be read. */
static void *fold(struct hub_history *self, struct hub_stream stream, uint64_t to)
{
    const struct hub_fold_options options = { .log = self->reader->log, .stream = stream, .to = to };
    struct hub_folded_state folded = { .state = NULL };
    if (hub_entity_fold(&options, self->arena, &folded) < 0 || !folded.state)
        return NULL;
    hub_datadir_unseal(self->reader, stream.company, hub_kind_find(stream.kind)->state, folded.state, self->arena);
    return folded.state;
}

static void find_time(struct hub_history *self)
{
    struct hub_stored event;
    struct hub_arena *arena = hub_arena_new(4096);
    if (hub_log_read(self->reader->log, (struct hub_position){ self->to }, arena, &event) == 0)
        self->to_time_us = event.header.time;
    hub_arena_destroy(&arena);
}

int hub_history_begin(struct hub_history *self, const struct hub_datadir *reader, const char *customer,
                      const char *point)
{
    *self = (struct hub_history){ .reader = reader, .company = reader->company, .arena = hub_arena_new(65536) };
    int error = hub_datadir_moment(reader, point, &self->to);
    if (!error)
        error = hub_datadir_entity(reader, self->company, KIND_customer, customer, &self->customer);
    if (error)
        return -error;
    self->document = HUB_NEW(self->arena, struct hub_json_emit);
    find_time(self);
    self->state = fold(self, (struct hub_stream){ self->company, self->customer, KIND_customer }, self->to);
    if (!self->state)
        return hub_tool_end(HUB_EXIT_ABSENT, "the customer '%s' was not known yet at %s", customer,
                            point ? point : "the log's end");
    self->company_state = fold(self, (struct hub_stream){ self->company, self->company, KIND_company }, 0);
    const struct hub_tag_range range = {
        .company = self->company, .tag = HUB_TAG_subject, .id = self->customer, .from = 1, .to = self->to
    };
    self->scan = hub_scan_tag(reader->log, &range);
    self->has_point = point != NULL;
    self->accesses = hub_access_scan_open(reader->dir, 0);
    self->access_arena = hub_arena_new(4096);
    return HUB_EXIT_OK;
}

void hub_history_end(struct hub_history *self)
{
    hub_scan_close(&self->scan);
    hub_access_scan_close(&self->accesses);
    hub_arena_destroy(&self->access_arena);
    hub_arena_destroy(&self->arena);
}

/* --- Who did it --- */

static const struct company_user *find_user(const struct company_state *company, struct hub_ulid id)
{
    for (size_t i = 0; company && i < company->users.count; i++)
        if (hub_ulid_is(company->users.at[i].user, id))
            return &company->users.at[i];
    return NULL;
}

static const struct company_key *find_key(const struct company_state *company, struct hub_ulid id)
{
    for (size_t i = 0; company && i < company->keys.count; i++)
        if (hub_ulid_is(company->keys.at[i].key, id))
            return &company->keys.at[i];
    return NULL;
}

/* A key that was made, or a person who was added, whatever became of them: < 0 when the log cannot be read. */
static int find_past(const struct hub_history *self, uint16_t type, struct hub_ulid id, struct hub_arena *arena,
                     const void **ret_record)
{
    const struct hub_tag_range range = {
        .company = self->company, .tag = HUB_TAG_type, .id = hub_tag_of_type(type), .from = 1
    };
    const struct hub_shape *shape = hub_registry_find(hub_records(), type);
    struct hub_scan *scan = hub_scan_tag(self->reader->log, &range);
    struct hub_stored stored;
    int more;
    while ((more = hub_scan_next(scan, &stored)) == 1 && !*ret_record) {
        void *record = hub_arena_get(arena, shape->size);
        if (hub_unpack(shape, hub_arena_copy(arena, stored.payload), arena, record, NULL) != 0)
            continue;
        const struct company_user_added *user = record;
        const struct company_key_added *key = record;
        if (hub_ulid_is(type == company_key_added_id ? key->key->key : user->user, id)) {
            hub_datadir_unseal(self->reader, self->company, shape, record, arena);
            *ret_record = record;
        }
    }
    hub_scan_close(&scan);
    return more < 0 ? more : 0;
}

/* Somebody whom the company does not know any more: as the log introduced them. */
static void name_past(struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    char principal[HUB_ULID_TEXT];
    const void *found = NULL;
    struct hub_arena *arena = hub_arena_new(4096);
    hub_ulid_print(header->principal, principal);
    if (find_past(self, company_key_added_id, header->principal, arena, &found) == 0 && found) {
        const struct company_key *key = ((const struct company_key_added *) found)->key;
        snprintf(ret_who, size, "key '%.*s' (%s, removed since)", (int) key->name.len, key->name.at,
                 hub_vocab_name(&role_vocab, key->role));
    } else if (find_past(self, company_user_added_id, header->principal, arena, &found) == 0 && found) {
        const struct company_user_added *user = found;
        snprintf(ret_who, size, "%.*s (%s, gone since)", (int) user->email.clear.len, user->email.clear.at,
                 hub_vocab_name(&role_vocab, user->role));
    } else {
        snprintf(ret_who, size, "%.*s", (int) sizeof principal, principal);
    }
    hub_arena_destroy(&arena);
}

/* A person by address, a key by name, with the credential. */
static void name_who(struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    char credential[HUB_ULID_TEXT];
    if (!HUB_HAS(event_header, header, principal)) {
        snprintf(ret_who, size, "the hub");
        return;
    }
    const struct company_user *user = find_user(self->company_state, header->principal);
    const struct company_key *key = find_key(self->company_state, header->principal);
    hub_ulid_print(header->credential, credential);
    if (user)
        snprintf(ret_who, size, "%.*s (%s, login %.*s)", (int) user->email.clear.len, user->email.clear.at,
                 hub_vocab_name(&role_vocab, user->role), (int) sizeof credential, credential);
    else if (key)
        snprintf(ret_who, size, "key '%.*s' (%s)", (int) key->name.len, key->name.at,
                 hub_vocab_name(&role_vocab, key->role));
    else
        name_past(self, header, ret_who, size);
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
    void *record = shape ? hub_arena_get(scratch, shape->size) : NULL;
    if (shape && hub_unpack(shape, self->event.payload, scratch, record, NULL) != 0)
        record = NULL;
    if (record)
        hub_datadir_unseal(self->reader, self->company, shape, record, scratch);
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
    hub_datadir_unseal(self->reader, self->company, &access_entry_shape, entry, scratch);
    *ret_event = (struct hub_history_event){ .time_us = entry->time, .shape = &access_entry_shape, .record = entry };
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
static int fetch_access(struct hub_history *self)
{
    const char *why = "";
    uint64_t number;
    int more = 1;
    while (more == 1 && !self->has_access && self->accesses) {
        hub_arena_reset(self->access_arena);
        more = hub_access_scan_next(self->accesses, self->access_arena, &number, &self->access, &why);
        bool is_late = more == 1 && self->has_point && self->access.time > self->to_time_us;
        self->has_access = more == 1 && !is_late && hub_ulid_is(self->access.company, self->company) &&
                           hub_access_concerns(&self->access, self->customer);
        if (more != 1)
            hub_access_scan_close(&self->accesses);
    }
    return more < 0 ? hub_tool_fail("who read what cannot be read further: %s", why), -1 : 0;
}

int hub_history_next(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event)
{
    int more = self->has_event ? 1 : hub_scan_next(self->scan, &self->event);
    self->has_event = more == 1;
    if (more < 0 || fetch_access(self) < 0)
        return -1;
    bool is_access = self->has_access && (!self->has_event || self->access.time < self->event.header.time);
    return is_access         ? show_access(self, scratch, ret_event)
           : self->has_event ? show_event(self, scratch, ret_event)
                             : 0;
}

/* --- The command --- */

static int print_all(struct hub_history *history, const struct hub_history_format *format, FILE *to)
{
    struct hub_arena *scratch = hub_arena_new(65536);
    struct hub_history_event event;
    struct hub_buf out;
    int more;
    hub_buf_init(&out);
    format->head(history, &out);
    while ((more = hub_history_next(history, scratch, &event)) == 1) {
        format->event(history, &event, &out);
        fwrite(out.at, 1, out.len, to);
        hub_buf_clear(&out);
        hub_arena_reset(scratch);
    }
    format->foot(history, &out);
    fwrite(out.at, 1, out.len, to);
    hub_buf_done(&out);
    hub_arena_destroy(&scratch);
    return more < 0 ? hub_tool_fail("the log cannot be read further; 'omnihub audit verify' says what is wrong")
                    : HUB_EXIT_OK;
}

static int find_company(struct hub_datadir *reader, const char *text)
{
    if (!text || hub_ulid_parse(hub_span(text), &reader->company))
        return HUB_EXIT_OK;
    return hub_tool_misused("--company takes an id of 26 characters, not '%s'", text);
}

/* The history of the customer that a command names, to a file (NULL: stdout). */
static int write_history(const struct hub_tool_call *call, const struct hub_datadir *reader, const char *format,
                         const char *path)
{
    struct hub_history history;
    struct hub_outfile file;
    int status = hub_history_begin(&history, reader, call->operands[0],
                                   hub_settings_text(call->settings, HUB_SETTING_as_of));
    if (status == HUB_EXIT_OK)
        status = hub_outfile_begin(&file, path);
    if (status == HUB_EXIT_OK)
        status = hub_outfile_end(&file, print_all(&history, hub_history_format_find(format), file.out));
    hub_history_end(&history);
    return status;
}

static int open_reader(const struct hub_tool_call *call, struct hub_datadir *reader)
{
    const struct hub_settings *settings = call->settings;
    int status = -hub_datadir_open(reader, hub_settings_text(settings, HUB_SETTING_data),
                                   hub_settings_text(settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = hub_datadir_tell(reader, call);
    return status ? status : find_company(reader, hub_settings_text(settings, HUB_SETTING_company));
}

int hub_tool_audit_history(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    bool is_json = hub_settings_is(settings, HUB_SETTING_json);
    struct hub_datadir reader;
    if (call->count != 1)
        return hub_tool_misused("audit history takes one CUSTOMER");
    int status = open_reader(call, &reader);
    if (status == HUB_EXIT_OK)
        status = write_history(call, &reader,
                               is_json ? "json" : hub_settings_text(settings, HUB_SETTING_history_format), NULL);
    hub_datadir_close(&reader);
    return status;
}

/* --- Handing it out --- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), part = strlen(end);
    return len >= part && strcmp(text + len - part, end) == 0;
}

/* One file in a directory, and its line in the report. */
static int write_into(const struct hub_tool_call *call, const struct hub_datadir *reader, const char *dir,
                      const char *format, struct hub_report *report)
{
    bool is_page = strcmp(format, "html") == 0;
    char *path = hub_path(dir, is_page ? "person.html" : "person.json");
    int status = write_history(call, reader, format, path);
    if (status == HUB_EXIT_OK)
        hub_report_text(report, is_page ? "page" : "data", path);
    free(path);
    return status;
}

static int hand_out(const struct hub_tool_call *call, const struct hub_datadir *reader, const char *to,
                    struct hub_report *report)
{
    bool is_page = ends_with(to, ".html");
    if (is_page || ends_with(to, ".json")) {
        hub_report_text(report, is_page ? "page" : "data", to);
        return write_history(call, reader, is_page ? "html" : "document", to);
    }
    if (mkdir(to, 0700) < 0 && errno != EEXIST)
        return hub_tool_end(HUB_EXIT_FULL, "the directory %s cannot be made: %s", to, strerror(errno));
    int status = write_into(call, reader, to, "document", report);
    return status == HUB_EXIT_OK ? write_into(call, reader, to, "html", report) : status;
}

int hub_tool_audit_export(const struct hub_tool_call *call)
{
    const char *to = hub_settings_text(call->settings, HUB_SETTING_person_to);
    struct hub_datadir reader;
    struct hub_report report;
    if (call->count != 1 || !to)
        return hub_tool_misused("audit export takes one CUSTOMER, and --to says where it goes");
    int status = open_reader(call, &reader);
    if (status == HUB_EXIT_OK && !reader.has_keys)
        status = hub_tool_end(HUB_EXIT_DENIED,
                              "keys/ cannot be read, and without it nothing of a person can be handed out");
    hub_report_begin(&report, call->settings);
    if (status == HUB_EXIT_OK)
        status = hand_out(call, &reader, to, &report);
    hub_datadir_close(&reader);
    if (status == HUB_EXIT_OK)
        return hub_report_end(&report, status);
    hub_arena_destroy(&report.arena);
    return status;
}
