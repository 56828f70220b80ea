/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a command found, said once: lines and tables for people, or with --json one document on one line.
 *
 *     struct hub_report report;
 *     hub_report_begin(&report, call->settings);
 *     hub_report_say(&report, "The log is sound: %" PRIu64 " events.", events);
 *     hub_report_u64(&report, "events", events);
 *     return hub_report_end(&report, HUB_EXIT_OK);
 *
 * People see the sentences and the lists; members are lines of their own, unless hub_report_say stands for them.
 * Names are those of the JSON; where people see them, "_" is a blank. */
#ifndef HUB_TOOLS_REPORT_H
#define HUB_TOOLS_REPORT_H

#include "base/arena.h"
#include "base/list.h"
#include "base/ulid.h"
#include "tools/settings.h"

struct hub_report_cell;
struct hub_report_printing;

struct hub_report {
    struct hub_arena *arena; /* owned; of the cells and their texts */
    struct hub_report_cell *cells, *last;
    struct hub_report_printing *printing; /* owned; how far it is */
    bool is_json, has_sentence;
};

/* Start one. settings: of the command, which says whether JSON is wanted. */
void hub_report_begin(struct hub_report *self, const struct hub_settings *settings);

/* A member. Names are literals in snake_case, each once in its object or row; texts are copied, NULL is left out. */
void hub_report_text(struct hub_report *self, const char *name, const char *text);
void hub_report_span(struct hub_report *self, const char *name, struct hub_span text);
void hub_report_u64(struct hub_report *self, const char *name, uint64_t value);
void hub_report_bool(struct hub_report *self, const char *name, bool value);
void hub_report_id(struct hub_report *self, const char *name, struct hub_ulid id); /* none: left out */
void hub_report_time(struct hub_report *self, const char *name, int64_t time_us);  /* 0: left out */

/* A list of rows with the same members: a table for people, its heading from the first row's names. Lists do not nest. */
void hub_report_list(struct hub_report *self, const char *name);
void hub_report_row(struct hub_report *self);
void hub_report_list_end(struct hub_report *self);

/* A list of any number of rows: they are printed a thousand at a time, so no more are held. Columns are as wide as what came so far,
 * and the heading comes again when a row has a new one. Members before it are printed with it: hub_report_say comes too late then. */
void hub_report_long_list(struct hub_report *self, const char *name);

/* A sentence for people, in place of the members or beside them. */
void hub_report_say(struct hub_report *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hub_report_note(struct hub_report *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* People have been told on stderr; what is here is for programs alone. */
void hub_report_quiet(struct hub_report *self);

/* Free it, and print nothing more. */
void hub_report_drop(struct hub_report *self);

/* Print everything on stdout and free it. Returns `status`, or HUB_EXIT_FULL when stdout cannot be written. */
int hub_report_end(struct hub_report *self, int status);

#endif
