/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A target in words: its reason with the placeholders filled, its estimate. */
#include "actors/routing/engine.h"

enum { TEXT_MAX = 400, MINUTES_OF_HOUR = 60 };

struct words {
    char at[TEXT_MAX];
    size_t len;
};

static void put(struct words *words, struct hub_span text)
{
    size_t room = sizeof words->at - words->len;
    size_t len = text.len < room ? text.len : room;
    if (len > 0) {
        memcpy(words->at + words->len, text.at, len);
    }
    words->len += len;
}

static char lower(char sign)
{
    return sign >= 'A' && sign <= 'Z' ? (char) (sign - 'A' + 'a') : sign;
}

/* The kind of issue in words. One that is not written like an identifier might be anything, so it is only "issue". */
static void put_issue(struct words *words, struct hub_span issue_type)
{
    static const struct hub_span complex = { "complex", 7 };
    char said[TEXT_MAX];
    size_t len = 0;
    for (; len < issue_type.len && len < sizeof said; len++) {
        char sign = lower(issue_type.at[len]);
        bool is_plain = (sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9');
        if (!is_plain && sign != '_' && sign != '-' && sign != ' ') {
            put(words, HUB_SPAN("issue"));
            return;
        }
        said[len] = is_plain ? sign : ' ';
    }
    struct hub_span text = hub_span_of(said, len);
    if (len > complex.len + 1 && memcmp(said, complex.at, complex.len) == 0 && said[complex.len] == ' ') {
        text = hub_span_of(said + complex.len + 1, len - complex.len - 1); /* reasons say "complex" themselves */
    }
    put(words, text.len > 0 ? text : HUB_SPAN("issue"));
}

/* Put what a placeholder stands for; returns its length, 0 when there is none here. */
static size_t put_placeholder(struct words *words, struct hub_span at, const struct routing_context *context)
{
    static const struct hub_span mood = { "{mood}", 6 }, tier = { "{tier}", 6 }, issue = { "{issue}", 7 };
    if (hub_span_starts(at, mood)) {
        put(words,
            hub_span(HUB_HAS(routing_context, context, sentiment) ? hub_vocab_name(&sentiment_vocab, context->sentiment)
                                                                  : "this"));
        return mood.len;
    }
    if (hub_span_starts(at, tier)) {
        put(words,
            hub_span(HUB_HAS(routing_context, context, tier) ? hub_vocab_name(&tier_vocab, context->tier) : "known"));
        return tier.len;
    }
    if (hub_span_starts(at, issue)) {
        put_issue(words, context->issue_type);
        return issue.len;
    }
    return 0;
}

static struct hub_span reason_of(struct hub_span template, const struct routing_context *context,
                                 struct hub_arena *arena)
{
    struct words words = { .len = 0 };
    while (template.len > 0) {
        size_t skipped = put_placeholder(&words, template, context);
        if (skipped == 0) {
            put(&words, hub_span_of(template.at, 1));
            skipped = 1;
        }
        template = hub_span_of(template.at + skipped, template.len - skipped);
    }
    return hub_arena_copy(arena, hub_span_of(words.at, words.len));
}

static void put_number(struct words *words, uint32_t number)
{
    char digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(words, hub_span_of(digits + first, sizeof digits - first));
}

/* "5-10 minutes", "2-8 hours" */
static struct hub_span estimate_of(const struct routing_target *target, struct hub_arena *arena)
{
    bool in_hours = target->minutes_min % MINUTES_OF_HOUR == 0 && target->minutes_max % MINUTES_OF_HOUR == 0;
    uint32_t unit = in_hours ? MINUTES_OF_HOUR : 1;
    struct words text = { .len = 0 };
    put_number(&text, target->minutes_min / unit);
    put(&text, HUB_SPAN("-"));
    put_number(&text, target->minutes_max / unit);
    put(&text, in_hours ? HUB_SPAN(" hours") : HUB_SPAN(" minutes"));
    return hub_arena_copy(arena, hub_span_of(text.at, text.len));
}

void hub_routing_advise_target(const struct routing_target *target, const struct routing_context *context,
                               struct hub_arena *arena, struct recommended_channel *ret_one)
{
    HUB_SET(recommended_channel, ret_one, channel, target->channel);
    HUB_SET(recommended_channel, ret_one, reason, reason_of(target->reason, context, arena));
    HUB_SET(recommended_channel, ret_one, estimated_resolution_time, estimate_of(target, arena));
    HUB_SET(recommended_channel, ret_one, estimated_minutes_min, target->minutes_min);
    HUB_SET(recommended_channel, ret_one, estimated_minutes_max, target->minutes_max);
}
