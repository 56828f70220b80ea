/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `dead`: messages that could not be delivered, and inputs that the hub died of, through a running hub's REST. */
#include <ctype.h>
#include <string.h>

#include "api/records.h"
#include "base/json_emit.h"
#include "tools/asking.h"
#include "tools/report.h"
#include "tools/tool.h"

static const char whose[] = "an admin's key of the running hub";

enum { PATH_ROOM = 160, INPUT_TEXT = 16 };

static int list_letters(const struct hub_tool_call *call, struct hub_arena *arena, struct hub_report *report)
{
    struct dead_letters reply = { .more = false };
    const struct hub_asking question = { .whose = whose,
                                         .method = "GET",
                                         .path = "/dead-letters",
                                         .shape = &dead_letters_shape,
                                         .arena = arena,
                                         .record = &reply };
    int status = hub_asking_do(call->settings, &question);
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_bool(report, "more", reply.more);
    if (reply.letters.count == 0)
        hub_report_note(report, "No message was given up.");
    hub_report_list(report, "letters");
    for (uint32_t i = 0; i < reply.letters.count; i++) {
        const struct dead_letter *letter = &reply.letters.at[i];
        hub_report_row(report);
        hub_report_span(report, "letter", letter->letter_id);
        hub_report_span(report, "message", letter->message_id);
        hub_report_text(report, "channel", hub_vocab_name(&channel_vocab, letter->channel));
        hub_report_u64(report, "attempts", letter->attempts);
        hub_report_time(report, "given_up_at", letter->given_up_at);
        hub_report_span(report, "failure", letter->failure);
    }
    hub_report_list_end(report);
    return status;
}

/* Only the company that runs the hub is told; for others there are none. */
static int list_inputs(const struct hub_tool_call *call, struct hub_arena *arena, struct hub_report *report)
{
    struct parked_inputs reply = { .inputs = { .count = 0 } };
    const struct hub_asking question = { .whose = whose,
                                         .method = "GET",
                                         .path = "/parked-inputs",
                                         .shape = &parked_inputs_shape,
                                         .arena = arena,
                                         .record = &reply };
    int status = hub_asking_do(call->settings, &question);
    hub_report_list(report, "inputs");
    for (uint32_t i = 0; status == HUB_EXIT_OK && i < reply.inputs.count; i++) {
        hub_report_row(report);
        hub_report_span(report, "input", reply.inputs.at[i].input_id);
        hub_report_u64(report, "crashes", reply.inputs.at[i].crashes);
    }
    hub_report_list_end(report);
    return status;
}

int hub_tool_dead_list(const struct hub_tool_call *call)
{
    struct hub_arena *arena = hub_arena_new(65536);
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    int status = hub_settings_is(call->settings, HUB_SETTING_inputs) ? list_inputs(call, arena, &report)
                                                                     : list_letters(call, arena, &report);
    if (status == HUB_EXIT_OK)
        status = hub_report_end(&report, status);
    else
        hub_report_drop(&report);
    hub_arena_destroy(&arena);
    return status;
}

/* The path of one, whose id is letters and digits. False for anything else. */
static bool path_of(const char *room, const char *id, const char *verb, char ret_path[PATH_ROOM])
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char) id[i]))
            return false;
    return len > 0 && len < 100 && snprintf(ret_path, PATH_ROOM, "/%s/%s%s", room, id, verb) < PATH_ROOM;
}

static int no_id(const struct hub_tool_call *call)
{
    return hub_tool_misused("%s takes one id, as 'omnihub dead list' shows it", hub_tools()[call->tool].words);
}

static int show(const struct hub_tool_call *call, const struct dead_letter *letter)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_span(&report, "letter", letter->letter_id);
    hub_report_span(&report, "message", letter->message_id);
    hub_report_text(&report, "channel", hub_vocab_name(&channel_vocab, letter->channel));
    hub_report_id(&report, "customer", letter->customer);
    hub_report_u64(&report, "attempts", letter->attempts);
    hub_report_time(&report, "given_up_at", letter->given_up_at);
    hub_report_span(&report, "failure", letter->failure);
    if (HUB_HAS(dead_letter, letter, subject))
        hub_report_span(&report, "subject", letter->subject.clear);
    hub_report_span(&report, "content", letter->content.clear);
    return hub_report_end(&report, HUB_EXIT_OK);
}

int hub_tool_dead_show(const struct hub_tool_call *call)
{
    char path[PATH_ROOM];
    if (call->count != 1 || !path_of("dead-letters", call->operands[0], "", path))
        return no_id(call);
    struct hub_arena *arena = hub_arena_new(4096);
    struct dead_letter letter = { .attempts = 0 };
    const struct hub_asking question = {
        .whose = whose, .method = "GET", .path = path, .shape = &dead_letter_shape, .arena = arena, .record = &letter
    };
    int status = hub_asking_do(call->settings, &question);
    if (status == HUB_EXIT_OK)
        status = show(call, &letter);
    hub_arena_destroy(&arena);
    return status;
}

/* Ask for something with a reason. */
static int decide(const struct hub_tool_call *call, struct hub_asking *question, const char *done)
{
    const char *reason = hub_settings_text(call->settings, HUB_SETTING_reason);
    struct hub_json_emit emit;
    struct hub_buf body;
    if (!reason)
        return hub_tool_misused("%s needs --reason TEXT, which is kept with who decided it",
                                hub_tools()[call->tool].words);
    hub_buf_init(&body);
    hub_json_emit_init(&emit, &body);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "reason", reason);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    question->method = "POST";
    question->body = hub_buf_span(&body);
    int status = hub_asking_do(call->settings, question);
    hub_buf_done(&body);
    if (status != HUB_EXIT_OK)
        return status;
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_say(&report, "%s: %s.", call->operands[0], done);
    hub_report_text(&report, "id", call->operands[0]);
    hub_report_text(&report, "done", done);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int decide_on_letter(const struct hub_tool_call *call, const char *verb, const char *done)
{
    char path[PATH_ROOM];
    if (call->count != 1 || !path_of("dead-letters", call->operands[0], verb, path))
        return no_id(call);
    struct hub_arena *arena = hub_arena_new(4096);
    struct message_changed reply = { .success = false };
    struct hub_asking question = {
        .whose = whose, .path = path, .shape = &message_changed_shape, .arena = arena, .record = &reply
    };
    int status = decide(call, &question, done);
    hub_arena_destroy(&arena);
    return status;
}

static int release(const struct hub_tool_call *call)
{
    char path[PATH_ROOM];
    if (!path_of("parked-inputs", call->operands[0], "/release", path))
        return no_id(call);
    struct hub_arena *arena = hub_arena_new(4096);
    struct done_reply reply = { .success = false };
    struct hub_asking question = {
        .whose = whose, .path = path, .shape = &done_reply_shape, .arena = arena, .record = &reply
    };
    int status = decide(call, &question, "may run again");
    hub_arena_destroy(&arena);
    return status;
}

int hub_tool_dead_retry(const struct hub_tool_call *call)
{
    bool is_input = call->count == 1 && strlen(call->operands[0]) == INPUT_TEXT;
    return is_input ? release(call) : decide_on_letter(call, "/retry", "is sent again");
}

int hub_tool_dead_drop(const struct hub_tool_call *call)
{
    return decide_on_letter(call, "/drop", "is given up for good");
}
