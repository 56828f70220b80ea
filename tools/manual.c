/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The manual page docs/man/omnihub.1, printed from the tables of commands and options. */
#include "tools/manual.h"

#include "tools/tool.h"

static const char head[] =
    ".\\\" SPDX-License-Identifier: AGPL-3.0-or-later\n"
    ".\\\" Printed by `omnihub schema manual` from tools/commands.def and tools/options.def.\n"
    ".TH OMNIHUB 1 \"\" \"omnihub " OMNIHUB_VERSION "\" \"Omnihub\"\n"
    ".SH NAME\n"
    "omnihub \\- a self-hosted omnichannel hub\n"
    ".SH SYNOPSIS\n"
    ".B omnihub\n"
    ".I COMMAND\n"
    "[options]\n"
    ".SH DESCRIPTION\n"
    "Every customer conversation on eight channels is one session that can move between channels without losing its\n"
    "context. Nothing is overwritten: what happened is an event on an append-only log, and everything a person sees is a\n"
    "fold of that log.\n";

static const char tail[] =
    ".SH SETTINGS\n"
    "A flag beats the environment, the environment beats the file that\n"
    ".B \\-\\-config\n"
    "names, the file beats the default. A line of the file is\n"
    ".IR \"option = value\" ,\n"
    "options without their dashes; # begins a comment line.\n"
    ".B omnihub config\n"
    "prints what is in force and where each value came from.\n"
    ".SH SIGNALS\n"
    "SIGTERM, SIGINT and SIGHUP let the requests under way be answered, then the hub ends with 0. A second one ends it at\n"
    "once.\n";

/* Text of a manual page: dashes and backslashes are escaped, a dot or quote does not begin a line. */
static void put_text(struct hub_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            hub_buf_put_byte(out, '\\');
        hub_buf_put_byte(out, (uint8_t) *text);
        if (*text == '|')
            hub_buf_put_text(out, "\\:"); /* a line may end here */
    }
}

static void put_option(struct hub_buf *out, const struct hub_setting_row *row)
{
    hub_buf_put_text(out, ".TP\n.B \\-\\-");
    put_text(out, row->flag);
    if (row->value) {
        hub_buf_put_byte(out, ' ');
        put_text(out, row->value);
    }
    hub_buf_put_byte(out, '\n');
    put_text(out, row->doc);
    if (row->kind == HUB_SETTING_TEXTS)
        hub_buf_put_text(out, "; may be repeated");
    hub_buf_put_text(out, ".\n");
    if (row->fallback) {
        hub_buf_put_text(out, "Default: ");
        put_text(out, row->fallback);
        hub_buf_put_text(out, ".\n");
    }
    if (row->environment) {
        hub_buf_put_text(out, "Environment: ");
        put_text(out, row->environment);
        hub_buf_put_text(out, ".\n");
    }
}

static void put_tool(struct hub_buf *out, size_t tool)
{
    const struct hub_tool *row = &hub_tools()[tool];
    hub_buf_put_text(out, ".SS omnihub ");
    put_text(out, row->words);
    if (row->operands) {
        hub_buf_put_byte(out, ' ');
        put_text(out, row->operands);
    }
    hub_buf_put_byte(out, '\n');
    put_text(out, row->about);
    hub_buf_put_byte(out, '\n');
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (hub_setting_belongs(i, tool) && !hub_setting_rows()[i].is_hidden)
            put_option(out, &hub_setting_rows()[i]);
}

static void put_exits(struct hub_buf *out)
{
    size_t count;
    const struct hub_exit_row *exits = hub_exit_rows(&count);
    hub_buf_put_text(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < count; i++) {
        hub_buf_put_text(out, ".TP\n");
        hub_buf_put_u64(out, (uint64_t) exits[i].number);
        hub_buf_put_byte(out, '\n');
        put_text(out, exits[i].doc);
        hub_buf_put_text(out, ".\n");
    }
}

void hub_manual_print(struct hub_buf *out)
{
    hub_buf_put_text(out, head);
    hub_buf_put_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        put_tool(out, i);
    hub_buf_put_text(out, tail);
    put_exits(out);
}
