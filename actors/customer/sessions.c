/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding to which session of a customer something belongs. One customer is one writer, so two messages at once open
 * one session. */
#include "actors/customer/decide.h"

#include "actors/session/session.h"

static const struct hub_ulid none;

/* What a new session begins with. */
struct opening {
    struct hub_ulid session;
    unsigned channel;
    unsigned priority;
    hub_sealed customer_id;
    const hub_sealed *session_id; /* the client's own, NULL: none */
    const hub_text *page_id;      /* NULL: none */
    const hub_sealed *metadata;   /* NULL: none */
    uint32_t idle_s;              /* 0: never */
    bool takes_ticket;            /* the session answers the client */
};

static uint32_t open_count(const struct customer_state *state)
{
    return state == NULL ? 0 : state->sessions.count;
}

static bool is_open(const struct customer_state *state, struct hub_ulid session)
{
    return state != NULL && !hub_ulid_is_none(session) && hub_customer_session_at(state, session) >= 0;
}

static bool has_room(const struct customer_state *state, struct hub_decision *decision)
{
    if (open_count(state) < HUB_CUSTOMER_SESSIONS) {
        return true;
    }
    hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A customer has at most %d open sessions.",
                      HUB_CUSTOMER_SESSIONS);
    return false;
}

/* The id that the named session has or will have, or a fresh one. */
static struct hub_ulid id_for_new(struct hub_decision *decision)
{
    struct hub_ulid named = hub_decision_named(decision, KIND_session);
    return hub_ulid_is_none(named) ? hub_decision_id(decision, "session") : named;
}

static void follow(const struct opening *opening, struct hub_decision *decision)
{
    struct open_session *command = HUB_NEW(hub_decision_arena(decision), struct open_session);
    HUB_SET(open_session, command, customer, hub_decision_self(decision));
    HUB_SET(open_session, command, customer_id, opening->customer_id);
    if (opening->session_id != NULL) {
        HUB_SET(open_session, command, session_id, *opening->session_id);
    }
    HUB_SET(open_session, command, channel, (hub_enum) opening->channel);
    HUB_SET(open_session, command, priority, (hub_enum) opening->priority);
    if (opening->page_id != NULL) {
        HUB_SET(open_session, command, page_id, *opening->page_id);
    }
    if (opening->metadata != NULL) {
        HUB_SET(open_session, command, metadata, *opening->metadata);
    }
    if (opening->idle_s > 0) {
        HUB_SET(open_session, command, idle_s, opening->idle_s);
    }
    hub_decide_follow(decision, &(struct hub_follow){
                                    .kind = KIND_session,
                                    .entity = opening->session,
                                    .shape = &open_session_shape,
                                    .record = command,
                                    .subject = hub_decision_self(decision),
                                    .takes_ticket = opening->takes_ticket,
                                    .alias = hub_decision_name(decision, KIND_session),
                                });
}

static void open_new(const struct opening *opening, struct hub_decision *decision)
{
    struct customer_session_opened *opened = HUB_NEW(hub_decision_arena(decision), struct customer_session_opened);
    HUB_SET(customer_session_opened, opened, session, opening->session);
    HUB_SET(customer_session_opened, opened, channel, (hub_enum) opening->channel);
    if (opening->page_id != NULL) {
        HUB_SET(customer_session_opened, opened, page_id, *opening->page_id);
    }
    hub_decide_event(decision, &customer_session_opened_shape, opened, hub_decision_self(decision), opening->session);
    follow(opening, decision);
}

static struct opening opening_of(const struct customer_state *state, const struct create_session *command,
                                 const struct hub_decision *decision)
{
    return (struct opening){
        .channel = command->channel,
        .priority = HUB_HAS(create_session, command, priority) ? command->priority : (unsigned) priority_medium,
        .customer_id = hub_customer_name(state, &command->customer_id),
        .session_id = HUB_HAS(create_session, command, session_id) ? &command->session_id : NULL,
        .page_id = HUB_HAS(create_session, command, page_id) ? &command->page_id : NULL,
        .metadata = HUB_HAS(create_session, command, metadata) ? &command->metadata : NULL,
        .idle_s = HUB_HAS(create_session, command, idle_s) ? command->idle_s
                                                           : hub_decision_caller(decision)->settled.idle_s,
        .takes_ticket = true,
    };
}

static void refuse_taken(struct hub_decision *decision)
{
    hub_decide_refuse(decision, HUB_ERROR_already_exists, "/session_id", "A session by this name exists already.");
}

void hub_customer_decide_session(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct create_session *command = command_;
    struct opening opening = opening_of(state, command, decision);
    opening.session = id_for_new(decision);
    if (is_open(state, opening.session)) {
        if (hub_decision_is_keyed(decision)) {
            follow(&opening, decision); /* a repetition: the session answers */
        } else {
            refuse_taken(decision);
        }
        return;
    }
    if (hub_decision_exists(decision, KIND_session)) {
        refuse_taken(decision);
        return;
    }
    const struct hub_customer_news news = {
        .customer_id = &command->customer_id,
        .channel = command->channel,
        .profile = HUB_HAS(create_session, command, customer_profile) ? command->customer_profile : NULL,
    };
    if (has_room(state, decision) && hub_customer_learn(state, &news, decision)) {
        open_new(&opening, decision);
    }
}

/* The open session that a command is about: the one it names, or the newest. None when there is none. */
static struct hub_ulid session_for(const struct customer_state *state, struct hub_decision *decision)
{
    if (hub_decision_names(decision, KIND_session)) {
        struct hub_ulid named = hub_decision_named(decision, KIND_session);
        return is_open(state, named) || hub_decision_exists(decision, KIND_session) ? named : none;
    }
    return open_count(state) > 0 ? state->sessions.at[state->sessions.count - 1].session : none;
}

void hub_customer_decide_process(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct process_message *command = command_;
    struct hub_ulid session = session_for(state, decision);
    if (hub_ulid_is_none(session)) {
        const struct hub_customer_news news = { .customer_id = &command->customer_id, .channel = command->channel };
        if (!has_room(state, decision) || !hub_customer_learn(state, &news, decision)) {
            return;
        }
        session = id_for_new(decision);
        const struct opening opening = {
            .session = session,
            .channel = command->channel,
            .priority = priority_medium,
            .customer_id = hub_customer_name(state, &command->customer_id),
            .session_id = HUB_HAS(process_message, command, session_id) ? &command->session_id : NULL,
            .page_id = HUB_HAS(process_message, command, page_id) ? &command->page_id : NULL,
            .idle_s = hub_decision_caller(decision)->settled.idle_s,
        };
        open_new(&opening, decision);
    }
    hub_decide_forward(decision, KIND_session, session);
}

void hub_customer_decide_respond(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    struct hub_ulid session = session_for(state, decision);
    if (state == NULL) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/customer_id", "There is no such customer.");
    } else if (hub_ulid_is_none(session)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/session_id", "The customer has no open session.");
    } else {
        hub_decide_forward(decision, KIND_session, session);
    }
}

/* Comes here from a session that nobody has opened: it begins on the channel that the client says it is on. */
void hub_customer_decide_transfer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct transfer_channel *command = command_;
    struct hub_ulid session = session_for(state, decision);
    if (hub_ulid_is_none(session)) {
        if (command->from_channel == command->to_channel) {
            hub_decide_refuse(decision, HUB_ERROR_conflict, "/to_channel", "The session is on %s already.",
                              hub_vocab_name(&channel_vocab, command->to_channel));
            return;
        }
        const struct hub_customer_news news = { .customer_id = &command->customer_id,
                                                .channel = command->from_channel };
        if (!has_room(state, decision) || !hub_customer_learn(state, &news, decision)) {
            return;
        }
        session = id_for_new(decision);
        const struct opening opening = {
            .session = session,
            .channel = command->from_channel,
            .priority = priority_medium,
            .customer_id = hub_customer_name(state, &command->customer_id),
            .session_id = &command->session_id,
            .idle_s = hub_decision_caller(decision)->settled.idle_s,
        };
        open_new(&opening, decision);
    }
    hub_decide_forward(decision, KIND_session, session);
}

void hub_customer_decide_closed(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct close_customer_session *command = command_;
    if (!is_open(state, command->session)) {
        return;
    }
    struct customer_session_closed *closed = HUB_NEW(hub_decision_arena(decision), struct customer_session_closed);
    HUB_SET(customer_session_closed, closed, session, command->session);
    hub_decide_event(decision, &customer_session_closed_shape, closed, hub_decision_self(decision), command->session);
    hub_customer_end_helps(state, command->session, decision);
}
