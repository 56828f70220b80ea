/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Short ways to say the usual things. */
#include "tests/actors/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"

const struct harness_result *talk_create(struct harness *h, const char *customer, const char *session,
                                         enum channel channel)
{
    struct create_session command = { 0 };
    HUB_SET(create_session, &command, customer_id, harness_sealed(customer));
    HUB_SET(create_session, &command, channel, (hub_enum) channel);
    if (session != NULL) {
        HUB_SET(create_session, &command, session_id, harness_sealed(session));
    }
    return harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                 .shape = &create_session_shape,
                                                 .record = &command,
                                                 .customer = customer,
                                                 .session = session,
                                                 .role = role_service });
}

const struct harness_result *talk_say(struct harness *h, const char *customer, const char *session, const char *words)
{
    struct process_message command = { 0 };
    HUB_SET(process_message, &command, customer_id, harness_sealed(customer));
    HUB_SET(process_message, &command, channel, channel_chat);
    HUB_SET(process_message, &command, content, harness_sealed(words));
    if (session != NULL) {
        HUB_SET(process_message, &command, session_id, harness_sealed(session));
    }
    return harness_do(h, &(struct harness_call){ .target = session != NULL ? KIND_session : KIND_customer,
                                                 .shape = &process_message_shape,
                                                 .record = &command,
                                                 .customer = customer,
                                                 .session = session,
                                                 .role = role_service });
}

const struct harness_result *talk_reply(struct harness *h, const char *session, const char *words, bool is_person)
{
    struct respond_message command = { 0 };
    HUB_SET(respond_message, &command, session_id, harness_sealed(session));
    HUB_SET(respond_message, &command, content, harness_sealed(words));
    return harness_do(h, &(struct harness_call){ .target = KIND_session,
                                                 .shape = &respond_message_shape,
                                                 .record = &command,
                                                 .session = session,
                                                 .role = is_person ? role_agent : role_service,
                                                 .is_person = is_person });
}

static struct hub_span part_id(struct harness *h, const char *session, uint32_t index, char ret_text[64])
{
    struct hub_ulid id = harness_find(h, KIND_session, session);
    char text[HUB_ULID_TEXT + 1] = { 0 };
    hub_ulid_print(id, text);
    int len = snprintf(ret_text, 64, "%s-m%u", text, index);
    return hub_span_of(ret_text, (size_t) len);
}

const struct harness_result *talk_report(struct harness *h, const char *session, struct report report)
{
    char text[64];
    struct update_message command = { 0 };
    HUB_SET(update_message, &command, message_id, part_id(h, session, report.index, text));
    if (report.status != 0) {
        HUB_SET(update_message, &command, status, (hub_enum) report.status);
    }
    if (report.failure != NULL) {
        HUB_SET(update_message, &command, failure, hub_span(report.failure));
    }
    if (report.attempt != 0) {
        HUB_SET(update_message, &command, attempt, report.attempt);
    }
    return harness_do(h, &(struct harness_call){ .target = KIND_session,
                                                 .shape = &update_message_shape,
                                                 .record = &command,
                                                 .session = session,
                                                 .settles = report.settles });
}

const struct harness_result *talk_transfer(struct harness *h, const char *session, unsigned from, unsigned to)
{
    struct transfer_channel command = { 0 };
    HUB_SET(transfer_channel, &command, session_id, harness_sealed(session));
    HUB_SET(transfer_channel, &command, to_channel, (hub_enum) to);
    HUB_SET(transfer_channel, &command, reason, harness_sealed("Document sharing capability needed"));
    HUB_SET(transfer_channel, &command, context_data, harness_sealed("{\"issue_type\":\"document_verification\"}"));
    if (from != 0) {
        HUB_SET(transfer_channel, &command, from_channel, (hub_enum) from);
    }
    return talk_to(h, session, &transfer_channel_shape, &command);
}

const struct harness_result *talk_move(struct harness *h, const char *session, enum session_status status)
{
    struct update_session command = { 0 };
    HUB_SET(update_session, &command, session_id, harness_sealed(session));
    HUB_SET(update_session, &command, status, (hub_enum) status);
    if (status == session_status_snoozed) {
        HUB_SET(update_session, &command, snoozed_until, harness_now(h) + 3600 * INT64_C(1000000));
    }
    return talk_to(h, session, &update_session_shape, &command);
}

const struct harness_result *talk_end(struct harness *h, const char *session)
{
    struct end_session command = { 0 };
    HUB_SET(end_session, &command, session_id, harness_sealed(session));
    return talk_to(h, session, &end_session_shape, &command);
}

const struct harness_result *talk_to(struct harness *h, const char *session, const struct hub_shape *shape,
                                     const void *record)
{
    return harness_do(h, &(struct harness_call){
                             .target = KIND_session,
                             .shape = shape,
                             .record = record,
                             .session = session,
                             .role = role_agent,
                             .is_person = true,
                         });
}

const struct session_state *talk_state(struct harness *h, const char *session)
{
    const struct session_state *state = harness_state(h, KIND_session, harness_find(h, KIND_session, session));
    assert_non_null(state);
    return state;
}

const struct customer_state *talk_customer(struct harness *h, const char *customer)
{
    const struct customer_state *state = harness_state(h, KIND_customer, harness_find(h, KIND_customer, customer));
    assert_non_null(state);
    return state;
}

int talk_tear_down(void **state)
{
    struct harness *h = *state;
    harness_check(h, true);
    harness_destroy(&h);
    return 0;
}

void talk_refused(const struct harness_result *result, int error, const char *pointer)
{
    assert_string_equal(hub_error_code(result->error), hub_error_code(error));
    assert_string_equal(result->fault.pointer, pointer);
    assert_int_not_equal(result->fault.reason[0], '\0');
    assert_int_equal(result->events, 0);
    assert_null(result->answer);
}

void *talk_answer(const struct harness_result *result, const struct hub_shape *shape)
{
    if (result->error != 0) {
        fail_msg("refused: %s %s", result->fault.pointer, result->fault.reason);
    }
    assert_ptr_equal(result->shape, shape);
    return result->answer;
}
