/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Handing memory from one thread to another through something whose own locking the compiler does not see.
 *
 * A socket or a pipe orders what was written before a message was sent and what is read after it came, but it does so in a
 * library: to the language's memory model, and to a race detector, nothing links the two threads. These two calls do, one
 * before sending and one after receiving. */
#ifndef HUB_BASE_HANDOFF_H
#define HUB_BASE_HANDOFF_H

#include <stdatomic.h>

/* Embedded in what both threads know; zeroed is ready. Any number of threads on either side. */
struct hub_handoff {
    atomic_ulong count;
};

/* All that this thread wrote so far is handed over with what it sends next. */
static inline void hub_hand_over(struct hub_handoff *self)
{
    atomic_fetch_add_explicit(&self->count, 1, memory_order_release);
}

/* What came is taken over, with all that was written before it was sent. */
static inline void hub_take_over(struct hub_handoff *self)
{
    (void) atomic_load_explicit(&self->count, memory_order_acquire);
}

#endif
