/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where an export goes: an SQLite database, or a file of text. Each knows how far it came, so that a second run goes on. */
#ifndef HUB_TOOLS_EXPORT_EXPORTING_H
#define HUB_TOOLS_EXPORT_EXPORTING_H

#include "tools/datadir.h"
#include "tools/replay/event_print.h"
#include "tools/tool.h"

/* An event with its payload decoded, personal values opened where there is a key. */
struct hub_exported {
    const struct hub_datadir *reader;
    const struct hub_stored *stored;
    const struct hub_shape *shape; /* NULL: a type that this program does not know */
    void *record;
    struct hub_arena *arena; /* scratch of this event */
};

enum { HUB_EXPORT_WHY = 256 };

struct hub_export {
    const struct hub_export_kind *kind;
    const struct hub_datadir *reader;
    const char *path;
    uint64_t position;        /* events in it, durably */
    char why[HUB_EXPORT_WHY]; /* a sentence, when something failed, */
    enum hub_exit status;     /* and how the command ends then */
    void *self;               /* the kind's own */
};

/* Each returns 0, or < 0 with `why` filled. */
struct hub_export_kind {
    const char *name;
    /* Open or create; position says how far it is. What a crash left half-written behind that is gone then. */
    int (*open)(struct hub_export *to);
    int (*add)(struct hub_export *to, const struct hub_exported *event);
    /* Make everything up to an event durable, and remember that. */
    int (*commit)(struct hub_export *to, uint64_t sequence);
    /* Forget what was not committed, and close. Takes one that did not open. */
    void (*close)(struct hub_export *to);
};

/* By name: sqlite, csv, json. NULL: none. */
const struct hub_export_kind *hub_export_kind_find(const char *name);

extern const struct hub_export_kind hub_export_sqlite, hub_export_csv, hub_export_json;

/* Fill in `status` and `why`. Returns -1. */
int hub_export_fail(struct hub_export *to, enum hub_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Print the tables of SQLite exports as a page of documentation. */
void hub_export_describe(struct hub_buf *out);

#endif
