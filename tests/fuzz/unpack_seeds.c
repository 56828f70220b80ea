/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes packed records for the fuzzer to start from into a folder: seeds DIR. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/pack.h"
#include "tests/base/sample.h"

static bool write_seed(const char *dir, size_t shape, unsigned seed)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    void *record = hub_arena_get(arena, sample_registry.shapes[shape]->size);
    sample_fill(sample_registry.shapes[shape], record, seed < 2 ? (enum fill) seed : FILL_MIXED, seed, arena);
    hub_buf_put_byte(&bytes, (uint8_t) shape);
    hub_pack(sample_registry.shapes[shape], record, &bytes);

    char path[4096];
    snprintf(path, sizeof path, "%s/%zu-%u", dir, shape, seed);
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len;
    fine = file != NULL && fclose(file) == 0 && fine;
    hub_buf_done(&bytes);
    hub_arena_destroy(&arena);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: seeds DIR\n", stderr);
        return 2;
    }
    mkdir(argv[1], 0777);
    for (size_t shape = 0; shape < sample_registry.count; shape++) {
        for (unsigned seed = 0; seed < 6; seed++) {
            if (!write_seed(argv[1], shape, seed)) {
                perror(argv[1]);
                return 1;
            }
        }
    }
    return 0;
}
