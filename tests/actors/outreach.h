/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Short ways to launch campaigns and to let recipients have their turn, in the world of decide_harness.h. */
#ifndef HUB_TESTS_ACTORS_OUTREACH_H
#define HUB_TESTS_ACTORS_OUTREACH_H

#include "actors/campaign/campaign.h"
#include "actors/customer/recipient.h"
#include "tests/actors/talk.h"

enum { OUTREACH_NAMED = 8 };

/* What a launch says; zero is the usual thing. */
struct outreach_wanted {
    const char *customers[OUTREACH_NAMED];
    const char *profile; /* of all of them */
    unsigned channels[4];
    const char *conditions;
    bool silent;         /* no message */
    int64_t schedule_us; /* from now */
    int64_t ends_us;
    uint32_t cap;
    enum consent_policy policy;
};

/* How a recipient's turn differs from the usual one. */
struct outreach_turn {
    bool holds, cancels, silent, quiet;
    int64_t offset_s;
    const char *zone;
};

/* The customer ann, on chat and then by SMS. */
extern const struct outreach_wanted outreach_usual;

/* Launch a campaign by this name; without quiet hours. */
const struct harness_result *outreach_launch(struct harness *h, const char *name, const struct outreach_wanted *wanted);

/* The state of a campaign, which must be there; any command to it. */
const struct campaign_state *outreach_campaign(struct harness *h, const char *name);
const struct harness_result *outreach_tell(struct harness *h, const char *name, const struct hub_shape *shape,
                                           const void *record);

/* It is a customer's turn. Returns the recipient's status after it. */
unsigned outreach_contact(struct harness *h, const char *name, const char *customer, struct outreach_turn turn);

/* A customer as recipient, NULL for none; the status of one that must be there. */
const struct customer_campaign *outreach_recipient(struct harness *h, const char *name, const char *customer);
unsigned outreach_standing(struct harness *h, const char *name, const char *customer);

/* The session of a customer in a campaign, as a name; good until the next call. */
const char *outreach_session_of(struct harness *h, const char *name, const char *customer);

/* The gateway's news of the last attempt; failure NULL: it was delivered. */
void outreach_report(struct harness *h, const char *name, const char *customer, const char *failure);

/* POST /campaign/{id}/conversion */
const struct harness_result *outreach_convert(struct harness *h, const char *name, const char *customer);

/* PUT /customer/{id}/consent; channel 0: every one. */
void outreach_set_consent(struct harness *h, const char *customer, unsigned channel, enum consent_status status);

/* Messages sent so far. */
size_t outreach_effects(struct harness *h);

#endif
