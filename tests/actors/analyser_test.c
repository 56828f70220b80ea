/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The lexicon: mood, urgency and intent of messages in English and German, negation, evidence, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/routing/analyser.h"

static struct hub_analysis analysed(const char *text)
{
    struct hub_analysis analysis;
    hub_analyser()->analyse(hub_span(text), &analysis);
    return analysis;
}

struct reading {
    const char *text;
    unsigned sentiment, urgency, intent;
};

static void each_reads_as_said(const struct reading *readings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct reading *expected = &readings[i];
        struct hub_analysis got = analysed(expected->text);
        if (got.sentiment != expected->sentiment || got.urgency != expected->urgency ||
            got.intent != expected->intent) {
            fail_msg("\"%s\": mood %u, urgency %u, intent %u", expected->text, got.sentiment, got.urgency, got.intent);
        }
    }
}

#define EACH_READS_AS_SAID(readings) each_reads_as_said(readings, sizeof(readings) / sizeof((readings)[0]))

static void moods_are_told_apart(void **state)
{
    (void) state;
    static const struct reading readings[] = {
        { "This is perfect!", sentiment_positive, 0, 0 },
        { "Thanks, that was helpful", sentiment_satisfied, 0, 0 },
        { "I am a bit worried about it", sentiment_concerned, 0, 0 },
        { "My router is broken", sentiment_negative, 0, 0 },
        { "This is really bad", sentiment_frustrated, 0, 0 },
        { "Broken again, and the manual is wrong", sentiment_frustrated, 0, 0 },
        { "I am STILL WAITING, this is ridiculous", sentiment_frustrated, 0, 0 },
        { "You are a disgrace", sentiment_angry, 0, 0 },
        { "very frustrated", sentiment_angry, 0, 0 },
        { "great, love it, perfect support, one small issue", sentiment_neutral, 0, 0 },
        { "Ich bin sehr zufrieden", sentiment_positive, 0, 0 },
        { "Das ist v\xC3\xB6llig inakzeptabel", sentiment_angry, 0, 0 },
        { "UNVERSCH\xC3\x84MT!", sentiment_angry, 0, 0 },
        { "Das Ger\xC3\xA4t ist kaputt", sentiment_negative, 0, 0 },
        { "Ich warte immer noch auf Antwort", sentiment_frustrated, 0, 0 },
    };
    EACH_READS_AS_SAID(readings);
}

static void a_negation_turns_round_what_follows_it_closely(void **state)
{
    (void) state;
    static const struct reading readings[] = {
        { "I am not happy with this", sentiment_negative, 0, 0 },
        { "not very good", sentiment_negative, 0, 0 },
        { "this isn\xE2\x80\x99t helpful", sentiment_negative, 0, 0 },
        { "I am not angry", sentiment_neutral, 0, 0 },
        { "no problem", sentiment_satisfied, 0, 0 },
        { "No. I am happy", sentiment_positive, 0, 0 },
        { "not that it matters much to anybody here but great", sentiment_positive, 0, 0 },
        { "It is not urgent", 0, urgency_low, 0 },
        { "I don't want a refund", 0, 0, 0 },
        { "Ich bin nicht zufrieden", sentiment_negative, 0, 0 },
        { "kein Problem", sentiment_satisfied, 0, 0 },
        { "keine R\xC3\xBC"
          "ckerstattung",
          0, 0, 0 },
        { "the app is not working", sentiment_negative, 0, 0 },
    };
    EACH_READS_AS_SAID(readings);
}

static void urgency_and_intent_are_found(void **state)
{
    (void) state;
    static const struct reading readings[] = {
        { "Please call me back asap", 0, urgency_high, intent_human },
        { "I want to speak to a human", 0, 0, intent_human },
        { "Let me talk to someone about my invoice", 0, 0, intent_human },
        { "We have an outage, money is lost today", 0, urgency_critical, 0 },
        { "I want my money back", 0, 0, intent_refund },
        { "Please cancel and refund", 0, 0, intent_refund },
        { "there is an error message at login", sentiment_negative, 0, intent_technical },
        { "Where is my parcel? No rush.", 0, urgency_low, intent_delivery },
        { "Ich m\xC3\xB6"
          "chte mit einem echten Menschen sprechen, dringend",
          0, urgency_high, intent_human },
        { "Kann ich einen Mitarbeiter haben?", 0, 0, intent_human },
        { "Frage zur Rechnung", 0, 0, intent_billing },
        { "Ich will k\xC3\xBCndigen", 0, 0, intent_cancellation },
    };
    EACH_READS_AS_SAID(readings);
}

static void what_it_does_not_know_it_leaves_alone(void **state)
{
    (void) state;
    static const struct reading readings[] = {
        { "", 0, 0, 0 },
        { "Could you tell me your opening hours", 0, 0, 0 },
        { "Je suis tr\xC3\xA8s d\xC3\xA9\xC3\xA7u", 0, 0, 0 },
        { "\xff\xfe not text \x80\xC3", 0, 0, 0 },
        { "goodness badminton urgently-ish hateful", 0, urgency_high, 0 },
    };
    EACH_READS_AS_SAID(readings);
}

static void the_evidence_is_the_rows_that_spoke(void **state)
{
    (void) state;
    struct hub_analysis analysis = analysed("I am not happy, call me, it is very bad");
    static const char *const expected[] = { "not", "happy", "call me", "very", "bad" };
    assert_int_equal(analysis.count, 5);
    for (size_t i = 0; i < analysis.count; i++) {
        assert_string_equal(hub_lexicon_row(analysis.evidence[i])->words, expected[i]);
    }
    assert_null(hub_lexicon_row(0));
    assert_null(hub_lexicon_row(65535));
}

static void evidence_is_bounded_whatever_is_said(void **state)
{
    (void) state;
    char text[16384];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = "bad not "[i % 8];
    }
    struct hub_analysis analysis;
    hub_analyser()->analyse(hub_span_of(text, sizeof text), &analysis);
    assert_int_equal(analysis.count, HUB_ANALYSIS_EVIDENCE);
    assert_int_equal(analysed("bad bad bad").sentiment, sentiment_frustrated);
}

static void every_row_is_found_by_its_own_words(void **state)
{
    (void) state;
    unsigned found = 0;
    for (unsigned number = 1; number < 2000; number++) {
        const struct hub_lexicon_row *row = hub_lexicon_row(number);
        if (row == NULL || row->negates || row->boosts) {
            continue;
        }
        struct hub_analysis analysis = analysed(row->words);
        bool has = false;
        for (unsigned i = 0; i < analysis.count; i++) {
            has |= analysis.evidence[i] == number;
        }
        if (!has) {
            fail_msg("row %u \"%s\" is not found", number, row->words);
        }
        found++;
    }
    assert_true(found > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moods_are_told_apart),
        cmocka_unit_test(a_negation_turns_round_what_follows_it_closely),
        cmocka_unit_test(urgency_and_intent_are_found),
        cmocka_unit_test(what_it_does_not_know_it_leaves_alone),
        cmocka_unit_test(the_evidence_is_the_rows_that_spoke),
        cmocka_unit_test(evidence_is_bounded_whatever_is_said),
        cmocka_unit_test(every_row_is_found_by_its_own_words),
    };
    return cmocka_run_group_tests_name("actors/analyser", tests, NULL, NULL);
}
