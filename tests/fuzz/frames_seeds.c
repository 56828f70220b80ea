/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes seeds for the fuzzer of frames into a directory: sound frames, and each thing that may be wrong with one. */
#include <stdio.h>
#include <string.h>

#define CUT "\x03\x01\x07\x00"
#define MASK "\0\0\0\0"

static const struct {
    const char *name;
    const char *bytes;
    size_t len;
} seeds[] = {
#define SEED(name, bytes) { name, bytes, sizeof(bytes) - 1 },
    SEED("text", CUT "\x81\x8f" MASK "{\"type\":\"ping\"}") SEED("two", CUT "\x81\x82" MASK "{}\x81\x82" MASK "{}")
        SEED("pieces", CUT "\x01\x81" MASK "{\x89\x81" MASK "p\x80\x81" MASK "}") SEED(
            "medium", CUT "\x81\xfe\x00\x7e" MASK) SEED("long", CUT "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00" MASK)
            SEED("ping", CUT "\x89\x84" MASK "ping") SEED("pong", CUT "\x8a\x80" MASK) SEED("close", CUT "\x88\x85" MASK
                                                                                                         "\x03\xe8"
                                                                                                         "bye")
                SEED("close_one", CUT "\x88\x81" MASK "\x03") SEED("binary", CUT "\x82\x83" MASK "\x00\x01\x02")
                    SEED("not_masked", CUT "\x81\x02{}") SEED("reserved", CUT "\xf1\x82" MASK "{}")
                        SEED("opcode", CUT "\x83\x80" MASK) SEED("not_utf8", CUT "\x81\x82" MASK "\xc0\xaf")
                            SEED("control_in_pieces", CUT "\x09\x80" MASK) SEED("continuation", CUT "\x80\x81" MASK "x")
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof seeds / sizeof seeds[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], seeds[i].name);
        FILE *file = fopen(path, "wb");
        if (file == NULL) {
            return 1;
        }
        fwrite(seeds[i].bytes, 1, seeds[i].len, file);
        fclose(file);
    }
    return 0;
}
