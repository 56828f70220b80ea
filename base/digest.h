/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* SHA-256, HMAC-SHA-256 and AES-256-GCM, from OpenSSL. */
#ifndef HUB_BASE_DIGEST_H
#define HUB_BASE_DIGEST_H

#include "base/span.h"

enum { HUB_DIGEST = 32, HUB_KEY = 32, HUB_NONCE = 12, HUB_TAG = 16 };

struct hub_digest {
    uint8_t b[HUB_DIGEST];
};

struct hub_key {
    uint8_t b[HUB_KEY];
};

/* SHA-256 of one span, or of up to eight spans one after the other. Thread-safe. */
struct hub_digest hub_sha256(struct hub_span bytes);
struct hub_digest hub_sha256_of(const struct hub_span *parts, size_t count);

/* A key of HMAC-SHA-256 with half of the work done. As secret as the key. */
struct hub_mac {
    uint32_t inner[HUB_DIGEST / sizeof(uint32_t)], outer[HUB_DIGEST / sizeof(uint32_t)];
};

/* For a key that is used often. Thread-safe. */
struct hub_mac hub_mac_of(const struct hub_key *key);

/* HMAC-SHA-256 of up to eight spans one after the other. Thread-safe. */
struct hub_digest hub_mac_digest(const struct hub_mac *mac, const struct hub_span *parts, size_t count);

/* The same with a key that is used once. Thread-safe. */
struct hub_digest hub_hmac(const struct hub_key *key, const struct hub_span *parts, size_t count);

/* Encrypt with AES-256-GCM.
 *
 * key, nonce  borrowed; a nonce is never used twice with one key (96 random bits)
 * aad         authenticated, not stored
 * clear       at most 1 MiB
 * ret_box     clear.len + HUB_TAG bytes: ciphertext, then tag
 *
 * Thread-safe (one cipher context per thread, which keeps the last key until another one or the thread's end).
 * Cannot fail but for lack of memory, which ends the process. */
void hub_seal(const struct hub_key *key, const uint8_t nonce[HUB_NONCE], struct hub_span aad, struct hub_span clear,
              uint8_t *ret_box);

/* Decrypt what hub_seal made; box.len - HUB_TAG bytes go to ret_clear.
 * Returns false for a wrong key, nonce, aad or a changed box (ret_clear is then undefined). */
bool hub_unseal(const struct hub_key *key, const uint8_t nonce[HUB_NONCE], struct hub_span aad, struct hub_span box,
                char *ret_clear);

/* Compare two secrets of the same length in constant time. */
bool hub_secret_is(const void *a, const void *b, size_t len);

static inline bool hub_digest_is(const struct hub_digest *a, const struct hub_digest *b)
{
    return memcmp(a->b, b->b, HUB_DIGEST) == 0;
}

#endif
