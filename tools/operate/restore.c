/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `restore`: a backup back into a data directory, whole or up to a moment. */
#include "log/backup/restore.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "actors/rearm.h"
#include "base/json.h"
#include "base/list.h"
#include "tools/apart.h"
#include "tools/operate/lock_words.h"
#include "tools/report.h"
#include "tools/serve/signals.h"

enum { WORDS = 1024, ARENA = 65536, LINE = 256 };

/* Ids of erased people. */
struct people {
    struct hub_ulid *at;
    uint32_t count, room;
};

/* --- What was asked --- */

/* A position's number or a time. Returns an exit status. */
static int read_point(const char *text, struct hub_restore_options *options)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno) {
        options->to = HUB_RESTORE_position;
        options->sequence = number;
        return number > 0 ? HUB_EXIT_OK : hub_tool_end(HUB_EXIT_ABSENT, "position 0 is before the first event");
    }
    options->to = HUB_RESTORE_time;
    return hub_time_parse(hub_span(text), &options->time_us)
               ? HUB_EXIT_OK
               : hub_tool_misused("'%s' is neither a position's number nor a time like 2026-01-31T12:00:00Z", text);
}

/* Lines that begin with the hub's own id of a customer. Returns an exit status. */
static int read_people(const char *path, struct hub_arena *arena, struct people *ret_people)
{
    char line[LINE];
    unsigned number = 0;
    int status = HUB_EXIT_OK;
    FILE *file = fopen(path, "re");
    if (!file)
        return hub_tool_fail("the file %s cannot be read: %s", path, strerror(errno));
    while (status == HUB_EXIT_OK && fgets(line, sizeof line, file)) {
        struct hub_ulid id;
        size_t len = strcspn(line, " \t\r\n");
        number++;
        if (len == 0 || line[0] == '#')
            continue;
        if (hub_ulid_parse(hub_span_of(line, len), &id))
            *HUB_LIST_ADD(ret_people, arena) = id;
        else
            status = hub_tool_misused("%s:%u: a line begins with the hub's own id of a customer (26 characters)", path,
                                      number);
    }
    fclose(file);
    return status;
}

/* --- What came of it --- */

static void add_members(struct hub_report *report, const struct hub_restored *restored, const char *target)
{
    hub_report_text(report, "data", target);
    hub_report_u64(report, "backup", restored->note.number);
    hub_report_u64(report, "position", restored->sequence);
    hub_report_time(report, "time", restored->time_us);
    hub_report_u64(report, "incarnation", restored->incarnation);
    hub_report_u64(report, "removed_events", restored->cut.events);
    hub_report_u64(report, "held_effects", restored->cut.held);
    hub_report_u64(report, "waiting", restored->cut.waiting);
    hub_report_u64(report, "timers_again", restored->cut.rearmed);
    hub_report_u64(report, "checkpoints_cut", restored->checkpoints);
    hub_report_u64(report, "keys_destroyed", restored->erased);
    hub_report_u64(report, "people_without_key", restored->keyless);
    hub_report_u64(report, "ids_forgotten", restored->forgotten);
    hub_report_bool(report, "keys_restored", restored->has_keys);
    hub_report_time(report, "keys_made", restored->keys.made_us);
}

static int say(const struct hub_tool_call *call, const struct hub_restored *restored, const char *target)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    add_members(&report, restored, target);
    hub_report_say(&report, "%s is backup %u up to position %" PRIu64 ", incarnation %u of the log.", target,
                   restored->note.number, restored->sequence, restored->incarnation);
    if (restored->cut.events > 0)
        hub_report_note(&report, "%" PRIu64 " later events were left out.", restored->cut.events);
    if (restored->cut.held > 0)
        hub_report_note(&report,
                        "%" PRIu64
                        " messages were on their way; whether they went out is not known, so they are held as "
                        "dead letters.",
                        restored->cut.held);
    if (restored->cut.rearmed > 0)
        hub_report_note(&report, "%" PRIu64 " timers had fired since, and wait again.", restored->cut.rearmed);
    if (restored->keyless > 0)
        hub_report_note(&report, "%" PRIu64 " customers have no key any more: they stay erased.", restored->keyless);
    if (restored->checkpoints > 0)
        hub_report_note(&report, "%" PRIu64 " checkpoints speak of events that were left out: see %s/checkpoints.cut.",
                        restored->checkpoints, target);
    hub_report_note(&report, "Campaigns send nothing while %s/hold is there.", target);
    if (!restored->has_keys)
        hub_report_note(&report, "Without keys personal values stay closed, and a hub would not open them either.");
    if (!restored->is_announced)
        hub_report_note(&report, "The directory of backups cannot be written: do not restore from it a second time.");
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int restore(const struct hub_tool_call *call, struct hub_restore_options *options, struct hub_arena *arena)
{
    char words[WORDS] = "";
    struct hub_restored restored;
    struct hub_progress progress;
    options->watch = (struct hub_backup_watch){ .on_progress = hub_backup_on_progress, .arg = &progress };
    hub_progress_start(&progress, "MB");
    int end = hub_restore(options, arena, &restored, (struct hub_backup_why){ words, sizeof words });
    hub_progress_end(&progress);
    if (end == HUB_BACKUP_stopped)
        hub_backup_interrupted(words);
    int status = hub_backup_status(end, words);
    return status == HUB_EXIT_OK ? say(call, &restored, options->target) : status;
}

/* Fills what the command line says. Returns an exit status. */
static int read_options(const struct hub_tool_call *call, struct hub_lock_words *who, struct hub_arena *arena,
                        struct hub_restore_options *options)
{
    const struct hub_settings *settings = call->settings;
    const char *point = hub_settings_text(settings, HUB_SETTING_to);
    const char *erased = hub_settings_text(settings, HUB_SETTING_erased);
    struct people people = { .at = NULL };
    bool has_any, without = hub_settings_is(settings, HUB_SETTING_without_keys);
    int status = hub_lock_words_of(who, settings, &has_any);
    if (status == HUB_EXIT_OK && has_any == without)
        status = hub_tool_misused(
            "give --passphrase-file FILE or --identity FILE, which opens the keys, or else --without-keys");
    if (status == HUB_EXIT_OK && point)
        status = read_point(point, options);
    if (status == HUB_EXIT_OK && erased)
        status = read_people(erased, arena, &people);
    options->who = without ? NULL : &who->who;
    options->erased = people.at;
    options->erased_count = people.count;
    return status;
}

static int run(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    struct hub_lock_words who;
    struct hub_arena *arena = hub_arena_new(ARENA);
    struct hub_rearm *rearm = hub_rearm_new();
    struct hub_restore_options options = {
        .dir = call->operands[0],
        .target = hub_settings_text(settings, HUB_SETTING_data),
        .box = hub_settings_text(settings, HUB_SETTING_keys_box),
        .world = hub_world_real(),
        .number = (uint32_t) hub_settings_count(settings, HUB_SETTING_backup_number),
        .mark = hub_rearm_mark,
        .rearm = hub_rearm_entity,
        .arg = rearm,
    };
    int status = read_options(call, &who, arena, &options);
    if (status == HUB_EXIT_OK)
        status = restore(call, &options, arena);
    hub_lock_words_done(&who);
    hub_rearm_destroy(&rearm);
    hub_arena_destroy(&arena);
    return status;
}

static int on_crash(const struct hub_tool_call *call, int signal)
{
    const char *target = hub_settings_text(call->settings, HUB_SETTING_data);
    hub_restore_sweep(target);
    return hub_backup_crashed(target, signal);
}

int hub_tool_restore(const struct hub_tool_call *call)
{
    if (call->count != 1)
        return hub_tool_misused("restore takes one DIR, the directory of backups");
    hub_signals_block();
    return hub_run_apart(call, run, on_crash);
}
