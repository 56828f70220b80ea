/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Checkpoints: how long the log was and the root of its Merkle tree, signed. Whoever keeps one can prove later that the log
 * was cut, rewritten or forked. The text is that of the C2SP tlog-checkpoint specification:
 *
 *     omnihub/LOG-ID\n
 *     SIZE\n
 *     BASE64(root)\n
 *
 * DATA/checkpoint.key holds the seed of the signing key (0600), DATA/checkpoint.pub the verifier key for everybody, and
 * DATA/checkpoints all that were signed, each with a blank line behind it. docs/transparency.md. */
#ifndef HUB_LOG_PROOF_CHECKPOINT_H
#define HUB_LOG_PROOF_CHECKPOINT_H

#include "base/note.h"
#include "log/chain.h"
#include "log/proof/tree.h"

enum { HUB_ORIGIN = 48 };

struct hub_checkpoint {
    char origin[HUB_ORIGIN]; /* terminated: which log */
    struct hub_merkle_head head;
};

/* The name of a log, and of the key that signs for it. */
void hub_checkpoint_origin(const struct hub_log_identity *identity, char ret_origin[HUB_ORIGIN]);

/* The signing key of a log. With `makes` a missing one is made, and the verifier key written beside it.
 * Returns 0, HUB_ERROR_not_found when there is none, or < 0 with errno set (EINVAL: it is damaged). */
int hub_checkpoint_key(const struct hub_log *log, const char *data_dir, const struct hub_world *makes,
                       struct hub_note_key *ret_key);

/* The checkpoint of the first `size` entries, signed; appended to `out`. Returns 0, or < 0 when the log cannot be read. */
int hub_checkpoint_sign(struct hub_tree *tree, const struct hub_log *log, uint64_t size, const struct hub_note_key *key,
                        struct hub_buf *out);

/* Open a signed checkpoint. Returns false for any text that is none, or not signed by this key. */
bool hub_checkpoint_open(const struct hub_note_key *key, struct hub_span note, struct hub_checkpoint *ret_checkpoint);

/* Whether a text that did not open is a checkpoint which another key signed, that of the log it names, as far as can be seen
 * without that key. False for a damaged one.
 *
 * ret_checkpoint  what it says, not checked; untouched when false */
bool hub_checkpoint_is_foreign(const struct hub_note_key *key, struct hub_span note,
                               struct hub_checkpoint *ret_checkpoint);

/* Append a signed checkpoint to DATA/checkpoints, durably. Returns 0, or < 0 with errno set. */
int hub_checkpoint_keep(const char *data_dir, struct hub_span note);

/* Hand one to a witness: append it, and an empty line, to a file, durably. The file is made when it is not there (0644, as nothing
 * in it is secret). Returns 0, or < 0 with errno. Any thread. */
int hub_checkpoint_hand(const char *path, struct hub_span note);

/* Take the next signed checkpoint off the text of DATA/checkpoints. False at the end, where half of one may be left. */
bool hub_checkpoint_next(struct hub_span *text, struct hub_span *ret_note);

/* Check every checkpoint of DATA/checkpoints, and every group of DATA/tree, against the log.
 *
 * log        open for following; it catches up with what was signed meanwhile
 * ret_count  checkpoints that were checked
 *
 * Returns 0, or < 0 with the report filled: the position is the last one that a wrong checkpoint speaks of, or the first of
 * a wrong group. */
int hub_checkpoint_verify(struct hub_log *log, const char *data_dir, struct hub_verify_report *ret_report,
                          uint64_t *ret_count);

#endif
