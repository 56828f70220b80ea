/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-load: the load generator as a program of its own, so that it is the same for every server. */
#include "tools/bench/load_command.h"

int main(int argc, char **argv)
{
    return hub_bench_load(argc, argv);
}
