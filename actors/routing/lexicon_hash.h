/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How the words of a message are read and hashed; the program that builds the lexicon's index does it alike. */
#ifndef HUB_ACTORS_ROUTING_LEXICON_HASH_H
#define HUB_ACTORS_ROUTING_LEXICON_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HUB_LEXICON_WORDS = 3 /* at most, of one row */ };

#define HUB_LEXICON_SEED UINT64_C(0xcbf29ce484222325)

/* One more byte of a word. */
static inline uint64_t hub_lexicon_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

/* A word behind others: their hash with its own. */
static inline uint64_t hub_lexicon_join(uint64_t before, uint64_t word)
{
    uint64_t joined = (before ^ (word >> 31) ^ word << 7) * UINT64_C(0x9e3779b97f4a7c15);
    return joined ^ joined >> 29;
}

/* Where to look first in an index of `slots` (a power of two). */
static inline size_t hub_lexicon_slot(uint64_t hash, size_t slots)
{
    return (size_t) ((hash ^ hash >> 32) & (slots - 1));
}

/* The byte as part of a word, in small letters; 0 when it ends one. What is not ASCII belongs to words: after 0xC3 the
 * capital letters of Latin-1 (U+00C0 to U+00DE) become small ones. A dotted apostrophe is dropped by the caller. */
static inline unsigned char hub_lexicon_letter(unsigned char byte, unsigned char before)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '\'') {
        return byte;
    }
    if (byte >= 'A' && byte <= 'Z') {
        return (unsigned char) (byte | 0x20);
    }
    if (byte < 0x80) {
        return 0;
    }
    return before == 0xC3 && byte >= 0x80 && byte <= 0x9E && byte != 0x97 ? (unsigned char) (byte | 0x20) : byte;
}

#endif
