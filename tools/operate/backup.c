/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `backup`: a data directory into a directory of backups; what is there; whether it can be put back. */
#include <inttypes.h>
#include <stdlib.h>

#include "actors/pending.h"
#include "log/backup/backup_files.h"
#include "log/backup/pin.h"
#include "log/backup/restore.h"
#include "tools/apart.h"
#include "tools/audit/audit.h"
#include "tools/operate/lock_words.h"
#include "tools/report.h"
#include "tools/serve/signals.h"

enum { WORDS = 1024, ARENA = 65536, MEGA = 1000 * 1000 };

static double megabytes(uint64_t bytes)
{
    return (double) bytes / MEGA;
}

/* --- Making one --- */

static int say_made(const struct hub_tool_call *call, const struct hub_backup_made *made, const char *dir)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_u64(&report, "backup", made->note.number);
    hub_report_u64(&report, "position", made->note.sequence);
    hub_report_time(&report, "time", made->note.time);
    hub_report_time(&report, "made", made->note.made);
    hub_report_u64(&report, "new_bytes", made->new_bytes);
    hub_report_u64(&report, "log_bytes", made->all_bytes);
    hub_report_u64(&report, "kept", made->kept);
    hub_report_say(&report,
                   "Backup %u in %s: everything up to position %" PRIu64
                   ". %.1f MB are new, of %.1f MB; %u backup%s there.",
                   made->note.number, dir, made->note.sequence, megabytes(made->new_bytes), megabytes(made->all_bytes),
                   made->kept, made->kept == 1 ? " is" : "s are");
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int say_keys(const struct hub_tool_call *call, const char *dir)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_say(&report, "The keys in %s are those of now.", dir);
    hub_report_text(&report, "keys", "written");
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int make(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    struct hub_lock_words lock;
    struct hub_backup_made made;
    struct hub_progress progress;
    char words[WORDS] = "";
    int status = hub_lock_words_to(&lock, settings);
    if (status == HUB_EXIT_OK) {
        struct hub_arena *arena = hub_arena_new(ARENA);
        const struct hub_backup_options options = {
            .data_dir = hub_settings_text(settings, HUB_SETTING_data),
            .dir = call->operands[0],
            .box = hub_settings_text(settings, HUB_SETTING_keys_box),
            .lock = &lock.who,
            .world = hub_world_real(),
            .bytes_per_second = hub_settings_count(settings, HUB_SETTING_rate_mb) * MEGA,
            .keep = (uint32_t) hub_settings_count(settings, HUB_SETTING_keep),
            .keys_only = hub_settings_is(settings, HUB_SETTING_keys_only),
            .watch = { .on_progress = hub_backup_on_progress, .arg = &progress },
        };
        hub_progress_start(&progress, "MB");
        int end = hub_backup_make(&options, arena, &made, (struct hub_backup_why){ words, sizeof words });
        hub_progress_end(&progress);
        if (end == HUB_BACKUP_stopped)
            hub_backup_interrupted(words);
        status = hub_backup_status(end, words);
        if (status == HUB_EXIT_OK)
            status = options.keys_only ? say_keys(call, options.dir) : say_made(call, &made, options.dir);
        hub_arena_destroy(&arena);
    }
    hub_lock_words_done(&lock);
    return status;
}

/* --- What is there --- */

static int list(const struct hub_tool_call *call)
{
    char words[WORDS] = "";
    struct hub_backup_list found;
    struct hub_report report;
    struct hub_arena *arena = hub_arena_new(ARENA);
    int status = hub_backup_status(
        hub_backup_list(call->operands[0], arena, &found, (struct hub_backup_why){ words, sizeof words }), words);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, call->settings);
        hub_report_list(&report, "backups");
        for (size_t i = 0; i < found.count; i++) {
            hub_report_row(&report);
            hub_report_u64(&report, "backup", found.at[i].number);
            hub_report_u64(&report, "position", found.at[i].sequence);
            hub_report_time(&report, "time", found.at[i].time);
            hub_report_time(&report, "made", found.at[i].made);
            hub_report_u64(&report, "incarnation", found.at[i].incarnation);
        }
        hub_report_list_end(&report);
        status = hub_report_end(&report, HUB_EXIT_OK);
    }
    hub_arena_destroy(&arena);
    return status;
}

/* --- Whether it can be put back --- */

/* Restores into a scratch directory and audits that. Returns an exit status. */
static int try(const struct hub_tool_call *call, const struct hub_lockbox_who *who, const char *scratch)
{
    char words[WORDS] = "";
    struct hub_restored restored;
    struct hub_progress progress;
    struct hub_report report;
    struct hub_arena *arena = hub_arena_new(ARENA);
    const struct hub_restore_options options = {
        .dir = call->operands[0],
        .target = scratch,
        .box = hub_settings_text(call->settings, HUB_SETTING_keys_box),
        .who = who,
        .world = hub_world_real(),
        .number = (uint32_t) hub_settings_count(call->settings, HUB_SETTING_backup_number),
        .is_trial = true,
        .mark = hub_pending_mark_restored,
        .watch = { .on_progress = hub_backup_on_progress, .arg = &progress },
    };
    hub_progress_start(&progress, "MB");
    int end = hub_restore(&options, arena, &restored, (struct hub_backup_why){ words, sizeof words });
    hub_progress_end(&progress);
    if (end == HUB_BACKUP_stopped) {
        (void) hub_backup_remove(scratch);
        hub_backup_interrupted(words);
    }
    int status = hub_backup_status(end, words);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, call->settings);
        status = hub_audit_sound(&(struct hub_audit_of){ .data = scratch }, &report);
        hub_report_u64(&report, "backup", restored.note.number);
        hub_report_bool(&report, "keys_opened", restored.has_keys);
        if (status == HUB_EXIT_OK)
            hub_report_say(&report, "Backup %u can be put back: it goes up to position %" PRIu64 "%s.",
                           restored.note.number, restored.sequence,
                           restored.has_keys ? ", and its keys open" : "; its keys were not tried");
        status = hub_report_end(&report, status);
    }
    hub_arena_destroy(&arena);
    return status;
}

static int verify(const struct hub_tool_call *call)
{
    struct hub_lock_words who;
    const char *given = hub_settings_text(call->settings, HUB_SETTING_scratch);
    const char *tmp = given ? given : "/tmp";
    char scratch[4096];
    bool has_any;
    int status = hub_lock_words_of(&who, call->settings, &has_any);
    snprintf(scratch, sizeof scratch, "%s/omnihub-verify-XXXXXX", tmp);
    if (status == HUB_EXIT_OK && !mkdtemp(scratch))
        status = hub_tool_end(HUB_EXIT_FULL, "the directory %s cannot be made; --scratch DIR takes another place",
                              scratch);
    else if (status == HUB_EXIT_OK) {
        status = try(call, has_any ? &who.who : NULL, scratch);
        if (hub_backup_remove(scratch) < 0)
            hub_tool_fail("%s cannot be removed", scratch);
    }
    hub_lock_words_done(&who);
    return status;
}

static int run(const struct hub_tool_call *call)
{
    return hub_settings_is(call->settings, HUB_SETTING_backup_verify) ? verify(call) : make(call);
}

static int on_crash(const struct hub_tool_call *call, int signal)
{
    hub_pin_sweep(hub_settings_text(call->settings, HUB_SETTING_data));
    return hub_backup_crashed(call->operands[0], signal);
}

int hub_tool_backup(const struct hub_tool_call *call)
{
    if (call->count != 1)
        return hub_tool_misused("backup takes one DIR");
    hub_signals_block();
    return hub_settings_is(call->settings, HUB_SETTING_backup_list) ? list(call) : hub_run_apart(call, run, on_crash);
}
