/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/headers.h. */
#include "api/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_span(struct hub_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.at, text, span.len);
}

static void a_bearer_token_is_what_follows_the_scheme(void **state)
{
    struct hub_span token;
    (void) state;
    assert_true(hub_header_bearer(HUB_SPAN("Bearer ohk_abc"), &token));
    assert_span(token, "ohk_abc");
    assert_true(hub_header_bearer(HUB_SPAN("bEARER   x  "), &token));
    assert_span(token, "x");
}

static void what_is_no_bearer_token_is_refused(void **state)
{
    static const char *const texts[] = {
        "",           "Bearer",    "Bearer ", "Bearer  ",    "Basic abcdef",   "Bearerabc",
        "Bearer a b", "Bearer\tx", "Beare x", "Bearer \x7f", "Bearer \xc3\xa4"
    };
    struct hub_span token;
    char long_one[HUB_TOKEN_MAX + 16];
    (void) state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(hub_header_bearer(hub_span(texts[i]), &token));
    }
    snprintf(long_one, sizeof long_one, "Bearer ");
    memset(long_one + 7, 'a', sizeof long_one - 7);
    assert_true(hub_header_bearer(hub_span_of(long_one, 7 + HUB_TOKEN_MAX), &token));
    assert_false(hub_header_bearer(hub_span_of(long_one, 8 + HUB_TOKEN_MAX), &token));
}

static void a_cookie_is_found_among_others(void **state)
{
    struct hub_span value;
    (void) state;
    assert_true(hub_header_cookie(HUB_SPAN("a=1; omnihub_session=tok; b=2"), HUB_SPAN("omnihub_session"), &value));
    assert_span(value, "tok");
    assert_true(hub_header_cookie(HUB_SPAN("s=\"quoted\""), HUB_SPAN("s"), &value));
    assert_span(value, "quoted");
    assert_true(hub_header_cookie(HUB_SPAN("s=a=b"), HUB_SPAN("s"), &value));
    assert_span(value, "a=b");
    assert_false(hub_header_cookie(HUB_SPAN("xs=1; s2=2"), HUB_SPAN("s"), &value));
    assert_false(hub_header_cookie(HUB_SPAN("s="), HUB_SPAN("s"), &value));
    assert_false(hub_header_cookie(HUB_SPAN("s"), HUB_SPAN("s"), &value));
    assert_false(hub_header_cookie(HUB_SPAN(""), HUB_SPAN("s"), &value));
    assert_false(hub_header_cookie(HUB_SPAN(";;; ; =;"), HUB_SPAN("s"), &value));
}

/* Somebody who can set cookies for a parent domain must not decide whose login counts. */
static void a_cookie_that_is_there_twice_is_none(void **state)
{
    struct hub_span value;
    (void) state;
    assert_false(hub_header_cookie(HUB_SPAN("s=1; s=2"), HUB_SPAN("s"), &value));
}

static void json_is_told_by_its_type_alone(void **state)
{
    (void) state;
    assert_true(hub_header_is_json(HUB_SPAN("application/json")));
    assert_true(hub_header_is_json(HUB_SPAN("Application/JSON; charset=utf-8")));
    assert_true(hub_header_is_json(HUB_SPAN(" application/json ;x=y")));
    assert_false(hub_header_is_json(HUB_SPAN("")));
    assert_false(hub_header_is_json(HUB_SPAN("text/plain; application/json")));
    assert_false(hub_header_is_json(HUB_SPAN("application/json2")));
    assert_false(hub_header_is_json(HUB_SPAN("application/x-www-form-urlencoded")));
}

static void accept_is_read_with_ranges_and_weights(void **state)
{
    (void) state;
    assert_true(hub_header_accepts(HUB_SPAN(""), "application/json"));
    assert_true(hub_header_accepts(HUB_SPAN("*/*"), "application/json"));
    assert_true(hub_header_accepts(HUB_SPAN("text/html, application/*;q=0.3"), "application/json"));
    assert_true(hub_header_accepts(HUB_SPAN("application/json;q=0.001"), "application/json"));
    assert_false(hub_header_accepts(HUB_SPAN("text/html, text/*"), "application/json"));
    assert_false(hub_header_accepts(HUB_SPAN("application/json;q=0"), "application/json"));
    assert_false(hub_header_accepts(HUB_SPAN("application/json; q=0.000"), "application/json"));
    assert_false(hub_header_accepts(HUB_SPAN("applicatio/*"), "application/json"));
    assert_false(hub_header_accepts(HUB_SPAN(",,;"), "application/json"));
}

static void a_target_may_name_its_host(void **state)
{
    (void) state;
    static const struct {
        const char *target, *authority, *path;
    } absolute[] = {
        { "http://hub.example/session/a", "hub.example", "/session/a" },
        { "HTTPS://hub.example:8302/", "hub.example:8302", "/" },
        { "http://h", "h", "/" },
        { "http://[::1]:80//x", "[::1]:80", "//x" },
    };
    static const char *const others[] = { "",          "/",         "/http://h/", "*",        "http://",
                                          "http:///x", "https:///", "ftp://h/x",  "http:/h/x" };
    struct hub_span authority, path;
    for (size_t i = 0; i < sizeof absolute / sizeof absolute[0]; i++) {
        assert_true(hub_target_is_absolute(hub_span(absolute[i].target), &authority, &path));
        assert_span(authority, absolute[i].authority);
        assert_span(path, absolute[i].path);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(hub_target_is_absolute(hub_span(others[i]), &authority, &path));
    }
}

static void assert_expected(const char *value, const uint64_t *versions, size_t count)
{
    bool any = true;
    uint64_t found[HUB_EXPECTED_MAX];
    assert_true(hub_header_if_match(hub_span(value), &any, found));
    assert_false(any);
    for (size_t i = 0; i < HUB_EXPECTED_MAX; i++) {
        assert_int_equal(found[i], i < count ? versions[i] : 0);
    }
}

static void if_match_names_versions_by_strong_tags(void **state)
{
    (void) state;
    assert_expected("\"12\"", (const uint64_t[]){ 12 }, 1);
    assert_expected(" \"1\",\"2\" ,, \"3\",", (const uint64_t[]){ 1, 2, 3 }, 3);
    assert_expected(",\"a,b\", W/\"7\", \"8\"", (const uint64_t[]){ 8 }, 1);
    static const char *const foreign[] = { "W/\"7\"", "\"\"",  "\"a\"",        "\"-1\"", "\"99999999999999999999\"",
                                           "\"07\"",  "\"0\"", "\"\xc3\xa4\"", "\"7W/\"" };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        assert_expected(foreign[i], (const uint64_t[]){ 0 }, 0);
    }
    assert_expected("\"1\",\"2\",\"3\",\"4\",W/\"4\",\"5\",\"6\",\"7\",\"8\"",
                    (const uint64_t[]){ 1, 2, 3, 4, 5, 6, 7, 8 }, 8);
}

static void if_match_is_a_list_of_tags_or_a_star(void **state)
{
    bool any = false;
    uint64_t found[HUB_EXPECTED_MAX];
    (void) state;
    assert_true(hub_header_if_match(HUB_SPAN("*"), &any, found));
    assert_true(any);
    static const char *const texts[] = {
        "",        "12",          "\"",         "W/",
        "\"1",     "\"1\" \"2\"", "\"1\"\"2\"", "\"1\", *",
        "w/\"1\"", ",",           " , ",        "\"a b\"",
        "W/1",     "W/\"1",       "\"1\", 2",   "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\""
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(hub_header_if_match(hub_span(texts[i]), &any, found));
    }
}

static void an_idempotency_key_is_visible_ascii_of_bounded_length(void **state)
{
    struct hub_span key;
    char text[300];
    (void) state;
    assert_true(hub_header_idempotency_key(HUB_SPAN("\"8e03978e-40d5\""), &key));
    assert_span(key, "8e03978e-40d5");
    assert_true(hub_header_idempotency_key(HUB_SPAN("8e03978e-40d5"), &key));
    assert_span(key, "8e03978e-40d5");
    memset(text, 'k', sizeof text);
    assert_true(hub_header_idempotency_key(hub_span_of(text, 255), &key));
    assert_false(hub_header_idempotency_key(hub_span_of(text, 256), &key));
    assert_false(hub_header_idempotency_key(HUB_SPAN(""), &key));
    assert_false(hub_header_idempotency_key(HUB_SPAN("\"\""), &key));
    assert_false(hub_header_idempotency_key(HUB_SPAN("a b"), &key));
    assert_false(hub_header_idempotency_key(HUB_SPAN("a\x01"), &key));
    assert_false(hub_header_idempotency_key(HUB_SPAN("\xc3\xa4"), &key));
}

static void a_trace_id_comes_out_of_a_traceparent(void **state)
{
    static const uint8_t expected[16] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                          0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 };
    uint8_t trace[16] = { 0 };
    (void) state;
    assert_true(hub_header_trace(HUB_SPAN("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), trace));
    assert_memory_equal(trace, expected, 16);
    assert_true(hub_header_trace(HUB_SPAN("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"), trace));
    static const char *const texts[] = {
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(hub_header_trace(hub_span(texts[i]), trace));
    }
}

static void an_origin_is_ours_by_scheme_and_host(void **state)
{
    (void) state;
    assert_true(hub_header_is_same_origin(HUB_SPAN("https://Hub.example:8302"), HUB_SPAN("https"),
                                          HUB_SPAN("hub.example:8302")));
    assert_false(hub_header_is_same_origin(HUB_SPAN("http://hub.example"), HUB_SPAN("https"), HUB_SPAN("hub.example")));
    assert_false(
        hub_header_is_same_origin(HUB_SPAN("https://evil.hub.example"), HUB_SPAN("https"), HUB_SPAN("hub.example")));
    assert_false(
        hub_header_is_same_origin(HUB_SPAN("https://hub.example.evil"), HUB_SPAN("https"), HUB_SPAN("hub.example")));
    assert_false(hub_header_is_same_origin(HUB_SPAN("null"), HUB_SPAN("https"), HUB_SPAN("hub.example")));
    assert_false(hub_header_is_same_origin(HUB_SPAN(""), HUB_SPAN("http"), HUB_SPAN("")));
}

static void a_list_of_origins_holds_whole_origins(void **state)
{
    static const char list[] = "https://a.example, https://b.example http://c.example:3000";
    (void) state;
    assert_true(hub_header_is_listed(HUB_SPAN("https://a.example"), list));
    assert_true(hub_header_is_listed(HUB_SPAN("http://c.example:3000"), list));
    assert_false(hub_header_is_listed(HUB_SPAN("http://c.example"), list));
    assert_false(hub_header_is_listed(HUB_SPAN("https://a.example,"), list));
    assert_false(hub_header_is_listed(HUB_SPAN(""), list));
    assert_false(hub_header_is_listed(HUB_SPAN("https://a.example"), NULL));
    assert_false(hub_header_is_listed(HUB_SPAN("https://a.example"), " , "));
    assert_true(hub_header_is_listed(HUB_SPAN("https://any.example"), "*"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bearer_token_is_what_follows_the_scheme),
        cmocka_unit_test(what_is_no_bearer_token_is_refused),
        cmocka_unit_test(a_cookie_is_found_among_others),
        cmocka_unit_test(a_cookie_that_is_there_twice_is_none),
        cmocka_unit_test(json_is_told_by_its_type_alone),
        cmocka_unit_test(accept_is_read_with_ranges_and_weights),
        cmocka_unit_test(a_target_may_name_its_host),
        cmocka_unit_test(if_match_names_versions_by_strong_tags),
        cmocka_unit_test(if_match_is_a_list_of_tags_or_a_star),
        cmocka_unit_test(an_idempotency_key_is_visible_ascii_of_bounded_length),
        cmocka_unit_test(a_trace_id_comes_out_of_a_traceparent),
        cmocka_unit_test(an_origin_is_ours_by_scheme_and_host),
        cmocka_unit_test(a_list_of_origins_holds_whole_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
