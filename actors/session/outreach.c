/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A session in a campaign, and the words STOP, START and HELP in any session. What the customer's text says is seen here,
 * where the words are; what follows from it is decided by the customer. */
#include "actors/session/decide.h"
#include "actors/session/moves.h"

#include "actors/customer/consent.h"

static const struct hub_ulid none;

static void tell_customer(struct hub_ulid customer, const struct hub_shape *shape, void *record,
                          struct hub_decision *decision)
{
    hub_decide_follow(
        decision,
        &(struct hub_follow){
            .kind = KIND_customer, .entity = customer, .shape = shape, .record = record, .subject = customer });
}

/* --- attempts --- */

static void open(const struct attempt_recipient *order, struct hub_decision *decision)
{
    struct session_opened *opened = HUB_NEW(hub_decision_arena(decision), struct session_opened);
    HUB_SET(session_opened, opened, customer, order->customer);
    HUB_COPY(session_opened, opened, attempt_recipient, order, customer_id);
    HUB_SET(session_opened, opened, channel, order->channel);
    HUB_SET(session_opened, opened, priority, priority_medium);
    HUB_SET(session_opened, opened, campaign, order->campaign);
    HUB_COPY(session_opened, opened, attempt_recipient, order, idle_s);
    hub_decide_event(decision, &session_opened_shape, opened, order->customer, none);
    hub_session_start_idle(HUB_HAS(attempt_recipient, order, idle_s) ? order->idle_s : 0, decision);
}

static void refuse_attempt(const struct attempt_recipient *order, struct hub_decision *decision)
{
    struct report_recipient *report = HUB_NEW(hub_decision_arena(decision), struct report_recipient);
    HUB_SET(report_recipient, report, campaign, order->campaign);
    HUB_SET(report_recipient, report, step, order->step);
    HUB_SET(report_recipient, report, status, recipient_status_failed);
    HUB_SET(report_recipient, report, failure, HUB_SPAN("session_closed"));
    tell_customer(order->customer, &report_recipient_shape, report, decision);
}

void hub_session_decide_attempt(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct attempt_recipient *order = command;
    bool is_closed = state != NULL &&
                     (state->status == session_status_ended || state->message_ranks.len >= HUB_SESSION_MESSAGES);
    if (is_closed && state->status == session_status_ended) {
        hub_session_tell_closed(order->customer, decision); /* who counts on it, so that it does not stay in its list */
    }
    if (is_closed) {
        refuse_attempt(order, decision);
        return;
    }
    if (state == NULL) {
        open(order, decision);
    }
    if (!HUB_HAS(attempt_recipient, order, content)) {
        return;
    }
    struct message_sent *sent = HUB_NEW(hub_decision_arena(decision), struct message_sent);
    HUB_SET(message_sent, sent, index, state == NULL ? 1 : (uint32_t) state->message_ranks.len + 1);
    HUB_SET(message_sent, sent, channel, order->channel);
    HUB_SET(message_sent, sent, content, order->content);
    HUB_COPY(message_sent, sent, attempt_recipient, order, subject);
    HUB_SET(message_sent, sent, author, author_bot);
    HUB_SET(message_sent, sent, campaign, order->campaign);
    HUB_SET(message_sent, sent, step, order->step);
    hub_session_send(order->customer, sent, decision);
}

bool hub_session_is_attempt(const struct session_state *state, uint32_t index)
{
    return HUB_HAS(session_state, state, campaign_index) && state->campaign_index == index;
}

void hub_session_report_attempt(const struct session_state *state, const struct update_message *report, bool delivered,
                                struct hub_decision *decision)
{
    struct report_recipient *news = HUB_NEW(hub_decision_arena(decision), struct report_recipient);
    HUB_SET(report_recipient, news, campaign, state->campaign);
    HUB_SET(report_recipient, news, step, state->campaign_step);
    HUB_SET(report_recipient, news, status, delivered ? recipient_status_delivered : recipient_status_failed);
    if (!delivered) {
        HUB_COPY(report_recipient, news, update_message, report, failure);
    }
    tell_customer(state->customer, &report_recipient_shape, news, decision);
}

/* --- words --- */

static struct hub_span notice_text(unsigned wish)
{
    switch (wish) {
#define NOTICE(wish_, text)    \
    case consent_wish_##wish_: \
        return HUB_SPAN(text);
#include "actors/session/notices.def"
#undef NOTICE
    default: return HUB_SPAN("");
    }
}

/* more: messages that this decision has made before. */
static void notify(const struct session_state *state, unsigned wish, unsigned channel, uint32_t more,
                   struct hub_decision *decision)
{
    if (state->message_ranks.len + more >= HUB_SESSION_MESSAGES) {
        return;
    }
    struct message_sent *sent = HUB_NEW(hub_decision_arena(decision), struct message_sent);
    HUB_SET(message_sent, sent, index, (uint32_t) state->message_ranks.len + more + 1);
    HUB_SET(message_sent, sent, channel, (hub_enum) channel);
    HUB_SET(message_sent, sent, content, ((hub_sealed){ .clear = notice_text(wish) }));
    HUB_SET(message_sent, sent, author, author_system);
    hub_session_send(state->customer, sent, decision);
}

void hub_session_decide_notice(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct send_notice *notice = command;
    if (state != NULL && state->status != session_status_ended) {
        notify(state, notice->wish, notice->channel, 0, decision);
    }
}

static void reply(const struct session_state *state, struct hub_decision *decision)
{
    struct report_recipient *news = HUB_NEW(hub_decision_arena(decision), struct report_recipient);
    HUB_SET(report_recipient, news, campaign, state->campaign);
    HUB_SET(report_recipient, news, step, 1);
    HUB_SET(report_recipient, news, status, recipient_status_replied);
    tell_customer(state->customer, &report_recipient_shape, news, decision);
}

/* Tell the customer's actor of a STOP or START. Returns false for any other text. */
static bool pass_on(const struct session_state *state, const struct process_message *command,
                    struct hub_decision *decision)
{
    enum consent_wish wish;
    bool everywhere;
    if (!hub_wish_find(command->content.clear, &wish, &everywhere) || wish == consent_wish_help) {
        return false;
    }
    struct heed_wish *heed = HUB_NEW(hub_decision_arena(decision), struct heed_wish);
    HUB_SET(heed_wish, heed, session, hub_decision_self(decision));
    HUB_SET(heed_wish, heed, channel, command->channel);
    HUB_SET(heed_wish, heed, wish, (hub_enum) wish);
    HUB_SET(heed_wish, heed, everywhere, everywhere);
    tell_customer(state->customer, &heed_wish_shape, heed, decision);
    return true;
}

void hub_session_heed_refused(const struct session_state *state, const struct process_message *command,
                              struct hub_decision *decision)
{
    if (pass_on(state, command, decision)) {
        hub_decide_keep(decision);
    }
}

void hub_session_heed(const struct session_state *state, const struct process_message *command,
                      struct hub_decision *decision)
{
    enum consent_wish wish;
    bool everywhere;
    if (pass_on(state, command, decision)) {
        return;
    }
    if (hub_wish_find(command->content.clear, &wish, &everywhere)) {
        notify(state, wish, command->channel, 1, decision);
    } else if (HUB_HAS(session_state, state, campaign) && !state->campaign_replied) {
        reply(state, decision);
    }
}
