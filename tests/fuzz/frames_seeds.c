/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes seeds for the fuzzer of frames: sound frames, and each thing that may be wrong with one. */
#include "tests/fuzz/seeds.h"

#define CUT "\x03\x01\x07\x00"
#define MASK "\0\0\0\0"

static const struct seed seeds[] = {
    SEED(CUT "\x81\x8f" MASK "{\"type\":\"ping\"}"),                 /* text */
    SEED(CUT "\x81\x82" MASK "{}\x81\x82" MASK "{}"),                /* two */
    SEED(CUT "\x01\x81" MASK "{\x89\x81" MASK "p\x80\x81" MASK "}"), /* pieces */
    SEED(CUT "\x81\xfe\x00\x7e" MASK),                               /* medium */
    SEED(CUT "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00" MASK),       /* long */
    SEED(CUT "\x89\x84" MASK "ping"),                                /* ping */
    SEED(CUT "\x8a\x80" MASK),                                       /* pong */
    SEED(CUT "\x88\x85" MASK "\x03\xe8"
             "bye"),                          /* close */
    SEED(CUT "\x88\x81" MASK "\x03"),         /* close one */
    SEED(CUT "\x82\x83" MASK "\x00\x01\x02"), /* binary */
    SEED(CUT "\x81\x02{}"),                   /* not masked */
    SEED(CUT "\xf1\x82" MASK "{}"),           /* reserved */
    SEED(CUT "\x83\x80" MASK),                /* opcode */
    SEED(CUT "\x81\x82" MASK "\xc0\xaf"),     /* not utf8 */
    SEED(CUT "\x09\x80" MASK),                /* control in pieces */
    SEED(CUT "\x80\x81" MASK "x"),            /* continuation */
};

int main(int argc, char **argv)
{
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
