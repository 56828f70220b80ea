/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The filter language: every operator on every kind of field, what is refused and where, why a filter does not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/filter.h"
#include "tests/base/sample.h"

#define DAY_US INT64_C(86400000000)

static const int64_t now_us = INT64_C(1767225600000000); /* 2026-01-01T00:00:00Z */

struct fixture {
    struct hub_arena *arena;
    struct sample record;
};

static int set_up(void **state)
{
    static const char *const words[] = { "vip", "beta" };
    static const uint64_t counts[] = { 3, UINT64_MAX };
    static const hub_enum colours[] = { colour_red, colour_blue };
    struct hub_arena *arena = hub_arena_new(0);
    struct fixture *self = HUB_NEW(arena, struct fixture);
    struct sample *record = &self->record;
    struct hub_span *texts = HUB_NEW_ARRAY(arena, struct hub_span, 2);
    texts[0] = hub_span(words[0]);
    texts[1] = hub_span(words[1]);
    self->arena = arena;
    HUB_SET(sample, record, yes, true);
    HUB_SET(sample, record, whole, -5);
    HUB_SET(sample, record, small, 4000000000U);
    HUB_SET(sample, record, large, UINT64_MAX);
    HUB_SET(sample, record, price, 1250);
    HUB_SET(sample, record, title, HUB_SPAN("Billing dispute"));
    HUB_SET(sample, record, colour, colour_green);
    HUB_SET(sample, record, flags, UINT64_C(1) << flag_first | UINT64_C(1) << flag_last);
    HUB_SET(sample, record, moment, now_us - 10 * DAY_US);
    assert_true(hub_ulid_parse(HUB_SPAN("01ARZ3NDEKTSV4RRFFQ69G5FAV"), &record->ident));
    HUB_MARK(sample, record, ident);
    HUB_SET(sample, record, secret, ((hub_sealed){ .clear = HUB_SPAN("hidden") }));
    HUB_SET(sample, record, words, ((hub_list){ .at = texts, .count = 2 }));
    HUB_SET(sample, record, counts, ((hub_list){ .at = (void *) counts, .count = 2 }));
    HUB_SET(sample, record, colours, ((hub_list){ .at = (void *) colours, .count = 2 }));
    record->path.at = HUB_NEW_ARRAY(arena, struct point, 2);
    record->path.count = 2;
    HUB_SET(point, &record->path.at[0], x, 1);
    HUB_SET(point, &record->path.at[1], x, 20);
    HUB_SET(point, &record->path.at[1], label, HUB_SPAN("end"));
    HUB_MARK(sample, record, path);
    record->tree = HUB_NEW(arena, struct node);
    HUB_MARK(sample, record, tree);
    record->tree->inner = HUB_NEW(arena, struct node);
    HUB_MARK(node, record->tree, inner);
    HUB_SET(node, record->tree->inner, number, 7);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *self = *state;
    hub_arena_destroy(&self->arena);
    return 0;
}

static const struct hub_filter *compiled(struct fixture *self, const char *text)
{
    const struct hub_filter *filter = NULL;
    struct hub_filter_fault fault = { 0 };
    if (hub_filter_compile(hub_span(text), &sample_shape, self->arena, &filter, &fault) != 0) {
        fail_msg("%s: %s (byte %zu)", text, fault.reason, fault.at);
    }
    return filter;
}

static void each_is(struct fixture *self, const char *const *texts, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++) {
        if (hub_filter_holds(compiled(self, texts[i]), &self->record, now_us) != expected) {
            fail_msg("%s should %shold", texts[i], expected ? "" : "not ");
        }
    }
}

#define EACH_IS(self, texts, expected) each_is(self, texts, sizeof(texts) / sizeof((texts)[0]), expected)

static const char *const that_hold[] = {
    "",
    "  ",
    "yes",
    "yes == true",
    "yes != false",
    "yes in [true]",
    "whole == -5",
    "whole < 0",
    "whole <= -5",
    "whole > -6",
    "whole >= -5",
    "whole in [1, -5]",
    "small == 4000000000",
    "small > 1",
    "large == 18446744073709551615",
    "large > 9223372036854775807",
    "price == 12.50",
    "price == 12.5",
    "price < 13",
    "price >= 12.5",
    "title == 'Billing dispute'",
    "title == \"Billing dispute\"",
    "title < 'C'",
    "title has 'BILLING'",
    "title has ['xx', 'disp']",
    "title in ['x', 'Billing dispute']",
    "title has ''",
    "colour == 'green'",
    "colour > 'red'",
    "colour < 'blue'",
    "colour in ['red', 'green']",
    "flags has 'first'",
    "flags has ['tenth', 'last']",
    "flags not has 'tenth'",
    "moment == '2025-12-22T00:00:00Z'",
    "moment < now",
    "moment > now - 11d",
    "moment < now - 239h",
    "moment >= now - 2w",
    "moment < now + 1m",
    "moment in [now - 10d]",
    "ident == '01ARZ3NDEKTSV4RRFFQ69G5FAV'",
    "ident not in ['01ARZ3NDEKTSV4RRFFQ69G5FAA']",
    "words has 'vip'",
    "words has ['x', 'beta']",
    "words not has 'VIP'",
    "counts has 18446744073709551615",
    "colours has 'blue'",
    "not colours has 'green'",
    "exists title",
    "exists tree.inner",
    "exists path",
    "path.x == 20",
    "path.label has 'END'",
    "path.x < 2",
    "tree.inner.number == 7",
};
static const char *const that_fail[] = {
    "yes == false",
    "not yes",
    "whole == 5",
    "whole > -5",
    "small < 1",
    "large < 5",
    "price == 12.51",
    "price > 12.5",
    "title == 'billing dispute'",
    "title has 'refund'",
    "colour == 'red'",
    "colour >= 'blue'",
    "colour != 'green'",
    "flags has 'tenth'",
    "moment > now",
    "moment < now - 10d",
    "words has 'v'",
    "counts has 4",
    "path.x > 20",
    "path.label == 'start'",
    "tree.number == 7",
    "ident != '01ARZ3NDEKTSV4RRFFQ69G5FAV'",
    "words not has 'vip'",
};

static void every_operator_knows_every_kind_of_field(void **state)
{
    EACH_IS(*state, that_hold, true);
    EACH_IS(*state, that_fail, false);
}

static void and_binds_closer_than_or_and_not_closest(void **state)
{
    static const char *const hold[] = {
        "yes or yes and not yes",
        "(yes or yes) and yes",
        "not yes or yes",
        "not (not yes)",
        "not not yes",
        "not yes and yes or yes",
        "whole < 0 and price > 1 and colour == 'green'",
    };
    static const char *const fail[] = { "(yes or yes) and not yes", "not (yes or not yes)", "not yes and yes" };
    EACH_IS(*state, hold, true);
    EACH_IS(*state, fail, false);
}

static void what_is_absent_compares_as_false(void **state)
{
    static const char *const fail[] = {
        "distant == 1", "distant != 1", "distant < 1",  "distant >= 0",   "distant in [1]",          "exists distant",
        "place.x == 1", "place.x != 1", "exists place", "exists place.x", "tree.others.number != 1", "deltas has 1",
    };
    static const char *const hold[] = { "not distant == 1", "not exists place.x", "distant not in [1]",
                                        "deltas not has 1" };
    EACH_IS(*state, fail, false);
    EACH_IS(*state, hold, true);
}

static void quotes_and_backslashes_are_kept_by_a_backslash(void **state)
{
    struct fixture *self = *state;
    static const char *const hold[] = { "title == \"a \\\"b\\\" \\\\ ' ]\"", "title in ['x]', 'a \"b\" \\\\ \\' ]']" };
    HUB_SET(sample, &self->record, title, HUB_SPAN("a \"b\" \\ ' ]"));
    EACH_IS(self, hold, true);
}

static void a_wrong_filter_is_refused_where_it_is_wrong(void **state)
{
    struct fixture *self = *state;
    static const struct {
        const char *text;
        size_t at;
        const char *reason;
    } cases[] = {
        { "titel == 'x'", 0, "There is no field titel here; there is yes, whole, small" },
        { "yes and secret == 'x'", 8, "secret is personal; nothing is decided on it." },
        { "free == 'x'", 0, "free cannot be compared." },
        { "raw == 'x'", 0, "raw cannot be compared." },
        { "figure == 'x'", 0, "figure cannot be compared." },
        { "colour == 'gren'", 10, "A value for colour must be one of red, green, blue." },
        { "colour in ['red', 'x']", 18, "A value for colour must be one of" },
        { "small == -1", 9, "A value for small" },
        { "small == 'x'", 9, "A value for small" },
        { "moment > 'yesterday'", 9, "A value for moment" },
        { "whole == now", 9, "A value is expected here" },
        { "whole == 1.5", 9, "A value for whole" },
        { "moment > now - 30", 15, "A duration is expected here" },
        { "moment > now - 3y", 15, "A duration is expected here" },
        { "moment > now - 99999999d", 15, "A duration is expected here" },
        { "whole = 5", 6, "To compare, write ==." },
        { "whole == 5 or", 13, "The name of a field is expected here." },
        { "whole == 5)", 10, "Nothing more is expected here" },
        { "(whole == 5", 11, "A closing ) is expected here." },
        { "whole", 5, "A comparison is expected here" },
        { "whole not == 5", 10, "Behind a field, not is followed by in or has." },
        { "title == 'x", 9, "This text has no closing quote." },
        { "title == 'x\\n'", 11, "A backslash stands before a quote or a backslash." },
        { "title == title", 9, "A value is expected here; texts and words stand in quotes." },
        { "title ~ 'x'", 6, "This sign has no meaning here." },
        { "whole == 5x5", 9, "A number ends where a letter begins" },
        { "whole in 5", 9, "A list in brackets is expected here." },
        { "whole in [1 2]", 12, "A comma or ] is expected here." },
        { "whole in []", 10, "A value is expected here" },
        { "whole has 5", 6, "whole is one value: ask == or in." },
        { "words == 'vip'", 6, "words holds several values: ask has." },
        { "flags in ['first']", 6, "flags holds several values: ask has." },
        { "yes < true", 4, "yes has no order: ask == or in." },
        { "path has 1", 5, "path has fields of its own: name one of them, or ask exists." },
        { "whole.x == 1", 5, "whole has no fields." },
        { "path. == 1", 6, "The name of a field is expected here." },
        { "\xff", 0, "This is not valid UTF-8." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct hub_filter *filter = NULL;
        struct hub_filter_fault fault = { 0 };
        int error = hub_filter_compile(hub_span(cases[i].text), &sample_shape, self->arena, &filter, &fault);
        if (error != HUB_ERROR_invalid_field || filter != NULL || fault.at != cases[i].at ||
            strncmp(fault.reason, cases[i].reason, strlen(cases[i].reason)) != 0) {
            fail_msg("%s: error %d at %zu: %s", cases[i].text, error, fault.at, fault.reason);
        }
    }
}

static int compile_repeated(struct fixture *self, const char *part, size_t times, const char *end,
                            struct hub_filter_fault *fault)
{
    char text[8192];
    size_t len = 0;
    for (size_t i = 0; i < times; i++) {
        len += (size_t) snprintf(text + len, sizeof text - len, "%s", part);
    }
    len += (size_t) snprintf(text + len, sizeof text - len, "%s", end);
    const struct hub_filter *filter;
    return hub_filter_compile(hub_span_of(text, len), &sample_shape, self->arena, &filter, fault);
}

static void a_filter_is_bounded(void **state)
{
    struct fixture *self = *state;
    struct hub_filter_fault fault;
    assert_int_equal(compile_repeated(self, "not ", HUB_FILTER_DEPTH - 1, "yes", &fault), 0);
    assert_int_not_equal(compile_repeated(self, "not ", HUB_FILTER_DEPTH, "yes", &fault), 0);
    assert_string_equal(fault.reason, "A filter is at most 32 levels deep.");
    assert_int_not_equal(compile_repeated(self, "(", 2000, "yes", &fault), 0);
    assert_int_equal(compile_repeated(self, "yes or ", HUB_FILTER_NODES - 2, "yes", &fault), 0);
    assert_int_not_equal(compile_repeated(self, "yes or ", HUB_FILTER_NODES - 1, "yes", &fault), 0);
    assert_string_equal(fault.reason, "A filter has at most 256 conditions.");
    assert_int_equal(compile_repeated(self, " ", HUB_FILTER_TEXT - 3, "yes", &fault), 0);
    assert_int_not_equal(compile_repeated(self, " ", HUB_FILTER_TEXT - 2, "yes", &fault), 0);
    assert_string_equal(fault.reason, "A filter has at most 4096 bytes.");
    assert_int_not_equal(compile_repeated(self, "tree.", 1, "inner.inner.inner.inner.inner.inner.inner.inner", &fault),
                         0);
    assert_string_equal(fault.reason, "A path has at most 8 steps.");
}

static void why_not_names_the_part_that_fails(void **state)
{
    struct fixture *self = *state;
    static const struct {
        const char *text, *why_not;
    } cases[] = {
        { "yes", "" },
        { "", "" },
        { "yes and whole > 3 and not yes", "whole > 3" },
        { "yes and (colour == 'green' and price in [1, 2])", "price in [1, 2]" },
        { "yes and (whole == 1 or whole == 2)", "whole == 1 or whole == 2" },
        { "yes and not (yes)", "not (yes)" },
        { "words not has 'vip'", "words not has 'vip'" },
        { "exists distant", "exists distant" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hub_span why_not = hub_filter_why_not(compiled(self, cases[i].text), &self->record, now_us);
        assert_int_equal(why_not.len, strlen(cases[i].why_not));
        assert_memory_equal(why_not.at == NULL ? "" : why_not.at, cases[i].why_not, why_not.len);
    }
}

static void a_filter_says_what_it_reads(void **state)
{
    struct fixture *self = *state;
    const struct hub_filter *filter = compiled(self, "moment < now - 1d and tree.inner.number == 7");
    assert_true(hub_span_is(hub_filter_text(filter), HUB_SPAN("moment < now - 1d and tree.inner.number == 7")));
    assert_true(hub_filter_asks_time(filter));
    assert_true(hub_filter_names(filter, &sample_shape.fields[sample_at_tree]));
    assert_false(hub_filter_names(filter, &sample_shape.fields[sample_at_title]));
    assert_false(hub_filter_asks_time(compiled(self, "moment < '2026-01-01T00:00:00Z'")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_operator_knows_every_kind_of_field),
        TEST(and_binds_closer_than_or_and_not_closest),
        TEST(what_is_absent_compares_as_false),
        TEST(quotes_and_backslashes_are_kept_by_a_backslash),
        TEST(a_wrong_filter_is_refused_where_it_is_wrong),
        TEST(a_filter_is_bounded),
        TEST(why_not_names_the_part_that_fails),
        TEST(a_filter_says_what_it_reads),
    };
    return cmocka_run_group_tests_name("base/filter", tests, NULL, NULL);
}
