/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whose data an answer shows is known by whose keys opened it, so no route has to say it. */
#include "api/accesses.h"

#include <stdio.h>

#include "actors/company/company.h"
#include "api/respond.h"
#include "base/error.h"
#include "log/access/access.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { IDS_MAX = 256, WHAT_MAX = 200, ENTRY_BYTES = 1024 };

struct hub_shown {
    struct hub_keyring *keys;
    struct hub_ulid ids[IDS_MAX];
    uint32_t count;
    bool more; /* than fit */
};

struct hub_shown *hub_shown_new(struct hub_keyring *keys, struct hub_arena *arena)
{
    struct hub_shown *self = HUB_NEW(arena, struct hub_shown);
    self->keys = keys;
    return self;
}

static void remember(struct hub_shown *self, struct hub_ulid subject)
{
    for (uint32_t i = self->count; i > 0; i--) {
        if (hub_ulid_is(self->ids[i - 1], subject)) {
            return;
        }
    }
    if (self->count == IDS_MAX) {
        self->more = true;
    } else {
        self->ids[self->count++] = subject;
    }
}

static bool find(void *shown, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    struct hub_shown *self = shown;
    if (!hub_keyring_find(self->keys, company, subject, ret_key)) {
        return false;
    }
    remember(self, subject);
    return true;
}

struct hub_key_source hub_shown_source(struct hub_shown *self)
{
    return (struct hub_key_source){ .find = find, .self = self };
}

/* --- who counts --- */

/* The first key is an admin's, and programs have it; a key of another role than these two is a person's. */
static bool is_person(const struct hub_caller *caller, bool is_login)
{
    return is_login || (caller->role != role_service && caller->role != role_admin);
}

bool hub_accesses_count(const struct hub_call *call)
{
    uint8_t personal = call->ready->route->personal;
    return personal != HUB_PERSONAL_no && (is_person(&call->caller, call->is_login) || call->headers.purpose.len > 0 ||
                                           (personal == HUB_PERSONAL_history && call->caller.role != role_service));
}

struct hub_key_source hub_accesses_keys(struct hub_call *call)
{
    struct hub_keyring *keys = call->loop->server->options.keys;
    if (!hub_accesses_count(call)) {
        struct hub_key_source source = hub_keyring_source(keys);
        source.opened = call->loop->opened;
        hub_opened_renew(source.opened, hub_keyring_erasures(keys));
        return source;
    }
    if (call->shown == NULL) {
        call->shown = hub_shown_new(keys, hub_call_arena(call));
    }
    return hub_shown_source(call->shown);
}

/* --- noting --- */

/* Who reads, and when. */
static void begin(struct access_entry *entry, const struct hub_server *server, const struct hub_caller *caller)
{
    HUB_SET(access_entry, entry, time, hub_now_us(server->options.world));
    HUB_SET(access_entry, entry, company, caller->company);
    HUB_SET(access_entry, entry, principal, caller->principal);
    HUB_SET(access_entry, entry, credential, caller->credential);
    HUB_SET(access_entry, entry, role, hub_span(hub_vocab_name(&role_vocab, (uint16_t) caller->role)));
    HUB_SET(access_entry, entry, position, hub_log_commit(server->options.log).sequence);
}

static void set_customers(struct access_entry *entry, const struct hub_ulid *ids, uint32_t count)
{
    entry->customers = (hub_list){ .at = (void *) ids, .count = count };
    HUB_MARK(access_entry, entry, customers);
}

/* Without somewhere to note it, as in a test of a part, nothing is. */
static bool note(const struct hub_server *server, struct access_entry *entry, struct hub_span purpose,
                 struct hub_arena *arena)
{
    const struct hub_server_options *options = &server->options;
    const struct hub_sealing with = { .company = entry->company, .world = options->world, .arena = arena };
    struct hub_key_source keys = hub_keyring_source(options->keys);
    /* A customer whose key went meanwhile is not read; why somebody wanted to is not kept. */
    (void) hub_access_give_purpose(entry, purpose, &with, &keys);
    return options->access == NULL || hub_access_note(options->access, entry) == 0;
}

/* The customer that the path or query names is read even where nothing of the answer is sealed. */
static void remember_named(struct hub_call *call)
{
    const struct hub_name *name = call->names == NULL ? NULL : &call->names[KIND_customer];
    struct hub_ulid id;
    if (name == NULL || !name->given) {
        return;
    }
    int found = hub_log_alias(call->loop->server->options.log, call->caller.company, KIND_customer, name->digest, &id);
    if (found == 0) {
        remember(call->shown, id);
    } else if (name->is_ours) {
        remember(call->shown, name->id);
    }
}

bool hub_accesses_note(struct hub_call *call)
{
    const struct hub_route *route = call->ready->route;
    struct access_entry entry = { 0 };
    char what[WHAT_MAX];
    if (call->shown == NULL) {
        return true;
    }
    remember_named(call);
    if (call->shown->count == 0) {
        return true;
    }
    int len = snprintf(what, sizeof what, "%s %s", hub_method_name(route->method), route->path);
    begin(&entry, call->loop->server, &call->caller);
    HUB_SET(access_entry, &entry, what, hub_span_of(what, (size_t) len));
    set_customers(&entry, call->shown->ids, call->shown->count);
    if (call->shown->more) {
        HUB_SET(access_entry, &entry, everybody, true);
    }
    if (note(call->loop->server, &entry, call->headers.purpose, hub_call_arena(call))) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_overloaded, "",
                        "Reading personal data is noted, and that cannot be written now; try again.");
    return false;
}

/* --- sockets --- */

/* Whose session it is. */
static bool find_customer(struct hub_log *log, const struct hub_lens *lens, struct hub_ulid *ret_customer)
{
    const struct hub_stream stream = { .company = lens->company, .kind = KIND_session, .entity = lens->id };
    struct hub_scan *scan = hub_scan_stream(log, &stream, 1, 0);
    struct hub_stored first;
    hub_scan_headers_only(scan);
    bool is_there = hub_scan_next(scan, &first) == 1 && HUB_HAS(event_header, &first.header, subject);
    *ret_customer = is_there ? first.header.subject : lens->id;
    hub_scan_close(&scan);
    return is_there;
}

static const char *socket_name(uint8_t topic)
{
    switch (topic) {
    case HUB_TOPIC_session: return "a socket of one session";
    case HUB_TOPIC_customer: return "a socket of one customer";
    case HUB_TOPIC_agent: return "a socket of one agent";
    default: return "a socket of the company";
    }
}

bool hub_accesses_note_listener(const struct hub_server *server, const struct hub_listener *listener)
{
    const struct hub_lens *lens = listener->lens;
    struct access_entry entry = { 0 };
    struct hub_ulid customer = lens->id;
    if (!is_person(listener->caller, listener->is_login) && listener->purpose.len == 0) {
        return true;
    }
    struct hub_arena *arena = hub_arena_new(ENTRY_BYTES);
    bool is_one = lens->topic == HUB_TOPIC_customer ||
                  (lens->topic == HUB_TOPIC_session && find_customer(server->options.log, lens, &customer));
    begin(&entry, server, listener->caller);
    HUB_SET(access_entry, &entry, what, hub_span(socket_name(lens->topic)));
    if (is_one) {
        set_customers(&entry, &customer, 1);
    } else {
        HUB_SET(access_entry, &entry, everybody, true);
    }
    bool noted = note(server, &entry, listener->purpose, arena);
    hub_arena_destroy(&arena);
    return noted;
}
