/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit history`: everything that was known about a customer at a moment: who they were, and what happened, by whom. */
#include "tools/history.h"

#include <inttypes.h>

#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "base/json.h"
#include "base/pack.h"
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
    self->to = hub_log_commit(reader->log).sequence;
    int error = point ? hub_datadir_point(reader, point, &self->to, NULL) : 0;
    if (!error)
        error = hub_datadir_entity(reader, self->company, KIND_customer, customer, &self->customer);
    if (error)
        return -error;
    if (self->to == 0)
        return hub_tool_end(HUB_EXIT_ABSENT, "nothing was there yet at %s", point);
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
    return HUB_EXIT_OK;
}

void hub_history_end(struct hub_history *self)
{
    hub_scan_close(&self->scan);
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

/* A person by address, a key by name, with the credential; what is no longer known by its id. */
static void name_who(const struct hub_history *self, const struct event_header *header, char *ret_who, size_t size)
{
    char principal[HUB_ULID_TEXT], credential[HUB_ULID_TEXT];
    if (!HUB_HAS(event_header, header, principal)) {
        snprintf(ret_who, size, "the hub");
        return;
    }
    const struct company_user *user = find_user(self->company_state, header->principal);
    const struct company_key *key = find_key(self->company_state, header->principal);
    hub_ulid_print(header->principal, principal);
    hub_ulid_print(header->credential, credential);
    if (user)
        snprintf(ret_who, size, "%.*s (%s, login %.*s)", (int) user->email.clear.len, user->email.clear.at,
                 hub_vocab_name(&role_vocab, user->role), (int) sizeof credential, credential);
    else if (key)
        snprintf(ret_who, size, "key '%.*s' (%s)", (int) key->name.len, key->name.at,
                 hub_vocab_name(&role_vocab, key->role));
    else
        snprintf(ret_who, size, "%.*s (credential %.*s)", (int) sizeof principal, principal, (int) sizeof credential,
                 credential);
}

int hub_history_next(struct hub_history *self, struct hub_arena *scratch, struct hub_stored *stored,
                     struct hub_history_event *ret_event)
{
    int more = hub_scan_next(self->scan, stored);
    if (more != 1)
        return more;
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    void *record = shape ? hub_arena_get(scratch, shape->size) : NULL;
    if (shape && hub_unpack(shape, stored->payload, scratch, record, NULL) != 0)
        record = NULL;
    if (record)
        hub_datadir_unseal(self->reader, self->company, shape, record, scratch);
    *ret_event = (struct hub_history_event){ .stored = stored, .shape = shape, .record = record };
    name_who(self, &stored->header, ret_event->who, sizeof ret_event->who);
    return 1;
}

/* --- The command --- */

static int print_all(struct hub_history *history, const struct hub_history_format *format)
{
    struct hub_arena *scratch = hub_arena_new(65536);
    struct hub_stored stored;
    struct hub_history_event event;
    struct hub_buf out;
    int more;
    hub_buf_init(&out);
    format->head(history, &out);
    while ((more = hub_history_next(history, scratch, &stored, &event)) == 1) {
        format->event(history, &event, &out);
        fwrite(out.at, 1, out.len, stdout);
        hub_buf_clear(&out);
        hub_arena_reset(scratch);
    }
    format->foot(history, &out);
    fwrite(out.at, 1, out.len, stdout);
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

int hub_tool_audit_history(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    const struct hub_history_format *format = hub_history_format_find(
        hub_settings_is(settings, HUB_SETTING_json) ? "json" : hub_settings_text(settings, HUB_SETTING_history_format));
    struct hub_datadir reader;
    struct hub_history history;
    int status = HUB_EXIT_FAILED;
    if (call->count != 1)
        return hub_tool_misused("audit history takes one CUSTOMER");
    if (hub_datadir_open(&reader, hub_settings_text(settings, HUB_SETTING_data),
                         hub_settings_text(settings, HUB_SETTING_master_key)) == 0) {
        status = find_company(&reader, hub_settings_text(settings, HUB_SETTING_company));
        if (status == HUB_EXIT_OK) {
            status = hub_history_begin(&history, &reader, call->operands[0],
                                       hub_settings_text(settings, HUB_SETTING_as_of));
            if (status == HUB_EXIT_OK)
                status = print_all(&history, format);
            hub_history_end(&history);
        }
    }
    hub_datadir_close(&reader);
    return status;
}
