/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What queries say about the script, word for word, and how lists are paged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "tests/replay/history.h"

static const struct question *find(struct history *h, const char *label, const struct hub_query_info *query)
{
    size_t count;
    const struct question *questions = all_questions(h, &count);
    for (size_t i = 0; i < count; i++) {
        if (questions[i].query == query && strcmp(questions[i].label, label) == 0) {
            return &questions[i];
        }
    }
    fail_msg("no question %s", label);
    return NULL;
}

static void assert_says(struct history *h, const struct question *question, const char *part)
{
    char *answer = ask_json(h, question, 0);
    if (strstr(answer, part) == NULL) {
        fail_msg("%s\n is not in %s", part, answer);
    }
    free(answer);
}

static void the_unified_view_has_every_message_and_transfer_in_order(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    const struct question *view = find(h, "customer 1", &hub_query_unified_view);
    assert_says(h, view,
                "{\"customer_id\":\"customer_1\",\"active_sessions\":1,\"active_channels\":[\"chat\"],"
                "\"total_interactions\":5,\"interaction_timeline\":[{\"type\":\"message\",\"channel\":\"voice\"");
    char *answer = ask_json(h, view, 0);
    static const char *const order[] = { "-m1\"", "-m2\"", "-t1\"", "-t2\"", "-m3\"", "engagement_metrics" };
    const char *at = answer;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    free(answer);
    assert_says(h, view,
                "\"content\":\"I have a complex billing issue\",\"ai_sentiment\":\"concerned\","
                "\"author\":\"customer\"");
    assert_says(h, view, "{\"type\":\"transfer\",\"from\":\"voice\",\"to\":\"video\"");
    assert_says(h, view,
                "\"customer_profile\":{\"name\":\"Sarah Johnson\",\"tier\":\"enterprise\"},"
                "\"context\":{\"plan\":\"gold\"},\"identities\":[{\"channel\":\"email\","
                "\"address\":\"sarah@example.com\"}]}");
}

static void figures_are_in_words_and_in_numbers(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    assert_says(h, find(h, "customer 1", &hub_query_unified_view),
                "\"engagement_metrics\":{\"total_channels_used\":4,\"average_response_time\":\"2.4 minutes\","
                "\"resolution_rate\":\"50%\",\"satisfaction_score\":4.5,\"average_response_time_seconds\":141.000,"
                "\"resolution_rate_ratio\":0.5000}");
    assert_says(h, find(h, "customer 2", &hub_query_unified_view),
                "\"engagement_metrics\":{\"total_channels_used\":0,\"average_response_time\":\"n/a\","
                "\"resolution_rate\":\"n/a\"}");
}

static void a_message_status_never_goes_back(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    assert_says(h, find(h, "messages of 1", &hub_query_session_messages),
                "\"content\":\"We look into it.\",\"status\":\"delivered\",\"failure\":\"busy\",\"attempts\":2,"
                "\"ai_sentiment\":\"unknown\"");
    assert_says(h, find(h, "messages of 1", &hub_query_session_messages), "\"total\":3}");
}

static void a_transfer_brings_its_context_along(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    const struct question *answer = find(h, "transfer answer", &hub_query_transfer_answer);
    assert_says(h, answer, "\"preserved_context\":{\"conversation_history\":[{\"message_id\":");
    assert_says(h, answer,
                "],\"customer_profile\":{\"name\":\"Sarah Johnson\",\"tier\":\"enterprise\"},"
                "\"issue_context\":{},\"history_count\":2,");
    assert_says(h, find(h, "transfer", &hub_query_transfer), "\"status\":\"completed\",\"from_channel\":\"voice\"");
}

static void the_history_tells_everything(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    const struct question *history = find(h, "customer 1", &hub_query_customer_history);
    assert_says(h, history, "{\"type\":\"session_opened\",\"channel\":\"voice\"");
    assert_says(h, history, "\"status\":\"resolved\",\"event\":\"session_moved\"");
    assert_says(h, history, "{\"type\":\"session_ended\"");
    assert_says(h, history, "{\"type\":\"context\"");
    assert_says(h, history, "{\"type\":\"profile\"");
}

/* Follow cursors through a list; returns how many pages, and the text of all items in ret_all. */
static unsigned walk(struct history *h, struct question question, hub_text *cursor, const char *list,
                     struct hub_buf *ret_all)
{
    unsigned pages = 0;
    char kept[64];
    for (bool more = true; more; pages++) {
        char *answer = ask_json(h, &question, 0);
        assert_memory_not_equal(answer, "error", 5);
        char *from = strstr(answer, list) + strlen(list);
        char *to = strrchr(answer, ']');
        hub_buf_put(ret_all, from, (size_t) (to - from));
        hub_buf_put_byte(ret_all, ',');
        char *next = strstr(to, "\"next_cursor\":\"");
        more = next != NULL;
        if (more) {
            snprintf(kept, sizeof kept, "%.*s", (int) strcspn(next + 15, "\""), next + 15);
            *cursor = hub_span(kept);
        }
        free(answer);
    }
    *cursor = (hub_text){ 0 };
    return pages;
}

static void pages_together_are_the_whole_list(void **state)
{
    struct history *h = *state;
    struct active_sessions_query active = { 0 };
    struct question question = *find(h, "active", &hub_query_active_sessions);
    struct hub_buf whole, paged;
    hub_buf_init(&whole);
    hub_buf_init(&paged);
    for (unsigned i = 0; i < 150; i++) {
        open_session(h, fixture_id(1000 + i), h->customer, i % 3 == 0 ? channel_sms : channel_chat);
    }
    for (unsigned i = 0; i < 30; i++) {
        end(h, fixture_id(1010 + i * 2), h->customer);
    }
    catch_up(h);
    question.params = &active;
    HUB_SET(active_sessions_query, &active, limit, 500);
    assert_int_equal(walk(h, question, &active.cursor, "\"sessions\":[", &whole), 1);
    HUB_SET(active_sessions_query, &active, limit, 50);
    assert_int_equal(walk(h, question, &active.cursor, "\"sessions\":[", &paged), 3);
    assert_int_equal(whole.len, paged.len);
    assert_memory_equal(whole.at, paged.at, whole.len);
    hub_buf_clear(&paged);
    HUB_SET(active_sessions_query, &active, channel, channel_sms);
    HUB_SET(active_sessions_query, &active, limit, 20);
    assert_int_equal(walk(h, question, &active.cursor, "\"sessions\":[", &paged), 2);
    hub_buf_done(&whole);
    hub_buf_done(&paged);
}

static void histories_and_messages_are_paged(void **state)
{
    struct history *h = *state;
    struct customer_query customer = { 0 };
    struct session_messages_query messages = { 0 };
    struct question question = *find(h, "customer 1", &hub_query_customer_history);
    struct hub_buf whole, paged;
    hub_buf_init(&whole);
    hub_buf_init(&paged);
    write_script(h, NULL, NULL);
    catch_up(h);
    question.params = &customer;
    assert_int_equal(walk(h, question, &customer.cursor, "\"history\":[", &whole), 1);
    HUB_SET(customer_query, &customer, limit, 5);
    assert_int_equal(walk(h, question, &customer.cursor, "\"history\":[", &paged), 5);
    assert_int_equal(whole.len, paged.len);
    assert_memory_equal(whole.at, paged.at, whole.len);
    hub_buf_clear(&whole);
    hub_buf_clear(&paged);
    question = *find(h, "messages of 1", &hub_query_session_messages);
    question.params = &messages;
    assert_int_equal(walk(h, question, &messages.cursor, "\"messages\":[", &whole), 1);
    HUB_SET(session_messages_query, &messages, limit, 1);
    assert_int_equal(walk(h, question, &messages.cursor, "\"messages\":[", &paged), 3);
    assert_memory_equal(whole.at, paged.at, whole.len);
    hub_buf_done(&whole);
    hub_buf_done(&paged);
}

static void a_cursor_that_was_never_given_is_refused(void **state)
{
    struct history *h = *state;
    struct active_sessions_query active = { 0 };
    struct question question = *find(h, "active", &hub_query_active_sessions);
    question.params = &active;
    HUB_SET(active_sessions_query, &active, cursor, HUB_SPAN("nonsense"));
    char *answer = ask_json(h, &question, 0);
    assert_string_equal(answer, "error invalid_query: it was not given by this hub");
    free(answer);
}

struct order {
    char last[16];
    unsigned count;
};

static bool check_order(void *arg, struct hub_span key, struct hub_span value)
{
    struct order *order = arg;
    assert_true(key.len == 4 && value.len == 4 && memcmp(order->last, key.at, key.len) < 0);
    memcpy(order->last, key.at, key.len);
    return ++order->count < 300;
}

static void rows_in_memory_keep_their_order(void **state)
{
    (void) state;
    struct hub_rows *rows = hub_rows_memory_new();
    struct hub_buf value;
    hub_buf_init(&value);
    for (unsigned i = 0; i < 1000; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "%c%03u", i % 2 ? 'a' : 'b', i * 7 % 1000);
        rows->put(rows->self, hub_span_of(key, (size_t) len), hub_span_of(key, i % 5));
        rows->put(rows->self, hub_span_of(key, (size_t) len), hub_span_of(key, 4));
    }
    assert_int_equal(rows->get(rows->self, HUB_SPAN("a001"), &value), 0);
    assert_int_equal(value.len, 4);
    rows->drop(rows->self, HUB_SPAN("a001"));
    assert_int_equal(rows->get(rows->self, HUB_SPAN("a001"), &value), HUB_ERROR_not_found);
    struct order all = { .last = "" }, some = { .last = "" };
    assert_int_equal(rows->scan(rows->self, HUB_SPAN("a"), HUB_SPAN("a900"), check_order, &all), 0);
    assert_int_equal(all.count, 50); /* odd numbers only */
    assert_int_equal(rows->scan(rows->self, HUB_SPAN("b"), (struct hub_span){ 0 }, check_order, &some), 0);
    assert_int_equal(some.count, 300);
    rows->put(rows->self, HUB_SPAN("a000"), HUB_SPAN("late"));
    struct order again = { .last = "" };
    assert_int_equal(rows->scan(rows->self, HUB_SPAN("a00"), (struct hub_span){ 0 }, check_order, &again), 0);
    assert_int_equal(again.count, 5);
    hub_buf_done(&value);
    hub_rows_memory_destroy(&rows);
    assert_null(rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, history_setup, history_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_unified_view_has_every_message_and_transfer_in_order),
        TEST(figures_are_in_words_and_in_numbers),
        TEST(a_message_status_never_goes_back),
        TEST(a_transfer_brings_its_context_along),
        TEST(the_history_tells_everything),
        TEST(pages_together_are_the_whole_list),
        TEST(histories_and_messages_are_paged),
        TEST(a_cursor_that_was_never_given_is_refused),
        cmocka_unit_test(rows_in_memory_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
