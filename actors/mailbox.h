/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The workers' mailboxes: what lies in one, how it is bounded, and the ports that threads send through. */
#ifndef HUB_ACTORS_MAILBOX_H
#define HUB_ACTORS_MAILBOX_H

#include <stdatomic.h>

#include "actors/names.h"
#include "actors/runtime.h"
#include "base/inbox.h"

enum hub_mail_kind {
    HUB_MAIL_command = 1, /* struct hub_command, a list */
    HUB_MAIL_written,     /* struct hub_outcome, a list */
    HUB_MAIL_wake,        /* nothing: look again */
};

/* One piece of mail; the pointer moves. */
struct hub_mail {
    void *at;
    uint64_t kind; /* enum hub_mail_kind */
};

/* What all threads share about the mailboxes. */
struct hub_mailboxes {
    struct hub_log *log;
    struct hub_names *names;
    unsigned workers;
    size_t room;            /* commands under way per worker */
    atomic_size_t *waiting; /* per worker: commands sent and not yet finished there */
    atomic_size_t all;      /* the same of all workers, so that one look tells whether nothing is under way */
    atomic_ulong overloads;
    struct hub_inbox **inboxes; /* of struct hub_mail: one per worker, then the pump's */
};

struct hub_port;

/* Make inboxes and counters for `workers`. */
void hub_mailboxes_open(struct hub_mailboxes *self);

/* Free them; no thread may use them any more. */
void hub_mailboxes_close(struct hub_mailboxes *self);

/* A thread's way to every worker. Made, used and destroyed on that thread. Never NULL. */
struct hub_port *hub_mailbox_port_new(struct hub_mailboxes *boxes);

/* Which worker owns a stream. */
unsigned hub_mailbox_of(const struct hub_mailboxes *boxes, struct hub_ulid entity);

/* Send mail without a bound: for what is bounded already (follow-ups, forwards, written appends). */
void hub_port_post(struct hub_port *port, unsigned index, struct hub_mail mail);

/* Send a command whose names are resolved already, without a bound. Takes it over. */
void hub_port_pass(struct hub_port *port, struct hub_command *command);

#endif
