/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes of everything folded afresh: needs the log alone, no keys and no views. */
#include "tools/replay/replay_hashes.h"

#include <stdio.h>
#include <stdlib.h>

#include "actors/entity.h"
#include "base/pack.h"
#include "replay/afresh.h"
#include "tools/datadir.h"
#include "tools/tool.h"

/* All entities of one kind so far. */
struct states {
    uint64_t count;
    struct hub_digest hash;
};

static void print_hash(const struct hub_digest *hash)
{
    for (size_t i = 0; i < HUB_DIGEST; i++)
        printf("%02x", hash->b[i]);
    putchar('\n');
}

/* Folds the stream that an event begins up to `to`, and adds its state. Returns 0 or < 0. */
static int add_state(struct hub_log *log, const struct event_header *first, uint64_t to, struct states *states)
{
    const struct hub_kind_info *kind = hub_kind_find((uint8_t) first->kind);
    const struct hub_stream stream = { .company = first->company,
                                       .entity = first->entity,
                                       .kind = (uint8_t) first->kind };
    struct hub_arena *arena = hub_arena_new(65536);
    const struct hub_fold_options options = { .log = log, .stream = stream, .to = to };
    struct hub_folded_state folded = { 0 };
    int error = kind ? hub_entity_fold(&options, arena, &folded) : -1;
    if (!error && folded.state) {
        struct hub_digest hash = hub_record_hash(kind->state, folded.state);
        const struct hub_span parts[] = { hub_span_of(states[stream.kind].hash.b, HUB_DIGEST),
                                          hub_span_of(stream.entity.b, sizeof stream.entity.b),
                                          hub_span_of(hash.b, HUB_DIGEST) };
        states[stream.kind].hash = hub_sha256_of(parts, sizeof parts / sizeof *parts);
        states[stream.kind].count++;
    }
    hub_arena_destroy(&arena);
    return error;
}

static int print_states(struct hub_log *log, uint64_t to)
{
    struct states states[HUB_KINDS] = { { .count = 0 } };
    struct hub_scan *scan = hub_scan_all(log, 1, to);
    struct hub_stored event;
    int more = 0, error = 0;
    hub_scan_headers_only(scan);
    while (!error && to > 0 && (more = hub_scan_next(scan, &event)) == 1)
        if (event.header.version == 1)
            error = event.header.kind < HUB_KINDS ? add_state(log, &event.header, to, states) : -1;
    hub_scan_close(&scan);
    if (error || more < 0)
        return -1;
    for (unsigned number = 1; number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        if (!kind)
            continue;
        printf("state %-18s %10llu  ", kind->name, (unsigned long long) states[number].count);
        print_hash(&states[number].hash);
    }
    return 0;
}

static int print_views(struct hub_log *log, char *ret_why, size_t why_size)
{
    const char *place = getenv("TMPDIR");
    const struct hub_afresh_options options = { .log = log, .scratch_dir = place && *place ? place : "/tmp" };
    struct hub_afresh *afresh = NULL;
    int error = hub_afresh_fold(&options, &afresh, ret_why, why_size);
    size_t count = 0;
    const struct hub_view_info *const *infos = hub_views_all(&count);
    for (size_t i = 0; !error && i < count; i++) {
        struct hub_digest hash;
        error = hub_views_hash(hub_afresh_views(afresh), infos[i]->name, &hash);
        if (error)
            snprintf(ret_why, why_size, "the view %s cannot be read back", infos[i]->name);
        else {
            printf("view  %-18s %10s  ", infos[i]->name, "");
            print_hash(&hash);
        }
    }
    hub_afresh_destroy(&afresh);
    return error;
}

int hub_replay_hashes(const char *data)
{
    struct hub_datadir reader;
    char why[512] = "";
    int status = HUB_EXIT_FAILED;
    if (hub_datadir_open(&reader, data, NULL) == 0) {
        if (print_states(reader.log, hub_log_commit(reader.log).sequence) < 0)
            hub_tool_fail("the log cannot be read; 'omnihub audit verify' says what is wrong");
        else if (print_views(reader.log, why, sizeof why) != 0)
            hub_tool_fail("%s", why);
        else
            status = HUB_EXIT_OK;
    }
    hub_datadir_close(&reader);
    return status;
}
