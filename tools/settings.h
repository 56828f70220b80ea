/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The settings in force: flags over environment over file over fallback, as options.def lists them. */
#ifndef HUB_TOOLS_SETTINGS_H
#define HUB_TOOLS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum hub_tool_name {
#define TOOL(name, ...) HUB_TOOL_##name,
#include "tools/commands.def"
#undef TOOL
    HUB_TOOLS,
};

enum hub_setting_name {
#define OPTION(name, ...) HUB_SETTING_##name,
#include "tools/options.def"
#undef OPTION
    HUB_SETTINGS,
};

enum hub_setting_kind {
    HUB_SETTING_FLAG = 1, /* yes or no; a bare flag says yes */
    HUB_SETTING_COUNT,    /* decimal, .min to .max */
    HUB_SETTING_TEXT,
    HUB_SETTING_TEXTS, /* may be repeated; in the environment with commas between */
    HUB_SETTING_WORD,  /* one of .words */
};

enum hub_setting_source {
    HUB_SOURCE_default = 0,
    HUB_SOURCE_file,
    HUB_SOURCE_environment,
    HUB_SOURCE_flag,
};

struct hub_setting_row {
    const char *flag; /* without its dashes */
    enum hub_setting_kind kind;
    uint64_t tools;          /* bit i: the i-th command takes it */
    const char *value;       /* what stands for its value in the help; NULL for a flag */
    const char *fallback;    /* NULL: none */
    const char *environment; /* NULL: none */
    const char *words;       /* "a|b|c" */
    uint64_t min, max;
    bool is_secret, is_hidden;
    const char *doc;
};

struct hub_settings;

/* Read a command line, the environment and the file that they name.
 *
 * tool           whose options count
 * argc, argv     what follows the command's words; borrowed
 * ret_operands   the words that are no options, in order; room for argc of them
 *
 * Returns the number of operands; -1 when --help was asked for; -2 when something is wrong, which was said on stderr
 * (*ret_settings is NULL then). */
int hub_settings_read(enum hub_tool_name tool, int argc, char **argv, const char **ret_operands,
                      struct hub_settings **ret_settings);
void hub_settings_destroy(struct hub_settings **self_p);

/* A value; borrowed from the settings. text: NULL when there is none. */
const char *hub_settings_text(const struct hub_settings *self, enum hub_setting_name name);
uint64_t hub_settings_count(const struct hub_settings *self, enum hub_setting_name name);
bool hub_settings_is(const struct hub_settings *self, enum hub_setting_name name);
size_t hub_settings_texts(const struct hub_settings *self, enum hub_setting_name name, const char *const **ret_texts);

/* Where a value came from, and in words: "flag --data", "environment OMNIHUB_DATA", "file hub.conf:3", "default". */
enum hub_setting_source hub_settings_source(const struct hub_settings *self, enum hub_setting_name name);
const char *hub_settings_where(const struct hub_settings *self, enum hub_setting_name name);

/* The rows of options.def, HUB_SETTINGS of them. */
const struct hub_setting_row *hub_setting_rows(void);

/* True when a command takes an option. */
bool hub_setting_belongs(enum hub_setting_name name, enum hub_tool_name tool);

#endif
