/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `place` into a folder: one of each kind of text that it reads. */
#include <stdio.h>
#include <string.h>

#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

struct seed {
    const char *at;
    size_t len;
};

#define SEED(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

static const struct seed seeds[] = {
    SEED("America/Los_Angeles"),
    SEED("UTC+05:30"),
    SEED("PST"),
    SEED("PST8PDT,M3.2.0,M11.1.0"),
    SEED("<+0330>-3:30"),
    SEED("AAA3BBB,J60/0,J300/24"),
    SEED("{\"name\":\"a\",\"other\":{\"b\":[1,\"\\\"}\"]},\"tier\":\"free\"}"),
    SEED("TZif2" ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0"
         "TZif2" ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\x0e\x10\0\0CET\0\nCET-1\n"),
};

int main(int argc, char **argv)
{
    char path[4096];
    for (size_t i = 0; argc == 2 && i < sizeof seeds / sizeof seeds[0]; i++) {
        snprintf(path, sizeof path, "%s/seed-%zu", argv[1], i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(seeds[i].at, 1, seeds[i].len, file) != seeds[i].len || fclose(file) != 0) {
            return 1;
        }
    }
    return argc == 2 ? 0 : 2;
}
