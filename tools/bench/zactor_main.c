/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-zactor: the measurement as a program of its own, which knows nothing of the hub. */
#include "tools/bench/zactor.h"

int main(int argc, char **argv)
{
    return hub_bench_zactor(argc, argv);
}
