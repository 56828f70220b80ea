/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Short ways to launch campaigns and to let recipients have their turn. */
#include "tests/actors/outreach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

const struct outreach_wanted outreach_usual = { .customers = { "ann" }, .channels = { channel_chat, channel_sms } };

/* Customers as the client names them, and as the API finds them. */
static void add_customers(struct harness *h, const struct outreach_wanted *wanted, struct launch_campaign *command)
{
    static struct launch_customer customers[OUTREACH_NAMED];
    static struct launch_recipient recipients[OUTREACH_NAMED];
    uint32_t count = 0;
    for (; count < OUTREACH_NAMED && wanted->customers[count] != NULL; count++) {
        struct hub_ulid id = harness_find(h, KIND_customer, wanted->customers[count]);
        customers[count] = (struct launch_customer){ 0 };
        HUB_SET(launch_customer, &customers[count], customer_id, harness_sealed(wanted->customers[count]));
        if (wanted->profile != NULL) {
            HUB_SET(launch_customer, &customers[count], profile, harness_sealed(wanted->profile));
        }
        recipients[count] = (struct launch_recipient){ 0 };
        HUB_SET(launch_recipient, &recipients[count], customer, id);
        HUB_SET(launch_recipient, &recipients[count], is_ours, true);
        HUB_SET(launch_recipient, &recipients[count], known, harness_version(h, KIND_customer, id) > 0);
    }
    command->customers.at = customers;
    command->recipients.at = recipients;
    command->customers.count = command->recipients.count = count;
    HUB_MARK(launch_campaign, command, customers);
    HUB_MARK(launch_campaign, command, recipients);
}

static void add_channels(const struct outreach_wanted *wanted, struct launch_campaign *command)
{
    static hub_enum channels[4];
    uint32_t count = 0;
    for (; count < 4 && wanted->channels[count] != 0; count++) {
        channels[count] = (hub_enum) wanted->channels[count];
    }
    if (count > 0) {
        HUB_SET(launch_campaign, command, channels, ((hub_list){ .at = channels, .count = count }));
    }
}

static void add_times(struct harness *h, const struct outreach_wanted *wanted, struct launch_campaign *command)
{
    if (wanted->schedule_us != 0) {
        HUB_SET(launch_campaign, command, schedule_at, harness_now(h) + wanted->schedule_us);
    }
    if (wanted->ends_us != 0) {
        HUB_SET(launch_campaign, command, ends_at, harness_now(h) + wanted->ends_us);
    }
}

const struct harness_result *outreach_launch(struct harness *h, const char *name, const struct outreach_wanted *wanted)
{
    struct launch_campaign command = { 0 };
    struct campaign_message message = { 0 };
    struct launch_hours hours = { 0 };
    struct campaign_cap cap = { 0 };
    HUB_SET(launch_campaign, &command, campaign_id, harness_sealed(name));
    add_customers(h, wanted, &command);
    add_channels(wanted, &command);
    add_times(h, wanted, &command);
    HUB_SET(campaign_message, &message, content, HUB_SPAN("our new plans are there"));
    command.messages.at = &message;
    command.messages.count = 1;
    if (!wanted->silent) {
        HUB_MARK(launch_campaign, &command, messages);
    }
    HUB_SET(launch_hours, &hours, none, true);
    HUB_SET(launch_campaign, &command, quiet_hours, &hours);
    if (wanted->conditions != NULL) {
        HUB_SET(launch_campaign, &command, conditions, hub_span(wanted->conditions));
    }
    if (wanted->cap != 0) {
        HUB_SET(campaign_cap, &cap, max, wanted->cap);
        HUB_SET(campaign_cap, &cap, per_s, 3600);
        HUB_SET(launch_campaign, &command, frequency_cap, &cap);
    }
    if (wanted->policy != 0) {
        HUB_SET(launch_campaign, &command, consent, (hub_enum) wanted->policy);
    }
    return harness_do(h, &(struct harness_call){ .target = KIND_campaign,
                                                 .shape = &launch_campaign_shape,
                                                 .record = &command,
                                                 .entity = harness_find(h, KIND_campaign, name),
                                                 .role = role_service });
}

const struct campaign_state *outreach_campaign(struct harness *h, const char *name)
{
    const struct campaign_state *state = harness_state(h, KIND_campaign, harness_find(h, KIND_campaign, name));
    assert_non_null(state);
    return state;
}

const struct harness_result *outreach_tell(struct harness *h, const char *name, const struct hub_shape *shape,
                                           const void *record)
{
    return harness_do(h, &(struct harness_call){ .target = KIND_campaign,
                                                 .shape = shape,
                                                 .record = record,
                                                 .entity = harness_find(h, KIND_campaign, name),
                                                 .role = role_service });
}

unsigned outreach_contact(struct harness *h, const char *name, const char *customer, struct outreach_turn turn)
{
    struct contact_recipient command = { 0 };
    struct campaign_plan plan = *outreach_campaign(h, name)->plan;
    if (turn.silent) {
        HUB_CLEAR(campaign_plan, &plan, messages);
        plan.messages.count = 0;
    }
    if (turn.quiet) {
        plan.quiet_from = 0;
        plan.quiet_until = 23 * 60 + 59;
    }
    HUB_SET(contact_recipient, &command, campaign, harness_find(h, KIND_campaign, name));
    HUB_SET(contact_recipient, &command, plan, &plan);
    HUB_SET(contact_recipient, &command, offset_s, turn.offset_s);
    HUB_SET(contact_recipient, &command, holds, turn.holds);
    HUB_SET(contact_recipient, &command, cancels, turn.cancels);
    if (turn.zone != NULL) {
        HUB_SET(contact_recipient, &command, zone, hub_span(turn.zone));
    }
    const struct harness_result *result = harness_do(
        h, &(struct harness_call){ .target = KIND_customer,
                                   .shape = &contact_recipient_shape,
                                   .record = &command,
                                   .entity = harness_find(h, KIND_customer, customer) });
    struct recipient_standing *standing = talk_answer(result, &recipient_standing_shape);
    return standing->status;
}

const struct customer_campaign *outreach_recipient(struct harness *h, const char *name, const char *customer)
{
    const struct customer_state *state = harness_state(h, KIND_customer, harness_find(h, KIND_customer, customer));
    struct hub_ulid id = harness_find(h, KIND_campaign, name);
    for (uint32_t i = 0; state != NULL && i < state->campaigns.count; i++) {
        if (hub_ulid_is(state->campaigns.at[i].campaign, id)) {
            return &state->campaigns.at[i];
        }
    }
    return NULL;
}

unsigned outreach_standing(struct harness *h, const char *name, const char *customer)
{
    const struct customer_campaign *entry = outreach_recipient(h, name, customer);
    assert_non_null(entry);
    return entry->status;
}

/* The session of a customer in a campaign, as a name. */
const char *outreach_session_of(struct harness *h, const char *name, const char *customer)
{
    static char text[HUB_ULID_TEXT + 1];
    hub_ulid_print(
        hub_recipient_session(harness_find(h, KIND_campaign, name), harness_find(h, KIND_customer, customer)), text);
    text[HUB_ULID_TEXT] = '\0';
    return text;
}

void outreach_report(struct harness *h, const char *name, const char *customer, const char *failure)
{
    const char *session = outreach_session_of(h, name, customer);
    uint32_t index = talk_state(h, session)->campaign_index;
    const struct harness_result *result = talk_report(
        h, session, (struct report){ index, failure == NULL ? message_status_delivered : 0, failure, 1, true });
    assert_int_equal(result->error, 0);
    assert_false(result->retries); /* no blind retry: the customer decides */
    assert_false(result->dead_letter);
}

const struct harness_result *outreach_convert(struct harness *h, const char *name, const char *customer)
{
    struct convert_recipient command = { 0 };
    HUB_SET(convert_recipient, &command, campaign_id, harness_sealed(name));
    HUB_SET(convert_recipient, &command, customer_id, harness_sealed(customer));
    return harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                 .shape = &convert_recipient_shape,
                                                 .record = &command,
                                                 .campaign = name,
                                                 .entity = harness_find(h, KIND_customer, customer) });
}

void outreach_set_consent(struct harness *h, const char *customer, unsigned channel, enum consent_status status)
{
    struct set_consent command = { 0 };
    HUB_SET(set_consent, &command, customer_id, harness_sealed(customer));
    HUB_SET(set_consent, &command, status, (hub_enum) status);
    if (channel != 0) {
        HUB_SET(set_consent, &command, channel, (hub_enum) channel);
    }
    talk_answer(harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                      .shape = &set_consent_shape,
                                                      .record = &command,
                                                      .entity = harness_find(h, KIND_customer, customer) }),
                &consent_entered_shape);
}

size_t outreach_effects(struct harness *h)
{
    size_t count, sent = 0;
    const struct harness_later *laters = harness_laters(h, &count);
    for (size_t i = 0; i < count; i++) {
        sent += laters[i].pending == HUB_PENDING_effect;
    }
    return sent;
}
