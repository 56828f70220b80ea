/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing advice: the first rule that applies, else the channels with the highest scores. */
#include "actors/routing/routing.h"

#include "base/def/shapes.h"
#include "actors/routing/routing.def"
#include "base/def/heads.h"
#include "actors/routing/routing.def"
#include "base/def/none.h"

enum { RULES_VERSION = 1, ADVICE_MAX = 3, REASON_MAX = 200, MINUTES_OF_HOUR = 60 };

enum issue { issue_any, issue_documents, issue_technical };

struct advice {
    uint16_t channel;
    const char *reason;
    uint32_t minutes_min, minutes_max;
};

struct rule {
    const char *name;
    uint16_t mood_from, urgency_from, tier_from, on;
    enum issue issue;
    struct advice advice[ADVICE_MAX];
};

static const struct rule rules[] = {
#define RULE(name_, ...) { .name = #name_, __VA_ARGS__ },
#include "actors/routing/rules.def"
};

static const struct {
    enum issue family;
    struct hub_span word;
} issues[] = {
#define ISSUE(family_, word_) { .family = issue_##family_, .word = HUB_SPAN(word_) },
#include "actors/routing/rules.def"
};

/* What is known of the matter; 0 and empty where nothing is. */
struct matter {
    unsigned mood, urgency, tier, on;
    uint64_t tried; /* channels as bits */
    struct hub_span issue_type;
    enum issue issue;
};

static char lower(char sign)
{
    return sign >= 'A' && sign <= 'Z' ? (char) (sign - 'A' + 'a') : sign;
}

static bool has_word(struct hub_span text, struct hub_span word)
{
    for (size_t start = 0; start + word.len <= text.len; start++) {
        size_t same = 0;
        while (same < word.len && lower(text.at[start + same]) == word.at[same]) {
            same++;
        }
        if (same == word.len) {
            return true;
        }
    }
    return false;
}

static enum issue family_of(struct hub_span issue_type)
{
    for (size_t i = 0; i < sizeof issues / sizeof issues[0]; i++) {
        if (has_word(issue_type, issues[i].word)) {
            return issues[i].family;
        }
    }
    return issue_any;
}

static uint64_t tried_channels(const struct interaction_context *context)
{
    uint64_t tried = 0;
    const struct hub_span *names = context->previous_channel_attempts.at;
    for (uint32_t i = 0; i < context->previous_channel_attempts.count; i++) {
        const struct hub_word *word = hub_vocab_by_name(&channel_vocab, names[i]);
        tried |= word == NULL ? 0 : UINT64_C(1) << word->code;
    }
    return tried;
}

static struct matter matter_of(const struct intelligent_routing *asked)
{
    struct matter matter = { 0 };
    matter.mood = HUB_HAS(intelligent_routing, asked, sentiment) ? asked->sentiment : 0;
    matter.urgency = HUB_HAS(intelligent_routing, asked, urgency) ? asked->urgency : 0;
    matter.on = HUB_HAS(intelligent_routing, asked, current_channel) ? asked->current_channel : 0;
    if (!HUB_HAS(intelligent_routing, asked, interaction_context)) {
        return matter;
    }
    const struct interaction_context *context = asked->interaction_context;
    if (HUB_HAS(interaction_context, context, customer_tier)) {
        matter.tier = context->customer_tier;
    }
    if (HUB_HAS(interaction_context, context, issue_type)) {
        matter.issue_type = context->issue_type;
        matter.issue = family_of(context->issue_type);
    }
    if (HUB_HAS(interaction_context, context, previous_channel_attempts)) {
        matter.tried = tried_channels(context);
    }
    return matter;
}

/* --- reasons --- */

struct reason {
    char at[REASON_MAX];
    size_t len;
};

static void put(struct reason *reason, struct hub_span text)
{
    size_t room = sizeof reason->at - reason->len;
    size_t len = text.len < room ? text.len : room;
    if (len > 0) {
        memcpy(reason->at + reason->len, text.at, len);
    }
    reason->len += len;
}

/* The kind of issue in words. One that is not written like an identifier might be anything, so it is only "issue". */
static void put_issue(struct reason *reason, struct hub_span issue_type)
{
    static const struct hub_span complex = { "complex", 7 };
    char words[REASON_MAX];
    size_t len = 0;
    for (; len < issue_type.len && len < sizeof words; len++) {
        char sign = lower(issue_type.at[len]);
        bool is_plain = (sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9');
        if (!is_plain && sign != '_' && sign != '-' && sign != ' ') {
            put(reason, HUB_SPAN("issue"));
            return;
        }
        words[len] = is_plain ? sign : ' ';
    }
    struct hub_span text = hub_span_of(words, len);
    if (len > complex.len + 1 && memcmp(words, complex.at, complex.len) == 0 && words[complex.len] == ' ') {
        text = hub_span_of(words + complex.len + 1, len - complex.len - 1); /* reasons say "complex" themselves */
    }
    put(reason, text.len > 0 ? text : HUB_SPAN("issue"));
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Put what a placeholder stands for; returns its length, 0 when there is none here. */
static size_t put_placeholder(struct reason *reason, const char *at, const struct matter *matter)
{
    if (starts_with(at, "{mood}")) {
        put(reason, hub_span(hub_vocab_name(&sentiment_vocab, (uint16_t) matter->mood)));
        return strlen("{mood}");
    }
    if (starts_with(at, "{tier}")) {
        put(reason, hub_span(hub_vocab_name(&tier_vocab, (uint16_t) matter->tier)));
        return strlen("{tier}");
    }
    if (starts_with(at, "{issue}")) {
        put_issue(reason, matter->issue_type);
        return strlen("{issue}");
    }
    return 0;
}

static struct hub_span reason_of(const char *template, const struct matter *matter, struct hub_arena *arena)
{
    struct reason reason = { .len = 0 };
    for (const char *at = template; *at != '\0';) {
        size_t skipped = put_placeholder(&reason, at, matter);
        if (skipped == 0) {
            put(&reason, hub_span_of(at, 1));
            skipped = 1;
        }
        at += skipped;
    }
    return hub_arena_copy(arena, hub_span_of(reason.at, reason.len));
}

static void put_number(struct reason *reason, uint32_t number)
{
    char digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(reason, hub_span_of(digits + first, sizeof digits - first));
}

/* "5-10 minutes", "2-8 hours" */
static struct hub_span estimate_of(const struct advice *advice, struct hub_arena *arena)
{
    bool in_hours = advice->minutes_min % MINUTES_OF_HOUR == 0 && advice->minutes_max % MINUTES_OF_HOUR == 0;
    uint32_t unit = in_hours ? MINUTES_OF_HOUR : 1;
    struct reason text = { .len = 0 };
    put_number(&text, advice->minutes_min / unit);
    put(&text, HUB_SPAN("-"));
    put_number(&text, advice->minutes_max / unit);
    put(&text, in_hours ? HUB_SPAN(" hours") : HUB_SPAN(" minutes"));
    return hub_arena_copy(arena, hub_span_of(text.at, text.len));
}

/* --- without a rule --- */

/* What speaks for a channel in general, and how much more when the matter is of some kind. */
static const struct {
    struct advice advice;
    int always, upset, urgent, important;
} scores[] = {
    { { channel_chat, "Quick answers in writing", 10, 20 }, 50, 0, 10, 0 },
    { { channel_voice, "A person to talk to", 5, 15 }, 45, 20, 15, 5 },
    { { channel_whatsapp, "Quick answers where the customer writes anyway", 10, 30 }, 44, 0, 5, 0 },
    { { channel_email, "A written record, without waiting in line", 120, 480 }, 40, -10, -20, 0 },
    { { channel_sms, "Short notes that reach the customer anywhere", 10, 60 }, 35, -10, 5, 0 },
    { { channel_video, "Face to face, with a shared screen", 10, 20 }, 30, 15, 5, 10 },
    { { channel_mobile_app, "Answers in the application that the customer has", 15, 60 }, 28, 0, 0, 0 },
    { { channel_social, "Where the customer found us", 30, 120 }, 20, -10, 0, 0 },
};

enum { SCORES = sizeof scores / sizeof scores[0], STAY = 25 };

/* A customer who is not upset had better stay where the conversation is. */
static int score_of(size_t i, const struct matter *matter)
{
    bool upset = matter->mood >= sentiment_negative;
    int score = scores[i].always;
    score += upset ? scores[i].upset : 0;
    score += matter->urgency >= urgency_high ? scores[i].urgent : 0;
    score += matter->tier >= tier_premium ? scores[i].important : 0;
    score += scores[i].advice.channel == matter->on && !upset ? STAY : 0;
    return score;
}

static size_t advise_by_score(const struct matter *matter, struct advice ret_advice[ADVICE_MAX])
{
    bool taken[SCORES] = { false };
    for (size_t count = 0; count < ADVICE_MAX; count++) {
        size_t best = SCORES;
        for (size_t i = 0; i < SCORES; i++) {
            if (!taken[i] && (best == SCORES || score_of(i, matter) > score_of(best, matter))) {
                best = i;
            }
        }
        taken[best] = true;
        ret_advice[count] = scores[best].advice;
    }
    return ADVICE_MAX;
}

/* --- the advice --- */

static bool applies(const struct rule *rule, const struct matter *matter)
{
    return matter->mood >= rule->mood_from && matter->urgency >= rule->urgency_from &&
           matter->tier >= rule->tier_from && (rule->on == 0 || rule->on == matter->on) &&
           (rule->issue == issue_any || rule->issue == matter->issue);
}

static const struct rule *rule_for(const struct matter *matter)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (applies(&rules[i], matter)) {
            return &rules[i];
        }
    }
    return NULL;
}

/* 0: not tried, 1: tried before, 2: the rule wants another one than where the customer is. */
static unsigned place_of(const struct advice *advice, const struct matter *matter, bool by_rule)
{
    if (advice->channel == matter->on) {
        return by_rule ? 2 : 0;
    }
    return matter->tried >> advice->channel & 1;
}

static void fill(const struct advice *advice, const struct matter *matter, struct hub_arena *arena,
                 struct routing_advice *to)
{
    struct recommended_channel *one = &to->recommended_channels.at[to->recommended_channels.count++];
    HUB_SET(recommended_channel, one, channel, advice->channel);
    HUB_SET(recommended_channel, one, priority, to->recommended_channels.count);
    HUB_SET(recommended_channel, one, reason, reason_of(advice->reason, matter, arena));
    HUB_SET(recommended_channel, one, estimated_resolution_time, estimate_of(advice, arena));
    HUB_SET(recommended_channel, one, estimated_minutes_min, advice->minutes_min);
    HUB_SET(recommended_channel, one, estimated_minutes_max, advice->minutes_max);
}

void hub_routing_advise(const struct intelligent_routing *asked, struct hub_arena *arena, struct routing_reply *ret)
{
    const struct matter matter = matter_of(asked);
    const struct rule *rule = rule_for(&matter);
    struct advice scored[ADVICE_MAX];
    const struct advice *advice = rule != NULL ? rule->advice : scored;
    size_t count = rule != NULL ? 0 : advise_by_score(&matter, scored);
    while (rule != NULL && count < ADVICE_MAX && advice[count].channel != 0) {
        count++;
    }
    struct routing_advice *says = HUB_NEW(arena, struct routing_advice);
    says->recommended_channels.at = HUB_NEW_ARRAY(arena, struct recommended_channel, count);
    HUB_MARK(routing_advice, says, recommended_channels);
    for (unsigned place = 0; place <= 2; place++) {
        for (size_t i = 0; i < count; i++) {
            if (place_of(&advice[i], &matter, rule != NULL) == place) {
                fill(&advice[i], &matter, arena, says);
            }
        }
    }
    HUB_SET(routing_advice, says, rule, hub_span(rule != NULL ? rule->name : "scored"));
    HUB_SET(routing_advice, says, rules_version, RULES_VERSION);
    HUB_SET(routing_reply, ret, success, true);
    HUB_SET(routing_reply, ret, intelligent_routing, says);
}
