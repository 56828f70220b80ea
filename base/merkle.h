/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A Merkle tree over a growing list, as in RFC 9162 (and RFC 6962): roots, proofs, and checking them without the list.
 *
 * Whoever kept the root of a list can be shown that an entry is in it (inclusion), and that a longer list begins with it
 * (consistency): so that entries can neither be altered, taken away nor moved without being noticed.
 * A leaf's hash is SHA-256(0x00 || entry), an inner node's SHA-256(0x01 || left || right). */
#ifndef HUB_BASE_MERKLE_H
#define HUB_BASE_MERKLE_H

#include "base/digest.h"

/* A list of 2^63 entries needs no more. */
enum { HUB_MERKLE_PATH = 64 };

/* Where the hashes of full subtrees come from. */
struct hub_merkle_source {
    /* The node over the entries [index << level, (index + 1) << level); level 0: a leaf. Asked only for such as lie
     * within the list's size. Returns 0, or < 0, which is passed on. */
    int (*node)(void *arg, unsigned level, uint64_t index, struct hub_digest *ret_hash);
    void *arg;
};

struct hub_merkle_path {
    size_t count;
    struct hub_digest hashes[HUB_MERKLE_PATH];
};

/* The hash of an entry. Any thread. */
struct hub_digest hub_merkle_leaf(struct hub_span entry);
/* The hash of an inner node. Any thread. */
struct hub_digest hub_merkle_parent(const struct hub_digest *left, const struct hub_digest *right);

/* The root over the first `size` entries; of none: SHA-256 of nothing. Returns 0 or what the source returned. */
int hub_merkle_root(const struct hub_merkle_source *source, uint64_t size, struct hub_digest *ret_root);

/* Prove that entry `index` (from 0) is among the first `size`; index < size. Returns 0 or what the source returned. */
int hub_merkle_include(const struct hub_merkle_source *source, uint64_t index, uint64_t size,
                       struct hub_merkle_path *ret_path);

/* Prove that the first `size` entries begin with the first `before`; before <= size. The path is empty when before is 0 or
 * size. Returns 0 or what the source returned. */
int hub_merkle_extend(const struct hub_merkle_source *source, uint64_t before, uint64_t size,
                      struct hub_merkle_path *ret_path);

/* Whether the path proves that `leaf` is entry `index` of the `size` entries with this root. False for any numbers and
 * paths that do not fit. Pure; any thread. RFC 9162 §2.1.3.2. */
bool hub_merkle_is_included(const struct hub_digest *leaf, uint64_t index, uint64_t size,
                            const struct hub_merkle_path *path, const struct hub_digest *root);

/* A size and the root at that size. */
struct hub_merkle_head {
    uint64_t size;
    struct hub_digest root;
};

/* Whether the path proves that the list of `after` begins with the list of `before`. Pure; any thread. RFC 9162 §2.1.4.2. */
bool hub_merkle_is_extended(const struct hub_merkle_head *before, const struct hub_merkle_head *after,
                            const struct hub_merkle_path *path);

/* The root of a list that is read from its first entry to its last. Zeroed is empty. */
struct hub_merkle_fold {
    uint64_t count;
    struct hub_digest full[HUB_MERKLE_PATH]; /* of each full subtree at the right edge, by its level */
};

/* Add the next entry. */
void hub_merkle_fold_add(struct hub_merkle_fold *self, const struct hub_digest *leaf);
/* Of what was added so far. */
struct hub_digest hub_merkle_fold_root(const struct hub_merkle_fold *self);

#endif
