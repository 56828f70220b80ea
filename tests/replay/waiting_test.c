/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view of who waits: the order of queues, what is counted for them, and that every earlier moment is shown as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "replay/queries/customer_rows.h"
#include "replay/reading.h"
#include "tests/replay/history.h"

enum { CUSTOMERS = 4, STEPS = 64 };

static const char *const page = "page_456";

static struct hub_ulid customer(int i)
{
    return fixture_id((uint8_t) (80 + i));
}

static struct hub_ulid agent(int i)
{
    return fixture_id((uint8_t) (90 + i));
}

static void tell(struct history *h, int i, const struct hub_shape *shape, void *record)
{
    put_event(h, customer_stream(h, customer(i)), shape, record, customer(i));
}

static void begin(struct history *h)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        struct customer_created created = { 0 };
        HUB_SET(customer_created, &created, channel, channel_chat);
        tell(h, i, &customer_created_shape, &created);
    }
    for (int i = 0; i < 2; i++) {
        struct agent_created created = { 0 };
        HUB_SET(agent_created, &created, role, role_agent);
        HUB_SET(agent_created, &created, email, ((hub_sealed){ .clear = HUB_SPAN("agent@example.com") }));
        put_event(h, (struct hub_stream){ h->company, agent(i), KIND_agent }, &agent_created_shape, &created, agent(i));
    }
}

static void wants(struct history *h, int i)
{
    struct customer_help_requested event = { 0 };
    HUB_SET(customer_help_requested, &event, page_id, hub_span(page));
    HUB_SET(customer_help_requested, &event, cause, help_cause_stopped);
    HUB_SET(customer_help_requested, &event, session, fixture_id((uint8_t) (100 + i)));
    HUB_SET(customer_help_requested, &event, channel, channel_chat);
    tell(h, i, &customer_help_requested_shape, &event);
}

static void takes(struct history *h, int i, int who)
{
    struct customer_assigned event = { 0 };
    HUB_SET(customer_assigned, &event, page_id, hub_span(page));
    HUB_SET(customer_assigned, &event, agent, agent(who));
    HUB_SET(customer_assigned, &event, by, assign_by_self);
    HUB_SET(customer_assigned, &event, channel, channel_chat);
    HUB_SET(customer_assigned, &event, waited_us, 0);
    tell(h, i, &customer_assigned_shape, &event);
}

static void loses(struct history *h, int i, int who, enum release_why why)
{
    struct customer_released event = { 0 };
    HUB_SET(customer_released, &event, page_id, hub_span(page));
    HUB_SET(customer_released, &event, agent, agent(who));
    HUB_SET(customer_released, &event, why, (hub_enum) why);
    tell(h, i, &customer_released_shape, &event);
}

static void is_done(struct history *h, int i, int64_t handled_s)
{
    struct customer_help_ended event = { 0 };
    HUB_SET(customer_help_ended, &event, page_id, hub_span(page));
    HUB_SET(customer_help_ended, &event, why, help_end_done);
    if (handled_s > 0) {
        HUB_SET(customer_help_ended, &event, handled_us, handled_s * 1000000);
    }
    tell(h, i, &customer_help_ended_shape, &event);
}

static struct question ask_list(struct history *h)
{
    static const struct stopped_query all = { 0 };
    return (struct question){ "stopped", &hub_query_stopped, &all, h->company, { { 0 } } };
}

static struct question ask_queues(struct history *h)
{
    static const struct queues_query all = { 0 };
    return (struct question){ "queues", &hub_query_queues, &all, h->company, { { 0 } } };
}

/* The customers of the list, by number, as a text. */
static void is_listed(struct history *h, const char *expected)
{
    struct question question = ask_list(h);
    catch_up(h);
    char *json = ask_json(h, &question, 0);
    char found[CUSTOMERS + 1] = { 0 };
    size_t count = 0;
    for (const char *at = json; (at = strstr(at, "{\"customer_id\":\"")) != NULL; at++) {
        struct hub_ulid id;
        assert_true(hub_ulid_parse(hub_span_of(at + strlen("{\"customer_id\":\""), HUB_ULID_TEXT), &id));
        for (int i = 0; i < CUSTOMERS; i++) {
            if (hub_ulid_is(id, customer(i))) {
                found[count++] = (char) ('0' + i);
            }
        }
    }
    assert_string_equal(found, expected);
    free(json);
}

static void has_queue(struct history *h, const char *expected)
{
    struct question question = ask_queues(h);
    catch_up(h);
    char *json = ask_json(h, &question, 0);
    if (strstr(json, expected) == NULL) {
        fail_msg("%s is not in %s", expected, json);
    }
    free(json);
}

static void queues_are_in_order_and_who_was_lost_comes_first(void **state)
{
    struct history *h = *state;
    begin(h);
    for (int i = 0; i < CUSTOMERS; i++) {
        wants(h, i);
    }
    is_listed(h, "0123");
    takes(h, 1, 0);
    is_listed(h, "0231");
    loses(h, 1, 0, release_why_released);
    is_listed(h, "0123");
    takes(h, 2, 1);
    loses(h, 2, 1, release_why_lost);
    is_listed(h, "2013");
    takes(h, 2, 0);
    loses(h, 2, 0, release_why_released);
    is_listed(h, "0123"); /* the head of the queue is for once */
    is_done(h, 0, 0);
    is_listed(h, "123");
}

static void what_a_queue_counts_is_measured(void **state)
{
    struct history *h = *state;
    begin(h);
    for (int round = 0; round < 3; round++) {
        wants(h, 0);
        takes(h, 0, 0);
        is_done(h, 0, 60 + 60 * round);
    }
    has_queue(
        h,
        "\"waiting\":0,\"assigned\":0,\"handled\":3,\"average_handling_seconds\":120,\"estimated_wait_seconds\":120");
    for (int i = 0; i < CUSTOMERS; i++) {
        wants(h, i);
    }
    takes(h, 0, 0);
    takes(h, 1, 1);
    has_queue(h, "\"waiting\":2,\"assigned\":2,\"handled\":3");
    has_queue(h, "\"estimated_wait_seconds\":180"); /* third in the queue, two side by side */
    for (int round = 0; round < 20; round++) {
        is_done(h, 0, 30);
        wants(h, 0);
        takes(h, 0, 0);
    }
    has_queue(h, "\"average_handling_seconds\":30,"); /* only the last twenty count */
}

static void every_earlier_moment_is_shown_as_it_was(void **state)
{
    struct history *h = *state;
    static char *lists[STEPS], *queues[STEPS];
    static uint64_t positions[STEPS];
    const struct question list = ask_list(h), queue = ask_queues(h);
    size_t count = 0;
    begin(h);
    for (int step = 0; step < 12; step++) {
        switch (step) {
        case 4: takes(h, 1, 0); break;
        case 5: loses(h, 1, 0, release_why_lost); break;
        case 6: takes(h, 0, 1); break;
        case 7: is_done(h, 0, 40); break;
        case 8: takes(h, 1, 1); break;
        case 9: loses(h, 1, 1, release_why_transferred); break;
        case 10: takes(h, 1, 0); break;
        case 11: is_done(h, 3, 0); break;
        default: wants(h, step); break;
        }
        catch_up(h);
        lists[count] = ask_json(h, &list, 0);
        queues[count] = ask_json(h, &queue, 0);
        positions[count++] = hub_views_position(h->views).sequence;
    }
    for (size_t i = 0; i < count; i++) {
        char *list_then = ask_json(h, &list, positions[i]), *queue_then = ask_json(h, &queue, positions[i]);
        assert_string_equal(list_then, lists[i]);
        assert_string_equal(queue_then, queues[i]);
        free(list_then);
        free(queue_then);
        free(lists[i]);
        free(queues[i]);
    }
}

#define A_TEST(test) cmocka_unit_test_setup_teardown(test, history_setup, history_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(queues_are_in_order_and_who_was_lost_comes_first),
        A_TEST(what_a_queue_counts_is_measured),
        A_TEST(every_earlier_moment_is_shown_as_it_was),
    };
    return cmocka_run_group_tests_name("replay/waiting", tests, NULL, NULL);
}
