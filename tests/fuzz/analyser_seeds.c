/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the lexicon's rows, and some sentences, for the fuzzer to start from. */
#include "tests/fuzz/seeds.h"

static const struct seed seeds[] = {
    SEED("I am not happy, please call me back today"),
    SEED("Das ist v\xC3\xB6llig inakzeptabel! Ich warte immer noch."),
    SEED("not very good. No problem; it isn\xE2\x80\x99t urgent"),
#define WORDS(number, words, ...) SEED(words),
#include "actors/routing/lexicon.def"
#undef WORDS
};

int main(int argc, char **argv)
{
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
