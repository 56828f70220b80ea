/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit verify`: the whole log, from its first event to its last. */
#include "log/checkpoint.h"
#include "log/verify.h"
#include "log/witness.h"
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

/* Says that the log is not what it should be, and where. Returns HUB_EXIT_UNSOUND. */
static int unsound(struct hub_report *report, uint64_t position, const char *what)
{
    hub_report_quiet(report);
    hub_report_bool(report, "sound", false);
    hub_report_u64(report, "position", position);
    hub_report_text(report, "what", what);
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
    if (!memory->is_there || witness->sequence == 0)
        return HUB_EXIT_OK;
    if (head < witness->sequence) {
        snprintf(what, sizeof what, "it ends here, but the witness saw %llu", (unsigned long long) witness->sequence);
        return unsound(report, head, what);
    }
    if (hub_log_hash(log, (struct hub_position){ witness->sequence }, &hash) != 0 ||
        !hub_digest_is(&hash, &witness->hash))
        return unsound(report, witness->sequence, "its hash is not the one that the witness saw");
    return HUB_EXIT_OK;
}

/* Walks the log. Returns an exit status. */
static int walk(struct hub_log *log, struct hub_report *report, uint64_t *ret_events)
{
    struct hub_progress progress;
    hub_progress_start(&progress, "events");
    const struct hub_verify_options options = { .on_progress = on_progress, .arg = &progress };
    struct hub_verify_report found = { .sequence = 0 };
    enum hub_verdict verdict = hub_log_verify(log, &options, &found, ret_events);
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

/* All of it. Returns an exit status. */
static int verify(struct hub_log *log, const char *data, const struct memory *memory, struct hub_report *report)
{
    uint64_t events = 0, checkpoints = 0;
    int status = walk(log, report, &events);
    if (status == HUB_EXIT_OK)
        status = compare(log, memory, report);
    if (status == HUB_EXIT_OK)
        status = look_at_checkpoints(log, data, report, &checkpoints);
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_say(report,
                   "The log is sound: %llu events; chain, density, versions, indexes, witness and %llu checkpoint%s "
                   "are right.",
                   (unsigned long long) events, (unsigned long long) checkpoints, checkpoints == 1 ? "" : "s");
    hub_report_bool(report, "sound", true);
    hub_report_u64(report, "events", events);
    hub_report_u64(report, "checkpoints", checkpoints);
    return status;
}

int hub_tool_audit_verify(const struct hub_tool_call *call)
{
    const char *data = hub_settings_text(call->settings, HUB_SETTING_data);
    struct memory memory = { .is_there = false };
    struct hub_datadir reader;
    struct hub_report report;
    int status = HUB_EXIT_FAILED;
    if (recall(data, &memory) < 0)
        return HUB_EXIT_FAILED;
    if (hub_datadir_open(&reader, data, NULL) == 0) {
        hub_report_begin(&report, call->settings);
        status = verify(reader.log, data, &memory, &report);
        status = hub_report_end(&report, status);
    }
    hub_datadir_close(&reader);
    return status;
}
