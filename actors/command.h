/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A command on its way to an entity, and the answer on its way back. Both move: the sender's pointer becomes NULL. */
#ifndef HUB_ACTORS_COMMAND_H
#define HUB_ACTORS_COMMAND_H

#include "actors/kinds.h"
#include "base/arena.h"
#include "base/error.h"
#include "log/append.h"

/* What the caller's company has settled, as far as other entities' decisions go by it. It comes from the door, so a command that
 * a crash left behind has none: all zero is what holds where nothing was said. */
struct hub_settled {
    uint32_t idle_s;       /* sessions end after this long without activity; 0: never */
    uint32_t lost_grace_s; /* an agent who vanished keeps the conversations for so long; 0: HUB_LOST_GRACE_S */
    bool over_capacity;    /* agents may take more by hand than their capacity */
};

enum { HUB_LOST_GRACE_S = 60 };

/* Who asks. All ids none and role 0: the hub itself. */
struct hub_caller {
    struct hub_ulid company;
    struct hub_ulid principal;
    struct hub_ulid credential;
    enum role role;
    bool operator; /* belongs to the company that runs the hub */
    struct hub_settled settled;
};

/* How a client named an entity: by our id, or by its own, of which only the keyed digest travels. A client's own id may look
 * like one of ours, so a name that was read has both, and a port decides: an alias that the log has, an entity of ours that
 * exists, or an id reserved for the one that may come. */
struct hub_name {
    bool given;
    bool is_ours; /* `id` is one of ours; once a port has decided: for good */
    bool known;   /* a port found the entity in the log */
    struct hub_ulid id;
    uint8_t digest[16]; /* hub_keyring_digest(company, "alias:<kind>", text); zero in names that the hub makes itself */
};

/* Where an answer goes: a number that dies with the request. number 0: nobody waits. */
struct hub_ticket {
    uint32_t loop;
    uint64_t number;
};

enum { HUB_COMMAND_MAGIC = 0x436d6421, HUB_ANSWER_MAGIC = 0x416e7321, HUB_EXPECTED_MAX = 8 };

struct hub_command {
    uint32_t magic;
    const struct hub_shape *shape; /* the command's record type */
    void *record;                  /* in the arena */
    struct hub_arena *arena;       /* owns this struct too and everything below */
    struct hub_caller caller;
    uint8_t target;                      /* kind of entity that decides: names[target] says which */
    struct hub_name names[HUB_KINDS];    /* by kind; names of entities that the command refers to */
    bool keyed;                          /* came with an Idempotency-Key */
    uint8_t id[HUB_COMMAND_ID];          /* keyed: digest of (company, principal, key); else all zero */
    uint8_t body[16];                    /* keyed: digest of the body */
    bool expects;                        /* came with If-Match */
    uint64_t expected[HUB_EXPECTED_MAX]; /* the versions it names; 0: none more */
    uint8_t correlation[16];             /* trace id, all zero for none */
    uint64_t cause;                      /* sequence of the causing event, 0 for none */
    bool settles;                        /* does what a pending row asks for */
    struct hub_pending_key settle;       /* that row */
    bool restored;                       /* the row came back with a backup: what it wants to send is held */
    struct hub_ticket ticket;
    bool is_held;             /* waits at a worker for an append before it is passed on */
    uint8_t hops;             /* forwards so far; more than 4 is refused */
    int64_t received_tick_us; /* monotone clock at the door, for the latency breakdown */
    struct hub_command *next; /* for whoever holds it in a list */
};

/* A command with its own arena; the record is zeroed. Never NULL. */
struct hub_command *hub_command_new(const struct hub_shape *shape, size_t arena_bytes);
void hub_command_destroy(struct hub_command **self_p);

/* Fill a name from a client's text: digested, and 26 characters of a ULID may be ours too.
 * Returns false when the company has no index key and the text cannot be one of ours. */
struct hub_keyring;
bool hub_name_read(struct hub_keyring *keys, struct hub_ulid company, uint8_t kind, struct hub_span text,
                   struct hub_name *ret_name);

struct hub_answer {
    uint32_t magic;
    struct hub_ticket ticket;
    int error;                     /* enum hub_error; 0: fine */
    struct hub_fault fault;        /* when error: where and why */
    const struct hub_shape *shape; /* record of the answer, NULL when error */
    void *record;
    struct hub_arena *arena; /* owns this struct and the record */
    struct hub_ulid company;
    struct hub_position position; /* last position the answer depends on */
    uint64_t version;             /* of the entity, for the ETag; 0: none */
    bool wrote;                   /* events were written by this command */
    struct hub_answer *next;
};

/* An answer with its own arena, nothing else filled. Never NULL. Destroying takes NULL. */
struct hub_answer *hub_answer_new(struct hub_ticket ticket, struct hub_ulid company);
void hub_answer_destroy(struct hub_answer **self_p);

/* An answer in the command's own arena, which it takes over: destroying the answer is the end of the command. Never NULL. */
struct hub_answer *hub_answer_to(struct hub_command *command);

/* The same as a refusal; `fault` is copied and may be NULL. */
struct hub_answer *hub_answer_refusing(struct hub_command *command, int error, const struct hub_fault *fault);

/* Make an answer the error that its append came to; 0 leaves it as it is. */
void hub_answer_spoil(struct hub_answer *answer, int error);

#endif
