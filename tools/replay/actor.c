/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses are sealed, so a person is found by the keyed digest by which logins are; names of keys are not personal, and are
 * looked for in the events that made them. */
#include "tools/replay/actor.h"

#include "actors/command.h"
#include "actors/company/company.h"
#include "base/pack.h"
#include "tools/tool.h"

enum { MOST = 100 }; /* ids in a condition, which has a bound of its own */

static const struct hub_ulid none;

struct looking {
    const struct hub_datadir *reader;
    struct hub_span text;
    struct hub_buf *condition;
    unsigned found;
};

static void add(struct looking *self, struct hub_ulid id)
{
    char quoted[HUB_ULID_TEXT + 3] = "\"";
    if (self->found++ >= MOST)
        return;
    hub_ulid_print(id, quoted + 1);
    quoted[HUB_ULID_TEXT + 1] = '"';
    hub_buf_put_text(self->condition, self->found == 1 ? "principal in [" : ", ");
    hub_buf_put_text(self->condition, quoted);
}

/* Addresses are the whole hub's. */
static bool find_person(struct looking *self)
{
    struct hub_name name;
    if (!hub_name_read(self->reader->keys, none, HUB_ALIAS_USER, self->text, &name))
        return false;
    if (name.is_ours || hub_log_alias(self->reader->log, none, HUB_ALIAS_USER, name.digest, &name.id) == 0)
        add(self, name.id);
    return true;
}

/* Returns 0 or < 0. */
static int find_keys(struct looking *self, struct hub_ulid company)
{
    const struct hub_tag_range range = {
        .company = company, .tag = HUB_TAG_type, .id = hub_tag_of_type(company_key_added_id), .from = 1
    };
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_scan *scan = hub_scan_tag(self->reader->log, &range);
    struct hub_stored stored;
    int more;
    while ((more = hub_scan_next(scan, &stored)) == 1) {
        struct company_key_added *added = HUB_NEW(arena, struct company_key_added);
        if (hub_unpack(&company_key_added_shape, stored.payload, arena, added, NULL) == 0 &&
            hub_span_is(added->key->name, self->text))
            add(self, added->key->key);
        hub_arena_reset(arena);
    }
    hub_scan_close(&scan);
    hub_arena_destroy(&arena);
    return more;
}

static int find_all_keys(struct looking *self, struct hub_ulid company)
{
    struct hub_ulid each = company;
    bool is_one = !hub_ulid_is_none(company);
    int failed = 0;
    while (!failed && (is_one || hub_log_next_company(self->reader->log, each, &each) == 0)) {
        failed = find_keys(self, each);
        if (is_one)
            break;
    }
    return failed;
}

int hub_actor_condition(const struct hub_datadir *reader, struct hub_ulid company, const char *text,
                        struct hub_buf *ret_condition)
{
    struct looking self = { .reader = reader, .text = hub_span(text), .condition = ret_condition };
    bool has_looked = find_person(&self);
    if (self.found == 0 && find_all_keys(&self, company) < 0)
        return -hub_tool_fail("the log cannot be read");
    if (self.found > MOST)
        return -hub_tool_misused("more than %d keys are called '%s'; name one by its id", MOST, text);
    hub_buf_put_byte(ret_condition, ']');
    if (self.found > 0)
        return 0;
    return has_looked
               ? -hub_tool_end(HUB_EXIT_ABSENT, "nobody logs in as '%s', and no API key is called that", text)
               : -hub_tool_end(HUB_EXIT_DENIED,
                               "no API key is called '%s'; without keys/ a person is found by the hub's own id only",
                               text);
}
