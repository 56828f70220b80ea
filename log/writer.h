/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log actor: one zactor that drains appends, writes them as one synced batch and hands them back. */
#ifndef HUB_LOG_WRITER_H
#define HUB_LOG_WRITER_H

#include "log/append.h"

struct hub_writer;

struct hub_writer_options {
    struct hub_log_sink sink;
    /* Called when appends are durable, with those of a batch or more in order, always on the same thread; each owner takes
     * its own back. Must not block: it posts to mailboxes. */
    void (*on_written)(void *arg, struct hub_append *const *appends, size_t count);
    void *arg;
    size_t batch_bytes;  /* 0: 1 MiB */
    size_t batch_events; /* 0: 4096 */
};

/* Start the actor. Never NULL. On a fatal write error it prints one sentence to stderr and ends the process (status 70)
 * without answering anything. */
struct hub_writer *hub_writer_new(const struct hub_writer_options *options);

/* Finish what waits, then stop. *self_p becomes NULL. */
void hub_writer_destroy(struct hub_writer **self_p);

/* A worker's own end, made and used on that worker's thread. */
struct hub_writer_port;
struct hub_writer_port *hub_writer_port_new(struct hub_writer *self);
void hub_writer_port_destroy(struct hub_writer_port **self_p);

/* Send appends (the pointers are copied; the appends move to the log until on_written). Never blocks and never fails:
 * what is under way is bounded by the workers. */
void hub_writer_send(struct hub_writer_port *port, struct hub_append *const *appends, size_t count);

#endif
