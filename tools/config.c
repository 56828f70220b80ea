/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `config`: the settings in force and where each came from. */
#include <string.h>

#include "base/json_emit.h"
#include "tools/tool.h"

/* Settings that are in force, without those of this command alone. */
static bool is_shown(size_t name)
{
    return hub_setting_belongs(name, HUB_TOOL_config) && name != HUB_SETTING_json &&
           !hub_setting_rows()[name].is_hidden;
}

/* What may be shown of a value. */
static const char *shown(const struct hub_setting_row *row, const char *text)
{
    return row->is_secret ? "***" : text;
}

static void print_row(const struct hub_settings *settings, size_t name)
{
    const struct hub_setting_row *row = &hub_setting_rows()[name];
    const char *const *texts, *text = hub_settings_text(settings, name);
    size_t count = hub_settings_texts(settings, name, &texts);
    if (row->kind == HUB_SETTING_FLAG)
        text = hub_settings_is(settings, name) ? "yes" : "no";
    printf("%-15s = ", row->flag);
    for (size_t i = 0; row->kind == HUB_SETTING_TEXTS && i < count; i++)
        printf("%s%s", i ? ", " : "", texts[i]);
    if (row->kind != HUB_SETTING_TEXTS)
        fputs(text ? shown(row, text) : "", stdout);
    printf("  # %s\n", hub_settings_where(settings, name));
}

static void emit_value(const struct hub_settings *settings, size_t name, struct hub_json_emit *emit)
{
    const struct hub_setting_row *row = &hub_setting_rows()[name];
    const char *const *texts;
    size_t count = hub_settings_texts(settings, name, &texts);
    if (row->kind == HUB_SETTING_FLAG)
        hub_json_emit_bool(emit, hub_settings_is(settings, name));
    else if (row->kind == HUB_SETTING_COUNT)
        hub_json_emit_u64(emit, hub_settings_count(settings, name));
    else if (row->kind == HUB_SETTING_TEXTS) {
        hub_json_emit_array_begin(emit);
        for (size_t i = 0; i < count; i++)
            hub_json_emit_text(emit, texts[i]);
        hub_json_emit_array_end(emit);
    } else {
        const char *text = hub_settings_text(settings, name);
        hub_json_emit_text(emit, text ? shown(row, text) : NULL);
    }
}

static void print_json(const struct hub_settings *settings)
{
    struct hub_buf out;
    struct hub_json_emit emit;
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_object_begin(&emit);
    for (size_t i = 0; i < HUB_SETTINGS; i++) {
        if (!is_shown(i))
            continue;
        hub_json_emit_key(&emit, hub_setting_rows()[i].flag);
        hub_json_emit_object_begin(&emit);
        hub_json_emit_key(&emit, "value");
        emit_value(settings, i, &emit);
        hub_json_emit_member_text(&emit, "source", hub_settings_where(settings, i));
        hub_json_emit_object_end(&emit);
    }
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    fwrite(out.at, 1, out.len, stdout);
    putchar('\n');
    hub_buf_done(&out);
}

int hub_tool_config(const struct hub_tool_call *call)
{
    if (hub_settings_is(call->settings, HUB_SETTING_json)) {
        print_json(call->settings);
        return HUB_EXIT_OK;
    }
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (is_shown(i))
            print_row(call->settings, i);
    return HUB_EXIT_OK;
}
