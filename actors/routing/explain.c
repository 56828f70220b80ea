/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Decisions in sentences that a person understands. */
#include "actors/routing/explain.h"

#include "base/json.h"

/* A sentence under construction. */
struct sentence {
    struct hub_buf text;
    struct hub_arena *arena;
};

static void begin(struct sentence *self, struct hub_arena *arena)
{
    hub_buf_init(&self->text);
    self->arena = arena;
}

static void say(struct sentence *self, const char *words)
{
    hub_buf_put_text(&self->text, words);
}

static void say_span(struct sentence *self, struct hub_span words)
{
    hub_buf_put(&self->text, words.at, words.len);
}

static void say_number(struct sentence *self, int64_t number)
{
    hub_buf_put_i64(&self->text, number);
}

static struct hub_span end(struct sentence *self)
{
    struct hub_span kept = hub_arena_copy(self->arena, hub_buf_span(&self->text));
    hub_buf_done(&self->text);
    return kept;
}

static const char *name_of(unsigned channel)
{
    return hub_vocab_name(&channel_vocab, (uint16_t) channel);
}

/* --- rules --- */

static struct hub_span explain_rule(const struct rule_looked_at *looked, bool is_scored, struct hub_arena *arena)
{
    struct sentence self;
    begin(&self, arena);
    if (HUB_HAS(rule_looked_at, looked, why_not)) {
        say(&self, "Does not apply: this part of its condition does not hold: ");
        say_span(&self, looked->why_not);
    } else {
        say(&self,
            is_scored ? "No rule applies, so channels are scored." : "Applies: it is the first whose condition holds.");
    }
    return end(&self);
}

static void explain_rules(const struct routing_decided *decided, struct hub_arena *arena, struct candidate_rule *to)
{
    for (uint32_t i = 0; i < decided->rules.count; i++) {
        const struct rule_looked_at *looked = &decided->rules.at[i];
        bool won = !HUB_HAS(rule_looked_at, looked, why_not);
        bool is_scored = hub_span_is(looked->name, HUB_SPAN("scored"));
        HUB_SET(candidate_rule, &to[i], rule, looked->name);
        HUB_SET(candidate_rule, &to[i], won, won);
        HUB_SET(candidate_rule, &to[i], explanation, explain_rule(looked, is_scored, arena));
    }
}

/* --- channels --- */

static const char *why_channel(unsigned verdict, bool is_scored)
{
    switch (verdict) {
    case verdict_won: return is_scored ? "Chosen: it has the highest score" : "Chosen: the rule puts it first";
    case verdict_behind_current: return "Advised, but last: the customer is on it, and the rule wants another one";
    case verdict_tried_before: return "Advised, but behind others: it was tried before";
    case verdict_lower_in_rule:
        return is_scored ? "Advised, but another one has a higher score"
                         : "Advised, but the rule puts another one first";
    default: return is_scored ? "Not among the best scores" : "The rule does not advise it";
    }
}

static void explain_channels(const struct routing_decided *decided, struct hub_arena *arena,
                             struct candidate_channel *to)
{
    for (uint32_t i = 0; i < decided->channels.count; i++) {
        const struct channel_looked_at *looked = &decided->channels.at[i];
        bool is_scored = HUB_HAS(channel_looked_at, looked, score);
        struct sentence self;
        begin(&self, arena);
        say(&self, why_channel(looked->verdict, is_scored));
        if (is_scored) {
            say(&self, " (score ");
            say_number(&self, looked->score);
            say(&self, ")");
        }
        say(&self, ".");
        HUB_SET(candidate_channel, &to[i], channel, looked->channel);
        HUB_SET(candidate_channel, &to[i], won, looked->verdict == verdict_won);
        HUB_SET(candidate_channel, &to[i], verdict, looked->verdict);
        HUB_SET(candidate_channel, &to[i], explanation, end(&self));
    }
}

/* --- agents --- */

static void say_load(struct sentence *self, const struct agent_looked_at *looked, unsigned channel)
{
    say_number(self, looked->load);
    say(self, " of ");
    say_number(self, looked->limit);
    say(self, " conversations on ");
    say(self, name_of(channel));
}

static void say_idle(struct sentence *self, const struct agent_looked_at *looked)
{
    if (HUB_HAS(agent_looked_at, looked, idle_since)) {
        say(self, "; idle since ");
        hub_time_print(looked->idle_since, &self->text);
    }
}

/* The sentence for who fits: room, what is preferred, how long idle. */
static void say_fits(struct sentence *self, const char *words, const struct agent_looked_at *looked, unsigned channel)
{
    say(self, words);
    say_load(self, looked, channel);
    if (HUB_HAS(agent_looked_at, looked, preferred) && looked->preferred > 0) {
        say(self, "; has ");
        say_number(self, looked->preferred);
        say(self, " of what is preferred");
    }
    say_idle(self, looked);
}

static struct hub_span explain_agent(const struct agent_looked_at *looked, unsigned channel, struct hub_arena *arena)
{
    struct sentence self;
    begin(&self, arena);
    switch (looked->verdict) {
    case verdict_won: say_fits(&self, "Chosen: fits and has room: ", looked, channel); break;
    case verdict_less_preferred:
        say_fits(&self, "Fits, but the chosen one has more of what is preferred: ", looked, channel);
        break;
    case verdict_less_idle: say_fits(&self, "Fits, but the chosen one was idle longer: ", looked, channel); break;
    case verdict_offline: say(&self, "Is offline"); break;
    case verdict_busy: say(&self, "Is busy: takes conversations by hand only"); break;
    case verdict_away: say(&self, "Is away"); break;
    case verdict_not_on_channel:
        say(&self, "Takes no conversations on ");
        say(&self, name_of(channel));
        break;
    case verdict_full:
        say(&self, "Has no room: ");
        say_load(&self, looked, channel);
        break;
    case verdict_lacks_skill:
        say(&self, "Lacks the required skill ");
        say_span(&self, looked->missing);
        break;
    default:
        say(&self, "Does not speak the required language ");
        say_span(&self, looked->missing);
        break;
    }
    say(&self, ".");
    return end(&self);
}

static void explain_agents(const struct routing_decided *decided, struct hub_arena *arena, struct candidate_agent *to)
{
    for (uint32_t i = 0; i < decided->agents.count; i++) {
        const struct agent_looked_at *looked = &decided->agents.at[i];
        HUB_SET(candidate_agent, &to[i], agent_id, looked->agent);
        HUB_SET(candidate_agent, &to[i], won, looked->verdict == verdict_won);
        HUB_SET(candidate_agent, &to[i], verdict, looked->verdict);
        HUB_SET(candidate_agent, &to[i], explanation, explain_agent(looked, decided->agent_channel, arena));
    }
}

/* --- the whole --- */

static void say_queue(struct sentence *self, const struct routing_decided *decided)
{
    bool has_queue = HUB_HAS(routing_decided, decided, needs) && HUB_HAS(routing_needs, decided->needs, queue);
    say(self, " Nobody who fits has room, so the customer waits");
    if (has_queue) {
        say(self, " in the queue ");
        say_span(self, decided->needs->queue);
    }
    say(self, " with ");
    say_number(self, HUB_HAS(routing_decided, decided, points) ? decided->points : 0);
    say(self, " points, and ");
    say_number(self, HUB_HAS(routing_decided, decided, ageing) ? decided->ageing : 0);
    say(self, " more for each minute of waiting.");
}

static void say_agent(struct sentence *self, const struct routing_decided *decided)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(decided->agent, text);
    say(self, " The agent ");
    say_span(self, hub_span_of(text, sizeof text));
    if (decided->step > 0) {
        say(self, " was found by fallback ");
        say_number(self, decided->step);
        say(self, ", for nobody with the rule's own needs has room.");
    } else {
        say(self, " fits and has room.");
    }
}

static struct hub_span summary_of(const struct routing_decided *decided, struct hub_arena *arena)
{
    struct sentence self;
    begin(&self, arena);
    if (hub_span_is(decided->rule, HUB_SPAN("scored"))) {
        say(&self, "No rule of table ");
    } else {
        say(&self, "The rule ");
        say_span(&self, decided->rule);
        say(&self, " of table ");
    }
    say_number(&self, decided->rules_version);
    say(&self, " applies. The channel is ");
    say(&self, name_of(decided->channel));
    if (decided->advice.count > 0) {
        say(&self, ": ");
        say_span(&self, decided->advice.at[0].reason);
    }
    say(&self, ".");
    if (decided->outcome == routing_outcome_assigned) {
        say_agent(&self, decided);
    } else if (decided->outcome == routing_outcome_queued) {
        say_queue(&self, decided);
    }
    return end(&self);
}

void hub_routing_explain(const struct routing_decided *decided, int64_t decided_at_us, struct hub_arena *arena,
                         struct routing_receipt *ret_receipt)
{
    struct routing_receipt *receipt = ret_receipt;
    HUB_SET(routing_receipt, receipt, decision_id, decided->decision);
    HUB_SET(routing_receipt, receipt, customer, decided->customer);
    HUB_COPY(routing_receipt, receipt, routing_decided, decided, session);
    HUB_SET(routing_receipt, receipt, decided_at, decided_at_us);
    HUB_SET(routing_receipt, receipt, outcome, decided->outcome);
    HUB_SET(routing_receipt, receipt, channel, decided->channel);
    if (HUB_HAS(routing_decided, decided, agent)) {
        HUB_SET(routing_receipt, receipt, agent_id, decided->agent);
    }
    if (HUB_HAS(routing_decided, decided, needs) && HUB_HAS(routing_needs, decided->needs, queue)) {
        HUB_SET(routing_receipt, receipt, queue, decided->needs->queue);
    }
    HUB_SET(routing_receipt, receipt, rule, decided->rule);
    HUB_SET(routing_receipt, receipt, rules_version, decided->rules_version);
    HUB_SET(routing_receipt, receipt, inputs, decided->context);
    HUB_SET(routing_receipt, receipt, summary, summary_of(decided, arena));
    if (HUB_HAS(routing_decided, decided, transfers)) {
        HUB_SET(routing_receipt, receipt, transferred, decided->transfers);
    }
    receipt->rules.at = HUB_NEW_ARRAY(arena, struct candidate_rule, decided->rules.count);
    receipt->rules.count = decided->rules.count;
    receipt->channels.at = HUB_NEW_ARRAY(arena, struct candidate_channel, decided->channels.count);
    receipt->channels.count = decided->channels.count;
    receipt->agents.at = HUB_NEW_ARRAY(arena, struct candidate_agent, decided->agents.count);
    receipt->agents.count = decided->agents.count;
    receipt->recommended_channels.at = decided->advice.at;
    receipt->recommended_channels.count = decided->advice.count;
    HUB_MARK(routing_receipt, receipt, rules);
    HUB_MARK(routing_receipt, receipt, channels);
    HUB_MARK(routing_receipt, receipt, agents);
    HUB_MARK(routing_receipt, receipt, recommended_channels);
    explain_rules(decided, arena, receipt->rules.at);
    explain_channels(decided, arena, receipt->channels.at);
    explain_agents(decided, arena, receipt->agents.at);
}

void hub_routing_explain_advice(const struct routing_decided *decided, struct hub_arena *arena,
                                struct routing_advice *ret_advice)
{
    ret_advice->rules.at = HUB_NEW_ARRAY(arena, struct candidate_rule, decided->rules.count);
    ret_advice->rules.count = decided->rules.count;
    ret_advice->channels.at = HUB_NEW_ARRAY(arena, struct candidate_channel, decided->channels.count);
    ret_advice->channels.count = decided->channels.count;
    HUB_MARK(routing_advice, ret_advice, rules);
    HUB_MARK(routing_advice, ret_advice, channels);
    explain_rules(decided, arena, ret_advice->rules.at);
    explain_channels(decided, arena, ret_advice->channels.at);
}

/* --- analyses --- */

static const char *mood_words(int mood)
{
    static const char *const words[] = { "angry", "frustrated", "displeased", "worried", "", "content", "pleased" };
    return words[mood + 4];
}

static struct hub_span explain_row(const struct hub_lexicon_row *row, struct hub_arena *arena)
{
    struct sentence self;
    begin(&self, arena);
    if (row->negates) {
        say(&self, "Turns round what follows.");
    } else if (row->boosts) {
        say(&self, "Makes what follows count for more.");
    } else {
        say(&self, "Says:");
        if (row->mood != 0) {
            say(&self, " the writer is ");
            say(&self, mood_words(row->mood));
            say(&self, ";");
        }
        if (row->urgency != 0) {
            say(&self, " the urgency is ");
            say(&self, hub_vocab_name(&urgency_vocab, row->urgency));
            say(&self, ";");
        }
        if (row->intent != 0) {
            say(&self, " the writer wants this: ");
            say(&self, hub_vocab_name(&intent_vocab, row->intent));
            say(&self, ";");
        }
        self.text.at[self.text.len - 1] = '.';
    }
    return end(&self);
}

void hub_routing_explain_evidence(const struct hub_analysis *analysis, struct hub_arena *arena,
                                  struct analysis_reply *ret_reply)
{
    ret_reply->evidence.at = HUB_NEW_ARRAY(arena, struct evidence_shown, analysis->count);
    HUB_MARK(analysis_reply, ret_reply, evidence);
    for (unsigned i = 0; i < analysis->count; i++) {
        const struct hub_lexicon_row *row = hub_lexicon_row(analysis->evidence[i]);
        struct evidence_shown *shown = &ret_reply->evidence.at[ret_reply->evidence.count++];
        HUB_SET(evidence_shown, shown, number, analysis->evidence[i]);
        HUB_SET(evidence_shown, shown, words, hub_span(row->words));
        HUB_SET(evidence_shown, shown, explanation, explain_row(row, arena));
    }
}
