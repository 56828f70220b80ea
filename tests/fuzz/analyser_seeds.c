/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the lexicon's rows, and some sentences, for the fuzzer to start from into a folder: analyser_seeds DIR. */
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *const texts[] = {
    "I am not happy, please call me back today",
    "Das ist v\xC3\xB6llig inakzeptabel! Ich warte immer noch.",
    "not very good. No problem; it isn\xE2\x80\x99t urgent",
#define WORDS(number, words, ...) words,
#include "actors/routing/lexicon.def"
#undef WORDS
};

static bool write_seed(const char *dir, size_t text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%zu", dir, text);
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fputs(texts[text], file) != EOF;
    return file != NULL && fclose(file) == 0 && fine;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: analyser_seeds DIR\n", stderr);
        return 2;
    }
    mkdir(argv[1], 0777);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!write_seed(argv[1], i)) {
            perror(argv[1]);
            return 1;
        }
    }
    return 0;
}
