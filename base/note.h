/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signed notes: a text for people, a blank line, and a line of signature that a program checks. The form is that of the
 * C2SP signed-note specification with Ed25519 (RFC 8032), so that tools of others can read ours:
 *
 *     TEXT\n
 *     \n
 *     — NAME BASE64(key id (4) || signature (64))\n
 *
 * The signature covers the text with its last newline. A verifier key is written NAME+HEX(key id)+BASE64(0x01 || public key);
 * the key id is the start of SHA-256(NAME || "\n" || 0x01 || public key). */
#ifndef HUB_BASE_NOTE_H
#define HUB_BASE_NOTE_H

#include "base/buf.h"
#include "base/digest.h"

enum { HUB_NOTE_NAME = 128, HUB_NOTE_SEED = 32, HUB_NOTE_PUBLIC = 32, HUB_NOTE_ID = 4, HUB_NOTE_MAX = 4096 };

struct hub_note_key {
    char name[HUB_NOTE_NAME]; /* terminated; no blanks, no '+' */
    uint8_t public_key[HUB_NOTE_PUBLIC];
    uint8_t id[HUB_NOTE_ID];
    bool can_sign; /* seed is there */
    uint8_t seed[HUB_NOTE_SEED];
};

/* The key pair that follows from a seed of 32 secret random bytes. Returns false when the name is empty, too long or has
 * a blank, a control character or '+' in it. */
bool hub_note_key_make(struct hub_span name, const uint8_t seed[HUB_NOTE_SEED], struct hub_note_key *ret_key);

/* Append the verifier key: what anybody may know. */
void hub_note_key_print(const struct hub_note_key *key, struct hub_buf *out);

/* Read a verifier key. Returns false, with ret_key untouched, for any other text. */
bool hub_note_key_parse(struct hub_span text, struct hub_note_key *ret_key);

/* Append the signed note of a text that ends with a newline and has no control characters but newlines; the key can sign. */
void hub_note_sign(const struct hub_note_key *key, struct hub_span text, struct hub_buf *out);

/* Check a note of at most HUB_NOTE_MAX bytes. Signatures of other keys are passed over.
 *
 * ret_text  the text with its last newline, within `note`
 *
 * Returns false, with ret_text untouched, when it is no note or has no valid signature of this key. Any thread. */
bool hub_note_open(const struct hub_note_key *key, struct hub_span note, struct hub_span *ret_text);

/* Whether a note that did not open names another key, rather than being damaged: it has a signature with another name or key
 * id, and none that is this key's but for a damaged byte of the id. A name that was damaged reads as another one: compare
 * it with what the text says.
 *
 * ret_text, ret_name  the text, and the name of the key that it names first; spans of the note, untouched when false
 *
 * Nothing of it was checked: that needs the other key. Any thread. */
bool hub_note_is_foreign(const struct hub_note_key *key, struct hub_span note, struct hub_span *ret_text,
                         struct hub_span *ret_name);

#endif
