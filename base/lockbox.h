/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A file that only a passphrase, or the holder of a private key, opens:
 *
 *     "HUBLOCK1" | kind (1) | cost (1) | salt or ephemeral public key (32) | nonce prefix (7)
 *     | pieces: each at most 64 KiB of ciphertext and its tag (16) | SHA-256 of all before (32)
 *
 * Kind 1: the key is scrypt(passphrase, salt, N = 2^cost, r = 8, p = 1). Kind 2: it is HKDF-SHA-256 of the X25519 secret
 * between the ephemeral key and the recipient's, salt = both public keys, info = "omnihub lockbox 1". Pieces are
 * AES-256-GCM; a nonce is prefix, number of the piece (4, big-endian), 1 for the last one else 0; associated data is all
 * that stands before the pieces. So a piece that is cut off, moved or changed does not open. The sum at the end shows
 * rot to those who have no key. */
#ifndef HUB_BASE_LOCKBOX_H
#define HUB_BASE_LOCKBOX_H

#include <stdio.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/world.h"

enum { HUB_LOCKBOX_KEY = 32 };

/* For whom it is locked, or who opens it. */
struct hub_lockbox_who {
    struct hub_span passphrase; /* empty: there is none */
    bool has_key;
    uint8_t key[HUB_LOCKBOX_KEY]; /* X25519: public to lock, private to open */
};

enum hub_lockbox_result {
    HUB_LOCKBOX_DONE = 0,
    HUB_LOCKBOX_UNREADABLE = -1, /* errno says why */
    HUB_LOCKBOX_DAMAGED = -2,    /* it is no lockbox, or not as it was written */
    HUB_LOCKBOX_DENIED = -3,     /* another passphrase or key is needed */
};

/* The 32 bytes of a PEM file (RFC 8410): of a public key, or of a private one when is_private. False for anything else. */
bool hub_lockbox_key_read(struct hub_span pem, bool is_private, uint8_t ret_key[HUB_LOCKBOX_KEY]);

struct hub_lockbox;

/* Begin to write one. `file` is borrowed and stays open. Key derivation takes about 64 MiB for a passphrase.
 * NULL when the recipient's key is none. */
struct hub_lockbox *hub_lockbox_new(FILE *file, const struct hub_lockbox_who *to, const struct hub_world *world);

/* Add bytes. Errors show at the end. */
void hub_lockbox_put(struct hub_lockbox *self, struct hub_span bytes);

/* Write what is left and the sum. *self_p becomes NULL. Returns 0, or < 0 with errno set: a write failed. */
int hub_lockbox_end(struct hub_lockbox **self_p);

/* Open one and hand its bytes on, piece by piece: all that `take` gets is authentic, but the end may be missing until
 * this has returned. take returns < 0 (errno set) to stop. Returns enum hub_lockbox_result. */
int hub_lockbox_open(FILE *file, const struct hub_lockbox_who *who, int (*take)(void *arg, struct hub_span bytes),
                     void *arg);

#endif
