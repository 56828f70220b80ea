/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an active session takes in memory.
 *
 * Sessions come into memory in two ways, and both are measured: by living through their events in a worker, which leaves
 * behind in an arena what a later event replaced, and by activation from the log. The first takes more; it is measured as
 * the growth of the process, over so many entities that everything else is lost in it. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/entity.h"
#include "base/memory.h"
#include "base/pack.h"
#include "tools/bench/options.h"
#include "tools/bench/bench_hub.h"
#include "tools/bench/bench_inside.h"
#include "tools/tool.h"

enum { FEW = 20, MANY = 1000, MANY_IN = 10 /* with many messages, one for so many with few */ };

struct settings {
    uint64_t sessions;
};

static const struct hub_option rows[] = {
    { "--sessions", HUB_OPTION_COUNT, offsetof(struct settings, sessions), "N", "sessions of 20 messages (20000)" },
    { .name = NULL },
};

/* A stream's events, decoded once. */
struct history {
    struct hub_arena *arena; /* owned; holds all */
    struct hub_stream stream;
    struct hub_event *events;
    size_t count;
};

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm) {
        if (fscanf(statm, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    return pages * (size_t) sysconf(_SC_PAGESIZE);
}

/* Returns 0 or < 0. */
static int read_event(struct history *self, const struct hub_stored *stored)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    void *record = shape ? hub_arena_get(self->arena, shape->size) : NULL;
    struct hub_span payload = hub_arena_copy(self->arena, stored->payload);
    if (!shape || hub_unpack(shape, payload, self->arena, record, NULL) != 0)
        return -1;
    self->events[self->count++] = (struct hub_event){ .shape = shape,
                                                      .record = record,
                                                      .version = stored->header.version,
                                                      .decided_at_us = stored->header.decided_at,
                                                      .entity = stored->header.entity,
                                                      .subject = stored->header.subject };
    return 0;
}

/* Returns 0 or < 0; the history is to be destroyed either way. */
static int read_history(struct hub_log *log, const struct hub_stream *stream, struct history *ret_history)
{
    *ret_history = (struct history){ .arena = hub_arena_new(0), .stream = *stream };
    ret_history->events = HUB_NEW_ARRAY(ret_history->arena, struct hub_event, MANY + 8);
    struct hub_scan *scan = hub_scan_stream(log, stream, 1, 0);
    struct hub_stored stored;
    int more = 0;
    while (ret_history->count < MANY + 8 && (more = hub_scan_next(scan, &stored)) > 0)
        if (read_event(ret_history, &stored) < 0)
            more = -1;
    hub_scan_close(&scan);
    return more < 0 || ret_history->count == 0 ? -1 : 0;
}

static void live(struct hub_entities *entities, const struct history *history)
{
    struct hub_stream stream = history->stream;
    struct hub_entity *entity = NULL;
    stream.entity = hub_world_ulid(hub_world_real());
    if (hub_entities_get(entities, &stream, true, 0, &entity) != 0)
        return;
    for (size_t i = 0; i < history->count; i++) {
        hub_entity_apply(entity, &history->events[i]);
        hub_entity_tidy(entity);
    }
}

/* By how much the process grows for each of `count` entities that live through a history. */
static size_t lived_bytes(struct hub_log *log, const struct history *history, size_t count)
{
    const struct hub_entities_options options = { .log = log, .room = count + 16, .idle_us = INT64_MAX };
    malloc_trim(0);
    size_t before = resident_bytes();
    struct hub_entities *entities = hub_entities_new(&options);
    for (size_t i = 0; i < count; i++)
        live(entities, history);
    size_t after = resident_bytes();
    hub_entities_destroy(&entities);
    return after > before ? (after - before) / count : 0;
}

/* Bytes of the heap that one entity takes when it is activated from the log, the least of some tries since other threads
 * use the heap too; 0 when it cannot be activated. */
static size_t activated_bytes(struct hub_log *log, const struct hub_stream *stream)
{
    enum { TRIES = 20 };
    size_t least = SIZE_MAX;
    for (int i = 0; i < TRIES; i++) {
        struct hub_entities *entities = hub_entities_new(
            &(struct hub_entities_options){ .log = log, .room = 16, .idle_us = INT64_MAX });
        struct hub_entity *entity = NULL;
        size_t before = mallinfo2().uordblks;
        bool there = hub_entities_get(entities, stream, false, 0, &entity) == 0 && entity->state;
        size_t after = mallinfo2().uordblks;
        size_t bytes = there && after > before ? after - before : there ? SIZE_MAX : 0;
        least = bytes < least ? bytes : least;
        hub_entities_destroy(&entities);
    }
    return least;
}

/* Makes a session of so many messages and prints what one takes, alone and with its customer. Returns 0 or < 0. */
static int measure(struct hub_bench_hub *bench, unsigned messages, size_t count)
{
    struct hub_log *log = hub_hub_log(hub_bench_hub(bench));
    struct hub_stream session, customer;
    struct history of_session = { 0 }, of_customer = { 0 };
    size_t alone = 0, beside = 0, activated = 0;
    int error = hub_bench_hub_talk(bench, messages, messages, &session, &customer);
    if (error || hub_bench_hub_settle(bench) != 0)
        return -1;
    if (read_history(log, &session, &of_session) == 0 && read_history(log, &customer, &of_customer) == 0) {
        alone = lived_bytes(log, &of_session, count);
        beside = lived_bytes(log, &of_customer, count);
        activated = activated_bytes(log, &session);
    }
    hub_arena_destroy(&of_session.arena);
    hub_arena_destroy(&of_customer.arena);
    if (alone == 0 || beside == 0 || activated == 0)
        return -1;
    printf("bytes_per_session_%u=%zu\nbytes_per_session_alone_%u=%zu\n", messages, alone + beside, messages, alone);
    printf("bytes_per_session_activated_%u=%zu\n", messages, activated);
    if (messages == FEW)
        printf("bytes_per_customer=%zu\n", beside);
    return 0;
}

int hub_bench_memory(int argc, char **argv)
{
    static const struct hub_options options = { "bench memory [options]",
                                                "What a session in memory takes, with its customer beside it.", rows };
    struct settings settings = { .sessions = 20000 };
    struct hub_bench_hub *bench = NULL;
    char why[512] = "the sessions could not be made or read";
    int read = hub_options_read(&options, argc, argv, &settings);
    if (read != 0)
        return read > 0 ? HUB_EXIT_OK : HUB_EXIT_USAGE;
    if (settings.sessions < 1000 || settings.sessions > 1000000)
        return hub_tool_misused("--sessions is 1000 to 1000000");
    bool fine = hub_bench_hub_open(&bench, why, sizeof why) == 0 && measure(bench, FEW, settings.sessions) == 0 &&
                measure(bench, MANY, settings.sessions / MANY_IN) == 0;
    hub_bench_hub_close(&bench);
    return fine ? HUB_EXIT_OK : (hub_tool_fail("%s", why), HUB_EXIT_FAILED);
}
