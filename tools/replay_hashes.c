/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes of everything folded afresh: needs the log alone, no keys and no views. */
#include "tools/replay_hashes.h"

#include <stdio.h>

#include "actors/kind.h"
#include "base/pack.h"
#include "replay/projector.h"
#include "replay/store.h"
#include "tools/datadir.h"
#include "tools/tool.h"

enum { BATCH = 4096 };

static void print_line(const char *what, const char *name, uint64_t count, const struct hub_digest *hash)
{
    printf("%-5s %-18s %10llu  ", what, name, (unsigned long long) count);
    for (size_t i = 0; i < HUB_DIGEST; i++)
        printf("%02x", hash->b[i]);
    putchar('\n');
}

/* States of one kind, hashed in the order of their keys. */
struct states {
    uint8_t kind;
    uint64_t count;
    struct hub_digest hash;
    struct hub_arena *arena;
    bool is_damaged;
};

enum { KIND_AT = HUB_ROW_KEY_COMPANY }; /* where an entity's key says its kind */

static bool add_state(void *arg, struct hub_span key, struct hub_span value)
{
    struct states *self = arg;
    struct entity_row row;
    if (key.len <= KIND_AT || (uint8_t) key.at[KIND_AT] != self->kind)
        return true;
    hub_arena_reset(self->arena);
    if (hub_unpack(&entity_row_shape, value, self->arena, &row, NULL)) {
        self->is_damaged = true;
        return false;
    }
    struct hub_digest state = hub_sha256(row.state);
    const struct hub_span parts[] = { hub_span_of(self->hash.b, HUB_DIGEST), key, hub_span_of(state.b, HUB_DIGEST) };
    self->hash = hub_sha256_of(parts, sizeof parts / sizeof *parts);
    self->count++;
    return true;
}

static int print_states(const struct hub_rows *rows)
{
    struct hub_row_key prefix = hub_row_key_of_view(HUB_VIEW_entities);
    int error = 0;
    for (unsigned number = 1; !error && number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        struct states states = { .kind = (uint8_t) number, .arena = hub_arena_new(65536) };
        if (kind)
            error = rows->scan(rows->self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, add_state, &states);
        if (states.is_damaged)
            error = -1;
        if (kind && !error)
            print_line("state", kind->name, states.count, &states.hash);
        hub_arena_destroy(&states.arena);
    }
    return error;
}

static bool add_row(void *arg, struct hub_span key, struct hub_span value)
{
    (void) key;
    (void) value;
    ++*(uint64_t *) arg;
    return true;
}

static int print_views(const struct hub_rows *rows, const struct hub_view_info *const *infos, size_t count)
{
    int error = 0;
    for (size_t i = 0; !error && i < count; i++) {
        struct hub_row_key prefix = hub_row_key_of_view(infos[i]->number);
        struct hub_digest hash;
        uint64_t found = 0;
        error = rows->scan(rows->self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, add_row, &found);
        error = error ? error : hub_view_rows_hash(rows, infos[i]->number, &hash);
        if (!error)
            print_line("view", infos[i]->name, found, &hash);
    }
    return error;
}

/* Folds every event; hands changes to the store now and then, for memory's sake. */
static int fold_all(struct hub_log *log, struct hub_projector *projector)
{
    struct hub_scan *scan = hub_scan_all(log, 1, 0);
    struct hub_stored event;
    int more = hub_projector_load(projector);
    more = more ? more : 1;
    for (uint64_t number = 1; more == 1 && (more = hub_scan_next(scan, &event)) == 1; number++) {
        if (hub_projector_fold(projector, &event) < 0)
            more = -1;
        else if (number % BATCH == 0 || hub_projector_is_full(projector))
            hub_projector_flush(projector);
    }
    hub_projector_flush(projector);
    hub_scan_close(&scan);
    return more;
}

int hub_replay_hashes(const char *data)
{
    struct hub_datadir reader;
    int status = HUB_EXIT_FAILED;
    if (hub_datadir_open(&reader, data, NULL) == 0) {
        size_t count = 0;
        const struct hub_view_info *const *infos = hub_views_all(&count);
        struct hub_rows *rows = hub_rows_memory_new();
        const struct hub_projector_options options = { .rows = *rows, .views = infos, .count = count };
        struct hub_projector *projector = hub_projector_new(&options);
        if (fold_all(reader.log, projector) < 0)
            hub_tool_fail("the log cannot be read; 'omnihub audit verify' says what is wrong");
        else if (print_states(rows) || print_views(rows, infos, count))
            hub_tool_fail("what was folded cannot be read back");
        else
            status = HUB_EXIT_OK;
        hub_projector_destroy(&projector);
        hub_rows_memory_destroy(&rows);
    }
    hub_datadir_close(&reader);
    return status;
}
