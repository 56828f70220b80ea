/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The commands of the one binary: the table of commands.def, and what each is called with. */
#ifndef HUB_TOOLS_TOOL_H
#define HUB_TOOLS_TOOL_H

#include "tools/settings.h"

/* Exit statuses of every command: exits.def. */
enum hub_exit {
#define EXIT(name, number, ...) HUB_EXIT_##name = (number),
#include "tools/exits.def"
#undef EXIT
};

struct hub_exit_row {
    int number;
    const char *doc;
};

/* The rows of exits.def, ascending, and how many there are. */
const struct hub_exit_row *hub_exit_rows(size_t *ret_count);

struct hub_tool_call {
    enum hub_tool_name tool;
    const struct hub_settings *settings; /* NULL for a raw command */
    const char *const *operands;
    int count;   /* of operands */
    int argc;    /* a raw command's own words, */
    char **argv; /* argv[0] is its last word */
};

struct hub_tool {
    const char *words; /* "audit verify" */
    int (*run)(const struct hub_tool_call *call);
    const char *operands; /* "NAME"; NULL: takes none */
    bool is_raw;          /* reads its own options */
    const char *doc;      /* half a sentence */
    const char *about;
};

#define TOOL(name, ...) int hub_tool_##name(const struct hub_tool_call *call);
#include "tools/commands.def"
#undef TOOL

/* The rows of commands.def, HUB_TOOLS of them. */
const struct hub_tool *hub_tools(void);

/* Run a whole command line. argv[0] is the program. Returns the exit status. */
int hub_tools_main(int argc, char **argv);

/* Say one sentence on stderr, after the program's name. Returns HUB_EXIT_FAILED. */
int hub_tool_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with another status of exits.def, which is returned. */
int hub_tool_end(enum hub_exit status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a wrong command line. Returns HUB_EXIT_USAGE. */
int hub_tool_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a command has two words, of which this is the first. */
bool hub_tool_is_in_group(const struct hub_tool *tool, const char *word);

/* List the commands that begin with a word. False when there are none of two words. */
bool hub_tool_print_group(const char *word, FILE *out);

/* Print what a command is and takes. */
void hub_tool_print_help(enum hub_tool_name tool, FILE *out);

#endif
