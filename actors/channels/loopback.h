/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The loopback gateway: delivers every message to nowhere and reports that it arrived. For the demonstration, for tests,
 * and for trying the hub without a provider. One zactor with a bounded queue. */
#ifndef HUB_ACTORS_CHANNELS_LOOPBACK_H
#define HUB_ACTORS_CHANNELS_LOOPBACK_H

#include "actors/runtime.h"

struct hub_loopback;

enum { HUB_LOOPBACK_KEPT = 1000 }; /* deliveries that are remembered */

/* The way back into the runtime; a port of it, or a test's. All three are called on the gateway's thread. */
struct hub_loopback_door {
    void *(*open)(void *arg);
    int (*send)(void *door, struct hub_command **command_p); /* as hub_port_send */
    void (*close)(void *door);
    void *arg;
};

/* One delivery; the words are not kept. */
struct hub_delivery {
    struct hub_pending_key key;
    struct hub_ulid company, session;
    uint32_t index;
    uint16_t channel;
    uint32_t attempt;
    uint32_t box_bytes; /* of the sealed words */
    uint32_t times;     /* that the effect was offered; it was delivered once */
};

struct hub_loopback_stats {
    uint64_t taken; /* effects that came */
    uint64_t delivered;
    uint64_t repeated;    /* came again after they were delivered, or are of no kind that is delivered */
    uint64_t failed;      /* as hub_loopback_fail_next asked */
    uint64_t turned_away; /* for lack of room */
    uint64_t reported;    /* commands that went back */
};

/* A gateway that does not run yet. room: effects that wait at most; 0: 1024. Never NULL. */
struct hub_loopback *hub_loopback_new(size_t room);

/* What a test wants of it. */
struct hub_loopback_rehearsal {
    unsigned fail_percent; /* of the attempts, chosen by effect and attempt: the same ones every time */
    bool gives_up;         /* reports a failure as the last attempt's: what fails is a dead letter at once */
    const char *record; /* file that gets a line for every delivery, and of which it remembers the deliveries before a
                            * restart, as a provider would; NULL: none */
};

/* Behave like that; before it runs. Returns 0, or < 0 when the file cannot be read and written. */
int hub_loopback_rehearse(struct hub_loopback *self, const struct hub_loopback_rehearsal *rehearsal);

/* Run: from now on effects are delivered and reported on. door: where to; copied. For a runtime's, see
 * hub_loopback_runtime_door. Returns 0, or < 0 when there is no thread or descriptor for it. */
int hub_loopback_start(struct hub_loopback *self, const struct hub_loopback_door *door);

/* A door that is a port of a runtime, which must outlive the gateway's run. */
struct hub_loopback_door hub_loopback_runtime_door(struct hub_runtime *runtime);

/* Stop: the thread and its door are gone, what waits is dropped (its rows stay pending in the log), and nothing more is
 * taken. Takes one that never ran. */
void hub_loopback_stop(struct hub_loopback *self);

/* Stop and free; *self_p becomes NULL. Takes NULL. */
void hub_loopback_destroy(struct hub_loopback **self_p);

/* on_effect of the runtime: takes the effect over. Returns false when the queue is full or the gateway stopped; the effect
 * stays the caller's then. arg: the hub_loopback. Any thread, never blocks. */
bool hub_loopback_take(void *arg, struct hub_effect *effect);

/* Let the next n attempts fail instead of delivering. Any thread. */
void hub_loopback_fail_next(struct hub_loopback *self, unsigned n);

/* The newest delivery of a message among those that are remembered. Returns false when there is none. Any thread. */
bool hub_loopback_find(struct hub_loopback *self, struct hub_ulid session, uint32_t index,
                       struct hub_delivery *ret_delivery);

/* What happened so far. Any thread. */
void hub_loopback_stats(struct hub_loopback *self, struct hub_loopback_stats *ret_stats);

#endif
