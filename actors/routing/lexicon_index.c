/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Prints the index of the lexicon, an open hash table, as C: run by the build, read by analyser.c. */
#include <inttypes.h>
#include <stdio.h>

#include "actors/routing/lexicon_hash.h"

enum { SLOTS = 2048 };

static const char *const rows[] = {
#define WORDS(number, words, ...) words,
#include "actors/routing/lexicon.def"
#undef WORDS
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static uint64_t hash_of(const char *words)
{
    uint64_t all = 0, word = HUB_LEXICON_SEED;
    bool is_first = true;
    unsigned char before = 0;
    for (const char *at = words;; at++) {
        unsigned char letter = hub_lexicon_letter((unsigned char) *at, before);
        if (letter != 0) {
            word = hub_lexicon_byte(word, letter);
            before = letter;
            continue;
        }
        all = is_first ? word : hub_lexicon_join(all, word);
        is_first = false;
        word = HUB_LEXICON_SEED;
        if (*at == '\0') {
            return all;
        }
    }
}

int main(void)
{
    static uint64_t hashes[SLOTS];
    static unsigned taken[SLOTS];
    for (unsigned row = 0; row < ROWS; row++) {
        uint64_t hash = hash_of(rows[row]);
        size_t slot = hub_lexicon_slot(hash, SLOTS);
        for (; taken[slot] != 0; slot = (slot + 1) % SLOTS) {
            if (hashes[slot] == hash) {
                fprintf(stderr, "lexicon.def: \"%s\" and \"%s\" are one\n", rows[taken[slot] - 1], rows[row]);
                return 1;
            }
        }
        taken[slot] = row + 1;
        hashes[slot] = hash;
    }
    printf("/* Printed by lexicon_index.c: { hash, row + 1 }. */\nenum { SLOTS = %d };\n"
           "static const struct {\n    uint64_t hash;\n    uint32_t row;\n} slots[SLOTS] = {\n",
           SLOTS);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (taken[slot] != 0) {
            printf("    [%zu] = { UINT64_C(0x%016" PRIx64 "), %u },\n", slot, hashes[slot], taken[slot]);
        }
    }
    printf("};\n");
    return 0;
}
