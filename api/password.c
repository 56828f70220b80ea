/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Passwords and tokens. */
#include "api/password.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/world.h"

enum { SECRET = 32, SECRET_TEXT = sodium_base64_ENCODED_LEN(SECRET, sodium_base64_VARIANT_URLSAFE_NO_PADDING) };

_Static_assert(HUB_PASSWORD_HASH >= crypto_pwhash_STRBYTES, "a hash fits");

bool hub_password_hash(struct hub_span password, bool light, char ret_text[HUB_PASSWORD_HASH])
{
    unsigned long long rounds = light ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_INTERACTIVE;
    size_t memory = light ? crypto_pwhash_MEMLIMIT_MIN : crypto_pwhash_MEMLIMIT_INTERACTIVE;
    if (sodium_init() < 0) {
        return false;
    }
    return crypto_pwhash_str_alg(ret_text, password.at, password.len, rounds, memory, crypto_pwhash_ALG_ARGON2ID13) ==
           0;
}

bool hub_password_is(const char *hash, struct hub_span password)
{
    return sodium_init() >= 0 && crypto_pwhash_str_verify(hash, password.at, password.len) == 0;
}

char *hub_password_dummy(bool light)
{
    char *text = hub_memory_zero(HUB_PASSWORD_HASH);
    uint8_t secret[SECRET];
    if (sodium_init() < 0) {
        free(text);
        return NULL;
    }
    randombytes_buf(secret, sizeof secret);
    if (!hub_password_hash(hub_span_of(secret, sizeof secret), light, text)) {
        free(text);
        return NULL;
    }
    return text;
}

struct hub_span hub_token_print(const uint8_t secret[32], const char *prefix, struct hub_arena *arena)
{
    size_t len = strlen(prefix);
    char *text = hub_arena_get(arena, len + SECRET_TEXT);
    sodium_bin2base64(text + len, SECRET_TEXT, secret, SECRET, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    for (size_t i = 0; i < len; i++) {
        text[i] = prefix[i];
    }
    return hub_span_of(text, len + SECRET_TEXT - 1);
}

struct hub_span hub_token_make(const struct hub_world *world, const char *prefix, struct hub_arena *arena)
{
    uint8_t secret[SECRET];
    world->random(world->self, secret, sizeof secret);
    struct hub_span text = hub_token_print(secret, prefix, arena);
    explicit_bzero(secret, sizeof secret);
    return text;
}
