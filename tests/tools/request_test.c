/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of tools/bench/request.h, and of the rows it is filled from. */
#include "tools/bench/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/bench/rows.h"

/* Makes a file of rows and opens it. */
static int rows_of(const char *text, struct hub_rows **ret_rows)
{
    char path[] = "/tmp/hub-rows.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    close(fd);
    int rc = hub_rows_open(path, ret_rows);
    unlink(path);
    return rc;
}

static struct hub_request *request_of(const struct hub_request_spec *spec, const struct hub_rows *rows)
{
    struct hub_request *request = NULL;
    assert_int_equal(hub_request_new(spec, rows, &request), 0);
    return request;
}

static void assert_written(const struct hub_request *request, const struct hub_row *row, uint64_t counter,
                           const char *expected)
{
    size_t bound = hub_request_bound(request);
    char *text = malloc(bound + 1); /* the bound itself is checked by the sanitizer builds */
    assert_non_null(text);
    size_t len = hub_request_write(request, row, counter, text);
    assert_true(len <= bound);
    text[len] = '\0';
    assert_string_equal(text, expected);
    free(text);
}

static void a_request_without_a_body_has_no_length(void **state)
{
    (void) state;
    const struct hub_request_spec spec = { .method = "GET", .host = "h:1", .path = "/a?b={c}" };
    struct hub_request *request = request_of(&spec, NULL);
    assert_written(request, NULL, 0, "GET /a?b={c} HTTP/1.1\r\nHost: h:1\r\n\r\n");
    hub_request_destroy(&request);
    assert_null(request);
}

static void an_empty_body_has_the_length_zero(void **state)
{
    (void) state;
    const struct hub_request_spec spec = { .method = "POST", .host = "h:1", .path = "/", .body = "" };
    struct hub_request *request = request_of(&spec, NULL);
    assert_written(request, NULL, 0, "POST / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n");
    hub_request_destroy(&request);
}

static void counter_and_columns_stand_everywhere_and_the_length_follows(void **state)
{
    (void) state;
    struct hub_rows *rows = NULL;
    static const char *const headers[] = { "Idempotency-Key: k-{n}", "X-Row: {2}" };
    static const char body[] = "{\"s\":\"{1}\",\"c\":\"{2}{1}\",\"n\":{n}}";
    const struct hub_request_spec spec = { "POST", "h:1", "/s/{1}", headers, 2, body, sizeof body - 1 };
    assert_int_equal(rows_of("a\tlonger\n\nbcd\te\n", &rows), 0);
    assert_int_equal(hub_rows_count(rows), 2);
    struct hub_request *request = request_of(&spec, rows);
    assert_written(request, hub_rows_at(rows, 0), 7,
                   "POST /s/a HTTP/1.1\r\nHost: h:1\r\nIdempotency-Key: k-0000000007\r\nX-Row: longer\r\n"
                   "Content-Length: 38\r\n\r\n{\"s\":\"a\",\"c\":\"longera\",\"n\":0000000007}");
    assert_written(request, hub_rows_at(rows, 1), UINT64_C(98765432101),
                   "POST /s/bcd HTTP/1.1\r\nHost: h:1\r\nIdempotency-Key: k-8765432101\r\nX-Row: e\r\n"
                   "Content-Length: 37\r\n\r\n{\"s\":\"bcd\",\"c\":\"ebcd\",\"n\":8765432101}");
    hub_request_destroy(&request);
    hub_rows_destroy(&rows);
    assert_null(rows);
}

static void what_only_looks_like_a_mark_stays(void **state)
{
    (void) state;
    static const char body[] = "{{n}}{0}{5}{n{1";
    const struct hub_request_spec spec = {
        .method = "POST", .host = "h", .path = "/", .body = body, .body_len = sizeof body - 1
    };
    struct hub_request *request = request_of(&spec, NULL);
    assert_written(request, NULL, 3, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 22\r\n\r\n{0000000003}{0}{5}{n{1");
    hub_request_destroy(&request);
}

static void columns_without_rows_are_refused(void **state)
{
    (void) state;
    struct hub_request *request = NULL;
    const struct hub_request_spec spec = { .method = "GET", .host = "h", .path = "/{1}" };
    assert_int_equal(hub_request_new(&spec, NULL, &request), -EINVAL);
    assert_null(request);
}

static void a_column_that_a_row_lacks_is_empty(void **state)
{
    (void) state;
    struct hub_rows *rows = NULL;
    const struct hub_request_spec spec = { .method = "GET", .host = "h", .path = "/{1}/{3}" };
    assert_int_equal(rows_of("x", &rows), 0);
    struct hub_request *request = request_of(&spec, rows);
    assert_written(request, hub_rows_at(rows, 0), 0, "GET /x/ HTTP/1.1\r\nHost: h\r\n\r\n");
    hub_request_destroy(&request);
    hub_rows_destroy(&rows);
}

static void lists_that_cannot_be_used_are_refused(void **state)
{
    (void) state;
    struct hub_rows *rows = NULL;
    assert_int_equal(rows_of("", &rows), -EINVAL);
    assert_int_equal(rows_of("\n\n", &rows), -EINVAL);
    assert_int_equal(rows_of("1\t2\t3\t4\t5\n", &rows), -EINVAL);
    assert_int_equal(hub_rows_open("/nowhere/at/all", &rows), -ENOENT);
    assert_null(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_a_body_has_no_length),
        cmocka_unit_test(an_empty_body_has_the_length_zero),
        cmocka_unit_test(counter_and_columns_stand_everywhere_and_the_length_follows),
        cmocka_unit_test(what_only_looks_like_a_mark_stays),
        cmocka_unit_test(columns_without_rows_are_refused),
        cmocka_unit_test(a_column_that_a_row_lacks_is_empty),
        cmocka_unit_test(lists_that_cannot_be_used_are_refused),
    };
    return cmocka_run_group_tests_name("tools/bench/request", tests, NULL, NULL);
}
