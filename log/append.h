/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One append: everything one command writes, all of it or nothing. It moves from a worker to the log and back. */
#ifndef HUB_LOG_APPEND_H
#define HUB_LOG_APPEND_H

#include "log/envelope.h"
#include "log/position.h"

enum {
    HUB_EVENT_MAX = 1024 * 1024, /* bytes of one payload */
    HUB_APPEND_EVENTS = 256,     /* events of one append */
    HUB_COMMAND_ID = 16,
};

/* An event that has no position yet. The payload is packed and its personal values are sealed. */
struct hub_new_event {
    uint16_t type;
    uint16_t schema;
    struct hub_ulid subject; /* none: no subject */
    struct hub_ulid session; /* none: concerns no session, or the stream is the session */
    struct hub_span payload;
};

/* A client's own id finds ours: (company, kind, keyed digest) -> entity. */
struct hub_alias {
    uint8_t kind;
    uint8_t digest[16];
    struct hub_ulid entity;
    bool remove;
    bool of_hub; /* found under no company: a name that only one may have over the whole hub, as a login name */
};

/* Something to be done later, exactly once: a row that is deleted by the append which did it. */
enum hub_pending_kind {
    HUB_PENDING_follow = 1, /* a command for another stream, at once */
    HUB_PENDING_timer = 2,  /* a command when its time has come */
    HUB_PENDING_effect = 3, /* for a gateway to the outside world */
    HUB_PENDING_dead = 4,   /* an effect that was given up, for a person to see */
    HUB_PENDING_parked = 5, /* an input that was present at three crashes */
};

struct hub_pending {
    uint8_t kind;          /* enum hub_pending_kind */
    int64_t due_us;        /* not before; 0: at once */
    struct hub_span value; /* packed by actors/, opaque here */
};

/* A pending row's key: kind (1), due (8, big-endian), number of the append (8, big-endian), index within the append (2).
 * The number is the sequence of the append's first event. An append without events takes a running number (hub_loose_after) with
 * the top bit set (HUB_PENDING_LOOSE), so that no key is ever made twice; `pending_number` of the append tells which. Both have
 * from bit HUB_PENDING_RESTORES on how often the log was restored: a restored log gives a position again, but what it does
 * there is something else. */
enum { HUB_PENDING_KEY = 19, HUB_PENDING_RESTORES = 40 };
#define HUB_PENDING_LOOSE (UINT64_C(1) << 63)

struct hub_pending_key {
    uint8_t b[HUB_PENDING_KEY];
};

/* due_us >= 0; number as above. */
struct hub_pending_key hub_pending_key_make(uint8_t kind, int64_t due_us, uint64_t number, uint16_t index);

/* The running number of the next append without events: above the last one, and not below the position that the log has
 * reached, so that nearly always it says behind which event that append was made. */
static inline uint64_t hub_loose_after(uint64_t last, uint64_t position)
{
    return last < position ? position : last + 1;
}

/* The number in it, with all that stands above the sequence or the running number. */
uint64_t hub_pending_key_number(const struct hub_pending_key *key);

/* The sequence alone, or the running number (*ret_loose), whichever incarnation of the log gave it. */
uint64_t hub_pending_key_sequence(const struct hub_pending_key *key, bool *ret_loose);

/* What a command with an id leaves behind, so that a repetition gets the same answer. */
struct hub_command_row {
    uint8_t id[HUB_COMMAND_ID];   /* keyed digest of (company, principal, key) */
    uint8_t body[16];             /* keyed digest of the body */
    int64_t time_us;              /* when it was stored; set by the log */
    struct hub_position position; /* last event of the append; set by the log */
    uint16_t reply_type;          /* record of the answer */
    uint16_t status;              /* HTTP status of the answer */
    struct hub_span reply;        /* the answer, packed, personal values sealed */
};

/* A data key that must be on disk before the first event that uses it. */
struct hub_new_key {
    struct hub_ulid company;
    struct hub_ulid subject;
    struct hub_key key;
};

enum hub_append_result {
    HUB_APPENDED = 1,
    HUB_APPEND_CONFLICT, /* another version, a command id that exists, a settled row that is gone: nothing was written */
    HUB_APPEND_TAKEN,    /* a name that is unique over the whole hub is somebody's already: nothing was written */
    HUB_APPEND_UNKNOWN,  /* nobody knows (a distributed log's time-out): reload */
    HUB_APPEND_FULL,     /* the disk reserve is reached: nothing was written */
};

struct hub_append {
    struct hub_stream stream;
    uint64_t
        expected_version; /* of the stream before this; 0 for a new one. Not looked at without events, unless fenced */
    bool fenced;          /* without events too, the stream must be at expected_version */
    int64_t decided_at_us;
    struct hub_ulid principal;       /* none: the hub itself */
    struct hub_ulid credential;      /* none: none */
    uint8_t command[HUB_COMMAND_ID]; /* id of the causing command, all zero for none */
    uint8_t correlation[16];         /* trace id, all zero for none */
    uint64_t cause;                  /* sequence of the causing event, 0 for none */

    const struct hub_new_event *events;
    const struct hub_alias *aliases;
    const struct hub_pending *pendings;
    const struct hub_pending_key *settles; /* pending rows that this append completes */
    const struct hub_new_key *keys;
    const struct hub_ulid *erases; /* subjects whose keys are destroyed when this is durable, before it is answered */
    uint16_t event_count, alias_count, pending_count, settle_count, key_count, erase_count;
    const struct hub_command_row *command_row; /* NULL: no id came with the command */

    void *owner; /* untouched: lets the owner find its own structure again */

    /* Filled by the log. */
    int result;                /* enum hub_append_result */
    struct hub_position first; /* of its first event; without events the commit position */
    struct hub_position last;
    int64_t time_us;         /* log time of the last event; without events when it was written */
    uint64_t pending_number; /* in the keys of its pending rows; 0 when it has none */
};

/* The seam. A log takes a batch of appends and answers each in `result`; those appended are durable on return. The real
 * one is log/log.h; tests have one in memory that answers conflict or unknown on demand.
 *
 * A log may offer the same in two steps, for two threads: while one batch is put on disk, the next is written. */
struct hub_log_sink {
    /* appends  `count` of them, owned by the caller; events of one append get consecutive positions, appends keep their
     *          order. count 0: nothing to write, the log sees to what it does from time to time (the witness)
     * Returns 0, or < 0: fatal, nothing may be answered and the process must stop (ret_why says why, terminated). */
    int (*write)(void *self, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size);

    /* NULL, or the first step: as write, but nothing may be answered before the next sync has returned; count > 0 */
    int (*put)(void *self, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size);
    /* The second step: all is durable that was put before the call; also what the log does from time to time. Returns 0,
     * or < 0 as write does. */
    int (*sync)(void *self, char *ret_why, size_t why_size);
    void *self;
};

#endif
