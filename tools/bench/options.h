/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Command lines of the measuring tools: a table of options, read by one parser and printed by --help. */
#ifndef HUB_TOOLS_BENCH_OPTIONS_H
#define HUB_TOOLS_BENCH_OPTIONS_H

#include <stddef.h>

#define HUB_TEXTS_MAX 32

/* The values of an option that may be given several times. */
struct hub_texts {
    const char *at[HUB_TEXTS_MAX];
    size_t count;
};

enum hub_option_kind {
    HUB_OPTION_FLAG,   /* bool, no value */
    HUB_OPTION_TEXT,   /* const char * */
    HUB_OPTION_TEXTS,  /* struct hub_texts */
    HUB_OPTION_COUNT,  /* uint64_t, decimal */
    HUB_OPTION_NUMBER, /* double, not negative */
};

/* One option: where its value goes in the caller's struct, and what --help says. */
struct hub_option {
    const char *name; /* with its two dashes */
    enum hub_option_kind kind;
    size_t offset;
    const char *value; /* "FILE"; NULL for a flag */
    const char *doc;   /* one line */
};

/* The options of one command; `rows` ends with a row without a name. */
struct hub_options {
    const char *usage; /* "bench-disk [options]" */
    const char *doc;   /* one sentence */
    const struct hub_option *rows;
};

/* Read a command line into the caller's struct, which holds the defaults before. `--name value` and
 * `--name=value` are the same; values are borrowed from argv.
 *
 * argc, argv   argv[0] is passed over
 * into         what the rows' offsets refer to
 *
 * Returns 0; 1 when --help was asked for and printed to stdout; -1 when the line is wrong, which was said on
 * stderr. */
int hub_options_read(const struct hub_options *self, int argc, char **argv, void *into);

#endif
