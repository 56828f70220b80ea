/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The scripted history: what can happen to a customer, one event at a time. */
#include "tests/replay/history.h"

struct teller {
    struct history *history;
    void (*step)(struct history *self, void *arg);
    void *arg;
    unsigned count;
};

static void tell(struct teller *self, struct hub_stream stream, const struct hub_shape *shape, void *record,
                 struct hub_ulid subject)
{
    put_event(self->history, stream, shape, record, subject);
    self->count++;
    if (self->step != NULL) {
        self->step(self->history, self->arg);
    }
}

static hub_sealed words(const char *text)
{
    return (hub_sealed){ .clear = hub_span(text) };
}

/* Most of the script is about the first session of the first customer. */
static void tell_first(struct teller *self, const struct hub_shape *shape, void *record)
{
    tell(self, session_stream(self->history, self->history->first), shape, record, self->history->customer);
}

static void tell_customer(struct teller *self, const struct hub_shape *shape, void *record)
{
    tell(self, customer_stream(self->history, self->history->customer), shape, record, self->history->customer);
}

static void tell_company(struct teller *self, const struct hub_shape *shape, void *record, struct hub_ulid subject)
{
    struct hub_ulid company = self->history->company;
    tell(self, (struct hub_stream){ company, company, KIND_company }, shape, record, subject);
}

static void tell_of_company(struct teller *self)
{
    struct company_created created = { 0 };
    HUB_SET(company_created, &created, name, HUB_SPAN("Acme"));
    HUB_SET(company_created, &created, operator, true);
    tell_company(self, &company_created_shape, &created, (struct hub_ulid){ { 0 } });
    struct company_user_added user = { 0 };
    HUB_SET(company_user_added, &user, user, fixture_id(50));
    HUB_SET(company_user_added, &user, role, role_admin);
    HUB_SET(company_user_added, &user, email, words("admin@example.com"));
    HUB_SET(company_user_added, &user, password, words("$argon2id$..."));
    tell_company(self, &company_user_added_shape, &user, fixture_id(50));
    struct company_key key = { 0 };
    HUB_SET(company_key, &key, key, fixture_id(60));
    HUB_SET(company_key, &key, name, HUB_SPAN("first"));
    HUB_SET(company_key, &key, role, role_service);
    HUB_SET(company_key, &key, created_at, 1000);
    struct company_key_added added = { 0 };
    HUB_SET(company_key_added, &added, key, &key);
    HUB_SET(company_key_added, &added, digest, HUB_SPAN("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"));
    tell_company(self, &company_key_added_shape, &added, (struct hub_ulid){ { 0 } });
    struct company_login_added login = { 0 };
    HUB_SET(company_login_added, &login, login, fixture_id(61));
    HUB_SET(company_login_added, &login, user, fixture_id(50));
    HUB_SET(company_login_added, &login, digest, HUB_SPAN("llllllllllllllllllllllllllllllll"));
    HUB_SET(company_login_added, &login, expires_at, INT64_C(1800000000000000));
    tell_company(self, &company_login_added_shape, &login, (struct hub_ulid){ { 0 } });
}

static void tell_of_customer(struct teller *self)
{
    struct customer_created created = { 0 };
    HUB_SET(customer_created, &created, customer_id, words("customer_1"));
    HUB_SET(customer_created, &created, channel, channel_voice);
    tell_customer(self, &customer_created_shape, &created);
    struct customer_profile profile = { 0 };
    HUB_SET(customer_profile, &profile, name, words("Sarah Johnson"));
    HUB_SET(customer_profile, &profile, tier, tier_enterprise);
    struct customer_profile_changed changed = { 0 };
    HUB_SET(customer_profile_changed, &changed, profile, &profile);
    tell_customer(self, &customer_profile_changed_shape, &changed);
    struct customer_context_changed context = { 0 };
    HUB_SET(customer_context_changed, &context, context, words("{\"plan\":\"gold\"}"));
    tell_customer(self, &customer_context_changed_shape, &context);
    struct customer_identity identity = { 0 };
    HUB_SET(customer_identity, &identity, channel, channel_email);
    HUB_SET(customer_identity, &identity, address, words("sarah@example.com"));
    struct customer_identity_added added = { 0 };
    HUB_SET(customer_identity_added, &added, identity, &identity);
    tell_customer(self, &customer_identity_added_shape, &added);
}

static void tell_opening(struct teller *self, struct hub_ulid session, struct hub_ulid customer, enum channel channel)
{
    struct history *h = self->history;
    struct customer_session_opened noted = { 0 };
    HUB_SET(customer_session_opened, &noted, session, session);
    HUB_SET(customer_session_opened, &noted, channel, (hub_enum) channel);
    tell(self, customer_stream(h, customer), &customer_session_opened_shape, &noted, customer);
    struct session_opened opened = { 0 };
    HUB_SET(session_opened, &opened, customer, customer);
    HUB_SET(session_opened, &opened, channel, (hub_enum) channel);
    HUB_SET(session_opened, &opened, priority, priority_medium);
    if (hub_ulid_is(session, h->first)) {
        HUB_SET(session_opened, &opened, customer_id, words("customer_1"));
        HUB_SET(session_opened, &opened, session_id, words("omni_session_1"));
        HUB_SET(session_opened, &opened, metadata, words("{\"a\":1}"));
        HUB_SET(session_opened, &opened, page_id, HUB_SPAN("inbox"));
    }
    tell(self, session_stream(h, session), &session_opened_shape, &opened, customer);
}

static void tell_message(struct teller *self, uint32_t index, const char *content)
{
    struct message_received received = { 0 };
    HUB_SET(message_received, &received, index, index);
    HUB_SET(message_received, &received, channel, channel_voice);
    HUB_SET(message_received, &received, content, words(content));
    if (index == 1) {
        HUB_SET(message_received, &received, sentiment, sentiment_concerned);
        HUB_SET(message_received, &received, metadata, words("{\"b\":[2]}"));
    }
    tell_first(self, &message_received_shape, &received);
}

static void tell_reply(struct teller *self, uint32_t index)
{
    struct message_sent sent = { 0 };
    HUB_SET(message_sent, &sent, index, index);
    HUB_SET(message_sent, &sent, channel, channel_email);
    HUB_SET(message_sent, &sent, content, words("We look into it."));
    HUB_SET(message_sent, &sent, author, author_agent);
    HUB_SET(message_sent, &sent, response_us, INT64_C(141) * 1000 * 1000);
    HUB_SET(message_sent, &sent, subject, words("Your bill"));
    tell_first(self, &message_sent_shape, &sent);
}

static void tell_delivery(struct teller *self, uint32_t index, enum message_status status, const char *failure,
                          uint32_t attempt)
{
    struct message_status_changed changed = { 0 };
    HUB_SET(message_status_changed, &changed, index, index);
    HUB_SET(message_status_changed, &changed, attempt, attempt);
    if (status != 0) {
        HUB_SET(message_status_changed, &changed, status, (hub_enum) status);
    }
    if (failure != NULL) {
        HUB_SET(message_status_changed, &changed, failure, hub_span(failure));
    }
    tell_first(self, &message_status_changed_shape, &changed);
}

static void tell_transfer(struct teller *self, uint32_t number, enum channel to, enum transfer_status result)
{
    struct transfer_requested requested = { 0 };
    HUB_SET(transfer_requested, &requested, number, number);
    HUB_SET(transfer_requested, &requested, from_channel, channel_voice);
    HUB_SET(transfer_requested, &requested, to_channel, (hub_enum) to);
    HUB_SET(transfer_requested, &requested, reason, words("Show me"));
    HUB_SET(transfer_requested, &requested, context, words("{\"issue\":7}"));
    HUB_SET(transfer_requested, &requested, history_count, 2);
    HUB_SET(transfer_requested, &requested, history_digest, HUB_SPAN("01234567890123456789012345678901"));
    tell_first(self, &transfer_requested_shape, &requested);
    struct transfer_moved moved = { 0 };
    HUB_SET(transfer_moved, &moved, number, number);
    HUB_SET(transfer_moved, &moved, status, transfer_status_accepted);
    tell_first(self, &transfer_moved_shape, &moved);
    HUB_SET(transfer_moved, &moved, status, (hub_enum) result);
    if (result == transfer_status_failed) {
        HUB_SET(transfer_moved, &moved, cause, HUB_SPAN("no_room"));
    }
    tell_first(self, &transfer_moved_shape, &moved);
}

static void tell_move(struct teller *self, enum session_status status, enum end_reason reason, uint32_t satisfaction)
{
    struct session_moved moved = { 0 };
    HUB_SET(session_moved, &moved, status, (hub_enum) status);
    if (reason != 0) {
        HUB_SET(session_moved, &moved, end_reason, (hub_enum) reason);
    }
    if (satisfaction != 0) {
        HUB_SET(session_moved, &moved, satisfaction, satisfaction);
    }
    tell_first(self, &session_moved_shape, &moved);
}

static void tell_labels(struct teller *self)
{
    static struct hub_span labels[] = { { "vip", 3 }, { "billing", 7 } };
    struct session_changed changed = { 0 };
    HUB_SET(session_changed, &changed, priority, priority_urgent);
    HUB_SET(session_changed, &changed, labels, ((hub_list){ labels, 2, 2 }));
    HUB_SET(session_changed, &changed, metadata, words("{\"a\":2}"));
    tell_first(self, &session_changed_shape, &changed);
}

static void tell_ending(struct teller *self)
{
    struct history *h = self->history;
    tell_move(self, session_status_ended, end_reason_completed, 5);
    struct customer_session_closed closed = { 0 };
    HUB_SET(customer_session_closed, &closed, session, h->first);
    tell_customer(self, &customer_session_closed_shape, &closed);
    struct company_key_removed removed = { 0 };
    HUB_SET(company_key_removed, &removed, key, fixture_id(60));
    tell_company(self, &company_key_removed_shape, &removed, (struct hub_ulid){ { 0 } });
    struct company_login_removed left = { 0 };
    HUB_SET(company_login_removed, &left, login, fixture_id(61));
    tell_company(self, &company_login_removed_shape, &left, (struct hub_ulid){ { 0 } });
}

/* The same ids in another company: nothing of it may show in the first. */
static void tell_of_others(struct teller *self)
{
    struct history *h = self->history;
    struct customer_created created = { 0 };
    tell(self, customer_stream(h, h->other_customer), &customer_created_shape, &created, h->other_customer);
    struct session_opened opened = { 0 };
    HUB_SET(session_opened, &opened, customer, h->customer);
    HUB_SET(session_opened, &opened, channel, channel_chat);
    HUB_SET(session_opened, &opened, priority, priority_low);
    tell(self, (struct hub_stream){ h->other_company, h->second, KIND_session }, &session_opened_shape, &opened,
         h->customer);
}

unsigned write_script(struct history *self, void (*step)(struct history *self, void *arg), void *arg)
{
    struct teller teller = { self, step, arg, 0 };
    tell_of_company(&teller);
    tell_of_customer(&teller);
    tell_opening(&teller, self->first, self->customer, channel_voice);
    tell_message(&teller, 1, "I have a complex billing issue");
    tell_reply(&teller, 2);
    tell_delivery(&teller, 2, 0, "busy", 1);
    tell_delivery(&teller, 2, message_status_delivered, NULL, 2);
    tell_delivery(&teller, 2, message_status_sent, NULL, 2);
    tell_of_others(&teller);
    tell_transfer(&teller, 1, channel_video, transfer_status_completed);
    tell_transfer(&teller, 2, channel_sms, transfer_status_failed);
    tell_labels(&teller);
    tell_opening(&teller, self->second, self->customer, channel_chat);
    tell_move(&teller, session_status_resolved, 0, 4);
    tell_move(&teller, session_status_active, 0, 0);
    tell_message(&teller, 3, "It is back");
    tell_ending(&teller);
    return teller.count;
}

/* --- Single events --- */

void open_session(struct history *self, struct hub_ulid session, struct hub_ulid customer, enum channel channel)
{
    struct session_opened opened = { 0 };
    HUB_SET(session_opened, &opened, customer, customer);
    HUB_SET(session_opened, &opened, channel, (hub_enum) channel);
    HUB_SET(session_opened, &opened, priority, priority_medium);
    put_event(self, session_stream(self, session), &session_opened_shape, &opened, customer);
}

void receive(struct history *self, struct hub_ulid session, struct hub_ulid customer, uint32_t index,
             const char *content)
{
    struct message_received received = { 0 };
    HUB_SET(message_received, &received, index, index);
    HUB_SET(message_received, &received, channel, channel_chat);
    HUB_SET(message_received, &received, content, words(content));
    put_event(self, session_stream(self, session), &message_received_shape, &received, customer);
}

void end(struct history *self, struct hub_ulid session, struct hub_ulid customer)
{
    struct session_moved moved = { 0 };
    HUB_SET(session_moved, &moved, status, session_status_ended);
    HUB_SET(session_moved, &moved, end_reason, end_reason_completed);
    put_event(self, session_stream(self, session), &session_moved_shape, &moved, customer);
}
