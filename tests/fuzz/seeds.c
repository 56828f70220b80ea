/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The part that all programs NAME_seeds have. */
#include "tests/fuzz/seeds.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static bool write_one(const char *folder, size_t number, const struct seed *seed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%zu", folder, number);
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fwrite(seed->at, 1, seed->len, file) == seed->len;
    return file != NULL && fclose(file) == 0 && fine;
}

int seeds_write(int argc, char **argv, const struct seed *seeds, size_t count)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    mkdir(argv[1], 0777);
    for (size_t i = 0; i < count; i++) {
        if (!write_one(argv[1], i, &seeds[i])) {
            perror(argv[1]);
            return 1;
        }
    }
    return 0;
}
