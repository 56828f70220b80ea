/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes of everything folded afresh: needs the log alone, no keys and no views. */
#include "tools/replay/replay_hashes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/entity.h"
#include "base/pack.h"
#include "replay/afresh.h"
#include "tools/datadir.h"
#include "tools/report.h"
#include "tools/tool.h"

enum { HEX = 2 * HUB_DIGEST };

/* All entities of one kind so far. */
struct states {
    uint64_t count;
    struct hub_digest hash;
};

static void hex_of(const struct hub_digest *hash, char ret_hex[HEX + 1])
{
    for (size_t i = 0; i < HUB_DIGEST; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", hash->b[i]);
}

/* People compare lines, as diff does; a program gets a list. */
static void add_hash(struct hub_report *report, const char *what, const char *name, const uint64_t *count,
                     const struct hub_digest *hash)
{
    char hex[HEX + 1], entities[24] = "";
    hex_of(hash, hex);
    if (count)
        snprintf(entities, sizeof entities, "%" PRIu64, *count);
    if (!report->is_json) {
        hub_report_say(report, "%-5s %-18s %10s  %s", what, name, entities, hex);
        return;
    }
    hub_report_row(report);
    hub_report_text(report, what, name);
    if (count)
        hub_report_u64(report, "entities", *count);
    hub_report_text(report, "hash", hex);
}

static void begin_list(struct hub_report *report, const char *name)
{
    if (report->is_json)
        hub_report_list(report, name);
}

static void end_list(struct hub_report *report)
{
    if (report->is_json)
        hub_report_list_end(report);
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

static int report_states(struct hub_log *log, uint64_t to, struct hub_report *report)
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
    begin_list(report, "states");
    for (unsigned number = 1; number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        if (kind)
            add_hash(report, "state", kind->name, &states[number].count, &states[number].hash);
    }
    end_list(report);
    return 0;
}

static int report_views(struct hub_log *log, struct hub_report *report, char *ret_why, size_t why_size)
{
    const char *place = getenv("TMPDIR");
    const struct hub_afresh_options options = { .log = log, .scratch_dir = place && *place ? place : "/tmp" };
    struct hub_afresh *afresh = NULL;
    int error = hub_afresh_fold(&options, &afresh, ret_why, why_size);
    size_t count = 0;
    begin_list(report, "views");
    const struct hub_view_info *const *infos = hub_views_all(&count);
    for (size_t i = 0; !error && i < count; i++) {
        struct hub_digest hash;
        error = hub_views_hash(hub_afresh_views(afresh), infos[i]->name, &hash);
        if (error)
            snprintf(ret_why, why_size, "the view %s cannot be read back", infos[i]->name);
        else
            add_hash(report, "view", infos[i]->name, NULL, &hash);
    }
    end_list(report);
    hub_afresh_destroy(&afresh);
    return error;
}

static int report_all(struct hub_log *log, struct hub_report *report)
{
    char why[512] = "";
    uint64_t to = hub_log_commit(log).sequence;
    hub_report_u64(report, "events", to);
    if (report_states(log, to, report) < 0)
        return hub_tool_fail("the log cannot be read; 'omnihub audit verify' says what is wrong");
    return report_views(log, report, why, sizeof why) == 0 ? HUB_EXIT_OK : hub_tool_fail("%s", why);
}

int hub_replay_hashes(const struct hub_settings *settings)
{
    struct hub_datadir reader;
    struct hub_report report;
    int status = -hub_datadir_open(&reader, hub_settings_text(settings, HUB_SETTING_data), NULL);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, settings);
        status = report_all(reader.log, &report);
        if (status == HUB_EXIT_OK)
            status = hub_report_end(&report, status);
        else
            hub_report_drop(&report);
    }
    hub_datadir_close(&reader);
    return status;
}
