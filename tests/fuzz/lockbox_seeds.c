/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `lockbox`: the head of a file of each kind, with a piece behind it. */
#include "tests/fuzz/seeds.h"

#define SALT "0123456789abcdef0123456789abcdef"

static const struct seed seeds[] = {
    SEED("HUBLOCK1\x01\x10" SALT "prefix."
         "0123456789abcdef"),
    SEED("HUBLOCK1\x02\x01" SALT "prefix."
         "0123456789abcdef and more than a tag"),
};

int main(int argc, char **argv)
{
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
