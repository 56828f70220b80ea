/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rules and channels: the first rule that applies decides, else the channels with the highest scores. */
#include "actors/routing/engine.h"

#include "actors/routing/calendar.h"
#include "base/filter.h"
#include "base/utf8.h"

enum { CHANNELS = 8, SCORED = 3, WHY_NOT_MAX = 400 };

/* --- rules --- */

/* What a rule sees: its own calendar, too. */
static struct routing_context *context_for(const struct hub_routing_question *question, struct hub_span calendar)
{
    struct routing_context *context = HUB_NEW(question->arena, struct routing_context);
    *context = *question->context;
    hub_calendar_fill(question->table, calendar, question->now_us, context);
    return context;
}

/* Returns true when it applies; else ret_why_not is the part of its condition that does not hold. */
static bool applies(const struct hub_routing_question *question, const struct routing_rule *rule,
                    const struct routing_context *context, struct hub_span *ret_why_not)
{
    const struct hub_filter *filter;
    if (hub_filter_compile(rule->when, &routing_context_shape, question->arena, &filter, NULL) != 0) {
        *ret_why_not = rule->when;
        return false;
    }
    *ret_why_not = hub_filter_why_not(filter, context, question->now_us);
    return ret_why_not->len == 0;
}

static void find_rule(const struct hub_routing_question *question, struct hub_routing_choice *choice)
{
    const struct routing_table *table = question->table;
    choice->rules = HUB_NEW_ARRAY(question->arena, struct rule_looked_at, table->rules.count + 1);
    choice->rule_name = HUB_SPAN("scored");
    choice->context = context_for(question, (struct hub_span){ NULL, 0 });
    for (uint32_t i = 0; i < table->rules.count && choice->rule == NULL; i++) {
        const struct routing_rule *rule = &table->rules.at[i];
        struct rule_looked_at *looked = &choice->rules[choice->rule_count++];
        struct routing_context *context = context_for(question, rule->calendar);
        struct hub_span why_not;
        HUB_SET(rule_looked_at, looked, name, rule->name);
        if (applies(question, rule, context, &why_not)) {
            choice->rule = rule;
            choice->rule_name = rule->name;
            choice->context = context;
        } else {
            HUB_SET(rule_looked_at, looked, why_not, hub_utf8_prefix(why_not, WHY_NOT_MAX));
        }
    }
    if (choice->rule == NULL) {
        struct rule_looked_at *scored = &choice->rules[choice->rule_count++];
        HUB_SET(rule_looked_at, scored, name, choice->rule_name);
    }
}

/* --- without a rule --- */

/* What speaks for a channel in general, and how much more when the matter is of some kind. */
static const struct {
    uint16_t channel;
    const char *reason;
    uint32_t minutes_min, minutes_max;
    int always, upset, urgent, important;
} scores[CHANNELS] = {
    { channel_chat, "Quick answers in writing", 10, 20, 50, 0, 10, 0 },
    { channel_voice, "A person to talk to", 5, 15, 45, 20, 15, 5 },
    { channel_whatsapp, "Quick answers where the customer writes anyway", 10, 30, 44, 0, 5, 0 },
    { channel_email, "A written record, without waiting in line", 120, 480, 40, -10, -20, 0 },
    { channel_sms, "Short notes that reach the customer anywhere", 10, 60, 35, -10, 5, 0 },
    { channel_video, "Face to face, with a shared screen", 10, 20, 30, 15, 5, 10 },
    { channel_mobile_app, "Answers in the application that the customer has", 15, 60, 28, 0, 0, 0 },
    { channel_social, "Where the customer found us", 30, 120, 20, -10, 0, 0 },
};

enum { STAY = 25 };

/* A customer who is not upset had better stay where the conversation is. */
static int score_of(size_t i, const struct routing_context *context)
{
    bool upset = HUB_HAS(routing_context, context, sentiment) && context->sentiment >= sentiment_negative;
    bool urgent = HUB_HAS(routing_context, context, urgency) && context->urgency >= urgency_high;
    bool important = HUB_HAS(routing_context, context, tier) && context->tier >= tier_premium;
    int score = scores[i].always;
    score += upset ? scores[i].upset : 0;
    score += urgent ? scores[i].urgent : 0;
    score += important ? scores[i].important : 0;
    score += scores[i].channel == context->channel && !upset ? STAY : 0;
    return score;
}

static uint32_t score_all(const struct routing_context *context, struct routing_target ret_targets[SCORED])
{
    bool taken[CHANNELS] = { false };
    for (size_t count = 0; count < SCORED; count++) {
        size_t best = CHANNELS;
        for (size_t i = 0; i < CHANNELS; i++) {
            if (!taken[i] && (best == CHANNELS || score_of(i, context) > score_of(best, context))) {
                best = i;
            }
        }
        taken[best] = true;
        ret_targets[count] = (struct routing_target){ .channel = scores[best].channel,
                                                      .reason = hub_span(scores[best].reason),
                                                      .minutes_min = scores[best].minutes_min,
                                                      .minutes_max = scores[best].minutes_max };
    }
    return SCORED;
}

/* --- channels --- */

static bool was_tried(const struct routing_context *context, unsigned channel)
{
    return (context->tried >> channel & 1) != 0;
}

/* 0: not tried, 1: tried before, 2: the rule wants another one than where the customer is. */
static unsigned place_of(unsigned channel, const struct hub_routing_choice *choice)
{
    if (channel == choice->context->channel) {
        return choice->rule != NULL ? 2 : 0;
    }
    return was_tried(choice->context, channel) ? 1 : 0;
}

static void advise(const struct routing_target *targets, uint32_t count, struct hub_arena *arena,
                   struct hub_routing_choice *choice)
{
    choice->advice = HUB_NEW_ARRAY(arena, struct recommended_channel, count);
    for (unsigned place = 0; place <= 2; place++) {
        for (uint32_t i = 0; i < count; i++) {
            if (place_of(targets[i].channel, choice) == place) {
                struct recommended_channel *one = &choice->advice[choice->advice_count++];
                HUB_SET(recommended_channel, one, priority, choice->advice_count);
                hub_routing_advise_target(&targets[i], choice->context, arena, one);
            }
        }
    }
}

static unsigned verdict_of(unsigned channel, const struct hub_routing_choice *choice)
{
    static const uint16_t verdicts[] = { verdict_lower_in_rule, verdict_tried_before, verdict_behind_current };
    for (uint32_t i = 0; i < choice->advice_count; i++) {
        if (choice->advice[i].channel == channel) {
            return i == 0 ? (unsigned) verdict_won : verdicts[place_of(channel, choice)];
        }
    }
    return verdict_not_advised;
}

static void look_at_channels(struct hub_routing_choice *choice, struct hub_arena *arena)
{
    choice->channels = HUB_NEW_ARRAY(arena, struct channel_looked_at, CHANNELS);
    for (size_t i = 0; i < CHANNELS; i++) {
        struct channel_looked_at *looked = &choice->channels[choice->channel_count++];
        HUB_SET(channel_looked_at, looked, channel, scores[i].channel);
        HUB_SET(channel_looked_at, looked, verdict, (hub_enum) verdict_of(scores[i].channel, choice));
        if (choice->rule == NULL) {
            HUB_SET(channel_looked_at, looked, score, score_of(i, choice->context));
        }
    }
}

void hub_routing_choose(const struct hub_routing_question *question, struct hub_routing_choice *ret_choice)
{
    struct routing_target scored[SCORED];
    *ret_choice = (struct hub_routing_choice){ 0 };
    find_rule(question, ret_choice);
    const struct routing_rule *rule = ret_choice->rule;
    uint32_t count = rule != NULL ? rule->targets.count : score_all(ret_choice->context, scored);
    advise(rule != NULL ? rule->targets.at : scored, count, question->arena, ret_choice);
    look_at_channels(ret_choice, question->arena);
}
