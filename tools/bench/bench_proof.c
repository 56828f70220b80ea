/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `bench proof`: how long one proof of inclusion takes once the log is open, and how many hashes it has. */
#include <stdlib.h>

#include "base/memory.h"
#include "log/proof/proof.h"
#include "log/proof/tree.h"
#include "tools/bench/options.h"
#include "tools/bench/bench_inside.h"
#include "tools/datadir.h"
#include "tools/tool.h"

struct settings {
    const char *data;
    uint64_t runs;
};

static const struct hub_option rows[] = {
    { "--data", HUB_OPTION_TEXT, offsetof(struct settings, data), "DIR", "data directory (./var)" },
    { "--runs", HUB_OPTION_COUNT, offsetof(struct settings, runs), "N", "proofs of events spread over the log (100)" },
    { .name = NULL },
};

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;
    return left < right ? -1 : left > right;
}

/* One proof. Returns how long it took, or < 0. */
static int64_t prove(const struct hub_prover *prover, uint64_t position, size_t *longest)
{
    const struct hub_world *world = hub_world_real();
    uint64_t head = hub_log_commit(prover->log).sequence;
    struct hub_arena *arena = hub_arena_new(0);
    struct log_proof proof;
    int64_t from_us = hub_tick_us(world);
    int error = hub_prove_inclusion(prover, position, head, arena, &proof);
    int64_t took_us = hub_tick_us(world) - from_us;
    size_t hashes = error ? 0 : proof.path.len / HUB_DIGEST;
    *longest = hashes > *longest ? hashes : *longest;
    hub_arena_destroy(&arena);
    return error ? -1 : took_us;
}

static int measure(const struct hub_prover *prover, uint64_t runs)
{
    uint64_t head = hub_log_commit(prover->log).sequence;
    int64_t *took_us = hub_memory_new(runs * sizeof *took_us);
    size_t longest = 0;
    int error = head == 0 ? -1 : 0;
    for (uint64_t i = 0; !error && i < runs; i++) {
        took_us[i] = prove(prover, 1 + (i * UINT64_C(2654435761)) % head, &longest);
        error = took_us[i] < 0 ? -1 : 0;
    }
    if (!error) {
        qsort(took_us, runs, sizeof *took_us, by_size);
        printf("inclusion_us=%lld\ninclusion_worst_us=%lld\ninclusion_hashes=%zu\n", (long long) took_us[runs / 2],
               (long long) took_us[runs - 1], longest);
    }
    free(took_us);
    return error ? hub_tool_fail("the log cannot be read") : HUB_EXIT_OK;
}

int hub_bench_proof(int argc, char **argv)
{
    static const struct hub_options options = { "bench proof [options]", "How long a proof of inclusion takes.", rows };
    struct settings settings = { .data = "./var", .runs = 100 };
    struct hub_datadir reader;
    struct hub_tree *tree = NULL;
    struct hub_note_key key;
    int read = hub_options_read(&options, argc, argv, &settings), status = HUB_EXIT_FAILED;
    if (read != 0 || settings.runs == 0)
        return read > 0 ? HUB_EXIT_OK : HUB_EXIT_USAGE;
    status = -hub_datadir_open(&reader, settings.data, NULL);
    if (status == HUB_EXIT_OK) {
        if (hub_checkpoint_key(reader.log, settings.data, NULL, &key) != 0 ||
            hub_tree_open(reader.log, settings.data, false, &tree) != 0)
            status = hub_tool_fail("%s has no checkpoint.key or no tree that can be read", settings.data);
        else
            status = measure(&(struct hub_prover){ reader.log, tree, &key }, settings.runs);
        hub_tree_close(&tree);
    }
    hub_datadir_close(&reader);
    return status;
}
