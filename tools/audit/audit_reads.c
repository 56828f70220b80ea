/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit reads`: who read personal data, over the API and with tools. */
#include "actors/company/company.h"
#include "base/json.h"
#include "log/access/access.h"
#include "tools/datadir.h"
#include "tools/report.h"
#include "tools/tool.h"

/* What is asked for, looked up. */
struct wanted {
    struct hub_ulid company, customer; /* customer none: any */
    int64_t from_us;                   /* 0: from the oldest on */
    uint64_t limit;                    /* 0: all */
};

/* Returns an exit status. */
static int look_up(const struct hub_tool_call *call, const struct hub_datadir *reader, struct wanted *ret_wanted)
{
    const char *since = hub_settings_text(call->settings, HUB_SETTING_reads_from);
    *ret_wanted = (struct wanted){ .limit = hub_settings_count(call->settings, HUB_SETTING_limit) };
    if (since && !hub_time_parse(hub_span(since), &ret_wanted->from_us))
        return hub_tool_misused("--from takes a time like 2026-01-31T12:00:00Z, not '%s'", since);
    int error = hub_datadir_company(reader, hub_settings_text(call->settings, HUB_SETTING_company),
                                    &ret_wanted->company);
    if (!error && call->count > 0)
        error = hub_datadir_entity(reader, ret_wanted->company, KIND_customer, call->operands[0],
                                   &ret_wanted->customer);
    return error ? -error : hub_datadir_tell(reader, call);
}

static bool is_wanted(const struct wanted *wanted, const struct access_entry *entry)
{
    return hub_ulid_is(entry->company, wanted->company) && entry->time >= wanted->from_us &&
           (hub_ulid_is_none(wanted->customer) || hub_access_concerns(entry, wanted->customer));
}

/* Whose data it was, as far as a line has room: one by id, else how many. */
static void say_whose(struct hub_report *report, const struct access_entry *entry)
{
    char text[64], id[HUB_ULID_TEXT];
    uint32_t count = entry->customers.count;
    if (HUB_HAS(access_entry, entry, everybody) && entry->everybody) {
        snprintf(text, sizeof text, "everybody");
    } else if (count == 1) {
        hub_ulid_print(*(const struct hub_ulid *) entry->customers.at, id);
        snprintf(text, sizeof text, "%.*s", (int) sizeof id, id);
    } else {
        snprintf(text, sizeof text, "%u customers", (unsigned) count);
    }
    hub_report_text(report, "whose", text);
}

static void say(struct hub_report *report, const struct hub_datadir *reader, uint64_t number,
                struct access_entry *entry, struct hub_arena *arena)
{
    hub_datadir_unseal(reader, entry->company, &access_entry_shape, entry, arena);
    hub_report_row(report);
    hub_report_u64(report, "number", number);
    hub_report_time(report, "time", entry->time);
    hub_report_u64(report, "position", entry->position);
    if (HUB_HAS(access_entry, entry, account))
        hub_report_span(report, "who", entry->account);
    else
        hub_report_id(report, "who", entry->principal);
    hub_report_span(report, "role", entry->role);
    hub_report_id(report, "credential", entry->credential);
    hub_report_span(report, "what", entry->what);
    say_whose(report, entry);
    if (HUB_HAS(access_entry, entry, purpose))
        hub_report_span(report, "purpose", entry->purpose.clear);
    else
        hub_report_span(report, "purpose", entry->purpose_of_many);
}

/* Returns an exit status. */
static int list(struct hub_report *report, const struct hub_datadir *reader, const char *data,
                const struct wanted *wanted)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_access_scan *scan = hub_access_scan_open(data, 0);
    struct access_entry entry;
    const char *why = NULL;
    uint64_t number, count = 0;
    hub_report_long_list(report, "accesses");
    while ((wanted->limit == 0 || count < wanted->limit) &&
           hub_access_scan_next(scan, arena, &number, &entry, &why) == 1) {
        if (is_wanted(wanted, &entry)) {
            say(report, reader, number, &entry, arena);
            count++;
        }
        hub_arena_reset(arena);
    }
    hub_report_list_end(report);
    hub_report_note(report, "%llu reading%s.", (unsigned long long) count, count == 1 ? "" : "s");
    hub_access_scan_close(&scan);
    hub_arena_destroy(&arena);
    return why ? hub_tool_end(HUB_EXIT_UNSOUND, "%s; 'omnihub audit verify' says where", why) : HUB_EXIT_OK;
}

int hub_tool_audit_reads(const struct hub_tool_call *call)
{
    const char *data = hub_settings_text(call->settings, HUB_SETTING_data);
    struct hub_datadir reader;
    struct wanted wanted;
    struct hub_report report;
    if (call->count > 1)
        return hub_tool_misused("audit reads takes one CUSTOMER at most");
    int status = -hub_datadir_open(&reader, data, hub_settings_text(call->settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = look_up(call, &reader, &wanted);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, call->settings);
        status = list(&report, &reader, data, &wanted);
        status = hub_report_end(&report, status);
    }
    hub_datadir_close(&reader);
    return status;
}
