/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `help`, `version` and what --help prints, all from the tables. */
#include <string.h>

#include "tools/bench/bench.h"
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
    fputs("\nexit status: 0 done; 1 it failed, and a sentence on stderr says why; 2 wrong command line or settings\n",
          out);
}

/* Those of one group, or all. */
static void print_tools(const char *group, FILE *out)
{
    fprintf(out, "usage: omnihub %s%sCOMMAND [options]\n\ncommands:\n", group ? group : "", group ? " " : "");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (!group || hub_tool_is_in_group(&hub_tools()[i], group))
            fprintf(out, "  %-16s %s\n", hub_tools()[i].words, hub_tools()[i].doc);
    fputs("\n'omnihub help COMMAND' lists its options.\n"
          "exit status: 0 done; 1 it failed, and a sentence on stderr says why; 2 wrong command line or settings\n",
          out);
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

int hub_tool_help(const struct hub_tool_call *call)
{
    if (call->count == 0) {
        print_tools(NULL, stdout);
        return HUB_EXIT_OK;
    }
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (names(call, hub_tools()[i].words)) {
            hub_tool_print_help(i, stdout);
            return HUB_EXIT_OK;
        }
    if (call->count == 1 && hub_tool_print_group(call->operands[0], stdout))
        return HUB_EXIT_OK;
    return hub_tool_misused("there is no command '%s'; 'omnihub help' lists them", call->operands[0]);
}

int hub_tool_version(const struct hub_tool_call *call)
{
    (void) call;
    puts("omnihub " OMNIHUB_VERSION);
    return HUB_EXIT_OK;
}

int hub_tool_bench(const struct hub_tool_call *call)
{
    return hub_bench_main(call->argc, call->argv);
}
