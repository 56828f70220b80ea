/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `place`: one of each kind of text that it reads. */
#include "tests/fuzz/seeds.h"

#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

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
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
