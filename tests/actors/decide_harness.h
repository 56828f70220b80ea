/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A pure world for the kinds of actors: entities, decide, apply, and nothing else. Follow-ups and forwards run at once,
 * timers and effects are kept for the test, every event is packed and kept so that it can be folded again. */
#ifndef HUB_TESTS_ACTORS_DECIDE_HARNESS_H
#define HUB_TESTS_ACTORS_DECIDE_HARNESS_H

#include "actors/agent/agent.h"
#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "actors/kind.h"
#include "actors/session/session.h"
#include "base/world.h"

struct harness;

enum { HARNESS_START_S = 1700000000 }; /* seconds since the epoch at the beginning */

/* What a test sends. Text: our id, or any other name. */
struct harness_call {
    uint8_t target; /* kind */
    const struct hub_shape *shape;
    const void *record;                               /* borrowed */
    const char *customer, *session, *user, *campaign; /* names; NULL: not named */
    struct hub_ulid agent;                            /* named; none: not named */
    struct hub_ulid entity;                           /* of the target, when it is not named */
    const char *key;                                  /* idempotency key, at most 16 characters; NULL: none */
    bool settles;
    enum role role;             /* 0: the hub itself */
    bool is_person;             /* with a login, not a key */
    struct hub_ulid principal;  /* who asks; none: somebody */
    struct hub_settled settled; /* what the company has settled */
};

/* What came of it. Everything is borrowed from the harness until the next call. */
struct harness_result {
    int error;
    struct hub_fault fault;
    const struct hub_shape *shape; /* of the answer, NULL: none */
    void *answer;
    size_t events; /* written by the call and all that followed */
    bool dead_letter, retries;
    int64_t retry_due_us;
    uint32_t retry_attempt;
};

struct harness_later {
    uint8_t pending; /* timer or effect */
    uint8_t kind;
    int64_t due_us;
    uint32_t attempt;
    struct hub_ulid entity;
    const struct hub_shape *shape;
    void *record;
};

struct harness *harness_new(uint64_t seed);
void harness_destroy(struct harness **self_p);

/* The clock. */
int64_t harness_now(const struct harness *self);
void harness_advance(struct harness *self, int64_t seconds);

/* Decide, write, apply, follow up. */
const struct harness_result *harness_do(struct harness *self, const struct harness_call *call);

/* The state of an entity, by id or by name; NULL when it has no event. */
const void *harness_state(const struct harness *self, uint8_t kind, struct hub_ulid entity);
struct hub_ulid harness_find(const struct harness *self, uint8_t kind, const char *name);

/* The version of an entity, 0 when it has no event. */
uint64_t harness_version(const struct harness *self, uint8_t kind, struct hub_ulid entity);

/* Timers and effects so far, in order; they stay. */
const struct harness_later *harness_laters(const struct harness *self, size_t *ret_count);

/* The newest event of a stream, decoded; NULL when it is of another shape. */
const void *harness_last_event(struct harness *self, uint8_t kind, struct hub_ulid entity,
                               const struct hub_shape *shape);

/* The text of a sealed value, from its clear part or its box; "" when neither can be read. Good until the next call. */
const char *harness_text(struct harness *self, const hub_sealed *value);

/* Fold everything again, from packed events, and through copies and snapshots at every event when `thorough`; fail the
 * test when any state's hash differs. */
void harness_check(struct harness *self, bool thorough);

/* Fold an entity's events with room for nothing but them; returns the bytes its arena handed out, and the state's struct. */
size_t harness_folded_bytes(struct harness *self, uint8_t kind, struct hub_ulid entity);

/* A span and a sealed value of a literal or terminated text. */
hub_sealed harness_sealed(const char *text);

#endif
