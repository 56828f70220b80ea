/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `omnihub bench ...`: the measurements that are part of the program, listed in bench.def. */
#include "tools/bench/bench.h"

#include <stdio.h>
#include <string.h>

#include "tools/bench/ears_command.h"
#include "tools/bench/load_command.h"
#include "tools/bench/zactor.h"
#include "tools/bench/bench_inside.h"

struct bench {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *doc;
};

static const struct bench benches[] = {
#define BENCH(name_, run_, ...) { .name = #name_, .run = run_, __VA_ARGS__ },
#include "tools/bench/bench.def"
#undef BENCH
};

enum { BENCHES = sizeof benches / sizeof *benches };

static void print_list(FILE *out)
{
    fputs("usage: bench NAME [options], where NAME is one of\n", out);
    for (size_t i = 0; i < BENCHES; i++)
        fprintf(out, "  %-12s %s\n", benches[i].name, benches[i].doc);
    fputs("bench NAME --help lists the options\n", out);
}

int hub_bench_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_list(stdout);
        return 0;
    }
    for (size_t i = 0; i < BENCHES; i++)
        if (strcmp(argv[1], benches[i].name) == 0)
            return benches[i].run(argc - 1, argv + 1);
    fprintf(stderr, "bench: unknown measurement %s\n", argv[1]);
    print_list(stderr);
    return 2;
}
