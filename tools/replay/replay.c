/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `replay`: events, entities in the past, or everything folded afresh. */
#include <stdio.h>
#include <string.h>

#include "tools/replay/replay_entity.h"
#include "tools/apart.h"
#include "tools/replay/replay_hashes.h"
#include "tools/replay/replay_verify.h"
#include "tools/tool.h"

/* Which of the questions about entities is asked, and whether its options fit. Returns an exit status, or -1 for none of them. */
static int ask_about_entities(const struct hub_tool_call *call, const struct hub_replay_query *query)
{
    const struct hub_settings *settings = call->settings;
    const char *state = hub_settings_text(settings, HUB_SETTING_state);
    const char *diff = hub_settings_text(settings, HUB_SETTING_diff);
    const char *lineage = hub_settings_text(settings, HUB_SETTING_lineage);
    const char *at = hub_settings_text(settings, HUB_SETTING_at);
    if (at && (!state || diff))
        return hub_tool_misused("--at belongs to --state and --lineage");
    if (lineage && (!state || diff))
        return hub_tool_misused("--lineage FIELD asks about one entity: add --state KIND/ID");
    if (call->count != (diff ? 1 : 0))
        return diff ? hub_tool_misused("--diff takes two moments: --diff A B")
                    : hub_tool_misused("replay takes no '%s'; 'omnihub help replay' explains it", call->operands[0]);
    if (query->follow && (state || diff))
        return hub_tool_misused("--follow shows events; it goes with neither --state nor --diff");
    if (diff)
        return hub_replay_diff(query, state, diff, call->operands[0]);
    if (lineage)
        return hub_replay_lineage(query, state, lineage, at);
    return state ? hub_replay_state(query, state, at) : -1;
}

/* Everything is folded: what narrows other questions is no part of this one. Returns an exit status. */
static int ask_about_all(const struct hub_tool_call *call, enum hub_setting_name asked)
{
    const struct hub_setting_row *rows = hub_setting_rows();
    if (call->count > 0)
        return hub_tool_misused("replay takes no '%s'; 'omnihub help replay' explains it", call->operands[0]);
    for (enum hub_setting_name name = 0; name < HUB_SETTINGS; name++) {
        bool is_fine = name == asked || name == HUB_SETTING_data || name == HUB_SETTING_master_key ||
                       name == HUB_SETTING_json || name == HUB_SETTING_purpose;
        if (!is_fine && hub_settings_source(call->settings, name) == HUB_SOURCE_flag)
            return hub_tool_misused("--%s folds the whole log; it goes with no --%s", rows[asked].flag,
                                    rows[name].flag);
    }
    return HUB_EXIT_OK;
}

static int fold_all(const struct hub_tool_call *call)
{
    bool is_verify = hub_settings_is(call->settings, HUB_SETTING_verify);
    return is_verify ? hub_replay_verify(call->settings) : hub_replay_hashes(call->settings);
}

int hub_tool_replay(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    bool is_verify = hub_settings_is(settings, HUB_SETTING_verify);
    if (is_verify || hub_settings_is(settings, HUB_SETTING_hashes)) {
        int status = ask_about_all(call, is_verify ? HUB_SETTING_verify : HUB_SETTING_hashes);
        return status ? status : hub_run_aside(call, fold_all);
    }
    const char *format = hub_settings_text(settings, HUB_SETTING_format);
    if (strcmp(format, "ndjson") == 0)
        format = "json";
    const struct hub_replay_query query = { .call = call,
                                            .data = hub_settings_text(settings, HUB_SETTING_data),
                                            .master_key = hub_settings_text(settings, HUB_SETTING_master_key),
                                            .company = hub_settings_text(settings, HUB_SETTING_company),
                                            .stream = hub_settings_text(settings, HUB_SETTING_stream),
                                            .customer = hub_settings_text(settings, HUB_SETTING_customer),
                                            .session = hub_settings_text(settings, HUB_SETTING_session),
                                            .type = hub_settings_text(settings, HUB_SETTING_type),
                                            .from = hub_settings_text(settings, HUB_SETTING_from),
                                            .to = hub_settings_text(settings, HUB_SETTING_to),
                                            .where = hub_settings_text(settings, HUB_SETTING_where),
                                            .channel = hub_settings_text(settings, HUB_SETTING_channel),
                                            .actor = hub_settings_text(settings, HUB_SETTING_actor),
                                            .limit = hub_settings_count(settings, HUB_SETTING_limit),
                                            .format = hub_settings_is(settings, HUB_SETTING_json) ? "json" : format,
                                            .follow = hub_settings_is(settings, HUB_SETTING_follow) };
    int status = ask_about_entities(call, &query);
    if (status >= 0)
        return status;
    if (query.follow && query.to)
        return hub_tool_misused("--follow goes on for ever, so it has no --to");
    return hub_replay_print(&query, stdout);
}
