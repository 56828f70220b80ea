/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tree is never built: a root or a path is put together from full subtrees, of which a list of n entries has at most
 * one for each bit of n. The right edge, where subtrees are not full yet, is computed on the way. */
#include "base/merkle.h"

#include <assert.h>

struct hub_digest hub_merkle_leaf(struct hub_span entry)
{
    struct hub_span parts[] = { hub_span_of("\x00", 1), entry };
    return hub_sha256_of(parts, 2);
}

struct hub_digest hub_merkle_parent(const struct hub_digest *left, const struct hub_digest *right)
{
    struct hub_span parts[] = { hub_span_of("\x01", 1), hub_span_of(left->b, HUB_DIGEST),
                                hub_span_of(right->b, HUB_DIGEST) };
    return hub_sha256_of(parts, 3);
}

/* The largest power of two below n, as its exponent; n > 1. */
static unsigned split_level(uint64_t n)
{
    return 63 - (unsigned) __builtin_clzll(n - 1);
}

static void add(struct hub_merkle_path *path, const struct hub_digest *hash)
{
    assert(path->count < HUB_MERKLE_PATH);
    path->hashes[path->count++] = *hash;
}

/* The hash over [from, from + count), where `from` is a multiple of the power of two that `count` fits into; count > 0. The
 * full subtrees are joined from the right, smallest first. */
static int hash_of(const struct hub_merkle_source *source, uint64_t from, uint64_t count, struct hub_digest *ret_hash)
{
    struct hub_digest hash = { { 0 } };
    bool has = false;
    for (uint64_t rest = count; rest != 0; rest &= rest - 1) {
        unsigned level = (unsigned) __builtin_ctzll(rest);
        uint64_t start = from + (rest & (rest - 1));
        struct hub_digest left;
        int failed = source->node(source->arg, level, start >> level, &left);
        if (failed != 0) {
            return failed;
        }
        hash = has ? hub_merkle_parent(&left, &hash) : left;
        has = true;
    }
    *ret_hash = hash;
    return 0;
}

int hub_merkle_root(const struct hub_merkle_source *source, uint64_t size, struct hub_digest *ret_root)
{
    if (size == 0) {
        *ret_root = hub_sha256(hub_span_of("", 0));
        return 0;
    }
    return hash_of(source, 0, size, ret_root);
}

/* Paths are found from the root down and read from the leaf up. */
static void turn(struct hub_merkle_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        struct hub_digest hash = path->hashes[i];
        path->hashes[i] = path->hashes[path->count - 1 - i];
        path->hashes[path->count - 1 - i] = hash;
    }
}

int hub_merkle_include(const struct hub_merkle_source *source, uint64_t index, uint64_t size,
                       struct hub_merkle_path *ret_path)
{
    assert(index < size);
    struct hub_merkle_path path = { .count = 0 };
    uint64_t from = 0, count = size;
    while (count > 1) {
        uint64_t left = UINT64_C(1) << split_level(count);
        bool goes_left = index - from < left;
        struct hub_digest other;
        int failed = goes_left ? hash_of(source, from + left, count - left, &other)
                               : hash_of(source, from, left, &other);
        if (failed != 0) {
            return failed;
        }
        add(&path, &other);
        from += goes_left ? 0 : left;
        count = goes_left ? left : count - left;
    }
    turn(&path);
    *ret_path = path;
    return 0;
}

int hub_merkle_extend(const struct hub_merkle_source *source, uint64_t before, uint64_t size,
                      struct hub_merkle_path *ret_path)
{
    assert(before <= size);
    struct hub_merkle_path path = { .count = 0 };
    uint64_t from = 0, count = size, old = before; /* of the subtree under way: `old` of its `count` entries are old */
    bool is_root = true;                           /* the old list is a whole subtree, whose hash the checker has */
    while (old != 0 && old < count) {
        uint64_t left = UINT64_C(1) << split_level(count);
        bool goes_left = old <= left;
        struct hub_digest other;
        int failed = goes_left ? hash_of(source, from + left, count - left, &other)
                               : hash_of(source, from, left, &other);
        if (failed != 0) {
            return failed;
        }
        add(&path, &other);
        is_root = is_root && goes_left;
        from += goes_left ? 0 : left;
        old -= goes_left ? 0 : left;
        count = goes_left ? left : count - left;
    }
    if (old != 0 && !is_root) {
        struct hub_digest here;
        int failed = hash_of(source, from, count, &here);
        if (failed != 0) {
            return failed;
        }
        add(&path, &here);
    }
    turn(&path);
    *ret_path = path;
    return 0;
}

bool hub_merkle_is_included(const struct hub_digest *leaf, uint64_t index, uint64_t size,
                            const struct hub_merkle_path *path, const struct hub_digest *root)
{
    if (index >= size || path->count > HUB_MERKLE_PATH) {
        return false;
    }
    uint64_t at = index, last = size - 1;
    struct hub_digest hash = *leaf;
    for (size_t i = 0; i < path->count; i++) {
        if (last == 0) {
            return false;
        }
        if ((at & 1) == 1 || at == last) {
            hash = hub_merkle_parent(&path->hashes[i], &hash);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hub_merkle_parent(&hash, &path->hashes[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && hub_digest_is(&hash, root);
}

bool hub_merkle_is_extended(const struct hub_merkle_head *before, const struct hub_merkle_head *after,
                            const struct hub_merkle_path *path)
{
    if (before->size == 0 || before->size == after->size) {
        return path->count == 0 && (before->size == 0 || hub_digest_is(&before->root, &after->root));
    }
    bool is_whole = (before->size & (before->size - 1)) == 0; /* the old root is a node of the new tree */
    if (before->size > after->size || path->count > HUB_MERKLE_PATH || (path->count == 0 && !is_whole)) {
        return false;
    }
    uint64_t at = before->size - 1, last = after->size - 1;
    while ((at & 1) == 1) {
        at >>= 1;
        last >>= 1;
    }
    size_t next = is_whole ? 0 : 1;
    struct hub_digest old = is_whole ? before->root : path->hashes[0], new = old;
    for (; next < path->count; next++) {
        if (last == 0) {
            return false;
        }
        const struct hub_digest *other = &path->hashes[next];
        if ((at & 1) == 1 || at == last) {
            old = hub_merkle_parent(other, &old);
            new = hub_merkle_parent(other, &new);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new = hub_merkle_parent(&new, other);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && hub_digest_is(&old, &before->root) && hub_digest_is(&new, &after->root);
}

void hub_merkle_fold_add(struct hub_merkle_fold *self, const struct hub_digest *leaf)
{
    struct hub_digest hash = *leaf;
    unsigned level = 0;
    for (uint64_t rest = self->count; (rest & 1) == 1; rest >>= 1) {
        hash = hub_merkle_parent(&self->full[level++], &hash);
    }
    self->full[level] = hash;
    self->count++;
}

struct hub_digest hub_merkle_fold_root(const struct hub_merkle_fold *self)
{
    if (self->count == 0) {
        return hub_sha256(hub_span_of("", 0));
    }
    uint64_t rest = self->count;
    struct hub_digest hash = self->full[__builtin_ctzll(rest)];
    for (rest &= rest - 1; rest != 0; rest &= rest - 1) {
        hash = hub_merkle_parent(&self->full[__builtin_ctzll(rest)], &hash);
    }
    return hash;
}
