/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit verify`: the whole log, from its first event to its last. */
#include "tools/audit/audit.h"

#include "log/access/access.h"
#include "log/proof/checkpoint.h"
#include "log/verify.h"
#include "log/witness.h"
#include "tools/apart.h"
#include "tools/audit/audit_keys.h"
#include "tools/datadir.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/tool.h"

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    hub_progress_show(arg, done, total);
    return true;
}

/* The witness as it was before the log was opened, so that the log must be at least as far. */
struct memory {
    struct hub_witness witness;
    bool is_there;
};

static int recall(const char *data, struct memory *ret_memory)
{
    char why[512] = "";
    int error = hub_witness_read(data, &ret_memory->witness, why, sizeof why);
    ret_memory->is_there = error == 0;
    if (error < 0)
        hub_tool_fail("%s", why);
    return error < 0 ? -1 : 0;
}

/* Says that the log is not what it should be, and where; position 0: that is not known. Returns HUB_EXIT_UNSOUND. */
static int unsound(struct hub_report *report, uint64_t position, const char *what)
{
    hub_report_quiet(report);
    hub_report_bool(report, "sound", false);
    if (position > 0)
        hub_report_u64(report, "position", position);
    hub_report_text(report, "what", what);
    if (position == 0)
        return hub_tool_end(HUB_EXIT_UNSOUND, "the log is not sound: %s", what);
    return hub_tool_end(HUB_EXIT_UNSOUND, "the log is not sound: position %llu: %s", (unsigned long long) position,
                        what);
}

/* Whether the log is the one that the witness saw, and as long. Returns an exit status. */
static int compare(struct hub_log *log, const struct memory *memory, struct hub_report *report)
{
    const struct hub_witness *witness = &memory->witness;
    uint64_t head = hub_log_commit(log).sequence;
    struct hub_digest hash;
    char what[96];
    const struct hub_log_identity *identity = hub_log_identity(log);
    if (!memory->is_there)
        return HUB_EXIT_OK;
    if (memcmp(identity->log_id, witness->identity.log_id, sizeof identity->log_id) != 0 ||
        identity->incarnation != witness->identity.incarnation)
        return unsound(report, 1, "the witness is of another log, or of another incarnation of it");
    if (witness->sequence == 0)
        return HUB_EXIT_OK;
    if (head < witness->sequence) {
        snprintf(what, sizeof what, "it is missing, but the witness saw %llu", (unsigned long long) witness->sequence);
        return unsound(report, head + 1, what);
    }
    if (hub_log_hash(log, (struct hub_position){ witness->sequence }, &hash) != 0 ||
        !hub_digest_is(&hash, &witness->hash))
        return unsound(report, witness->sequence, "its hash is not the one that the witness saw");
    return HUB_EXIT_OK;
}

/* The positions that --from and --to name; 0: not given. Returns an exit status. */
static int find_range(const struct hub_settings *settings, struct hub_datadir *reader,
                      struct hub_verify_options *options)
{
    const char *from = hub_settings_text(settings, HUB_SETTING_from), *to = hub_settings_text(settings, HUB_SETTING_to);
    struct hub_datadir_range range;
    int error = hub_datadir_range(reader, from, to, false, &range);
    if (error < 0)
        return -error;
    if (range.from > range.to && (from || to))
        return hub_tool_end(HUB_EXIT_ABSENT, "there is nothing from %s to %s: the log has the positions 1 to %llu",
                            from ? from : "1", to ? to : "its end",
                            (unsigned long long) hub_log_commit(reader->log).sequence);
    options->from = from ? range.from : 0;
    options->to = to ? range.to : 0;
    return HUB_EXIT_OK;
}

/* Walks the log. Returns an exit status. */
static int walk(struct hub_datadir *reader, const struct hub_verify_options *range, struct hub_report *report,
                uint64_t *ret_events)
{
    struct hub_progress progress;
    struct hub_verify_options options = *range;
    hub_progress_start(&progress, "events");
    options.on_progress = on_progress;
    options.arg = &progress;
    options.has_key = reader->has_keys ? hub_audit_has_key : NULL;
    options.key_arg = reader;
    struct hub_verify_report found = { .sequence = 0 };
    enum hub_verdict verdict = hub_log_verify(reader->log, &options, &found, ret_events);
    hub_progress_end(&progress);
    return verdict == HUB_VERDICT_sound ? HUB_EXIT_OK : unsound(report, found.sequence, found.what);
}

/* Every signed checkpoint, and the file of the Merkle tree. Returns an exit status. */
static int look_at_checkpoints(struct hub_log *log, const char *data, struct hub_report *report, uint64_t *ret_count)
{
    struct hub_verify_report found = { .sequence = 0 };
    return hub_checkpoint_verify(log, data, &found, ret_count) == 0 ? HUB_EXIT_OK
                                                                    : unsound(report, found.sequence, found.what);
}

/* Every note of who read personal data. Returns an exit status. */
static int look_at_accesses(const char *data, struct hub_report *report, uint64_t *ret_count)
{
    enum { WORDS = 256 };
    const char *why = NULL;
    char what[WORDS];
    struct hub_access_found found;
    int error = hub_access_verify(data, &found, &why);
    *ret_count = found.last == 0 ? 0 : found.last - found.first + 1;
    if (error == 0)
        return HUB_EXIT_OK;
    snprintf(what, sizeof what, "the notes of accesses from here on are not sound behind entry %llu: %s",
             (unsigned long long) found.last, why);
    return unsound(report, found.position > 0 ? found.position : 1, what);
}

/* What the whole log is compared with, besides itself. Returns an exit status. */
static int compare_all(struct hub_datadir *reader, const char *data, const struct memory *memory,
                       struct hub_report *report)
{
    uint64_t checkpoints = 0, accesses = 0, events = hub_log_commit(reader->log).sequence;
    if (hub_audit_lacks_master(reader, data))
        return unsound(
            report, 1,
            "keys/ has no master key that can be read, so nothing personal can be opened from here on; if it "
            "lies elsewhere, say where with --master-key");
    int status = compare(reader->log, memory, report);
    if (status == HUB_EXIT_OK)
        status = look_at_checkpoints(reader->log, data, report, &checkpoints);
    if (status == HUB_EXIT_OK)
        status = look_at_accesses(data, report, &accesses);
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_say(
        report, "The log is sound: %llu events; chain, density, versions, indexes%s%s and %llu checkpoint%s are right.",
        (unsigned long long) events, reader->has_keys ? ", keys" : "", memory->is_there ? ", witness" : "",
        (unsigned long long) checkpoints, checkpoints == 1 ? "" : "s");
    if (!memory->is_there)
        hub_report_note(report, "There is no witness, so its end was compared with nothing but checkpoints.");
    hub_report_bool(report, "sound", true);
    hub_report_u64(report, "events", events);
    if (accesses > 0)
        hub_report_note(report, "So are the notes of %llu reading%s of personal data.", (unsigned long long) accesses,
                        accesses == 1 ? "" : "s");
    hub_report_u64(report, "checkpoints", checkpoints);
    hub_report_u64(report, "accesses", accesses);
    return HUB_EXIT_OK;
}

/* Returns an exit status. */
static int verify(const struct hub_audit_of *of, struct hub_datadir *reader, const struct memory *memory,
                  struct hub_report *report)
{
    struct hub_verify_options options = { .from = 0 };
    uint64_t events = 0;
    int status = of->range ? find_range(of->range, reader, &options) : HUB_EXIT_OK;
    if (status == HUB_EXIT_OK)
        status = walk(reader, &options, report, &events);
    if (status != HUB_EXIT_OK)
        return status;
    if (options.from <= 1 && options.to == 0)
        return compare_all(reader, of->data, memory, report);
    uint64_t from = options.from ? options.from : 1;
    hub_report_say(
        report, "The log is sound from %llu to %llu: chain, density, versions and indexes of %llu event%s are right.",
        (unsigned long long) from, (unsigned long long) (from + events - 1), (unsigned long long) events,
        events == 1 ? "" : "s");
    hub_report_note(report, "What belongs to no single event is looked at without --from and --to.");
    hub_report_bool(report, "sound", true);
    hub_report_u64(report, "events", events);
    return HUB_EXIT_OK;
}

int hub_audit_sound(const struct hub_audit_of *of, struct hub_report *report)
{
    struct memory memory = { .is_there = false };
    struct hub_datadir reader;
    if (recall(of->data, &memory) < 0)
        return HUB_EXIT_FAILED;
    int status = -hub_datadir_open(&reader, of->data, of->master_key);
    if (status == HUB_EXIT_OK)
        status = verify(of, &reader, &memory, report);
    hub_datadir_close(&reader);
    return status;
}

static int run_verify(const struct hub_tool_call *call)
{
    struct hub_report report;
    const struct hub_audit_of of = { .data = hub_settings_text(call->settings, HUB_SETTING_data),
                                     .master_key = hub_settings_text(call->settings, HUB_SETTING_master_key),
                                     .range = call->settings };
    hub_report_begin(&report, call->settings);
    int status = hub_audit_sound(&of, &report);
    return hub_report_end(&report, status);
}

int hub_tool_audit_verify(const struct hub_tool_call *call)
{
    return hub_run_aside(call, run_verify);
}
