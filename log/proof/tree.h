/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The Merkle tree over the log: entry i is the chain hash of position i + 1. DATA/tree keeps the hashes of full groups of
 * 256 entries, so that a proof reads a few hundred rows however long the log is. The file is made from the log and may be
 * deleted; what it lacks is computed. docs/transparency.md. */
#ifndef HUB_LOG_PROOF_TREE_H
#define HUB_LOG_PROOF_TREE_H

#include "base/merkle.h"
#include "log/log.h"

struct hub_tree;

/* Open the tree of a log, which must outlive it. A file that is missing or belongs to another log counts as empty.
 *
 * grows  hub_tree_grow may be called: one process, one thread
 *
 * Returns 0, or < 0 with errno set. */
int hub_tree_open(struct hub_log *log, const char *data_dir, bool grows, struct hub_tree **ret_tree);

/* Close the file. *self_p becomes NULL. Takes NULL. */
void hub_tree_close(struct hub_tree **self_p);

/* Add some of the groups that are full by now to the file, at most `groups`. Returns how many, or < 0 with errno set. */
int hub_tree_grow(struct hub_tree *self, unsigned groups);

/* Entries that the file speaks for. */
uint64_t hub_tree_size(const struct hub_tree *self);

/* Where merkle.h gets its nodes, for sizes up to the log's commit position. Valid while the tree is open; one thread. */
struct hub_merkle_source hub_tree_source(struct hub_tree *self);

/* Compare every group of the file with the log. Returns 0, or < 0 with the first entry of the group that differs (or
 * cannot be read) in ret_entry. */
int hub_tree_check(struct hub_tree *self, uint64_t *ret_entry);

#endif
