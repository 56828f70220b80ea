/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The actor runtime: workers that host virtual actors, between the doors and the log. */
#ifndef HUB_ACTORS_RUNTIME_H
#define HUB_ACTORS_RUNTIME_H

#include "actors/kind.h"
#include "base/buf.h"
#include "base/world.h"
#include "log/log.h"

struct hub_runtime;
struct hub_port;

/* A snapshot of an entity, from the views; absent is always right. */
struct hub_snapshots {
    /* Find the newest snapshot of a stream: its packed state, the stream version it stands for and the log position.
     * Returns 0, or HUB_ERROR_not_found. Thread-safe. */
    int (*find)(void *self, const struct hub_stream *stream, struct hub_buf *ret_state, uint64_t *ret_version,
                struct hub_position *ret_at);
    void *self;
};

/* An effect on its way to a gateway. It moves; destroy the arena when done. */
struct hub_effect {
    struct hub_pending_key id;  /* its identity, the same at every attempt: the provider's idempotency key */
    struct hub_pending_key key; /* of this attempt: what its result settles */
    struct hub_ulid company;
    struct hub_stream from; /* whose effect it is, and who gets the result */
    struct hub_ulid subject;
    uint32_t attempt;
    bool is_erased; /* the key of its subject is gone: it is not delivered but reported as failed, HUB_FAILURE_ERASED */
    const struct hub_shape *shape;
    void *record; /* sealed values as boxes */
    struct hub_arena *arena;
};

struct hub_runtime_options {
    const struct hub_world *world;
    struct hub_log *log;      /* reading: activation, aliases, command rows, pending rows */
    struct hub_log_sink sink; /* writing; usually hub_log_sink(log) */
    struct hub_keyring *keys;
    const char *data_dir; /* where inputs that were present at a crash are remembered; NULL: nowhere */
    struct hub_snapshots snapshots;
    unsigned workers;       /* 0: one per core but one, at least one */
    size_t mailbox;         /* commands under way per worker before the door says 503; 0: 8192 */
    size_t active_entities; /* per runtime; beyond it the least recently used are passivated; 0: 100,000 */
    size_t active_bytes;    /* that they take in memory, per runtime; beyond it the same; 0: 64 MiB */
    int64_t idle_us;        /* passivate after this long without a command; 0: 5 minutes */
    int64_t stall_us;       /* what a crash left is given up when nothing of it moved for so long; 0: 10 seconds */

    /* Called on a worker's thread with answers whose positions are durable. Takes them over (a list by `next`). Must not block. */
    void (*on_answers)(void *arg, struct hub_answer *answers);
    /* Called on the pump's thread with one effect; takes it over. Returns false when no gateway has room: offered again later. */
    bool (*on_effect)(void *arg, struct hub_effect *effect);
    /* Called on the log actor's thread when the commit position moved. Must not block. */
    void (*on_commit)(void *arg, struct hub_position at);
    /* Called about once a second by hub_runtime_start while it finishes what a crash left, with how many follow-ups it has sent so
     * far. Returns false to give it up. NULL: nobody looks. */
    bool (*on_recovery)(void *arg, uint64_t sent);
    void *arg;
};

/* Start workers, log actor and pump. Follow-ups left by a crash are finished before this returns, a mailbox full at a time; that may
 * take as long as it moves. Returns 0, or < 0 with a sentence in ret_why. */
int hub_runtime_start(const struct hub_runtime_options *options, struct hub_runtime **ret_runtime, char *ret_why,
                      size_t why_size);

/* Finish what waits, answer it, stop. *self_p becomes NULL. Ports must be gone. */
void hub_runtime_stop(struct hub_runtime **self_p);

/* A thread's own door into the runtime; made, used and destroyed on that thread. */
struct hub_port *hub_port_new(struct hub_runtime *runtime);

/* Close it; *self_p becomes NULL. Takes NULL. */
void hub_port_destroy(struct hub_port **self_p);

/* Send a command. Returns 0 and takes it over (*command_p becomes NULL), or HUB_ERROR_overloaded and leaves it: the mailbox
 * of that worker is full. Never blocks. An answer comes for every command with a ticket that was taken. */
int hub_port_send(struct hub_port *port, struct hub_command **command_p);

/* Find what a client's name means, or reserve an id for it, as sending a command does; for a command that names many
 * entities of a kind. Returns 0, or HUB_ERROR_overloaded when the log cannot be read. The port's thread. */
struct hub_name;
int hub_port_resolve(struct hub_port *port, struct hub_ulid company, uint8_t kind, struct hub_name *name);

/* From now on commands sent through this port wait for hub_port_flush, so that a loop which takes in many requests at once
 * wakes a worker once. The owner flushes at the end of each of its rounds. */
void hub_port_gather(struct hub_port *port);

/* Send what was gathered. Nothing to do is fine. */
void hub_port_flush(struct hub_port *port);

/* Inputs that were set aside after three crashes (actors/crash.h), and letting one run again; 256 at most are remembered. Any thread. */
struct hub_parked_input;
size_t hub_runtime_parked(const struct hub_runtime *self, struct hub_parked_input *ret_inputs, size_t room);
void hub_runtime_release(struct hub_runtime *self, uint64_t fingerprint);

struct hub_runtime_stats {
    uint64_t commands, refusals, events, activations, passivations, conflicts, overloads, forwards, timers, effects;
    uint64_t active_entities, active_bytes, waiting, pending_effects, dead, parked;
    /* Where a command's time goes, microseconds summed over `timed` commands: queue, decide, log wait (with fsync). */
    uint64_t timed, queue_us, decide_us, log_us;
};
/* What all workers and the pump counted so far; each figure is exact, but they are not read at one moment. Any thread. */
void hub_runtime_stats(const struct hub_runtime *self, struct hub_runtime_stats *ret_stats);

#endif
