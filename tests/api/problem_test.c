/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/problem.h. */
#include "api/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/records.h"
#include "base/error.h"
#include "base/json.h"

static struct hub_fault fault_of(int error, const char *pointer, const char *reason)
{
    struct hub_fault fault = { .error = error };
    snprintf(fault.pointer, sizeof fault.pointer, "%s", pointer);
    snprintf(fault.reason, sizeof fault.reason, "%s", reason);
    return fault;
}

static void a_problem_says_what_where_and_why(void **state)
{
    struct hub_fault fault = fault_of(HUB_ERROR_invalid_field, "/customer_id", "must be text");
    struct hub_buf out;
    (void) state;
    hub_buf_init(&out);
    assert_int_equal(hub_problem_write(&fault, HUB_SPAN("/message/process"), &out), 400);
    static const char expected[] =
        "{\"type\":\"about:blank#invalid_field\","
        "\"title\":\"A field is missing, unknown, of the wrong type or out of range.\",\"status\":400,"
        "\"detail\":\"/customer_id must be text\",\"code\":\"invalid_field\",\"success\":false,"
        "\"error\":\"/customer_id must be text\","
        "\"errors\":[{\"pointer\":\"/customer_id\",\"detail\":\"must be text\"}],"
        "\"instance\":\"/message/process\"}";
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.at, expected, out.len);
    hub_buf_done(&out);
}

static void every_error_gives_a_document_that_reads_back(void **state)
{
    (void) state;
    for (int error = 1; error < HUB_ERROR_COUNT; error++) {
        struct hub_fault fault = fault_of(error, "", "A \"quoted\" reason\nwith \\ signs."), read_fault;
        struct hub_arena *arena = hub_arena_new(0);
        struct hub_buf out;
        struct problem problem;
        hub_buf_init(&out);
        int status = hub_problem_write(&fault, hub_span_of(NULL, 0), &out);
        assert_int_equal(hub_json_read(&problem_shape, hub_buf_span(&out), arena, &problem, &read_fault), 0);
        assert_int_equal(problem.status, status);
        assert_int_equal(status, hub_error_status(error));
        assert_true(hub_span_is(problem.code, hub_span(hub_error_code(error))));
        assert_false(problem.success);
        assert_true(hub_span_is(problem.error, problem.detail));
        assert_true(problem.detail.len > 0);
        assert_false(HUB_HAS(problem, &problem, instance));
        hub_buf_done(&out);
        hub_arena_destroy(&arena);
    }
}

/* What went wrong inside is for the operator's log, not for the client. */
static void an_internal_reason_stays_inside(void **state)
{
    static const int errors[] = { HUB_ERROR_internal, -1, 9999, 0 };
    (void) state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct hub_fault fault = fault_of(errors[i], "/x", "the password is hunter2");
        struct hub_buf out;
        hub_buf_init(&out);
        assert_int_equal(hub_problem_write(&fault, HUB_SPAN("/p"), &out), 500);
        hub_buf_put_byte(&out, 0);
        assert_null(strstr(out.at, "hunter2"));
        assert_null(strstr(out.at, "/x"));
        hub_buf_done(&out);
    }
}

static void a_path_that_is_no_text_is_left_out(void **state)
{
    struct hub_fault fault = fault_of(HUB_ERROR_not_found, "", "");
    struct hub_buf out;
    (void) state;
    hub_buf_init(&out);
    hub_problem_write(&fault, HUB_SPAN("/\xff\xfe"), &out);
    hub_buf_put_byte(&out, 0);
    assert_null(strstr(out.at, "instance"));
    hub_buf_done(&out);
}

static void statuses_of_h2o_have_an_error_of_ours(void **state)
{
    (void) state;
    assert_int_equal(hub_problem_of_status(413), HUB_ERROR_body_too_large);
    assert_int_equal(hub_problem_of_status(404), HUB_ERROR_not_found);
    assert_int_equal(hub_error_status(hub_problem_of_status(400)), 400);
    assert_int_equal(hub_error_status(hub_problem_of_status(417)), 400);
    assert_int_equal(hub_problem_of_status(502), HUB_ERROR_internal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_says_what_where_and_why),
        cmocka_unit_test(every_error_gives_a_document_that_reads_back),
        cmocka_unit_test(an_internal_reason_stays_inside),
        cmocka_unit_test(a_path_that_is_no_text_is_left_out),
        cmocka_unit_test(statuses_of_h2o_have_an_error_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
