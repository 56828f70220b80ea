/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is JSON and what is not: a corpus of small cases, and the limits of depth and of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json_canonical.h"
#include "tests/base/json_sample.h"

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define YES(in, out)        \
    {                       \
        TEXT(in), TEXT(out) \
    }
#define SAME(in)           \
    {                      \
        TEXT(in), TEXT(in) \
    }
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* clang-format off */
static const struct {
    struct hub_span text, canonical;
} accepted[] = {
    SAME("[]"), SAME("{}"), SAME("null"), SAME("true"), SAME("false"), SAME("0"), SAME("\"\""), SAME("[[]]"),
    SAME("[{}]"), SAME("{\"a\":{}}"), SAME("[null,false,true]"), YES(" [ ] ", "[]"), YES("\t\n\r {\r\n\t }\n", "{}"),
    YES("[ 1 , 2 ]", "[1,2]"), YES("{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"),
    /* Members keep their order; names may be empty and differ by case. */
    SAME("{\"b\":1,\"a\":2}"), SAME("{\"\":0}"), SAME("{\"a\":1,\"A\":2}"), SAME("{\"a\":1,\"a \":2}"),
    SAME("{\"a\":{\"a\":{\"a\":1}}}"), SAME("[{\"a\":1},{\"a\":1}]"),
    /* Numbers are kept as they were written. */
    SAME("-0"), SAME("-1"), SAME("1.0"), SAME("1.50"), SAME("0e0"), SAME("1E+2"), SAME("1e-400"), SAME("1e400"),
    SAME("-1E400"), SAME("123456789012345678901234567890"), SAME("0.00000000000000000000000000000000000001"),
    SAME("[-0.0,0E1,10]"), SAME("123.456e-789"),
    /* Texts have the fewest escapes. */
    YES("\"\\/\"", "\"/\""), YES("\"\\u0041\"", "\"A\""), SAME("\"\\\"\\\\\""), SAME("\"\\b\\f\\n\\r\\t\""),
    YES("\"\\u0008\\u000c\\u000a\\u000d\\u0009\"", "\"\\b\\f\\n\\r\\t\""), SAME("\"\\u0000\\u0001\\u001f\""),
    YES("\"\\u001F\\u000B\"", "\"\\u001f\\u000b\""), SAME("\"\x7f\""), YES("\"\\u007f\\u0080\"", "\"\x7f\xc2\x80\""),
    YES("\"\\u00e9\\u20AC\"", "\"\xc3\xa9\xe2\x82\xac\""), YES("\"\\uD83D\\ude00\"", "\"\xf0\x9f\x98\x80\""),
    YES("\"\\ud800\\udc00\\udbff\\udfff\"", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
    YES("\"\\uffff\\ufeff\"", "\"\xef\xbf\xbf\xef\xbb\xbf\""), SAME("\"\\\\ud800\""), SAME("\"\\\\\\\\\\\"\""),
    YES("\"\\\\\\ud83d\\ude00\\\\\"", "\"\\\\\xf0\x9f\x98\x80\\\\\""), SAME("\"\xf4\x8f\xbf\xbf\""),
    YES("{\"\\u0061\":\"\\u0062\"}", "{\"a\":\"b\"}"), SAME("\"// no comment /* at all */\""),
    SAME("{\"a\\\"b\":1,\"a\\\\b\":2}"), SAME("\"a longer text, so that eight bytes at a time are looked at\""),
};

static const struct hub_span refused[] = {
    TEXT(""), TEXT(" "), TEXT("["), TEXT("]"), TEXT("{"), TEXT("}"), TEXT("[}"), TEXT("{]"), TEXT("[1"), TEXT("[1,"),
    TEXT("[1,]"), TEXT("[,1]"), TEXT("[1,,2]"), TEXT("[1 2]"), TEXT("[1:2]"), TEXT(","), TEXT("[]]"), TEXT("[][]"),
    TEXT("{} {}"), TEXT("1 2"), TEXT("[1]x"), TEXT("[1],"), TEXT("{}\0"), TEXT("\0"), TEXT("[\0]"), TEXT("{}#"), TEXT("{}\""), TEXT("{} \"a"), TEXT("[]tr"), TEXT("1\""),
    TEXT("{1:1}"), TEXT("{a:1}"), TEXT("{'a':1}"), TEXT("{\"a\"}"), TEXT("{\"a\":}"), TEXT("{\"a\":1,}"),
    TEXT("{\"a\" 1}"), TEXT("{\"a\"::1}"), TEXT("{,}"), TEXT("{\"a\":1 \"b\":2}"), TEXT("{\"a\",\"b\"}"),
    TEXT("{null:1}"), TEXT("{[]:1}"), TEXT("{\"a\":1,,\"b\":2}"), TEXT("[\"a\":1]"), TEXT("{\"a\":1]"), TEXT("nul"),
    TEXT("nulll"), TEXT("NULL"), TEXT("True"), TEXT("tru"), TEXT("truefalse"), TEXT("undefined"), TEXT("NaN"),
    TEXT("-NaN"), TEXT("Infinity"), TEXT("-Infinity"), TEXT("inf"), TEXT("nan"), TEXT("[NaN]"), TEXT("01"),
    TEXT("-01"), TEXT("00"), TEXT("-"), TEXT("+1"), TEXT(".5"), TEXT("1."), TEXT("-.5"), TEXT("1.e1"), TEXT("1e"),
    TEXT("1e+"), TEXT("1E-"), TEXT("1e1.5"), TEXT("0x10"), TEXT("1_000"), TEXT("--1"), TEXT("1-"), TEXT("1.2.3"),
    TEXT("\xef\xbc\x91"), TEXT("1a"), TEXT("0e"), TEXT("- 1"), TEXT("1 .5"), TEXT("\""), TEXT("\"a"), TEXT("'a'"),
    TEXT("a"), TEXT("\"\\\""), TEXT("\"\\x41\""), TEXT("\"\\a\""), TEXT("\"\\u\""), TEXT("\"\\u12\""),
    TEXT("\"\\u12g4\""), TEXT("\"\\u 123\""), TEXT("\"\\U0041\""), TEXT("\"\\\n\""), TEXT("\"\n\""), TEXT("\"\t\""),
    TEXT("\"\x1f\""), TEXT("\"\0\""), TEXT("\"a\" \"b\""), TEXT("\"\\v\""), TEXT("\"\\0\""), TEXT("\"\\'\""),
    TEXT("{\"\n\":1}"),
    /* Half a surrogate pair: high alone, at the end, before anything else, low alone, in the wrong order. */
    TEXT("\"\\ud800\""), TEXT("\"\\udbff \""), TEXT("\"\\ud800\\n\""), TEXT("\"\\ud800a\""),
    TEXT("\"\\ud800\\u0041\""), TEXT("\"\\ud800\\ud800\\udc00\""), TEXT("\"\\udc00\""), TEXT("\"\\udfff\\ud800\""),
    TEXT("\"a\\udc00b\""), TEXT("\"\\ud83d\\ude00\\ude00\""), TEXT("\"\\\\\\ud800\""), TEXT("\"\\\"\\ud800\""),
    TEXT("{\"\\ud800\":1}"), TEXT("[\"\\ud800\",1]"), TEXT("\"\\ud800\\\\\\\"x\""), TEXT("\"\\udc00\\udc00\""),
    TEXT("\"\\uD800\\\\uDC00\""), TEXT("\"\\ud800\\u00\""),
    /* UTF-8: stray continuation, lead without continuation, cut off, overlong, surrogate, above U+10FFFF, no lead. */
    TEXT("\"\x80\""), TEXT("\"\xbf\""), TEXT("\"\xc3\""), TEXT("\"\xc3(\""), TEXT("\"\xe2\x82\""),
    TEXT("\"\xe2(\xac\""), TEXT("\"\xf0\x9f\x98\""), TEXT("\"\xc0\x80\""), TEXT("\"\xc1\xbf\""),
    TEXT("\"\xe0\x80\xaf\""), TEXT("\"\xe0\x9f\xbf\""), TEXT("\"\xf0\x8f\xbf\xbf\""), TEXT("\"\xed\xa0\x80\""),
    TEXT("\"\xed\xbf\xbf\""), TEXT("\"\xf4\x90\x80\x80\""), TEXT("\"\xf5\x80\x80\x80\""), TEXT("\"\xfe\""),
    TEXT("\"\xff\""), TEXT("\xff"), TEXT("{\"\xff\":1}"), TEXT("\"\\n\xff\""), TEXT("\"\xc3\\u00a9\""),
    TEXT("\xc3\xa9"), TEXT("[\xc2\xa0]"), TEXT("\xef\xbb\xbf{}"), TEXT("\xef\xbb\xbf"), TEXT("\xef\xbb"),
    TEXT("[\xef\xbb\xbf]"), TEXT("\xfe\xff\0{\0}"), TEXT("{\0}\0"), TEXT("// a\n1"), TEXT("/* a */1"),
    TEXT("[1/**/]"), TEXT("1 // a"), TEXT("[1\f]"), TEXT("[1\v]"), TEXT("\x1f[]"), TEXT("(1)"), TEXT("<a>"),
    TEXT("{\"a\":1,\"a\":1}"), TEXT("{\"a\":1,\"b\":2,\"\\u0061\":3}"), TEXT("[{\"a\":{\"b\":1,\"b\":2}}]"),
    TEXT("{\"\":1,\"\":2}"), TEXT("{\"a\":[],\"a\":{}}"),
};
/* clang-format on */

/* Exactly as long as it is, so that a sanitizer sees every step beyond. */
static int canonical(struct hub_span text, struct hub_arena *arena, struct hub_span *ret_text)
{
    struct hub_fault fault = { 0 };
    char *copy = malloc(text.len > 0 ? text.len : 1);
    memcpy(copy, text.at, text.len);
    int error = hub_json_canonical(hub_span_of(copy, text.len), arena, ret_text, &fault);
    free(copy);
    assert_int_equal(error, fault.error);
    assert_true(error == 0 || (error == HUB_ERROR_malformed_json && fault.reason[0] != '\0'));
    return error;
}

static void what_is_json_is_accepted_and_made_canonical(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        struct hub_span text = { 0 }, again = { 0 };
        if (canonical(accepted[i].text, arena, &text) != 0 || !hub_span_is(text, accepted[i].canonical)) {
            fail_msg("%s gives %.*s", accepted[i].text.at, (int) text.len, text.at);
        }
        assert_int_equal(canonical(text, arena, &again), 0);
        assert_true(hub_span_is(text, again));
    }
    hub_arena_destroy(&arena);
}

static void what_is_not_json_is_refused(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct hub_span text;
        if (canonical(refused[i], arena, &text) == 0) {
            fail_msg("case %zu, %.*s, is accepted", i, (int) refused[i].len, refused[i].at);
        }
    }
    hub_arena_destroy(&arena);
}

/* The byte that may stand there is one of `good`. */
static void expect_bytes(const char *before, const char *after, const char *good, size_t good_count)
{
    struct hub_arena *arena = hub_arena_new(0);
    for (int byte = 0; byte < 256; byte++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%s?%s", before, after);
        text[strlen(before)] = (char) byte;
        struct hub_span canon;
        bool is_accepted = canonical(hub_span_of(text, (size_t) len), arena, &canon) == 0;
        if (is_accepted != (memchr(good, byte, good_count) != NULL)) {
            fail_msg("byte %d between %s and %s", byte, before, after);
        }
    }
    hub_arena_destroy(&arena);
}

static void every_byte_is_known_for_good_or_bad(void **state)
{
    (void) state;
    char plain[128];
    size_t count = 0;
    for (int byte = 0x20; byte < 0x80; byte++) {
        if (byte != '"' && byte != '\\') {
            plain[count++] = (char) byte;
        }
    }
    expect_bytes("\"", "\"", plain, count);
    expect_bytes("\"\\", "\"", "\"\\/bfnrt", 8);
    expect_bytes("[", "]", " \t\n\r0123456789", 14);
    expect_bytes("[1", "1]", "0123456789,.eE", 14);
    expect_bytes("{}", "", " \t\n\r", 4);
    expect_bytes("", "{}", " \t\n\r", 4);
    expect_bytes("{\"a\"", "1}", ":", 1);
    expect_bytes("\"\\u000", "\"", "0123456789abcdefABCDEF", 22);
}

/* The same cases inside of a record, once as free JSON and once behind a member that is skipped. */
static void both_hold_inside_of_records_too(void **state)
{
    static const struct hub_shape *const shapes[] = { &all_shape, &lenient_shape };
    static const char *const names[] = { "free", "unknown" };
    (void) state;
    struct hub_buf text;
    struct hub_fault fault;
    struct hub_arena *arena = hub_arena_new(0);
    union {
        struct all all;
        struct lenient lenient;
    } record;
    hub_buf_init(&text);
    for (size_t i = 0; i < 2 * (COUNT_OF(accepted) + COUNT_OF(refused)); i++) {
        bool good = i / 2 < COUNT_OF(accepted);
        struct hub_span value = good ? accepted[i / 2].text : refused[i / 2 - COUNT_OF(accepted)];
        hub_buf_clear(&text);
        hub_buf_put_text(&text, "{\"");
        hub_buf_put_text(&text, names[i % 2]);
        hub_buf_put_text(&text, "\":");
        hub_buf_put(&text, value.at, value.len);
        hub_buf_put_text(&text, "}");
        int error = hub_json_read(shapes[i % 2], hub_buf_span(&text), arena, &record, &fault);
        if (error != (good ? 0 : HUB_ERROR_malformed_json)) {
            fail_msg("%.*s gives %s", (int) text.len, text.at, hub_error_code(error));
        }
    }
    hub_buf_done(&text);
    hub_arena_destroy(&arena);
}

/* `depth` arrays, or objects, inside of each other. */
static struct hub_span nested(const char *opening, const char *innermost, char closing, size_t depth,
                              struct hub_buf *out)
{
    hub_buf_clear(out);
    for (size_t i = 0; i < depth; i++) {
        hub_buf_put_text(out, opening);
    }
    hub_buf_put_text(out, innermost);
    for (size_t i = 0; i < depth; i++) {
        hub_buf_put_byte(out, (uint8_t) closing);
    }
    return hub_buf_span(out);
}

static void depth_32_is_accepted_and_33_is_not(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span text;
    struct hub_buf out;
    struct nest nest;
    struct hub_fault fault;
    hub_buf_init(&out);
    assert_int_equal(canonical(nested("[", "", ']', 32, &out), arena, &text), 0);
    assert_int_not_equal(canonical(nested("[", "", ']', 33, &out), arena, &text), 0);
    assert_int_equal(canonical(nested("{\"a\":", "1", '}', 32, &out), arena, &text), 0);
    assert_int_not_equal(canonical(nested("{\"a\":", "1", '}', 33, &out), arena, &text), 0);
    assert_int_not_equal(canonical(nested("[", "", ']', 100000, &out), arena, &text), 0);
    struct hub_span records = nested("{\"in\":", "null", '}', 32, &out);
    assert_int_equal(hub_json_read(&nest_shape, records, arena, &nest, &fault), 0);
    json_sample_malformed(
        &nest_shape, nested("{\"in\":", "null", '}', 33, &out),
        "/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in",
        "is nested deeper than 32 levels");
    json_sample_malformed(
        &nest_shape, nested("{\"in\":", "{\"x\":[]}", '}', 31, &out),
        "/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/in/x",
        "is nested deeper than 32 levels");
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

/* Many names take another way than few. */
static void one_duplicate_among_many_names_is_found(void **state)
{
    (void) state;
    enum { NAMES = 2000 };
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf out;
    hub_buf_init(&out);
    for (int twice = 0; twice <= NAMES; twice += 400) {
        hub_buf_clear(&out);
        for (int i = 0; i < NAMES; i++) {
            hub_buf_put_text(&out, i == 0 ? "{\"n" : ",\"n");
            hub_buf_put_u64(&out, (uint64_t) (i * 7919 % NAMES));
            hub_buf_put_text(&out, "\":{\"n1\":1}");
        }
        if (twice < NAMES) {
            hub_buf_put_text(&out, ",\"n");
            hub_buf_put_u64(&out, (uint64_t) twice);
            hub_buf_put_text(&out, "\":0");
        }
        hub_buf_put_byte(&out, '}');
        struct hub_span text;
        assert_int_equal(canonical(hub_buf_span(&out), arena, &text), twice < NAMES ? HUB_ERROR_malformed_json : 0);
    }
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

/* Escaped texts of all lengths: yajl's buffer of 2 KiB and ours of 4 grow in between. */
static void long_texts_with_escapes_arrive_whole(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf out;
    hub_buf_init(&out);
    for (size_t len = 1; len < 20000; len = len * 3 / 2 + 1) {
        hub_buf_clear(&out);
        hub_buf_put_text(&out, "[\"\\n");
        for (size_t i = 0; i < len; i++) {
            hub_buf_put_byte(&out, (uint8_t) ('a' + i % 26));
            hub_buf_put_text(&out, i % 7 == 0 ? "\\r" : "");
        }
        hub_buf_put_text(&out, "\\\"\",\"\\t\"]");
        struct hub_span text = { 0 };
        assert_int_equal(canonical(hub_buf_span(&out), arena, &text), 0);
        assert_true(hub_span_is(text, hub_buf_span(&out)));
    }
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_is_accepted_and_made_canonical),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(every_byte_is_known_for_good_or_bad),
        cmocka_unit_test(both_hold_inside_of_records_too),
        cmocka_unit_test(depth_32_is_accepted_and_33_is_not),
        cmocka_unit_test(one_duplicate_among_many_names_is_found),
        cmocka_unit_test(long_texts_with_escapes_arrive_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
