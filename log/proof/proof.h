/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Proofs that somebody without the log can check: that an event is in it, and that it grew from what it was. */
#ifndef HUB_LOG_PROOF_PROOF_H
#define HUB_LOG_PROOF_PROOF_H

#include "log/proof/checkpoint.h"

#include "base/def/structs.h"
#include "log/proof/proof.def"
#include "base/def/indexes.h"
#include "log/proof/proof.def"
#include "base/def/none.h"

/* What proofs are made from. */
struct hub_prover {
    struct hub_log *log;
    struct hub_tree *tree;
    const struct hub_note_key *key; /* can sign */
};

/* Prove that the event of `position` is among the first `size`; 1 <= position <= size <= the commit position.
 * The record's spans are in the arena. Returns 0, or < 0 when the log cannot be read. */
int hub_prove_inclusion(const struct hub_prover *prover, uint64_t position, uint64_t size, struct hub_arena *arena,
                        struct log_proof *ret_proof);

/* Prove that the log of `size` events begins with that of `before`; before <= size <= the commit position. */
int hub_prove_consistency(const struct hub_prover *prover, uint64_t before, uint64_t size, struct hub_arena *arena,
                          struct log_proof *ret_proof);

/* What a proof showed. */
struct hub_proved {
    struct hub_checkpoint checkpoint, before; /* before: of consistency */
    struct hub_stored event;                  /* of inclusion: decoded header and payload, spans of the proof */
};

/* Check a proof with nothing but the verifier key.
 *
 * ret_why  a clause that says what is wrong; static
 *
 * Returns 0, or < 0 for a proof that shows nothing, also when another key signed it (hub_checkpoint_is_foreign). Any
 * thread. */
int hub_proof_check(const struct log_proof *proof, const struct hub_note_key *key, struct hub_arena *arena,
                    struct hub_proved *ret_proved, const char **ret_why);

#endif
