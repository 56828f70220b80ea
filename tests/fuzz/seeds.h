/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of a fuzzer, each into a file of its own. */
#ifndef HUB_TESTS_FUZZ_SEEDS_H
#define HUB_TESTS_FUZZ_SEEDS_H

#include <stddef.h>

struct seed {
    const char *at;
    size_t len;
};

/* A literal, with the zeros in it. */
#define SEED(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

/* What `main` of a program NAME_seeds does: write them into the folder that the command line names. Returns its exit status. */
int seeds_write(int argc, char **argv, const struct seed *seeds, size_t count);

#endif
