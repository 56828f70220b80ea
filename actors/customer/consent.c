/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The ledger of consent. A line says yes or no for a channel, a purpose and an address, each of which may be "every one";
 * of the lines that cover a message the newest counts. So STOP on a channel, a later START there and a still later "no
 * marketing" do what the customer means by them, and every attempt can name the event that allowed it. */
#include "actors/customer/consent.h"

#include "actors/customer/decide.h"
#include "actors/customer/recipient.h"
#include "actors/session/session.h"
#include "base/list.h"

enum { WISH_MAX = 32 };

static const struct hub_ulid none;

/* --- the words --- */

struct wish {
    const char *text;
    enum consent_wish wish;
    bool everywhere;
};

static const struct wish wishes[] = {
#define WISH(text_, wish_, everywhere_) { .text = text_, .wish = consent_wish_##wish_, .everywhere = everywhere_ },
#include "actors/customer/consent_words.def"
#undef WISH
};

static bool is_edge(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '.' || c == '!' || c == '"' || c == '\'';
}

bool hub_wish_find(struct hub_span text, enum consent_wish *ret_wish, bool *ret_everywhere)
{
    char small[WISH_MAX];
    while (text.len > 0 && is_edge(text.at[0])) {
        text = hub_span_of(text.at + 1, text.len - 1);
    }
    while (text.len > 0 && is_edge(text.at[text.len - 1])) {
        text.len--;
    }
    if (text.len < 2 || text.len > WISH_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        small[i] = (char) (text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + ('a' - 'A') : text.at[i]);
    }
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (wishes[i].text[0] == small[0] && hub_span_is(hub_span(wishes[i].text), hub_span_of(small, text.len))) {
            *ret_wish = wishes[i].wish;
            *ret_everywhere = wishes[i].everywhere;
            return true;
        }
    }
    return false;
}

/* --- asking and folding --- */

static bool covers(const struct customer_consent *line, const struct hub_consent_ask *ask)
{
    return (!HUB_HAS(customer_consent, line, channel) || line->channel == ask->channel) &&
           (!HUB_HAS(customer_consent, line, purpose) || line->purpose == ask->purpose) &&
           (!HUB_HAS(customer_consent, line, identity) || line->identity == ask->identity);
}

const struct customer_consent *hub_consent_for(const struct customer_state *state, const struct hub_consent_ask *ask)
{
    const struct customer_consent *newest = NULL;
    for (uint32_t i = 0; i < state->consents.count; i++) {
        const struct customer_consent *line = &state->consents.at[i];
        if (covers(line, ask) && (newest == NULL || line->version > newest->version)) {
            newest = line;
        }
    }
    return newest;
}

static bool is_about(const struct customer_consent *line, const struct consent_changed *changed)
{
    return line->channel == changed->channel && line->purpose == changed->purpose &&
           line->identity == changed->identity;
}

/* The line to be written: the one about the same, a new one, or, when the ledger is full, the oldest. Absent fields are 0. */
static struct customer_consent *line_for(struct customer_state *state, const struct consent_changed *changed,
                                         struct hub_arena *arena)
{
    struct customer_consent *oldest = NULL;
    for (uint32_t i = 0; i < state->consents.count; i++) {
        struct customer_consent *line = &state->consents.at[i];
        if (is_about(line, changed)) {
            return line;
        }
        if (oldest == NULL || line->version < oldest->version) {
            oldest = line;
        }
    }
    return state->consents.count < HUB_CUSTOMER_CONSENTS ? HUB_LIST_ADD(&state->consents, arena) : oldest;
}

void hub_consent_apply(struct customer_state *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct consent_changed *changed = event->record;
    struct customer_consent *line = line_for(state, changed, arena);
    *line = (struct customer_consent){ 0 };
    HUB_COPY(customer_consent, line, consent_changed, changed, channel);
    HUB_COPY(customer_consent, line, consent_changed, changed, purpose);
    HUB_COPY(customer_consent, line, consent_changed, changed, identity);
    HUB_COPY(customer_consent, line, consent_changed, changed, session);
    HUB_SET(customer_consent, line, status, changed->status);
    HUB_SET(customer_consent, line, source, changed->source);
    HUB_SET(customer_consent, line, since, event->decided_at_us);
    HUB_SET(customer_consent, line, version, event->version);
    HUB_MARK(customer_state, state, consents);
}

/* --- deciding --- */

/* A line that the customer's own words write: one for each channel, and one for all of them. */
enum { OWN_LINES = 9 };

/* Whether the company may enter it: a no must never be forgotten, so there is always room for the customer's own lines. */
static bool has_line(const struct customer_state *state, const struct consent_changed *changed)
{
    for (uint32_t i = 0; state != NULL && i < state->consents.count; i++) {
        if (is_about(&state->consents.at[i], changed)) {
            return true;
        }
    }
    return state == NULL || state->consents.count < HUB_CUSTOMER_CONSENTS - OWN_LINES;
}

static void decide_change(struct consent_changed *changed, struct hub_decision *decision)
{
    struct hub_ulid session = HUB_HAS(consent_changed, changed, session) ? changed->session : none;
    hub_decide_event(decision, &consent_changed_shape, changed, hub_decision_self(decision), session);
}

void hub_customer_decide_consent(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct set_consent *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    const struct hub_customer_news news = { .customer_id = &command->customer_id };
    if (HUB_HAS(set_consent, command, identity) && (state == NULL || command->identity > state->identities.count)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/identity",
                          "The customer has no address of that number.");
        return;
    }
    struct consent_changed *changed = HUB_NEW(arena, struct consent_changed);
    HUB_COPY(consent_changed, changed, set_consent, command, channel);
    HUB_COPY(consent_changed, changed, set_consent, command, purpose);
    HUB_COPY(consent_changed, changed, set_consent, command, identity);
    HUB_SET(consent_changed, changed, status, command->status);
    HUB_SET(consent_changed, changed, source, consent_source_company);
    if (!has_line(state, changed)) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A company enters at most %d lines for a customer.",
                          HUB_CUSTOMER_CONSENTS - OWN_LINES);
        return;
    }
    if (!hub_customer_learn(state, &news, decision)) {
        return;
    }
    decide_change(changed, decision);
    struct consent_entered *answer = HUB_NEW(arena, struct consent_entered);
    HUB_SET(consent_entered, answer, success, true);
    HUB_SET(consent_entered, answer, customer_id, hub_customer_name(state, &command->customer_id));
    HUB_SET(consent_entered, answer, status, command->status);
    hub_decide_answer(decision, &consent_entered_shape, answer, hub_decision_self(decision));
}

static void confirm(const struct heed_wish *wish, struct hub_decision *decision)
{
    struct send_notice *notice = HUB_NEW(hub_decision_arena(decision), struct send_notice);
    HUB_SET(send_notice, notice, wish, wish->wish);
    HUB_SET(send_notice, notice, channel, wish->channel);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_session,
                                                      .entity = wish->session,
                                                      .shape = &send_notice_shape,
                                                      .record = notice,
                                                      .subject = hub_decision_self(decision) });
}

/* Whether the customer's last word on this is the same, and nothing that the wish is about was entered since: a yes for one
 * purpose, say, that came after STOP makes a second STOP news. */
static bool is_heeded(const struct customer_state *state, const struct heed_wish *wish, unsigned status)
{
    const struct hub_consent_ask ask = { .channel = wish->everywhere ? 0 : wish->channel };
    const struct customer_consent *before = hub_consent_for(state, &ask);
    if (before == NULL || before->status != status || before->source != consent_source_customer) {
        return false;
    }
    for (uint32_t i = 0; i < state->consents.count; i++) {
        const struct customer_consent *line = &state->consents.at[i];
        bool concerns = wish->everywhere || !HUB_HAS(customer_consent, line, channel) || line->channel == wish->channel;
        if (concerns && line->version > before->version && line->status != status) {
            return false;
        }
    }
    return true;
}

/* One confirmation for one change: who says STOP twice is not written to twice. */
void hub_customer_decide_wish(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct heed_wish *wish = command_;
    unsigned status = wish->wish == consent_wish_stop ? consent_status_opted_out : consent_status_opted_in;
    if (state == NULL || wish->wish == consent_wish_help || is_heeded(state, wish, status)) {
        return;
    }
    struct consent_changed *changed = HUB_NEW(hub_decision_arena(decision), struct consent_changed);
    if (!wish->everywhere) {
        HUB_SET(consent_changed, changed, channel, wish->channel);
    }
    HUB_SET(consent_changed, changed, status, (hub_enum) status);
    HUB_SET(consent_changed, changed, source, consent_source_customer);
    HUB_SET(consent_changed, changed, session, wish->session);
    decide_change(changed, decision);
    if (status == consent_status_opted_out) {
        const struct hub_recipient_stop stop = { .channel = wish->everywhere ? 0 : wish->channel,
                                                 .session = wish->session };
        hub_recipient_stop(state, &stop, decision);
    }
    confirm(wish, decision);
}
