/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-ears: listening WebSockets as a program of its own. */
#include "tools/bench/ears_command.h"

int main(int argc, char **argv)
{
    return hub_bench_ears(argc, argv);
}
