/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where an export goes: an SQLite database, or a file of text. Each knows how far it came, so that a second run goes on.
 *
 * Two threads share the work: one reads the log and renders events into batches (export_feed.h), the other writes them. */
#ifndef HUB_TOOLS_EXPORT_EXPORTING_H
#define HUB_TOOLS_EXPORT_EXPORTING_H

#include "tools/datadir.h"
#include "tools/replay/event_print.h"
#include "tools/tool.h"

/* Some events in a row, ready to be written. */
struct hub_export_batch {
    struct hub_buf rows;     /* in the kind's own form */
    struct hub_arena *arena; /* owned; what the rows point to */
    struct hub_buf scratch;  /* of whoever renders */
    uint64_t last;           /* sequence of the last event */
};

enum { HUB_EXPORT_WHY = 512 };

struct hub_export {
    const struct hub_export_kind *kind;
    const struct hub_datadir *reader;
    const char *path;         /* its name when it is whole */
    const char *file;         /* what is written to: `path`, or before a first run is through another name */
    bool is_new;              /* `file` is not `path` */
    int fd;                   /* of `file`, locked: one run at a time */
    uint64_t position;        /* events in it, durably */
    enum hub_exit status;     /* when something failed, what the command ends with, */
    char why[HUB_EXPORT_WHY]; /* and a sentence */
    void *self;               /* the kind's own */
};

/* What can fail returns 0, or < 0 with `status` and `why` filled. */
struct hub_export_kind {
    const char *name;
    const char *in_dir; /* what the file is called where only a directory is named */
    /* Open `file`, which is there, maybe empty; position says how far it is. What a crash left half-written is gone then. */
    int (*open)(struct hub_export *to);
    /* Append an event to a batch. The reading thread: touches nothing that the others write. */
    void (*render)(const struct hub_export *to, const struct hub_stored *stored, struct hub_export_batch *batch);
    int (*write)(struct hub_export *to, const struct hub_export_batch *batch);
    /* Make everything up to an event durable, and remember that. */
    int (*commit)(struct hub_export *to, uint64_t sequence);
    /* Forget what was not committed, and close. Takes one that did not open. */
    void (*close)(struct hub_export *to);
};

extern const struct hub_export_kind hub_export_sqlite, hub_export_csv, hub_export_json;

/* Fill in `status` and `why`. Returns -1. */
int hub_export_fail(struct hub_export *to, enum hub_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* There is something else under the name. Returns -1. */
int hub_export_refuse(struct hub_export *to);

#endif
