/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes filters for the fuzzer to start from. */
#include "tests/fuzz/seeds.h"

static const struct seed seeds[] = {
    SEED("yes and not (whole < -5) or colour in ['red', \"blue\"]"),
    SEED("exists place and place.x >= 20 and path.label has 'end'"),
    SEED("moment < now - 30d and moment > '2026-01-01T00:00:00Z'"),
    SEED("flags has ['first', 'last'] and words not has 'vip' and title has \"a \\\"b\\\"\""),
    SEED("price == 12.50 and large == 18446744073709551615 and ident == '01ARZ3NDEKTSV4RRFFQ69G5FAV'"),
    SEED("tree.inner.number != 7 and (small <= 1 or deltas has [-1, 2] or colours has 'green')"),
};

int main(int argc, char **argv)
{
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
