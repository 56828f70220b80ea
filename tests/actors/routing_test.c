/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing advice: the guide's examples word by word, every rule, what is done with channels tried before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/routing/routing.h"
#include "tests/actors/decide_harness.h"

static const struct hub_ulid company = { { 0, 7 } };

static int set_up(void **state)
{
    *state = harness_new(7);
    return 0;
}

static int tear_down(void **state)
{
    struct harness *h = *state;
    harness_destroy(&h);
    return 0;
}

struct question {
    unsigned on, mood, urgency, tier;
    const char *issue;
    const char *tried[4];
};

static const struct routing_advice *answer_to(struct harness *h, const struct intelligent_routing *asked)
{
    const struct harness_result *result = harness_do(
        h, &(struct harness_call){
               .target = KIND_routing, .shape = &intelligent_routing_shape, .record = asked, .entity = company });
    assert_int_equal(result->error, 0);
    assert_int_equal(result->events, 0);
    const struct routing_reply *reply = result->answer;
    assert_true(reply->success);
    assert_int_equal(reply->intelligent_routing->rules_version, 1);
    return reply->intelligent_routing;
}

static const struct routing_advice *ask(struct harness *h, const struct question *question)
{
    struct intelligent_routing asked = { 0 };
    struct interaction_context context = { 0 };
    struct hub_span tried[4];
    uint32_t count = 0;
    if (question->on != 0) {
        HUB_SET(intelligent_routing, &asked, current_channel, (hub_enum) question->on);
    }
    if (question->mood != 0) {
        HUB_SET(intelligent_routing, &asked, sentiment, (hub_enum) question->mood);
    }
    if (question->urgency != 0) {
        HUB_SET(intelligent_routing, &asked, urgency, (hub_enum) question->urgency);
    }
    if (question->tier != 0) {
        HUB_SET(interaction_context, &context, customer_tier, (hub_enum) question->tier);
    }
    if (question->issue != NULL) {
        HUB_SET(interaction_context, &context, issue_type, hub_span(question->issue));
    }
    for (; count < 4 && question->tried[count] != NULL; count++) {
        tried[count] = hub_span(question->tried[count]);
    }
    HUB_SET(interaction_context, &context, previous_channel_attempts, ((hub_list){ .at = tried, .count = count }));
    HUB_SET(intelligent_routing, &asked, interaction_context, &context);
    const struct routing_advice *advice = answer_to(h, &asked);
    for (uint32_t i = 0; i < advice->recommended_channels.count; i++) {
        assert_int_equal(advice->recommended_channels.at[i].priority, i + 1);
    }
    return advice;
}

static void is_advice(const struct recommended_channel *one, unsigned channel, const char *reason, const char *estimate)
{
    assert_int_equal(one->channel, channel);
    assert_int_equal(one->reason.len, strlen(reason));
    assert_memory_equal(one->reason.at, reason, one->reason.len);
    assert_int_equal(one->estimated_resolution_time.len, strlen(estimate));
    assert_memory_equal(one->estimated_resolution_time.at, estimate, strlen(estimate));
}

static void the_guides_example_is_answered_word_by_word(void **state)
{
    const struct routing_advice *advice = ask(*state, &(struct question){ .on = channel_chat,
                                                                          .mood = sentiment_frustrated,
                                                                          .urgency = urgency_high,
                                                                          .tier = tier_enterprise,
                                                                          .issue = "billing_dispute",
                                                                          .tried = { "email", "chat" } });
    assert_int_equal(advice->recommended_channels.count, 2);
    is_advice(&advice->recommended_channels.at[0], channel_voice,
              "Immediate human connection for frustrated enterprise customer", "5-10 minutes");
    is_advice(&advice->recommended_channels.at[1], channel_video, "Visual communication for complex billing dispute",
              "10-15 minutes");
    assert_int_equal(advice->recommended_channels.at[1].estimated_minutes_min, 10);
    assert_int_equal(advice->recommended_channels.at[1].estimated_minutes_max, 15);
    assert_true(hub_span_is(advice->rule, HUB_SPAN("frustrated_enterprise")));
}

static void the_journey_on_the_telephone_is_sent_to_video_for_the_documents(void **state)
{
    const struct routing_advice *advice = ask(*state, &(struct question){ .on = channel_voice,
                                                                          .mood = sentiment_frustrated,
                                                                          .urgency = urgency_high,
                                                                          .tier = tier_enterprise,
                                                                          .issue = "complex_billing_issue" });
    is_advice(&advice->recommended_channels.at[0], channel_video, "Visual communication for complex billing issue",
              "10-15 minutes");
    assert_true(hub_span_is(advice->rule, HUB_SPAN("documents_on_voice")));
}

static void every_rule_decides_something(void **state)
{
    static const struct {
        struct question question;
        const char *rule;
        unsigned first;
    } cases[] = {
        { { .on = channel_voice, .issue = "Document_Verification" }, "documents_on_voice", channel_video },
        { { .mood = sentiment_angry, .urgency = urgency_critical, .tier = tier_enterprise },
          "frustrated_enterprise",
          channel_voice },
        { { .mood = sentiment_frustrated, .urgency = urgency_high, .tier = tier_premium },
          "frustrated",
          channel_voice },
        { { .mood = sentiment_neutral, .urgency = urgency_critical }, "critical", channel_voice },
        { { .on = channel_chat, .issue = "contract" }, "documents", channel_video },
        { { .issue = "integration-error" }, "technical", channel_video },
        { { .mood = sentiment_frustrated, .urgency = urgency_medium }, "scored", channel_voice },
        { { 0 }, "scored", channel_chat },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct routing_advice *advice = ask(*state, &cases[i].question);
        assert_true(hub_span_is(advice->rule, hub_span(cases[i].rule)));
        assert_int_equal(advice->recommended_channels.at[0].channel, cases[i].first);
    }
}

static void channels_tried_before_go_down_and_the_current_one_last(void **state)
{
    struct question question = {
        .mood = sentiment_frustrated, .urgency = urgency_high, .tier = tier_enterprise, .tried = { "voice", "fax" }
    };
    const struct routing_advice *advice = ask(*state, &question);
    assert_int_equal(advice->recommended_channels.at[0].channel, channel_video);
    assert_int_equal(advice->recommended_channels.at[1].channel, channel_voice);
    question.on = channel_video;
    advice = ask(*state, &question);
    assert_int_equal(advice->recommended_channels.at[0].channel, channel_voice);
    assert_int_equal(advice->recommended_channels.at[1].channel, channel_video);
}

static void who_is_content_stays_where_the_conversation_is(void **state)
{
    for (unsigned on = 1; on <= channel_vocab.count; on++) {
        const struct routing_advice *advice = ask(*state, &(struct question){ .on = on, .mood = sentiment_satisfied });
        bool is_there = false;
        for (uint32_t i = 0; i < advice->recommended_channels.count; i++) {
            is_there |= advice->recommended_channels.at[i].channel == on;
        }
        assert_true(is_there);
    }
    const struct routing_advice *advice = ask(*state,
                                              &(struct question){ .on = channel_email, .urgency = urgency_low });
    assert_int_equal(advice->recommended_channels.at[0].channel, channel_email);
    is_advice(&advice->recommended_channels.at[0], channel_email, "A written record, without waiting in line",
              "2-8 hours");
}

static void a_reason_never_repeats_what_is_not_written_like_an_identifier(void **state)
{
    static const char *const others[] = { "billing of Sarah's card <4111>", "billing/1", "billing\xC3\xBC" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct routing_advice *one = ask(*state, &(struct question){ .issue = others[i] });
        is_advice(&one->recommended_channels.at[0], channel_video, "Visual communication for complex issue",
                  "10-15 minutes");
    }
    const struct routing_advice *advice = ask(
        *state, &(struct question){ .mood = sentiment_frustrated, .urgency = urgency_high, .tier = tier_enterprise });
    is_advice(&advice->recommended_channels.at[1], channel_video, "Visual communication for complex issue",
              "10-15 minutes");
}

static void a_question_without_anything_is_answered(void **state)
{
    struct intelligent_routing nothing = { 0 };
    assert_int_equal(answer_to(*state, &nothing)->recommended_channels.count, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_guides_example_is_answered_word_by_word),
        TEST(the_journey_on_the_telephone_is_sent_to_video_for_the_documents),
        TEST(every_rule_decides_something),
        TEST(channels_tried_before_go_down_and_the_current_one_last),
        TEST(who_is_content_stays_where_the_conversation_is),
        TEST(a_reason_never_repeats_what_is_not_written_like_an_identifier),
        TEST(a_question_without_anything_is_answered),
    };
    return cmocka_run_group_tests_name("actors/routing", tests, NULL, NULL);
}
