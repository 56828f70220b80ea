/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Passwords: argon2id by libsodium, in its own text form. Each call takes tens of milliseconds and 64 MiB, so never on a
 * loop's thread. */
#ifndef HUB_API_PASSWORD_H
#define HUB_API_PASSWORD_H

#include "base/arena.h"

enum { HUB_PASSWORD_HASH = 128 };

/* Hash a password. light: tests only, the least that libsodium allows. ret_text: terminated. False when memory is short. */
bool hub_password_hash(struct hub_span password, bool light, char ret_text[HUB_PASSWORD_HASH]);

/* Whether a password is the one of a hash (terminated text). */
bool hub_password_is(const char *hash, struct hub_span password);

/* A hash that no password has, which costs the same to compare with; to be freed with free(). NULL when memory is short. */
char *hub_password_dummy(bool light);

/* A fresh secret of 256 bits: "<prefix>" and 43 characters of the base64url alphabet. */
struct hub_world;
struct hub_span hub_token_make(const struct hub_world *world, const char *prefix, struct hub_arena *arena);

/* The same text form for 32 bytes that the caller made. */
struct hub_span hub_token_print(const uint8_t secret[32], const char *prefix, struct hub_arena *arena);

#endif
