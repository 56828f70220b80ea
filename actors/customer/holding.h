/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is held about a customer, counted from the log: for who asks before an erasure, and for the erasure itself. */
#ifndef HUB_ACTORS_CUSTOMER_HOLDING_H
#define HUB_ACTORS_CUSTOMER_HOLDING_H

#include "actors/customer/customer.h"
#include "log/keyring/keyring.h"
#include "log/log.h"
#include "log/proof/proof.h"

/* Where the log is read, and whom it is about. */
struct hub_holding_of {
    struct hub_log *log;
    struct hub_keyring *keys;
    struct hub_ulid company, customer;
};

struct hub_holding {
    struct customer_held *held;
    struct erased_name *names; /* index rows that find the customer and its sessions now */
    uint32_t name_count;
    uint64_t version;     /* of the customer's stream, when this was counted */
    uint64_t erased_from; /* position of the event that erased it, 0: it was not */
};

/* Count. It reads every event about the customer, so it is nothing for a loop or a worker. All is in the arena.
 * Returns 0, HUB_ERROR_not_found: there is no such customer, or < 0 when the log cannot be read. Any thread. */
int hub_holding_count(const struct hub_holding_of *of, struct hub_arena *arena, struct hub_holding *ret_holding);

/* Put what was counted into the internal fields of an erasure. */
void hub_holding_into(const struct hub_holding *holding, struct erase_customer *command);

/* What the log says of an erasure, with the proof that it does.
 *
 * at  position of the event
 *
 * Returns 0, or < 0 when the log cannot be read. */
int hub_erasure_certify(const struct hub_prover *prover, uint64_t at, struct hub_arena *arena,
                        struct erasure_certificate *ret_certificate);

/* Check a certificate with nothing but the verifier key: its proof, and that each member is as in the proof's event.
 *
 * ret_proved  what the proof showed
 * ret_why     a clause that says what is wrong; static
 *
 * Returns 0, or < 0 for one that shows nothing. */
int hub_erasure_check(const struct erasure_certificate *certificate, const struct hub_note_key *key,
                      struct hub_arena *arena, struct hub_proved *ret_proved, const char **ret_why);

/* Destroy the keys of everybody whom the log says to be erased: what a crash left undone, and what an older copy of the keys
 * brought back. At the start, before anything is served. Returns 0, or < 0 with a sentence. */
int hub_erasures_complete(struct hub_log *log, struct hub_keyring *keys, char *ret_why, size_t why_size);

#endif
