/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What was given up or set aside, for people to decide on: dead letters, and inputs that the process died of. */
#include "api/letters.h"

#include <stdio.h>

#include "actors/crash.h"
#include "actors/pending.h"
#include "actors/session/render.h"
#include "api/accesses.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "base/pack.h"
#include "log/keyring/keyring.h"

enum { LETTERS_MAX = 1000, INPUTS_MAX = 256, JOB_BYTES = 65536, KEY_TEXT = 2 * HUB_PENDING_KEY, INPUT_TEXT = 16 };

/* --- names --- */

static void print_hex(const uint8_t *bytes, size_t count, char *ret_text)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static int digit_of(char sign)
{
    if (sign >= '0' && sign <= '9') {
        return sign - '0';
    }
    return sign >= 'a' && sign <= 'f' ? sign - 'a' + 10 : -1;
}

static bool read_hex(struct hub_span text, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = digit_of(text.at[2 * i]), low = digit_of(text.at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_bytes[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

/* The session, and the key of the row. */
static struct hub_span print_letter(struct hub_ulid session, const struct hub_pending_key *key, struct hub_arena *arena)
{
    char *text = hub_arena_get(arena, HUB_ULID_TEXT + KEY_TEXT + 1);
    hub_ulid_print(session, text);
    print_hex(key->b, HUB_PENDING_KEY, text + HUB_ULID_TEXT);
    return hub_span_of(text, HUB_ULID_TEXT + KEY_TEXT);
}

static bool read_letter(struct hub_span text, struct hub_ulid *ret_session, struct hub_pending_key *ret_key)
{
    return text.len == HUB_ULID_TEXT + KEY_TEXT && hub_ulid_parse(hub_span_of(text.at, HUB_ULID_TEXT), ret_session) &&
           read_hex(hub_span_of(text.at + HUB_ULID_TEXT, KEY_TEXT), ret_key->b) && ret_key->b[0] == HUB_PENDING_dead;
}

static void refuse_unknown(struct hub_call *call)
{
    hub_respond_problem(call, HUB_ERROR_not_found, "/letter_id", "There is no such dead letter.");
}

/* --- reading --- */

/* When it was given up and why: the first event of the append that wrote the row. */
static void show_end(struct hub_log *log, const struct hub_pending_key *key, struct hub_arena *arena,
                     struct dead_letter *ret_shown)
{
    struct hub_stored stored;
    struct message_status_changed changed;
    bool is_loose;
    uint64_t sequence = hub_pending_key_sequence(key, &is_loose);
    if (is_loose || hub_log_read(log, (struct hub_position){ .sequence = sequence }, arena, &stored) != 0) {
        return;
    }
    HUB_SET(dead_letter, ret_shown, given_up_at, stored.header.time);
    if (stored.header.type == message_status_changed_id &&
        hub_unpack(&message_status_changed_shape, stored.payload, arena, &changed, NULL) == 0) {
        HUB_COPY(dead_letter, ret_shown, message_status_changed, &changed, failure);
    }
}

/* Returns false for a row that holds no message. */
static bool show_letter(const struct hub_pending_key *key, const struct pending_row *row, struct hub_arena *arena,
                        struct dead_letter *ret_shown)
{
    struct send_effect message;
    if (row->type != send_effect_id || hub_unpack(&send_effect_shape, row->record, arena, &message, NULL) != 0) {
        return false;
    }
    HUB_SET(dead_letter, ret_shown, letter_id, print_letter(message.session, key, arena));
    HUB_SET(dead_letter, ret_shown, message_id, hub_part_id_print(message.session, 'm', message.index, arena));
    HUB_SET(dead_letter, ret_shown, channel, message.channel);
    HUB_SET(dead_letter, ret_shown, customer, message.customer);
    if (HUB_HAS(pending_row, row, attempt)) {
        HUB_SET(dead_letter, ret_shown, attempts, row->attempt);
    }
    HUB_SET(dead_letter, ret_shown, content, message.content);
    HUB_COPY(dead_letter, ret_shown, send_effect, &message, subject);
    return true;
}

/* A walk through the rows of all companies. */
struct listing {
    struct hub_ulid company;
    struct hub_arena *arena, *scratch;
    struct hub_log *log;
    struct dead_letters *reply;
};

static bool list_letter(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct listing *self = arg;
    struct pending_row row;
    struct dead_letters *reply = self->reply;
    struct dead_letter *shown = &reply->letters.at[reply->letters.count];
    hub_arena_reset(self->scratch);
    if (hub_unpack(&pending_row_shape, value, self->scratch, &row, NULL) != 0 ||
        !hub_ulid_is(row.company, self->company)) {
        return true;
    }
    if (reply->letters.count == LETTERS_MAX) {
        HUB_SET(dead_letters, reply, more, true);
        return false;
    }
    row.record = hub_arena_copy(self->arena, row.record);
    if (show_letter(key, &row, self->arena, shown)) {
        HUB_CLEAR(dead_letter, shown, content);
        HUB_CLEAR(dead_letter, shown, subject);
        show_end(self->log, key, self->arena, shown);
        reply->letters.count++;
    }
    return true;
}

/* On the helper's thread. */
static void list_letters(struct hub_job *job, void *server)
{
    struct dead_letters *reply = HUB_NEW(job->arena, struct dead_letters);
    struct listing listing = {
        .company = job->company, .arena = job->arena, .log = ((struct hub_server *) server)->options.log, .reply = reply
    };
    listing.scratch = hub_arena_new(0);
    const struct hub_due due = { .kind = HUB_PENDING_dead, .until_us = INT64_MAX };
    reply->letters.at = HUB_NEW_ARRAY(job->arena, struct dead_letter, LETTERS_MAX + 1);
    HUB_MARK(dead_letters, reply, letters);
    HUB_SET(dead_letters, reply, more, false);
    job->error = hub_log_pending(listing.log, &due, list_letter, &listing) < 0 ? HUB_ERROR_internal : 0;
    job->result = reply;
    hub_arena_destroy(&listing.scratch);
}

static void on_listed(struct hub_call *call, struct hub_job *job)
{
    if (job->error != 0) {
        hub_respond_problem(call, job->error, "", "The log cannot be read.");
    } else {
        hub_respond_record(call, 200, &dead_letters_shape, job->result);
    }
    hub_job_destroy(&job);
}

void hub_letters_list(struct hub_call *call)
{
    struct hub_job *job = hub_job_new(JOB_BYTES);
    job->company = call->caller.company;
    job->run = list_letters;
    hub_call_give(call, call->loop->server->past, job, on_listed);
}

/* The row that a letter's name leads to, of the caller's company. Returns 0, HUB_ERROR_not_found or < 0. */
static int find_row(struct hub_call *call, const struct hub_pending_key *key, struct hub_arena *arena,
                    struct pending_row *ret_row)
{
    int failed = hub_pending_find(call->loop->server->options.log, key, arena, ret_row);
    bool is_ours = failed == 0 && hub_ulid_is(ret_row->company, call->caller.company) && ret_row->kind == KIND_session;
    return failed == 0 && !is_ours ? HUB_ERROR_not_found : failed;
}

void hub_letters_show(struct hub_call *call)
{
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_arena *arena = hub_call_arena(call);
    struct dead_letter_query *query = HUB_NEW(arena, struct dead_letter_query);
    struct dead_letter *shown = HUB_NEW(arena, struct dead_letter);
    struct hub_pending_key key;
    struct hub_ulid session;
    struct pending_row row;
    if (!hub_read_params(call, &dead_letter_query_shape, call->ready->params, arena, query)) {
        return;
    }
    if (!read_letter(query->letter_id, &session, &key) || find_row(call, &key, arena, &row) != 0 ||
        !show_letter(&key, &row, arena, shown)) {
        refuse_unknown(call);
        return;
    }
    show_end(options->log, &key, arena, shown);
    struct hub_key_source keys = hub_accesses_keys(call);
    hub_record_open(&dead_letter_shape, shown, call->caller.company, &keys, arena);
    if (hub_accesses_note(call)) {
        hub_respond_record(call, 200, &dead_letter_shape, shown);
    }
}

/* --- deciding --- */

/* A letter that is gone may have been settled by this very request: with an Idempotency-Key its actor knows. */
static void prepare(struct hub_call *call, unsigned action)
{
    struct hub_command *command = call->command;
    struct settle_letter *record = command->record;
    struct hub_name *session = &command->names[KIND_session];
    struct hub_pending_key key;
    struct pending_row row;
    struct send_effect message = { .index = 0 };
    if (!read_letter(record->letter_id, &session->id, &key)) {
        refuse_unknown(call);
        return;
    }
    int failed = find_row(call, &key, command->arena, &row);
    bool is_there = failed == 0 && hub_unpack(&send_effect_shape, row.record, command->arena, &message, NULL) == 0 &&
                    hub_ulid_is(message.session, session->id);
    if (!is_there && !command->keyed) {
        refuse_unknown(call);
        return;
    }
    session->given = session->is_ours = true;
    command->settles = is_there;
    command->settle = key;
    HUB_SET(settle_letter, record, action, (hub_enum) action);
    HUB_SET(settle_letter, record, index, message.index);
}

void hub_letters_prepare_retry(struct hub_call *call)
{
    prepare(call, letter_action_retry);
}

void hub_letters_prepare_drop(struct hub_call *call)
{
    prepare(call, letter_action_drop);
}

/* --- inputs --- */

static void put_be64(uint64_t value, uint8_t ret_bytes[8])
{
    for (int i = 7; i >= 0; i--, value >>= 8) {
        ret_bytes[i] = (uint8_t) value;
    }
}

void hub_inputs_list(struct hub_call *call)
{
    struct hub_arena *arena = hub_call_arena(call);
    struct hub_parked_input *parked = HUB_NEW_ARRAY(arena, struct hub_parked_input, INPUTS_MAX);
    size_t count = hub_runtime_parked(call->loop->server->options.runtime, parked, INPUTS_MAX);
    struct parked_inputs reply = { .inputs = { .at = HUB_NEW_ARRAY(arena, struct parked_input, INPUTS_MAX) } };
    HUB_MARK(parked_inputs, &reply, inputs);
    for (size_t i = 0; i < count; i++) {
        struct parked_input *shown = &reply.inputs.at[reply.inputs.count++];
        char *text = hub_arena_get(arena, INPUT_TEXT + 1);
        uint8_t bytes[8];
        put_be64(parked[i].fingerprint, bytes);
        print_hex(bytes, sizeof bytes, text);
        HUB_SET(parked_input, shown, input_id, hub_span_of(text, INPUT_TEXT));
        HUB_SET(parked_input, shown, crashes, parked[i].crashes);
    }
    hub_respond_record(call, 200, &parked_inputs_shape, &reply);
}

static uint64_t fingerprint_of(struct hub_span bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value = value << 8 | (uint8_t) bytes.at[i];
    }
    return value;
}

static bool is_parked(struct hub_call *call, uint64_t fingerprint)
{
    struct hub_parked_input *parked = HUB_NEW_ARRAY(call->command->arena, struct hub_parked_input, INPUTS_MAX);
    size_t count = hub_runtime_parked(call->loop->server->options.runtime, parked, INPUTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (parked[i].fingerprint == fingerprint) {
            return true;
        }
    }
    return false;
}

void hub_inputs_prepare(struct hub_call *call)
{
    struct release_input *record = call->command->record;
    uint8_t *bytes = hub_arena_get(call->command->arena, 8);
    uint64_t *kept = h2o_mem_alloc_pool(&call->req->pool, sizeof *kept);
    bool is_one = read_hex(record->input_id, bytes);
    *kept = fingerprint_of(hub_span_of((const char *) bytes, 8));
    if (!is_one || (!is_parked(call, *kept) && !call->command->keyed)) {
        hub_respond_problem(call, HUB_ERROR_not_found, "/input_id", "No such input is set aside.");
        return;
    }
    HUB_SET(release_input, record, input, hub_span_of((const char *) bytes, 8));
    call->own = kept;
}

void hub_inputs_finish(struct hub_call *call, struct hub_answer *answer)
{
    const uint64_t *fingerprint = call->own;
    (void) answer;
    hub_runtime_release(call->loop->server->options.runtime, *fingerprint);
}
