/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tickets: what an actor gets instead of a pointer to a request.
 *
 * A ticket is a number, of a slot and of the slot's generation. The loop that gave it out finds in the slot who waits; when
 * the request goes away the slot is emptied and its generation counts up, so that a late answer finds nobody and nobody
 * ever follows a pointer into freed memory. One table belongs to one loop: only its thread may call. */
#ifndef HUB_API_TICKETS_H
#define HUB_API_TICKETS_H

#include "actors/command.h"

struct hub_job;
struct hub_expect;

/* What may come to somebody who waits. Each is called with the ticket closed already. */
struct hub_expect_ops {
    void (*on_answer)(struct hub_expect *self, struct hub_answer *answer); /* takes the answer over */
    void (*on_job)(struct hub_expect *self, struct hub_job *job);          /* takes the job over */
    void (*on_late)(struct hub_expect *self);                              /* the ticket's time is over */
};

/* Somebody who waits; embedded in what waits. */
struct hub_expect {
    const struct hub_expect_ops *ops;
    uint64_t ticket; /* 0: waits for nothing */
};

struct hub_tickets;

/* loop: the number that its tickets carry. room: tickets open at once, 1 .. 2^24. Never NULL. */
struct hub_tickets *hub_tickets_new(uint32_t loop, size_t room);

/* Free it; nobody may wait any more. *self_p becomes NULL. Takes NULL. */
void hub_tickets_destroy(struct hub_tickets **self_p);

/* Open a ticket for somebody who waits for nothing yet; its number is kept in expect->ticket.
 *
 * late_tick_us  when it is late; never before that of a ticket opened earlier
 *
 * Returns number 0 when all are open. */
struct hub_ticket hub_tickets_open(struct hub_tickets *self, struct hub_expect *expect, int64_t late_tick_us);

/* Nobody waits any more. Takes somebody who waits for nothing. */
void hub_tickets_close(struct hub_tickets *self, struct hub_expect *expect);

/* Who waits with this number; the ticket is closed. NULL when it is dead. */
struct hub_expect *hub_tickets_take(struct hub_tickets *self, uint64_t number);

/* Close what is late and tell who waited. Returns how many. */
size_t hub_tickets_expire(struct hub_tickets *self, int64_t tick_us);

/* How many are open. */
size_t hub_tickets_count(const struct hub_tickets *self);

#endif
