/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* JSON to records: what each kind takes, and where and why everything else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/base/json_sample.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

#define CHANNELS "must be one of voice, video, chat, email"
#define I64 "must be a whole number from -9223372036854775808 to 9223372036854775807"
#define U64 "must be a whole number from 0 to 18446744073709551615"
#define U32 "must be a whole number from 0 to 4294967295"
#define PRICE "must be a number with at most 2 digits behind the point, from -5.00 to 1000.00"
#define MOMENT "must be a time like 2026-01-01T00:00:00Z"
#define LATER MOMENT " from 2026-01-01T00:00:00.000000Z to 2026-12-31T23:59:59.999999Z"
#define MAIL "{\"delivery\":{\"type\":\"by_mail\""

static const struct {
    const char *text, *pointer, *reason;
} refused[] = {
    /* Whole numbers: exact ranges, no fraction, no exponent. */
    { "{\"whole\":9223372036854775808}", "/whole", I64 },
    { "{\"whole\":-9223372036854775809}", "/whole", I64 },
    { "{\"whole\":99999999999999999999999999}", "/whole", I64 },
    { "{\"whole\":1.0}", "/whole", I64 },
    { "{\"whole\":1e2}", "/whole", I64 },
    { "{\"whole\":\"1\"}", "/whole", I64 },
    { "{\"whole\":true}", "/whole", I64 },
    { "{\"whole\":[1]}", "/whole", I64 },
    { "{\"degrees\":61}", "/degrees", "must be a whole number from -40 to 60" },
    { "{\"degrees\":-41}", "/degrees", "must be a whole number from -40 to 60" },
    { "{\"small\":4294967296}", "/small", U32 },
    { "{\"small\":-1}", "/small", U32 },
    { "{\"large\":18446744073709551616}", "/large", U64 },
    { "{\"large\":-1}", "/large", U64 },
    { "{\"large\":{}}", "/large", U64 },
    { "{\"some\":0}", "/some", "must be a whole number from 1 to 1000" },
    { "{\"some\":1001}", "/some", "must be a whole number from 1 to 1000" },
    { "{\"price\":1.234}", "/price", PRICE },
    { "{\"price\":1.500}", "/price", PRICE },
    { "{\"price\":1e1}", "/price", PRICE },
    { "{\"price\":1000.01}", "/price", PRICE },
    { "{\"price\":-5.01}", "/price", PRICE },
    { "{\"price\":\"1.00\"}", "/price", PRICE },
    { "{\"price\":99999999999999999999}", "/price", PRICE },
    { "{\"ratio\":9.223372036854775808}", "/ratio",
      "must be a number with at most 18 digits behind the point, from -9.223372036854775808 to 9.223372036854775807" },
    /* Words. */
    { "{\"yes\":\"true\"}", "/yes", "must be true or false" },
    { "{\"yes\":1}", "/yes", "must be true or false" },
    { "{\"channel\":\"fax\"}", "/channel", CHANNELS },
    { "{\"channel\":\"Chat\"}", "/channel", CHANNELS },
    { "{\"channel\":\"chat\\u0000\"}", "/channel", CHANNELS },
    { "{\"channel\":3}", "/channel", CHANNELS },
    { "{\"channel\":[]}", "/channel", CHANNELS },
    { "{\"country\":\"atlantis\"}", "/country",
      "must be one of afghanistan, albania, algeria, andorra, argentina, armenia, australia, austria, azerbaijan, "
      "bahamas, bahrain, bangladesh, barbados, belarus, ..." },
    { "{\"labels\":\"vip\"}", "/labels", "must be a list" },
    { "{\"labels\":{}}", "/labels", "must be a list" },
    { "{\"labels\":[\"vip\",\"rich\"]}", "/labels/1", "must be one of urgent, vip, closed" },
    { "{\"labels\":[null]}", "/labels/0", "must be one of urgent, vip, closed" },
    { "{\"labels\":[[]]}", "/labels/0", "must be one of urgent, vip, closed" },
    { "{\"labels\":[\"vip\",\"urgent\",\"vip\"]}", "/labels/2", "must not be there twice" },
    /* Texts: characters are counted, not bytes. */
    { "{\"title\":\"a\"}", "/title", "must be at least 2 characters" },
    { "{\"title\":\"\\u00e4\"}", "/title", "must be at least 2 characters" },
    { "{\"title\":\"123456789\"}", "/title", "must be at most 8 characters" },
    { "{\"title\":12}", "/title", "must be text" },
    { "{\"title\":{}}", "/title", "must be text" },
    { "{\"title\":false}", "/title", "must be text" },
    { "{\"raw\":\"AA\"}", "/raw", "must be base64 text" },
    { "{\"raw\":\"AB==\"}", "/raw", "must be base64 text" },
    { "{\"raw\":\"A-==\"}", "/raw", "must be base64 text" },
    { "{\"raw\":\"AAAAAAAAAA==\"}", "/raw", "must be at most 6 bytes" },
    { "{\"raw\":1}", "/raw", "must be base64 text" },
    { "{\"moment\":\"yesterday\"}", "/moment", MOMENT },
    { "{\"moment\":1700000000}", "/moment", MOMENT },
    { "{\"later\":\"2025-12-31T23:59:59Z\"}", "/later", LATER },
    { "{\"later\":\"2026-12-31T23:59:59-00:01\"}", "/later", LATER },
    { "{\"ident\":\"01HZX3V8J5Q6W7E8R9T0Y1K2J\"}", "/ident", "must be an id of 26 characters" },
    { "{\"ident\":\"customer_123\"}", "/ident", "must be an id of 26 characters" },
    { "{\"ident\":7}", "/ident", "must be an id of 26 characters" },
    { "{\"secret\":\"1234567890123\"}", "/secret", "must be at most 12 characters" },
    { "{\"secret\":{\"clear\":1}}", "/secret", "must be text" },
    { "{\"profile\":{\"name\":\"A\",\"telephone\":\"1\"}}", "/profile/telephone", "must be at least 3 characters" },
    { "{\"profile\":{\"name\":\"\"}}", "/profile/name", "must be at least 1 character" },
    /* Free JSON: the canonical text counts. */
    { "{\"dossier\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,7]}", "/dossier", "must be at most 40 bytes" },
    { "{\"dossier\":\"a text that is longer than forty bytes are\"}", "/dossier", "must be at most 40 bytes" },
    /* Records, lists, unions. */
    { "{\"profile\":[]}", "/profile", "must be an object" },
    { "{\"profile\":\"Ada\"}", "/profile", "must be an object" },
    { "{\"customers\":{}}", "/customers", "must be a list" },
    { "{\"customers\":7}", "/customers", "must be a list" },
    { "{\"customers\":[null]}", "/customers/0", "must be an object" },
    { "{\"customers\":[{\"number\":1,\"profile\":{\"name\":\"A\"}},[]]}", "/customers/1", "must be an object" },
    { "{\"customers\":[{\"number\":1,\"profile\":{\"name\":\"A\"}},{\"number\":2,\"profile\":{\"name\":\"B\"}},"
      "{\"number\":3,\"profile\":{\"name\":\"C\"}},{\"number\":4,\"profile\":{\"name\":7}}]}",
      "/customers/3/profile/name", "must be text" },
    { "{\"customers\":[{},{},{},{},{},{}]}", "/customers", "must have at most 5 items" },
    { "{\"words\":[]}", "/words", "must have at least 1 item" },
    { "{\"words\":[\"\",\"\",\"\",\"\",\"\"]}", "/words", "must have at most 4 items" },
    { "{\"words\":[\"\",2]}", "/words/1", "must be text" },
    { "{\"words\":[\"\",{}]}", "/words/1", "must be text" },
    { "{\"words\":[null]}", "/words/0", "must be text" },
    { "{\"words\":\"a\"}", "/words", "must be a list" },
    { "{\"counts\":[1,-1]}", "/counts/1", U64 },
    { "{\"counts\":[1,[2]]}", "/counts/1", U64 },
    { "{\"deltas\":[1.5]}", "/deltas/0", I64 },
    { "{\"ways\":[\"voice\",\"pigeon\"]}", "/ways/1", CHANNELS },
    { "{\"idents\":[\"\"]}", "/idents/0", "must be an id of 26 characters" },
    { "{\"delivery\":{}}", "/delivery/type", "is required" },
    { "{\"delivery\":{\"address\":{\"type\":\"by_mail\"}}}", "/delivery/type", "is required" },
    { "{\"delivery\":{\"type\":\"by_pigeon\"}}", "/delivery/type", "must be one of by_mail, by_phone" },
    { "{\"delivery\":{\"type\":7}}", "/delivery/type", "must be one of by_mail, by_phone" },
    { "{\"delivery\":{\"type\":\"by_mai\"}}", "/delivery/type", "must be one of by_mail, by_phone" },
    { "{\"delivery\":{\"type\":\"by_mailbox\"}}", "/delivery/type", "must be one of by_mail, by_phone" },
    { "{\"delivery\":{\"types\":\"by_phone\",\"type\":\"by_mail\"}}", "/delivery/types", "is not known here" },
    { "{\"delivery\":[]}", "/delivery", "must be an object" },
    { "{\"delivery\":\"by_mail\"}", "/delivery", "must be an object" },
    { MAIL "}}", "/delivery/address", "is required" },
    { MAIL ",\"number\":1}}", "/delivery/number", "is not known here" },
    { MAIL ",\"address\":\"\",\"next\":{\"way\":{\"number\":1.5,\"type\":\"by_phone\"}}}}", "/delivery/next/way/number",
      U64 },
    { MAIL ",\"address\":\"\",\"next\":{}}}", "/delivery/next/way", "is required" },
    /* Names: unknown ones, in the order of the text; escaped as RFC 6901 wants it. */
    { "{\"colour\":1}", "/colour", "is not known here" },
    { "{\"\":1}", "/", "is not known here" },
    { "{\"a/b~c\":{\"x\":[1]}}", "/a~1b~0c", "is not known here" },
    { "{\"Yes\":true}", "/Yes", "is not known here" },
    { "{\"ye\":true}", "/ye", "is not known here" },
    { "{\"yess\":true}", "/yess", "is not known here" },
    { "{\"yes\\u0000\":true}", "", "is not known here" },
    { "{\"isYes\":true}", "/isYes", "is not known here" },
    { "{\"profile\":{\"name\":\"A\",\"age\":3}}", "/profile/age", "is not known here" },
    { "{\"lenient\":{\"x\":1,\"known\":-1}}", "/lenient/known", U32 },
    /* The first in the text is told; what is missing comes after all of them. */
    { "{\"small\":-1,\"yes\":3,\"colour\":2}", "/small", U32 },
    { "{\"profile\":{},\"colour\":2}", "/colour", "is not known here" },
    { "{\"customers\":[{\"number\":1}],\"profile\":{}}", "/profile/name", "is required" },
    { "{\"customers\":[{\"number\":1,\"profile\":{\"name\":\"A\"}},{}]}", "/customers/1/number", "is required" },
    { "{\"customers\":[{\"number\":1}]}", "/customers/0/profile", "is required" },
    { "{\"profile\":{\"name\":null}}", "/profile/name", "is required and must not be null" },
    { "{\"nest\":{\"in\":{\"in\":{\"in\":{\"x\":\"\"}}}}}", "/nest/in/in/in/x", U32 },
};

static void every_fault_has_its_place_and_its_reason(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        json_sample_refused(&all_shape, refused[i].text, refused[i].pointer, refused[i].reason);
    }
}

static void required_fields_are_missed_in_order_of_declaration(void **state)
{
    (void) state;
    json_sample_refused(&message_shape, "{}", "/customer_id", "is required");
    json_sample_refused(&message_shape, "{\"content\":\"x\"}", "/customer_id", "is required");
    json_sample_refused(&message_shape, "{\"content\":\"x\",\"customer_id\":\"c\"}", "/channel", "is required");
    json_sample_refused(&message_shape, "{\"channel\":null,\"x\":1}", "/channel", "is required and must not be null");
    json_sample_refused(&message_shape, "{\"customer_id\":\"\"}", "/customer_id", "must be at least 1 character");
}

static const struct {
    const char *text, *pointer, *reason;
} malformed[] = {
    { "[]", "", "must be an object" },
    { "\"text\"", "", "must be an object" },
    { "17", "", "must be an object" },
    { "null", "", "must be an object" },
    { "[{\"yes\":true}]", "", "must be an object" },
    { "", "", "is empty" },
    { "  ", "", "ends too early" },
    { "\xef\xbb\xbf{}", "", "must not start with a byte order mark" },
    { "{} x", "", "is not JSON at byte 4: trailing garbage" },
    { "{}{}", "", "is not JSON at byte 3: trailing garbage" },
    { "{\"yes\":NaN}", "/yes", "is not JSON at byte 8: invalid char in json text" },
    { "{\"yes\":true", "", "ends too early" },
    { "{\"yes\":", "/yes", "ends too early" },
    { "{\"yes\":\ftrue}", "/yes", "is not JSON at byte 8: a form feed or vertical tab" },
    { "{\"customers\":[{\"profile\":{\"name\":\"\xff\"}}]}", "/customers/0/profile/name", "is not valid UTF-8" },
    { "{\"body\":\"\\ud800\"}", "/body", "has half a surrogate pair" },
    { "{\"words\":[\"a\",\"\\udc00\"]}", "/words/1", "has half a surrogate pair" },
    { "{\"body\":\"\\udc00\\udc00\"}", "/body", "has half a surrogate pair" },
    { "{\"\\ud800\":1}", "", "has half a surrogate pair" },
    { "{\"\xc0\x80\":1}", "", "is not valid UTF-8" },
    { "{\"yes\":true,\"yes\":true}", "/yes", "appears twice" },
    { "{\"yes\":null,\"yes\":true}", "/yes", "appears twice" },
    { "{\"yes\":true,\"\\u0079es\":true}", "/yes", "appears twice" },
    { "{\"x\":1,\"x\":1}", "/x", "appears twice" },
    { "{\"free\":{\"a/b\":{\"c\":1,\"d\":2,\"c\":3}}}", "/free/a~1b/c", "appears twice" },
    { "{\"lenient\":{\"known\":1,\"u\":{\"v\":[{\"w\":1,\"w\":1}]}}}", "/lenient/u/v/0/w", "appears twice" },
    { "{\"lenient\":{\"u\":1,\"u\":2}}", "/lenient/u", "appears twice" },
    { "{\"delivery\":{\"type\":\"by_mail\",\"address\":\"\",\"type\":\"by_mail\"}}", "/delivery/type",
      "appears twice" },
    { "{\"customers\":[{\"number\":1,\"number\":1}]}", "/customers/0/number", "appears twice" },
    /* Text that is no JSON is told before any field. */
    { "{\"small\":-1,\"yes\":tru}", "/yes", "is not JSON at byte 21: invalid string in json text" },
    { "{\"colour\":1,\"small\":[1,2", "/small/2", "ends too early" },
    { "{\"profile\":{},\"x\":{\"y\":1,\"y\":2}}", "/x/y", "appears twice" },
    { "{\"customers\":[[{\"a\":1,\"a\":1}]]}", "/customers/0/0/a", "appears twice" },
    { "{\"whole\":\"x\",\"body\":\"\xed\xa0\x80\"}", "/body", "is not valid UTF-8" },
};

static void what_is_no_json_is_told_first_and_where(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        json_sample_malformed(&all_shape, hub_span(malformed[i].text), malformed[i].pointer, malformed[i].reason);
    }
}

static const struct {
    const char *text, *written;
} accepted[] = {
    { "{}", "{}" },
    { " { \"yes\" : false , \"whole\" : -0 } ", "{\"yes\":false,\"whole\":0}" },
    { "{\"large\":-0,\"small\":0,\"price\":-0}", "{\"small\":0,\"large\":0,\"price\":0.00}" },
    { "{\"price\":1000}", "{\"price\":1000.00}" },
    { "{\"price\":-0.05,\"ratio\":-9.223372036854775808}", "{\"price\":-0.05,\"ratio\":-9.223372036854775808}" },
    { "{\"price\":0.5,\"ratio\":1}", "{\"price\":0.50,\"ratio\":1.000000000000000000}" },
    { "{\"yes\":null,\"customers\":null,\"free\":null,\"delivery\":null,\"channel\":null}", "{}" },
    { "{\"title\":\"\xc3\xa4\xf0\x9f\x98\x80\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}",
      "{\"title\":\"\xc3\xa4\xf0\x9f\x98\x80\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}" },
    { "{\"channel\":\"\\u0063hat\"}", "{\"channel\":\"chat\"}" },
    { "{\"labels\":[\"closed\",\"urgent\"]}", "{\"labels\":[\"urgent\",\"closed\"]}" },
    { "{\"labels\":[]}", "{\"labels\":[]}" },
    { "{\"moment\":\"2026-06-30t12:00:00.1+02:00\"}", "{\"moment\":\"2026-06-30T10:00:00.100000Z\"}" },
    { "{\"ident\":\"01hzx3v8j5q6w7e8r9t0y1k2j3\"}", "{\"ident\":\"01HZX3V8J5Q6W7E8R9T0Y1K2J3\"}" },
    { "{\"free\":{ \"a\" : [ 1.50 , { } ] , \"b\\/\" : null } }", "{\"free\":{\"a\":[1.50,{}],\"b/\":null}}" },
    { "{\"free\":[null]}", "{\"free\":[null]}" },
    { "{\"free\":1e400}", "{\"free\":1e400}" },
    { "{\"dossier\":{\"a\":[]},\"secret\":\"\\u0000\"}", "{\"secret\":\"\\u0000\",\"dossier\":{\"a\":[]}}" },
    { "{\"customers\":[]}", "{\"customers\":[]}" },
    { "{\"lenient\":{\"a\":{\"b\":[1,{\"c\":null}]},\"known\":1,\"d\":\"\"}}", "{\"lenient\":{\"known\":1}}" },
    { "{\"delivery\":{\"address\":\"x\",\"type\":\"by_mail\"}}",
      "{\"delivery\":{\"type\":\"by_mail\",\"address\":\"x\"}}" },
    { "{\"delivery\":{\"address\":\"a\\\",}]{\",\"type\":\"by_mail\"}}",
      "{\"delivery\":{\"type\":\"by_mail\",\"address\":\"a\\\",}]{\"}}" },
    { "{\"delivery\":{\"number\":1,\"ty\\u0070e\":\"by_phon\\u0065\"}}",
      "{\"delivery\":{\"type\":\"by_phone\",\"number\":1}}" },
    { "{\"delivery\":{\"next\":{\"way\":{\"number\":1,\"type\":\"by_phone\"}},\"address\":\"{\\\"type\\\":7}\","
      "\"type\" : \"by_mail\"}}",
      "{\"delivery\":{\"type\":\"by_mail\",\"address\":\"{\\\"type\\\":7}\",\"next\":{\"way\":{\"type\":\"by_phone\","
      "\"number\":1}}}}" },
};

static void what_is_accepted_is_written_in_one_way(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        json_sample_becomes(&all_shape, accepted[i].text, accepted[i].written);
        json_sample_stays(&all_shape, accepted[i].written);
    }
    json_sample_stays(&all_shape, json_sample_full);
    json_sample_stays(&message_shape, json_sample_message);
}

static void a_text_cut_off_anywhere_is_refused_as_no_json(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    const size_t len = strlen(json_sample_full);
    for (size_t i = 0; i < len; i++) {
        struct all record;
        struct hub_fault fault;
        char *copy = malloc(i + 1);
        memcpy(copy, json_sample_full, i);
        int error = hub_json_read(&all_shape, hub_span_of(copy, i), arena, &record, &fault);
        free(copy);
        assert_int_equal(error, HUB_ERROR_malformed_json);
        hub_arena_reset(arena);
    }
    hub_arena_destroy(&arena);
}

/* A step for which there is no room is left out with all behind it. */
static void a_pointer_without_room_stays_at_what_is_around(void **state)
{
    (void) state;
    char text[400];
    char name[201] = { 0 };
    memset(name, 'x', 200);
    snprintf(text, sizeof text, "{\"profile\":{\"%s\":1}}", name);
    json_sample_refused(&all_shape, text, "/profile", "is not known here");
    snprintf(text, sizeof text, "{\"lenient\":{\"%s\":[{\"a\":1,\"a\":2}]}}", name);
    json_sample_malformed(&all_shape, hub_span(text), "/lenient", "appears twice");
}

static void what_is_kept_does_not_point_into_the_text(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault;
    struct message message;
    char *copy = strdup(json_sample_message);
    assert_int_equal(hub_json_read(&message_shape, hub_span(copy), arena, &message, &fault), 0);
    memset(copy, '#', strlen(copy));
    assert_true(hub_span_is(message.customer_id.clear, HUB_SPAN("customer_123")));
    assert_int_equal(message.customer_id.box.len, 0);
    assert_int_equal(message.channel, channel_chat);
    assert_true(HUB_HAS(message, &message, content));
    assert_false(HUB_HAS(message, &message, metadata));
    free(copy);
    hub_arena_destroy(&arena);
}

static void a_long_list_arrives_whole(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf text;
    struct hub_fault fault;
    struct all all;
    hub_buf_init(&text);
    hub_buf_put_text(&text, "{\"counts\":[0");
    for (uint64_t i = 1; i < 1000; i++) {
        hub_buf_put_byte(&text, ',');
        hub_buf_put_u64(&text, i * i);
    }
    hub_buf_put_text(&text, "]}");
    assert_int_equal(hub_json_read(&all_shape, hub_buf_span(&text), arena, &all, &fault), 0);
    assert_int_equal(all.counts.count, 1000);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(((uint64_t *) all.counts.at)[i], i * i);
    }
    text.len -= 2;
    hub_buf_put_text(&text, ",1]}");
    assert_int_equal(hub_json_read(&all_shape, hub_buf_span(&text), arena, &all, &fault), HUB_ERROR_invalid_field);
    assert_string_equal(fault.reason, "must have at most 1000 items");
    hub_buf_done(&text);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_place_and_its_reason),
        cmocka_unit_test(required_fields_are_missed_in_order_of_declaration),
        cmocka_unit_test(what_is_no_json_is_told_first_and_where),
        cmocka_unit_test(what_is_accepted_is_written_in_one_way),
        cmocka_unit_test(a_text_cut_off_anywhere_is_refused_as_no_json),
        cmocka_unit_test(a_pointer_without_room_stays_at_what_is_around),
        cmocka_unit_test(what_is_kept_does_not_point_into_the_text),
        cmocka_unit_test(a_long_list_arrives_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
