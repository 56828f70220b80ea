/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Records to JSON: spelling, sealed values, escapes, arrays, and what is written reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/base/json_sample.h"

/* What follows is written to `out`, which starts out empty, and must be `expected`. */
static void expect_written(struct hub_buf *out, const char *expected)
{
    hub_buf_put_byte(out, 0);
    assert_string_equal(out->at, expected);
    hub_buf_clear(out);
}

static void absent_fields_are_left_out(void **state)
{
    (void) state;
    struct hub_buf out;
    struct all all = { 0 };
    hub_buf_init(&out);
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{}");
    HUB_SET(all, &all, small, 7);
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"small\":7}");
    HUB_SET(all, &all, yes, true);
    HUB_CLEAR(all, &all, small);
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"yes\":true}");
    hub_buf_done(&out);
}

static void the_camel_dialect_has_its_own_names(void **state)
{
    (void) state;
    struct hub_buf out;
    struct all all = { 0 };
    hub_buf_init(&out);
    HUB_SET(all, &all, yes, true);
    HUB_SET(all, &all, whole, 1);
    HUB_SET(all, &all, large, UINT64_MAX);
    HUB_SET(all, &all, channel, channel_email);
    hub_json_write(&all_shape, &all, HUB_DIALECT_camel, &out);
    expect_written(&out, "{\"isYes\":true,\"whole\":1,\"veryLarge\":18446744073709551615,\"viaChannel\":\"email\"}");
    hub_buf_done(&out);
}

static void numbers_are_written_at_their_bounds(void **state)
{
    (void) state;
    struct hub_buf out;
    struct all all = { 0 };
    hub_buf_init(&out);
    HUB_SET(all, &all, whole, INT64_MAX);
    HUB_SET(all, &all, small, 0);
    HUB_SET(all, &all, price, -5);
    HUB_SET(all, &all, ratio, INT64_MIN);
    HUB_SET(all, &all, moment, HUB_TIME_MAX_US);
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"whole\":9223372036854775807,\"small\":0,\"price\":-0.05,\"ratio\":-9.223372036854775808,"
                         "\"moment\":\"9999-12-31T23:59:59.999999Z\"}");
    hub_buf_done(&out);
}

static void a_box_that_cannot_be_opened_leaves_a_marker(void **state)
{
    (void) state;
    struct hub_buf out;
    struct all all = { 0 };
    hub_buf_init(&out);
    HUB_SET(all, &all, secret, ((hub_sealed){ .box = HUB_SPAN("box") }));
    HUB_SET(all, &all, dossier, ((hub_sealed){ .box = HUB_SPAN("box") }));
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"secret\":\"[erased]\",\"dossier\":\"[erased]\"}");
    all.secret.clear = HUB_SPAN("");
    all.dossier.clear = HUB_SPAN("{\"a\":1}");
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"secret\":\"\",\"dossier\":{\"a\":1}}");
    all.secret = (hub_sealed){ { NULL, 0 }, { NULL, 0 } };
    all.dossier = all.secret;
    hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
    expect_written(&out, "{\"secret\":\"\",\"dossier\":null}");
    hub_buf_done(&out);
}

static void records_in_a_row_are_an_array(void **state)
{
    (void) state;
    struct hub_buf out;
    struct by_phone rows[3] = { { 1, 5 }, { 0, 0 }, { 1, 6 } };
    hub_buf_init(&out);
    hub_json_write_array(&by_phone_shape, rows, 3, &out);
    expect_written(&out, "[{\"number\":5},{},{\"number\":6}]");
    hub_json_write_array(&by_phone_shape, NULL, 0, &out);
    expect_written(&out, "[]");
    hub_buf_done(&out);
}

/* One byte of a text, escaped the slow way. */
static void put_escaped(char byte, struct hub_buf *out)
{
    static const char short_ones[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *special = byte == 0 ? NULL : strchr(short_ones, byte);
    if (special != NULL) {
        hub_buf_put_byte(out, '\\');
        hub_buf_put_byte(out, (uint8_t) letters[special - short_ones]);
    } else if ((unsigned char) byte < 0x20) {
        hub_buf_put_text(out, byte < 0x10 ? "\\u000" : "\\u001");
        hub_buf_put_byte(out, (uint8_t) "0123456789abcdef"[byte & 15]);
    } else {
        hub_buf_put_byte(out, (uint8_t) byte);
    }
}

/* Eight bytes are looked at at once, so a special one is put at every distance from every end. */
static void every_byte_is_escaped_at_every_place(void **state)
{
    (void) state;
    struct hub_buf out, expected;
    hub_buf_init(&out);
    hub_buf_init(&expected);
    for (int i = 0; i < 256 * 20; i++) {
        char text[20];
        memset(text, 'x', sizeof text);
        text[i % 20] = (char) (i / 20);
        hub_buf_clear(&out);
        hub_json_write_text(hub_span_of(text, sizeof text), &out);
        hub_buf_clear(&expected);
        hub_buf_put_byte(&expected, '"');
        for (size_t at = 0; at < sizeof text; at++) {
            put_escaped(text[at], &expected);
        }
        hub_buf_put_byte(&expected, '"');
        assert_true(hub_span_is(hub_buf_span(&out), hub_buf_span(&expected)));
    }
    hub_buf_done(&out);
    hub_buf_done(&expected);
}

/* Every prefix of the fields, so that each is the last one once and the following are absent. */
static void every_field_is_read_back_with_and_without_the_others(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf first, second;
    hub_buf_init(&first);
    hub_buf_init(&second);
    struct all *full = json_sample_read(&all_shape, json_sample_full, arena);
    assert_int_equal(full->has, (UINT64_C(1) << all_field_count) - 1);
    for (unsigned i = 0; i < 2 * all_field_count; i++) {
        struct all some = *full, back;
        struct hub_fault fault;
        unsigned field = i / 2;
        some.has = i % 2 == 0 ? UINT64_C(1) << field : some.has & ~(UINT64_C(1) << field);
        hub_buf_clear(&first);
        hub_buf_clear(&second);
        hub_json_write(&all_shape, &some, HUB_DIALECT_snake, &first);
        assert_int_equal(hub_json_read(&all_shape, hub_buf_span(&first), arena, &back, &fault), 0);
        assert_int_equal(back.has, some.has);
        hub_json_write(&all_shape, &back, HUB_DIALECT_snake, &second);
        assert_true(hub_span_is(hub_buf_span(&first), hub_buf_span(&second)));
    }
    hub_buf_done(&first);
    hub_buf_done(&second);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_fields_are_left_out),
        cmocka_unit_test(the_camel_dialect_has_its_own_names),
        cmocka_unit_test(numbers_are_written_at_their_bounds),
        cmocka_unit_test(a_box_that_cannot_be_opened_leaves_a_marker),
        cmocka_unit_test(records_in_a_row_are_an_array),
        cmocka_unit_test(every_byte_is_escaped_at_every_place),
        cmocka_unit_test(every_field_is_read_back_with_and_without_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
