/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `help`, `version` and what --help prints, all from the tables. */
#include <string.h>

#include "base/json_emit.h"
#include "tools/bench/bench.h"
#include "tools/report.h"
#include "tools/tool.h"

static void print_option(const struct hub_setting_row *row, FILE *out)
{
    int width = fprintf(out, "  --%s%s%s", row->flag, row->value ? " " : "", row->value ? row->value : "");
    fprintf(out, "%*s %s", width < 27 ? 27 - width : 0, "", row->doc);
    if (row->kind == HUB_SETTING_TEXTS)
        fputs("; may be repeated", out);
    if (row->fallback)
        fprintf(out, " (%s)", row->fallback);
    fputc('\n', out);
    if (row->environment)
        fprintf(out, "%28sor in the environment: %s\n", "", row->environment);
}

/* The ordinary ones on a line. */
static void print_exits(FILE *out)
{
    size_t count;
    const struct hub_exit_row *exits = hub_exit_rows(&count);
    fputs("exit status:", out);
    for (size_t i = 0; i <= HUB_EXIT_USAGE; i++)
        fprintf(out, " %d %s;", exits[i].number, exits[i].doc);
    fputs(" 'omnihub help exit-codes' lists the others\n", out);
}

void hub_tool_print_help(enum hub_tool_name tool, FILE *out)
{
    const struct hub_tool *row = &hub_tools()[tool];
    const struct hub_setting_row *options = hub_setting_rows();
    bool has_options = false;
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        has_options |= hub_setting_belongs(i, tool);
    fprintf(out, "usage: omnihub %s%s%s%s\n%s\n", row->words, has_options ? " [options]" : "", row->operands ? " " : "",
            row->operands ? row->operands : "", row->about);
    if (has_options)
        fputs("\noptions:\n", out);
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (hub_setting_belongs(i, tool) && !options[i].is_hidden)
            print_option(&options[i], out);
    if (row->is_raw)
        fputs("\n'omnihub bench' lists the measurements, 'omnihub bench NAME --help' their options.\n", out);
    fputc('\n', out);
    print_exits(out);
}

/* Those of one group, or all. */
static void print_tools(const char *group, FILE *out)
{
    fprintf(out, "usage: omnihub %s%sCOMMAND [options]\n\ncommands:\n", group ? group : "", group ? " " : "");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (!group || hub_tool_is_in_group(&hub_tools()[i], group))
            fprintf(out, "  %-16s %s\n", hub_tools()[i].words, hub_tools()[i].doc);
    fputs("\n'omnihub help COMMAND' lists its options.\n", out);
    print_exits(out);
}

bool hub_tool_print_group(const char *word, FILE *out)
{
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (hub_tool_is_in_group(&hub_tools()[i], word)) {
            print_tools(word, out);
            return true;
        }
    return false;
}

/* True when the operands are the words of a command. */
static bool names(const struct hub_tool_call *call, const char *words)
{
    char given[128] = "";
    size_t len = 0;
    for (int i = 0; i < call->count && len < sizeof given - 1; i++)
        len += (size_t) snprintf(given + len, sizeof given - len, "%s%s", i ? " " : "", call->operands[i]);
    return strcmp(given, words) == 0;
}

static int list_exits(const struct hub_settings *settings)
{
    struct hub_report report;
    size_t count;
    const struct hub_exit_row *exits = hub_exit_rows(&count);
    hub_report_begin(&report, settings);
    hub_report_list(&report, "exit_codes");
    for (size_t i = 0; i < count; i++) {
        hub_report_row(&report);
        hub_report_u64(&report, "number", (uint64_t) exits[i].number);
        hub_report_text(&report, "meaning", exits[i].doc);
    }
    hub_report_list_end(&report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static void emit_option(struct hub_json_emit *emit, const struct hub_setting_row *row)
{
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "option", row->flag);
    hub_json_emit_member_text(emit, "value", row->value);
    hub_json_emit_member_text(emit, "words", row->words);
    hub_json_emit_member_text(emit, "default", row->fallback);
    hub_json_emit_member_text(emit, "environment", row->environment);
    hub_json_emit_member_text(emit, "about", row->doc);
    hub_json_emit_object_end(emit);
}

static void emit_tool(struct hub_json_emit *emit, size_t tool)
{
    const struct hub_tool *row = &hub_tools()[tool];
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "command", row->words);
    hub_json_emit_member_text(emit, "operands", row->operands);
    hub_json_emit_member_text(emit, "doc", row->doc);
    hub_json_emit_member_text(emit, "about", row->about);
    hub_json_emit_key(emit, "options");
    hub_json_emit_array_begin(emit);
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (hub_setting_belongs(i, tool) && !hub_setting_rows()[i].is_hidden)
            emit_option(emit, &hub_setting_rows()[i]);
    hub_json_emit_array_end(emit);
    hub_json_emit_object_end(emit);
}

/* The table of commands, or one row of it, for programs. tool: HUB_TOOLS for all. */
static int print_tables(size_t tool)
{
    struct hub_json_emit emit;
    struct hub_buf out;
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_key(&emit, "commands");
    hub_json_emit_array_begin(&emit);
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (tool == HUB_TOOLS || tool == i)
            emit_tool(&emit, i);
    hub_json_emit_array_end(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    hub_buf_done(&out);
    return HUB_EXIT_OK;
}

int hub_tool_help(const struct hub_tool_call *call)
{
    size_t tool = 0;
    bool is_json = hub_settings_is(call->settings, HUB_SETTING_json);
    while (tool < HUB_TOOLS && !names(call, hub_tools()[tool].words))
        tool++;
    if (names(call, "exit-codes"))
        return list_exits(call->settings);
    if (is_json && (tool < HUB_TOOLS || call->count == 0))
        return print_tables(tool);
    if (call->count == 0) {
        print_tools(NULL, stdout);
        return HUB_EXIT_OK;
    }
    if (tool < HUB_TOOLS) {
        hub_tool_print_help(tool, stdout);
        return HUB_EXIT_OK;
    }
    if (call->count == 1 && hub_tool_print_group(call->operands[0], stdout))
        return HUB_EXIT_OK;
    return hub_tool_misused("there is no command '%s'; 'omnihub help' lists them", call->operands[0]);
}

int hub_tool_version(const struct hub_tool_call *call)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_say(&report, "omnihub " OMNIHUB_VERSION);
    hub_report_text(&report, "version", OMNIHUB_VERSION);
    return hub_report_end(&report, HUB_EXIT_OK);
}

int hub_tool_bench(const struct hub_tool_call *call)
{
    return hub_bench_main(call->argc, call->argv);
}
