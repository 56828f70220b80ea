/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The thread that puts on disk what the log actor wrote, and hands it back; while it waits for the disk, the actor goes on. */
#ifndef HUB_LOG_SYNCER_H
#define HUB_LOG_SYNCER_H

#include "log/writer.h"

struct hub_syncer;

/* Start the thread, for a sink that has `sync`. `options` are borrowed and outlive it. Never NULL. On a fatal error it
 * ends the process as the writer does. */
struct hub_syncer *hub_syncer_new(const struct hub_writer_options *options);

/* Appends that were put: they go to on_written, in order, when they are durable. The pointers are copied. Never blocks. One
 * thread. */
void hub_syncer_give(struct hub_syncer *self, struct hub_append *const *appends, size_t count);

/* Finish what was given, then stop. *self_p becomes NULL. Takes NULL. */
void hub_syncer_destroy(struct hub_syncer **self_p);

#endif
