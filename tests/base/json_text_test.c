/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Fields from plain text, and the check of records that did not come through JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/base/json_sample.h"

static const struct hub_field *field_of(const char *name)
{
    for (unsigned i = 0; i < all_shape.count; i++) {
        if (strcmp(all_shape.fields[i].name, name) == 0) {
            return &all_shape.fields[i];
        }
    }
    fail_msg("no field %s", name);
    return NULL;
}

static const struct {
    const char *field, *text, *written;
} taken[] = {
    { "yes", "true", "{\"yes\":true}" },
    { "yes", "false", "{\"yes\":false}" },
    { "whole", "-9223372036854775808", "{\"whole\":-9223372036854775808}" },
    { "small", "0", "{\"small\":0}" },
    { "large", "18446744073709551615", "{\"large\":18446744073709551615}" },
    { "price", "12.5", "{\"price\":12.50}" },
    { "title", "true", "{\"title\":\"true\"}" },
    { "body", "", "{\"body\":\"\"}" },
    { "raw", "AAEC/w==", "{\"raw\":\"AAEC/w==\"}" },
    { "channel", "voice", "{\"channel\":\"voice\"}" },
    { "labels", "closed,vip", "{\"labels\":[\"vip\",\"closed\"]}" },
    { "labels", "", "{\"labels\":[]}" },
    { "moment", "2026-01-01T00:00:00Z", "{\"moment\":\"2026-01-01T00:00:00.000000Z\"}" },
    { "ident", "01hzx3v8j5q6w7e8r9t0y1k2j3", "{\"ident\":\"01HZX3V8J5Q6W7E8R9T0Y1K2J3\"}" },
    { "free", " [1, {}] ", "{\"free\":[1,{}]}" },
    { "secret", "a,b", "{\"secret\":\"a,b\"}" },
    { "dossier", "{\"a\": null}", "{\"dossier\":{\"a\":null}}" },
    { "words", "a,,b", "{\"words\":[\"a\",\"\",\"b\"]}" },
    { "counts", "1,2,3", "{\"counts\":[1,2,3]}" },
    { "counts", "", "{\"counts\":[]}" },
    { "ways", "chat", "{\"ways\":[\"chat\"]}" },
};

static void each_kind_is_read_from_its_text(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct hub_arena *arena = hub_arena_new(0);
        struct hub_fault fault;
        struct hub_buf out;
        struct all all = { 0 };
        hub_buf_init(&out);
        const struct hub_field *field = field_of(taken[i].field);
        void *value = hub_record_field(&all, field);
        assert_int_equal(hub_field_read_text(field, hub_span(taken[i].text), arena, value, &fault), 0);
        hub_record_mark(&all, (unsigned) (field - all_shape.fields));
        assert_int_equal(hub_validate(&all_shape, &all, &fault), 0);
        hub_json_write(&all_shape, &all, HUB_DIALECT_snake, &out);
        hub_buf_put_byte(&out, 0);
        assert_string_equal(out.at, taken[i].written);
        hub_buf_done(&out);
        hub_arena_destroy(&arena);
    }
}

static const struct {
    const char *field, *text, *reason;
} refused[] = {
    { "yes", "True", "must be true or false" },
    { "yes", "1", "must be true or false" },
    { "yes", "", "must be true or false" },
    { "some", "", "must be a whole number from 1 to 1000" },
    { "some", "0", "must be a whole number from 1 to 1000" },
    { "some", "05", "must be a whole number from 1 to 1000" },
    { "some", "+5", "must be a whole number from 1 to 1000" },
    { "some", " 5", "must be a whole number from 1 to 1000" },
    { "some", "5 ", "must be a whole number from 1 to 1000" },
    { "some", "5.0", "must be a whole number from 1 to 1000" },
    { "some", "0x5", "must be a whole number from 1 to 1000" },
    { "some", "-", "must be a whole number from 1 to 1000" },
    { "price", ".5", "must be a number with at most 2 digits behind the point, from -5.00 to 1000.00" },
    { "price", "5.", "must be a number with at most 2 digits behind the point, from -5.00 to 1000.00" },
    { "price", "5.x", "must be a number with at most 2 digits behind the point, from -5.00 to 1000.00" },
    { "price", "5.1.", "must be a number with at most 2 digits behind the point, from -5.00 to 1000.00" },
    { "title", "a", "must be at least 2 characters" },
    { "body", "\xff", "is not valid UTF-8" },
    { "channel", "fax", "must be one of voice, video, chat, email" },
    { "labels", "vip,", "must be one of urgent, vip, closed" },
    { "labels", "vip,vip", "must not name a word twice" },
    { "moment", "2026-01-01", "must be a time like 2026-01-01T00:00:00Z" },
    { "ident", "1", "must be an id of 26 characters" },
    { "words", "", "must have at least 1 item" },
    { "words", "1,2,3,4,5", "must have at most 4 items" },
    { "deltas", "1,x", "must be a whole number from -9223372036854775808 to 9223372036854775807" },
    { "secret", "1234567890123", "must be at most 12 characters" },
    { "free", "{", "ends too early" },
    { "free", "{\"a\":{\"b\":1,\"b\":2}}", "appears twice" },
    { "profile", "{}", "must be an object" },
    { "customers", "[]", "must be a list" },
    { "delivery", "by_mail", "must be an object" },
};

static void everything_else_is_refused_with_its_name(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct hub_fault fault = { 0 };
        struct all all = { 0 };
        const struct hub_field *field = field_of(refused[i].field);
        int error = hub_field_read_text(field, hub_span(refused[i].text), arena, hub_record_field(&all, field), &fault);
        assert_int_equal(error, HUB_ERROR_invalid_field);
        assert_int_equal(fault.error, HUB_ERROR_invalid_field);
        assert_string_equal(fault.reason, refused[i].reason);
        assert_int_equal(fault.pointer[0], '/');
        assert_string_equal(fault.pointer + 1, refused[i].field);
        assert_int_equal(all.has, 0);
    }
    hub_arena_destroy(&arena);
}

/* One change to a good record, and what is found. */
static void expect_found(const struct all *all, const char *pointer, const char *reason)
{
    struct hub_fault fault = { 0 };
    assert_int_equal(hub_validate(&all_shape, all, &fault), HUB_ERROR_invalid_field);
    assert_string_equal(fault.pointer, pointer);
    assert_string_equal(fault.reason, reason);
}

static void records_made_in_c_are_checked_alike(void **state)
{
    (void) state;
    struct profile nameless = { 0 };
    struct profile named = { 0 };
    HUB_SET(profile, &named, name, HUB_SPAN("Ada"));
    struct customer customers[2] = { { 0 } };
    HUB_SET(customer, &customers[0], number, 1);
    HUB_SET(customer, &customers[0], profile, &named);
    customers[1] = customers[0];
    struct all all = { 0 };
    struct hub_fault fault;
    HUB_MARK(all, &all, customers);
    all.customers.at = customers;
    all.customers.count = 2;
    assert_int_equal(hub_validate(&all_shape, &all, &fault), 0);
    customers[1].number = 1001;
    expect_found(&all, "/customers/1/number", "must be a whole number from 1 to 1000");
    customers[1].number = 1000;
    customers[1].profile = &nameless;
    expect_found(&all, "/customers/1/profile/name", "is required");
    HUB_SET(profile, &nameless, name, HUB_SPAN("\xff"));
    expect_found(&all, "/customers/1/profile/name", "is not valid UTF-8");
    all.customers.count = 6;
    expect_found(&all, "/customers", "must have at most 5 items");
    HUB_CLEAR(all, &all, customers);

    HUB_SET(all, &all, channel, 4);
    expect_found(&all, "/channel", "must be one of voice, video, chat, email");
    HUB_CLEAR(all, &all, channel);
    HUB_SET(all, &all, labels, UINT64_C(2));
    expect_found(&all, "/labels", "must be one of urgent, vip, closed");
    all.labels = UINT64_C(1) << 63 | 1;
    assert_int_equal(hub_validate(&all_shape, &all, &fault), 0);
    HUB_SET(all, &all, free, HUB_SPAN("{ }"));
    expect_found(&all, "/free", "is not canonical JSON");
    all.free = HUB_SPAN("{}");
    HUB_SET(all, &all, moment, HUB_TIME_MAX_US + 1);
    expect_found(&all, "/moment", "must be a time like 2026-01-01T00:00:00Z");
    HUB_CLEAR(all, &all, moment);
    HUB_SET(all, &all, secret, ((hub_sealed){ .clear = HUB_SPAN("1234567890123") }));
    expect_found(&all, "/secret", "must be at most 12 characters");
    all.secret = (hub_sealed){ .box = HUB_SPAN("a box of more than twelve bytes") };
    assert_int_equal(hub_validate(&all_shape, &all, &fault), 0);
    HUB_SET(all, &all, delivery, ((hub_union){ &nest_shape, &nameless }));
    expect_found(&all, "/delivery/type", "must be one of by_mail, by_phone");
    struct by_phone phone = { 0 };
    all.delivery = (hub_union){ &by_phone_shape, &phone };
    expect_found(&all, "/delivery/number", "is required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_from_its_text),
        cmocka_unit_test(everything_else_is_refused_with_its_name),
        cmocka_unit_test(records_made_in_c_are_checked_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
