/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Making proofs from the log, and checking them without it. */
#include "log/proof/proof.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/pack.h"
#include "log/stored.h"

#include "base/def/shapes.h"
#include "log/proof/proof.def"
#include "base/def/heads.h"
#include "log/proof/proof.def"
#include "base/def/none.h"

/* Sign the checkpoint of a size into the arena. */
static int sign(const struct hub_prover *prover, uint64_t size, struct hub_arena *arena, struct hub_span *ret_note)
{
    struct hub_buf note;
    hub_buf_init(&note);
    int result = hub_checkpoint_sign(prover->tree, prover->log, size, prover->key, &note);
    *ret_note = result == 0 ? hub_arena_copy(arena, hub_buf_span(&note)) : hub_span(NULL);
    hub_buf_done(&note);
    return result;
}

static struct hub_span keep_path(const struct hub_merkle_path *path, struct hub_arena *arena)
{
    return hub_arena_copy(arena, hub_span_of(path->hashes, path->count * HUB_DIGEST));
}

/* Put the event with the hash before it into a proof. */
static int add_event(const struct hub_prover *prover, uint64_t position, struct hub_arena *arena,
                     struct log_proof *proof)
{
    struct hub_stored event;
    struct hub_digest previous = hub_chain_start(hub_log_identity(prover->log));
    int result = hub_log_read(prover->log, (struct hub_position){ position }, arena, &event);
    if (result == 0 && position > 1) {
        result = hub_log_hash(prover->log, (struct hub_position){ position - 1 }, &previous);
    }
    if (result != 0) {
        return -1;
    }
    HUB_SET(log_proof, proof, position, position);
    HUB_SET(log_proof, proof, previous, hub_arena_copy(arena, hub_span_of(previous.b, HUB_DIGEST)));
    HUB_SET(log_proof, proof, header, event.header_bytes);
    HUB_SET(log_proof, proof, payload, event.payload);
    return 0;
}

int hub_prove_inclusion(const struct hub_prover *prover, uint64_t position, uint64_t size, struct hub_arena *arena,
                        struct log_proof *ret_proof)
{
    struct hub_merkle_source source = hub_tree_source(prover->tree);
    struct hub_merkle_path path;
    struct hub_span checkpoint;
    struct log_proof proof = { .kind = proof_kind_inclusion };
    if (hub_merkle_include(&source, position - 1, size, &path) != 0 || sign(prover, size, arena, &checkpoint) != 0 ||
        add_event(prover, position, arena, &proof) != 0) {
        return -1;
    }
    HUB_SET(log_proof, &proof, kind, proof_kind_inclusion);
    HUB_SET(log_proof, &proof, checkpoint, checkpoint);
    HUB_SET(log_proof, &proof, path, keep_path(&path, arena));
    *ret_proof = proof;
    return 0;
}

int hub_prove_consistency(const struct hub_prover *prover, uint64_t before, uint64_t size, struct hub_arena *arena,
                          struct log_proof *ret_proof)
{
    struct hub_merkle_source source = hub_tree_source(prover->tree);
    struct hub_merkle_path path;
    struct hub_span shorter, longer;
    struct log_proof proof = { .kind = proof_kind_consistency };
    if (hub_merkle_extend(&source, before, size, &path) != 0 || sign(prover, before, arena, &shorter) != 0 ||
        sign(prover, size, arena, &longer) != 0) {
        return -1;
    }
    HUB_SET(log_proof, &proof, kind, proof_kind_consistency);
    HUB_SET(log_proof, &proof, checkpoint, longer);
    HUB_SET(log_proof, &proof, before, shorter);
    HUB_SET(log_proof, &proof, path, keep_path(&path, arena));
    *ret_proof = proof;
    return 0;
}

/* --- Checking --- */

static bool read_path(struct hub_span bytes, struct hub_merkle_path *ret_path)
{
    if (bytes.len % HUB_DIGEST != 0 || bytes.len / HUB_DIGEST > HUB_MERKLE_PATH) {
        return false;
    }
    ret_path->count = bytes.len / HUB_DIGEST;
    if (bytes.len > 0) {
        memcpy(ret_path->hashes, bytes.at, bytes.len);
    }
    return true;
}

/* The event's chain hash follows from what stands in the proof, and its header says the same position. */
static bool read_event(const struct log_proof *proof, struct hub_arena *arena, struct hub_stored *ret_event)
{
    if (!HUB_HAS(log_proof, proof, position) || !HUB_HAS(log_proof, proof, previous) ||
        !HUB_HAS(log_proof, proof, header) || !HUB_HAS(log_proof, proof, payload) ||
        proof->previous.len != HUB_DIGEST) {
        return false;
    }
    struct hub_digest previous, payload = hub_sha256(proof->payload);
    memcpy(previous.b, proof->previous.at, HUB_DIGEST);
    *ret_event = (struct hub_stored){ .header_bytes = proof->header,
                                      .payload = proof->payload,
                                      .hash = hub_chain_next(&previous, proof->header, &payload) };
    struct event_header *header = &ret_event->header;
    return hub_unpack(&event_header_shape, proof->header, arena, header, NULL) == 0 &&
           header->sequence == proof->position && header->digest.len == HUB_DIGEST &&
           memcmp(header->digest.at, payload.b, HUB_DIGEST) == 0;
}

static int check_inclusion(const struct log_proof *proof, const struct hub_merkle_path *path, struct hub_arena *arena,
                           struct hub_proved *proved, const char **ret_why)
{
    if (!read_event(proof, arena, &proved->event)) {
        *ret_why = "the event in it does not fit its own digest or position";
        return -1;
    }
    const struct hub_merkle_head *head = &proved->checkpoint.head;
    struct hub_digest leaf = hub_merkle_leaf(hub_span_of(proved->event.hash.b, HUB_DIGEST));
    if (!hub_merkle_is_included(&leaf, proof->position - 1, head->size, path, &head->root)) {
        *ret_why = "its path does not lead from the event to the checkpoint";
        return -1;
    }
    return 0;
}

static int check_consistency(const struct log_proof *proof, const struct hub_note_key *key,
                             const struct hub_merkle_path *path, struct hub_proved *proved, const char **ret_why)
{
    if (!HUB_HAS(log_proof, proof, before) || !hub_checkpoint_open(key, proof->before, &proved->before)) {
        *ret_why = "its earlier checkpoint is damaged: it is not what this key signed";
        return -1;
    }
    if (strcmp(proved->before.origin, proved->checkpoint.origin) != 0 ||
        !hub_merkle_is_extended(&proved->before.head, &proved->checkpoint.head, path)) {
        *ret_why = "its path does not lead from the earlier checkpoint to the later one";
        return -1;
    }
    return 0;
}

int hub_proof_check(const struct log_proof *proof, const struct hub_note_key *key, struct hub_arena *arena,
                    struct hub_proved *ret_proved, const char **ret_why)
{
    struct hub_proved proved = { .event = { .payload = { NULL, 0 } } };
    struct hub_merkle_path path;
    if (!hub_checkpoint_open(key, proof->checkpoint, &proved.checkpoint)) {
        *ret_why = "its checkpoint is damaged: it is not what this key signed";
        return -1;
    }
    if (!read_path(proof->path, &path)) {
        *ret_why = "its path is no list of hashes";
        return -1;
    }
    int result = proof->kind == proof_kind_inclusion ? check_inclusion(proof, &path, arena, &proved, ret_why)
                                                     : check_consistency(proof, key, &path, &proved, ret_why);
    if (result == 0) {
        *ret_proved = proved;
    }
    return result;
}
