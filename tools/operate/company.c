/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `company add` and `company list`: through a running hub's REST. */
#include "api/records.h"
#include "base/arena.h"
#include "base/json_emit.h"
#include "tools/asking.h"
#include "tools/report.h"
#include "tools/tool.h"

static const char whose[] = "the key of the company that runs the hub";

static int print_added(const struct hub_tool_call *call, const struct company_created_reply *reply, const char *email)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_id(&report, "company", reply->company_id);
    hub_report_span(&report, "name", reply->name);
    if (HUB_HAS(company_created_reply, reply, api_key))
        hub_report_span(&report, "api_key", reply->api_key);
    hub_report_text(&report, "admin", email);
    if (HUB_HAS(company_created_reply, reply, admin_password))
        hub_report_span(&report, "password", reply->admin_password);
    hub_report_note(&report, "Key and password are shown this once.");
    return hub_report_end(&report, HUB_EXIT_OK);
}

enum { ADDRESS_ROOM = 96 };

/* The address of an admin who has none yet: "admin@solar-world.localhost" of "Solar World". */
static void make_address(const char *name, char ret_address[ADDRESS_ROOM])
{
    size_t len = (size_t) snprintf(ret_address, ADDRESS_ROOM, "admin@"), first = len;
    for (; *name && len < ADDRESS_ROOM - sizeof ".localhost"; name++) {
        char sign = (char) (*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
        bool is_plain = (sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9');
        if (is_plain)
            ret_address[len++] = sign;
        else if (len > first && ret_address[len - 1] != '-')
            ret_address[len++] = '-';
    }
    while (len > first && ret_address[len - 1] == '-')
        len--;
    snprintf(ret_address + len, ADDRESS_ROOM - len, "%slocalhost", len > first ? "." : "");
}

int hub_tool_company_add(const struct hub_tool_call *call)
{
    if (call->count != 1)
        return hub_tool_misused("company add takes one name; write it in quotes when it has blanks");
    char address[ADDRESS_ROOM];
    const char *email = hub_settings_text(call->settings, HUB_SETTING_email);
    make_address(call->operands[0], address);
    email = email ? email : address;
    struct company_created_reply reply = { 0 };
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_json_emit emit;
    struct hub_buf body;
    hub_buf_init(&body);
    hub_json_emit_init(&emit, &body);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "name", call->operands[0]);
    hub_json_emit_member_text(&emit, "admin_email", email);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    const struct hub_asking question = { .whose = whose,
                                         .method = "POST",
                                         .path = "/companies",
                                         .body = hub_buf_span(&body),
                                         .shape = &company_created_reply_shape,
                                         .arena = arena,
                                         .record = &reply };
    int status = hub_asking_do(call->settings, &question);
    if (status == HUB_EXIT_OK)
        status = print_added(call, &reply, email);
    hub_buf_done(&body);
    hub_arena_destroy(&arena);
    return status;
}

int hub_tool_company_list(const struct hub_tool_call *call)
{
    struct companies_reply reply = { 0 };
    struct hub_arena *arena = hub_arena_new(65536);
    const struct hub_asking question = { .whose = whose,
                                         .method = "GET",
                                         .path = "/companies",
                                         .shape = &companies_reply_shape,
                                         .arena = arena,
                                         .record = &reply };
    struct hub_report report;
    int status = hub_asking_do(call->settings, &question);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, call->settings);
        hub_report_list(&report, "companies");
        for (uint32_t i = 0; i < reply.companies.count; i++) {
            const struct company_shown *row = &reply.companies.at[i];
            hub_report_row(&report);
            hub_report_id(&report, "company", row->company_id);
            hub_report_span(&report, "name", row->name);
            hub_report_bool(&report, "runs_the_hub", row->operator);
        }
        hub_report_list_end(&report);
        status = hub_report_end(&report, HUB_EXIT_OK);
    }
    hub_arena_destroy(&arena);
    return status;
}
