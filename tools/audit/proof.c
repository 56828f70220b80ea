/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit checkpoint`, `audit prove` and `audit check`: the log's Merkle tree for people who keep its heads. */
#include "log/proof/proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "actors/customer/holding.h"
#include "base/error.h"
#include "base/json.h"
#include "log/file.h"
#include "tools/datadir.h"
#include "tools/http.h"
#include "tools/report.h"
#include "tools/tool.h"

enum { PROOF_MAX = 4 << 20, KEPT_MAX = 64 << 20 };

/* A data directory opened for proving. */
struct desk {
    struct hub_datadir reader;
    struct hub_tree *tree;
    struct hub_note_key key;
    struct hub_arena *arena;
    uint64_t head; /* the log's length at opening */
};

/* Returns 0, or an exit status as a negative number. */
static int open_desk(struct desk *self, const char *data)
{
    self->arena = hub_arena_new(65536);
    int error = hub_datadir_open(&self->reader, data, NULL);
    if (error)
        return error;
    self->head = hub_log_commit(self->reader.log).sequence;
    int result = hub_checkpoint_key(self->reader.log, data, NULL, &self->key);
    if (result == HUB_ERROR_not_found)
        hub_tool_fail("there is no signing key %s/checkpoint.key; the hub makes one when it serves", data);
    else if (result < 0)
        hub_tool_fail("the signing key %s/checkpoint.key cannot be used: %s", data, strerror(errno));
    else if (hub_tree_open(self->reader.log, data, false, &self->tree) < 0)
        hub_tool_fail("the file %s/tree cannot be used: %s", data, strerror(errno));
    return self->tree != NULL ? 0 : -HUB_EXIT_FAILED;
}

static void close_desk(struct desk *self)
{
    hub_tree_close(&self->tree);
    hub_datadir_close(&self->reader);
    hub_arena_destroy(&self->arena);
}

static struct hub_prover prover_of(struct desk *self)
{
    return (struct hub_prover){ .log = self->reader.log, .tree = self->tree, .key = &self->key };
}

/* The note itself is what people keep. */
static int show_checkpoint(const struct hub_tool_call *call, uint64_t size, struct hub_span note)
{
    struct hub_report report;
    if (!hub_settings_is(call->settings, HUB_SETTING_json)) {
        fwrite(note.at, 1, note.len, stdout);
        return HUB_EXIT_OK;
    }
    hub_report_begin(&report, call->settings);
    hub_report_u64(&report, "size", size);
    hub_report_span(&report, "checkpoint", note);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int send_checkpoint(const char *url, struct hub_span note)
{
    struct hub_http *http = hub_http_new_for(url, NULL, "text/plain; charset=utf-8");
    struct hub_http_answer answer;
    int status = HUB_EXIT_OK;
    hub_http_answer_init(&answer);
    if (hub_http_ask(http, "POST", "", note, &answer) < 0)
        status = hub_tool_end(HUB_EXIT_UNREACHED, "%s: %s", url, hub_http_why(http));
    else if (answer.status < 200 || answer.status > 299)
        status = hub_tool_fail("%s did not take the checkpoint: it answered %ld", url, answer.status);
    hub_http_answer_done(&answer);
    hub_http_destroy(&http);
    return status;
}

/* Whoever else shall have it; `to` NULL: nobody. Returns an exit status. */
static int hand_checkpoint(const char *to, struct hub_span note)
{
    if (!to)
        return HUB_EXIT_OK;
    if (strncmp(to, "http://", 7) == 0 || strncmp(to, "https://", 8) == 0)
        return send_checkpoint(to, note);
    if (hub_checkpoint_hand(to, note) == 0)
        return HUB_EXIT_OK;
    return hub_tool_end(HUB_EXIT_FULL, "%s cannot be written: %s", to, strerror(errno));
}

int hub_tool_audit_checkpoint(const struct hub_tool_call *call)
{
    struct desk desk = { .head = 0 };
    struct hub_buf note;
    hub_buf_init(&note);
    int status = -open_desk(&desk, hub_settings_text(call->settings, HUB_SETTING_data));
    if (status == HUB_EXIT_OK) {
        const char *witness = hub_settings_text(call->settings, HUB_SETTING_witness);
        if (hub_checkpoint_sign(desk.tree, desk.reader.log, desk.head, &desk.key, &note) == 0)
            status = hand_checkpoint(witness, hub_buf_span(&note));
        else
            status = hub_tool_fail("the log cannot be read");
        if (status == HUB_EXIT_OK)
            status = show_checkpoint(call, desk.head, hub_buf_span(&note));
    }
    hub_buf_done(&note);
    close_desk(&desk);
    return status;
}

/* How long the log was that a proof begins with: 0 is a checkpoint of an empty one. */
static int read_before(const struct desk *desk, const char *text, uint64_t *ret_size)
{
    *ret_size = 0;
    return strcmp(text, "0") == 0 ? HUB_EXIT_OK : -hub_datadir_moment(&desk->reader, text, ret_size);
}

static int print_proof(const struct log_proof *proof)
{
    struct hub_buf out;
    hub_buf_init(&out);
    hub_json_write(&log_proof_shape, proof, HUB_DIALECT_snake, &out);
    hub_buf_put_byte(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    hub_buf_done(&out);
    return HUB_EXIT_OK;
}

static int prove(struct desk *desk, const char *from, const char *point)
{
    const struct hub_prover prover = prover_of(desk);
    struct log_proof proof;
    uint64_t before = 0, at = 0;
    int status = from ? read_before(desk, from, &before) : HUB_EXIT_OK;
    if (status == HUB_EXIT_OK)
        status = from ? read_before(desk, point, &at) : -hub_datadir_moment(&desk->reader, point, &at);
    if (status != HUB_EXIT_OK)
        return status;
    if (from && before > at)
        return hub_tool_misused("--between %s %s: the earlier one comes first", from, point);
    int error = from ? hub_prove_consistency(&prover, before, at, desk->arena, &proof)
                     : hub_prove_inclusion(&prover, at, desk->head, desk->arena, &proof);
    return error ? hub_tool_fail("the log cannot be read") : print_proof(&proof);
}

int hub_tool_audit_prove(const struct hub_tool_call *call)
{
    struct desk desk = { .head = 0 };
    if (call->count != 1)
        return hub_tool_misused("audit prove takes one POSITION, or --between A B");
    int status = -open_desk(&desk, hub_settings_text(call->settings, HUB_SETTING_data));
    if (status == HUB_EXIT_OK)
        status = prove(&desk, hub_settings_text(call->settings, HUB_SETTING_between), call->operands[0]);
    close_desk(&desk);
    return status;
}

/* --- Checking: no hub, no data --- */

static int read_whole(const char *path, size_t max, struct hub_buf *ret_text)
{
    int result = hub_file_read(path[0] == '/' ? "/" : ".", path, max, ret_text);
    if (result == 0)
        return HUB_EXIT_OK;
    return hub_tool_end(result > 0 ? HUB_EXIT_ABSENT : HUB_EXIT_FAILED, "%s cannot be read: %s", path,
                        result > 0 ? "there is no such file" : strerror(errno));
}

/* The verifier key itself, or the name of a file that holds it. */
static int read_key(const char *text, struct hub_note_key *ret_key)
{
    struct hub_buf file;
    if (!text)
        return hub_tool_misused("audit check needs --key: a verifier key, or a file that holds it (checkpoint.pub)");
    if (hub_note_key_parse(hub_span(text), ret_key))
        return HUB_EXIT_OK;
    hub_buf_init(&file);
    int status = read_whole(text, HUB_NOTE_MAX, &file);
    while (file.len > 0 && file.at[file.len - 1] == '\n')
        file.len--;
    if (status == HUB_EXIT_OK && !hub_note_key_parse(hub_buf_span(&file), ret_key))
        status = hub_tool_end(HUB_EXIT_DENIED, "%s holds no verifier key", text);
    hub_buf_done(&file);
    return status;
}

/* Says why a checkpoint does not open: the key is another log's, or the text is damaged. */
static int refuse(const struct hub_note_key *key, struct hub_span checkpoint, const char *what, const char *why)
{
    struct hub_checkpoint other;
    if (!hub_checkpoint_is_foreign(key, checkpoint, &other))
        return hub_tool_end(HUB_EXIT_UNSOUND, "%s: %s", what, why);
    if (strcmp(other.origin, key->name) == 0)
        return hub_tool_end(HUB_EXIT_DENIED, "%s: it is signed by another key of %s than the one given", what,
                            key->name);
    return hub_tool_end(HUB_EXIT_DENIED, "%s: it is signed by the key of %s, and the key given is that of %s", what,
                        other.origin, key->name);
}

/* What was kept of one size must be what the proof connects. ret_size: of this one. */
static int compare_one(const struct hub_proved *proved, const struct hub_note_key *key, const char *path,
                       struct hub_span note, uint64_t *ret_size)
{
    struct hub_checkpoint kept = { .origin = "" };
    const struct hub_checkpoint *same = proved->before.origin[0] != '\0' ? &proved->before : &proved->checkpoint;
    if (!hub_checkpoint_open(key, note, &kept))
        return refuse(key, note, path, "that is no checkpoint, or it is damaged");
    *ret_size = kept.head.size;
    if (strcmp(kept.origin, same->origin) != 0)
        return hub_tool_end(HUB_EXIT_UNSOUND, "the proof is of another log: %s, not %s", same->origin, kept.origin);
    if (kept.head.size == same->head.size && !hub_digest_is(&kept.head.root, &same->head.root))
        return hub_tool_end(HUB_EXIT_UNSOUND,
                            "the log was altered: its first %" PRIu64 " events are not those that %s speaks of",
                            kept.head.size, path);
    return HUB_EXIT_OK;
}

/* One of those that were kept must be what the proof begins with. A witness keeps many in a file, the last may be alone. */
static int compare_all(const struct hub_proved *proved, const struct hub_note_key *key, const char *path,
                       struct hub_span text)
{
    uint64_t wanted = proved->before.origin[0] != '\0' ? proved->before.head.size : proved->checkpoint.head.size;
    uint64_t size = 0;
    bool is_there = false;
    int status = HUB_EXIT_OK;
    do {
        struct hub_span note;
        if (!hub_checkpoint_next(&text, &note)) {
            note = text;
            text.len = 0;
        }
        status = compare_one(proved, key, path, note, &size);
        is_there = is_there || size == wanted;
    } while (status == HUB_EXIT_OK && text.len > 0);
    if (status == HUB_EXIT_OK && !is_there)
        return hub_tool_end(HUB_EXIT_UNSOUND, "the proof starts at %" PRIu64 ", but the checkpoint kept is of %" PRIu64,
                            wanted, size);
    return status;
}

static int compare_kept(const struct hub_proved *proved, const struct hub_note_key *key, const char *path)
{
    struct hub_buf text;
    hub_buf_init(&text);
    int status = read_whole(path, KEPT_MAX, &text);
    while (text.len > 1 && text.at[text.len - 1] == '\n' && text.at[text.len - 2] == '\n')
        text.len--;
    if (status == HUB_EXIT_OK)
        status = compare_all(proved, key, path, hub_buf_span(&text));
    hub_buf_done(&text);
    return status;
}

static void say_event(struct hub_report *report, const struct hub_proved *proved)
{
    const struct event_header *header = &proved->event.header;
    struct hub_buf time;
    hub_buf_init(&time);
    hub_time_print(header->time, &time);
    hub_report_say(report, "%s: position %" PRIu64 " of %" PRIu64 " is this event of type 0x%04x, written at %.*s.",
                   proved->checkpoint.origin, header->sequence, proved->checkpoint.head.size, (unsigned) header->type,
                   (int) time.len, time.at);
    hub_buf_done(&time);
    hub_report_u64(report, "position", header->sequence);
    hub_report_u64(report, "type", header->type);
    hub_report_time(report, "time", header->time);
}

/* What a certificate certifies. */
static void say_erased(struct hub_report *report, const struct hub_proved *proved,
                       const struct erasure_certificate *certificate)
{
    char customer[HUB_ULID_TEXT];
    struct hub_buf time;
    hub_buf_init(&time);
    hub_ulid_print(certificate->customer, customer);
    hub_time_print(certificate->erased_at, &time);
    hub_report_say(report,
                   "%s: customer %.*s was erased at %.*s, position %" PRIu64 " of %" PRIu64 ": %" PRIu64
                   " personal values in %" PRIu64 " events. Reason: %.*s",
                   proved->checkpoint.origin, (int) sizeof customer, customer, (int) time.len, time.at,
                   certificate->position, proved->checkpoint.head.size, certificate->destroyed->personal_values,
                   certificate->destroyed->events, (int) certificate->reason.len, certificate->reason.at);
    hub_buf_done(&time);
    hub_report_id(report, "customer", certificate->customer);
    hub_report_id(report, "by", certificate->by);
    hub_report_u64(report, "position", certificate->position);
    hub_report_time(report, "erased_at", certificate->erased_at);
    hub_report_span(report, "reason", certificate->reason);
    hub_report_u64(report, "personal_values", certificate->destroyed->personal_values);
}

static int say(const struct hub_tool_call *call, const struct hub_proved *proved,
               const struct erasure_certificate *certificate)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_text(&report, "origin", proved->checkpoint.origin);
    hub_report_u64(&report, "size", proved->checkpoint.head.size);
    if (certificate) {
        say_erased(&report, proved, certificate);
    } else if (proved->before.origin[0] == '\0') {
        say_event(&report, proved);
    } else {
        hub_report_say(&report, "%s: the %" PRIu64 " events begin with the %" PRIu64 " of before, unaltered.",
                       proved->checkpoint.origin, proved->checkpoint.head.size, proved->before.head.size);
        hub_report_u64(&report, "before", proved->before.head.size);
    }
    return hub_report_end(&report, HUB_EXIT_OK);
}

/* A certificate has a proof in it, a proof has none. */
static bool is_certificate(struct hub_span text)
{
    static const char member[] = "\"proof\"";
    return text.len > 0 && memmem(text.at, text.len, member, sizeof member - 1) != NULL;
}

/* What was handed in, and what it shows. */
struct shown {
    struct erasure_certificate certificate;
    struct log_proof proof;
    struct hub_proved proved;
};

static int read_shown(struct hub_span text, const struct hub_note_key *key, struct hub_arena *arena,
                      struct shown *ret_shown, bool *ret_certifies)
{
    struct hub_fault fault;
    const char *why = "";
    bool certifies = is_certificate(text);
    const char *what = certifies ? "certificate" : "proof";
    int error = certifies ? hub_json_read(&erasure_certificate_shape, text, arena, &ret_shown->certificate, &fault)
                          : hub_json_read(&log_proof_shape, text, arena, &ret_shown->proof, &fault);
    if (error)
        return hub_tool_end(HUB_EXIT_UNSOUND, "that is no %s: %s %s", what, fault.pointer, fault.reason);
    error = certifies ? hub_erasure_check(&ret_shown->certificate, key, arena, &ret_shown->proved, &why)
                      : hub_proof_check(&ret_shown->proof, key, arena, &ret_shown->proved, &why);
    *ret_certifies = certifies;
    if (error == 0)
        return HUB_EXIT_OK;
    return refuse(key, certifies ? ret_shown->certificate.proof->checkpoint : ret_shown->proof.checkpoint,
                  certifies ? "the certificate shows nothing" : "the proof shows nothing", why);
}

static int check(const struct hub_tool_call *call, struct hub_span text, const struct hub_note_key *key)
{
    const char *kept = hub_settings_text(call->settings, HUB_SETTING_kept);
    struct hub_arena *arena = hub_arena_new(65536);
    struct shown shown = { .proved = { .checkpoint = { .origin = "" } } };
    bool certifies = false;
    int status = read_shown(text, key, arena, &shown, &certifies);
    if (status == HUB_EXIT_OK && kept)
        status = compare_kept(&shown.proved, key, kept);
    if (status == HUB_EXIT_OK)
        status = say(call, &shown.proved, certifies ? &shown.certificate : NULL);
    hub_arena_destroy(&arena);
    return status;
}

int hub_tool_audit_check(const struct hub_tool_call *call)
{
    struct hub_note_key key;
    struct hub_buf proof;
    if (call->count != 1)
        return hub_tool_misused("audit check takes one PROOF, a file that 'audit prove' printed");
    int status = read_key(hub_settings_text(call->settings, HUB_SETTING_verifier), &key);
    if (status != HUB_EXIT_OK)
        return status;
    hub_buf_init(&proof);
    status = read_whole(call->operands[0], PROOF_MAX, &proof);
    if (status == HUB_EXIT_OK)
        status = check(call, hub_buf_span(&proof), &key);
    hub_buf_done(&proof);
    return status;
}
