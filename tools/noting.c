/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which customers were noted already, and who else's keys came by. */
#include "tools/noting.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/kinds.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "log/access/access.h"

enum { ONE_BY_ONE = 8, OTHERS = 64, COMPANIES = 16, NAME_MAX_BYTES = 64 };

struct hub_noting {
    const char *data_dir;
    struct hub_log *log;
    struct hub_keyring *keys;
    const char *what, *reason; /* reason: NULL for none */
    char account[NAME_MAX_BYTES];
    struct hub_ulid noted[ONE_BY_ONE], others[OTHERS]; /* others: no customers; a ring */
    struct hub_ulid whole[COMPANIES];                  /* companies of which everybody is noted; a ring */
    unsigned noted_count, other_count, whole_count;
    bool failed;
};

struct hub_noting *hub_noting_new(const char *data_dir, struct hub_log *log, struct hub_keyring *keys)
{
    struct hub_noting *self = hub_memory_zero(sizeof *self);
    const struct passwd *user = getpwuid(geteuid());
    *self = (struct hub_noting){ .data_dir = data_dir, .log = log, .keys = keys, .what = "omnihub" };
    if (user)
        snprintf(self->account, sizeof self->account, "%.63s", user->pw_name);
    else
        snprintf(self->account, sizeof self->account, "uid %u", (unsigned) geteuid());
    return self;
}

void hub_noting_destroy(struct hub_noting **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

int hub_noting_tell(struct hub_noting *self, const struct hub_tool_call *call)
{
    const char *reason = hub_settings_text(call->settings, HUB_SETTING_purpose);
    self->what = hub_tools()[call->tool].words;
    if (reason && (strlen(reason) > HUB_ACCESS_PURPOSE_MAX || !hub_utf8_is_valid(hub_span(reason))))
        return hub_tool_misused("--reason takes at most %d bytes of UTF-8", HUB_ACCESS_PURPOSE_MAX);
    self->reason = reason;
    return HUB_EXIT_OK;
}

bool hub_noting_has_failed(const struct hub_noting *self)
{
    return self->failed;
}

/* --- noting --- */

static struct access_entry entry_of(const struct hub_noting *self, struct hub_ulid company, char *what, size_t size)
{
    struct access_entry entry = { 0 };
    int len = snprintf(what, size, self->what[0] == 'o' ? "%s" : "omnihub %s", self->what);
    HUB_SET(access_entry, &entry, time, hub_now_us(hub_world_real()));
    HUB_SET(access_entry, &entry, company, company);
    HUB_SET(access_entry, &entry, account, hub_span(self->account));
    HUB_SET(access_entry, &entry, what, hub_span_of(what, (size_t) len));
    HUB_SET(access_entry, &entry, position, hub_log_commit(self->log).sequence);
    return entry;
}

/* Of one customer, or, without one, of everybody. Returns whether it could be noted. */
static bool note(struct hub_noting *self, struct hub_ulid company, const struct hub_ulid *customer)
{
    char what[128], why[512];
    struct hub_arena *arena = hub_arena_new(1024);
    struct access_entry entry = entry_of(self, company, what, sizeof what);
    const struct hub_sealing with = { .company = company, .world = hub_world_real(), .arena = arena };
    struct hub_key_source keys = hub_keyring_source(self->keys);
    if (customer) {
        entry.customers = (hub_list){ .at = (void *) customer, .count = 1 };
        HUB_MARK(access_entry, &entry, customers);
    } else {
        HUB_SET(access_entry, &entry, everybody, true);
    }
    if (self->reason)
        hub_access_give_purpose(&entry, hub_span(self->reason), &with, &keys);
    int error = hub_access_note_now(self->data_dir, &entry, why, sizeof why);
    hub_arena_destroy(&arena);
    self->failed = error != 0;
    if (error)
        hub_tool_fail("what is personal stays sealed, as reading it cannot be noted: %s", why);
    return error == 0;
}

static bool is_among(const struct hub_ulid *ids, unsigned count, struct hub_ulid id)
{
    for (unsigned i = 0; i < count; i++)
        if (hub_ulid_is(ids[i], id))
            return true;
    return false;
}

/* Agents have keys too; reading a colleague's name is not noted. */
static bool is_customer(struct hub_noting *self, struct hub_ulid company, struct hub_ulid subject)
{
    const struct hub_stream stream = { .company = company, .kind = KIND_customer, .entity = subject };
    uint64_t version = 0;
    if (is_among(self->others, self->other_count < OTHERS ? self->other_count : OTHERS, subject))
        return false;
    if (hub_log_stream_version(self->log, &stream, &version) != 0 || version > 0)
        return true;
    self->others[self->other_count++ % OTHERS] = subject;
    return false;
}

static bool is_noted(struct hub_noting *self, struct hub_ulid company, struct hub_ulid subject)
{
    if (is_among(self->whole, self->whole_count < COMPANIES ? self->whole_count : COMPANIES, company) ||
        is_among(self->noted, self->noted_count, subject))
        return true;
    if (self->failed)
        return false;
    if (!is_customer(self, company, subject))
        return true;
    bool is_one = self->noted_count < ONE_BY_ONE;
    if (!note(self, company, is_one ? &subject : NULL))
        return false;
    if (is_one)
        self->noted[self->noted_count++] = subject;
    else
        self->whole[self->whole_count++ % COMPANIES] = company;
    return true;
}

static bool find(void *noting, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    struct hub_noting *self = noting;
    return hub_keyring_find(self->keys, company, subject, ret_key) && is_noted(self, company, subject);
}

struct hub_key_source hub_noting_keys(struct hub_noting *self)
{
    return (struct hub_key_source){ .find = find, .self = self };
}
