/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes filters for the fuzzer to start from into a folder: filter_seeds DIR. */
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *const texts[] = {
    "yes and not (whole < -5) or colour in ['red', \"blue\"]",
    "exists place and place.x >= 20 and path.label has 'end'",
    "moment < now - 30d and moment > '2026-01-01T00:00:00Z'",
    "flags has ['first', 'last'] and words not has 'vip' and title has \"a \\\"b\\\"\"",
    "price == 12.50 and large == 18446744073709551615 and ident == '01ARZ3NDEKTSV4RRFFQ69G5FAV'",
    "tree.inner.number != 7 and (small <= 1 or deltas has [-1, 2] or colours has 'green')",
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
        fputs("usage: filter_seeds DIR\n", stderr);
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
