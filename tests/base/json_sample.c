/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of json_sample.def, and what tests of JSON ask of them. */
#include "tests/base/json_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"

const struct hub_shape *const way_cases[] = { &by_mail_shape, &by_phone_shape, NULL };

/* clang-format off */
#include "base/def/shapes.h"
#include "tests/base/json_sample.def"
#include "base/def/heads.h"
#include "tests/base/json_sample.def"
#include "base/def/none.h"
/* clang-format on */

const char json_sample_message[] = "{\"customer_id\":\"customer_123\",\"session_id\":\"01HZX3V8J5Q6W7E8R9T0Y1K2J3\","
                                   "\"channel\":\"chat\",\"content\":\"Hello, my invoice of last month shows a charge "
                                   "that I do not know.\"}";

const char json_sample_full[] =
    "{\"yes\":true,\"whole\":-9223372036854775808,\"degrees\":-40,\"small\":4294967295,"
    "\"large\":18446744073709551615,\"some\":1000,\"price\":-5.00,\"ratio\":9.223372036854775807,\"title\":\"ab\","
    "\"body\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\x7f\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\",\"raw\":\"AAEC/w==\","
    "\"channel\":\"email\",\"country\":\"belize\",\"labels\":[\"urgent\",\"vip\",\"closed\"],"
    "\"moment\":\"0000-01-01T00:00:00.000000Z\",\"later\":\"2026-12-31T23:59:59.999999Z\","
    "\"ident\":\"01HZX3V8J5Q6W7E8R9T0Y1K2J3\",\"free\":{\"a\":[1,-0,1e400,2.50,null,true,\"\\n\"],\"\":{}},"
    "\"secret\":\"\",\"dossier\":\"a\",\"profile\":{\"name\":\"Ada\",\"telephone\":\"+49 1\"},"
    "\"customers\":[{\"number\":1,\"profile\":{\"name\":\"Bo\"}},{\"number\":1000,\"profile\":{\"name\":\"Cy\"},"
    "\"remark\":\"\"}],\"words\":[\"\",\"x\"],\"idents\":[],\"counts\":[0,18446744073709551615],"
    "\"deltas\":[-9223372036854775808,9223372036854775807],\"ways\":[\"chat\",\"chat\"],"
    "\"delivery\":{\"type\":\"by_mail\",\"address\":\"\"},\"nest\":{\"in\":{\"in\":{\"x\":7}},\"x\":8},"
    "\"lenient\":{},\"branch\":{\"way\":{\"type\":\"by_phone\",\"number\":0}}}";

void *json_sample_read(const struct hub_shape *shape, const char *text, struct hub_arena *arena)
{
    struct hub_fault fault = { 0 };
    void *record = hub_arena_get(arena, shape->size);
    if (hub_json_read(shape, hub_span(text), arena, record, &fault) != 0) {
        fail_msg("%s: \"%s\" %s", text, fault.pointer, fault.reason);
    }
    assert_int_equal(hub_validate(shape, record, &fault), 0);
    return record;
}

void json_sample_becomes(const struct hub_shape *shape, const char *text, const char *expected)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf out;
    hub_buf_init(&out);
    hub_json_write(shape, json_sample_read(shape, text, arena), HUB_DIALECT_snake, &out);
    hub_buf_put_byte(&out, 0);
    assert_string_equal(out.at, expected);
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

void json_sample_stays(const struct hub_shape *shape, const char *text)
{
    json_sample_becomes(shape, text, text);
}

static void expect_fault(const struct hub_shape *shape, struct hub_span text, const struct hub_fault *expected)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault = { 0 };
    void *record = hub_arena_get(arena, shape->size);
    /* Exactly as long as it is, so that a sanitizer sees every step beyond. */
    char *copy = malloc(text.len > 0 ? text.len : 1);
    memcpy(copy, text.at, text.len);
    int error = hub_json_read(shape, hub_span_of(copy, text.len), arena, record, &fault);
    if (error == 0 || error != expected->error) {
        fail_msg("%.*s gives %s: \"%s\" %s", (int) text.len, text.at, hub_error_code(error), fault.pointer,
                 fault.reason);
    }
    assert_int_equal(error, fault.error);
    assert_string_equal(fault.pointer, expected->pointer);
    if (expected->reason[0] != '\0') {
        assert_string_equal(fault.reason, expected->reason);
    }
    assert_int_not_equal(fault.reason[0], 0);
    free(copy);
    hub_arena_destroy(&arena);
}

void json_sample_refused(const struct hub_shape *shape, const char *text, const char *pointer, const char *reason)
{
    struct hub_fault expected = { .error = HUB_ERROR_invalid_field };
    strncpy(expected.pointer, pointer, sizeof expected.pointer - 1);
    strncpy(expected.reason, reason, sizeof expected.reason - 1);
    expect_fault(shape, hub_span(text), &expected);
}

void json_sample_malformed(const struct hub_shape *shape, struct hub_span text, const char *pointer, const char *reason)
{
    struct hub_fault expected = { .error = HUB_ERROR_malformed_json };
    strncpy(expected.pointer, pointer, sizeof expected.pointer - 1);
    strncpy(expected.reason, reason == NULL ? "" : reason, sizeof expected.reason - 1);
    expect_fault(shape, text, &expected);
}
