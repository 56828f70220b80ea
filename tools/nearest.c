/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What somebody meant who mistyped a word: optimal string alignment, by three rows of the usual table. */
#include "tools/nearest.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t step(const char *a, const char *b, size_t i, size_t j, size_t rows[3][LONGEST + 1])
{
    size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
    size_t best = least(rows[1][j] + 1, rows[2][j - 1] + 1);
    best = least(best, rows[1][j - 1] + cost);
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = least(best, rows[0][j - 2] + 1);
    return best;
}

size_t hub_nearest_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), rows[3][LONGEST + 1] = { { 0 } };
    if (la > LONGEST || lb > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; j++)
        rows[2][j] = j;
    for (size_t i = 1; i <= la; i++) {
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
        rows[2][0] = i;
        for (size_t j = 1; j <= lb; j++)
            rows[2][j] = step(a, b, i, j, rows);
    }
    return rows[2][lb];
}

int hub_nearest_is_close(const char *word, const char *other)
{
    return hub_nearest_distance(word, other) <= 1 + strlen(other) / 4;
}
