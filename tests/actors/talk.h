/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Short ways to say the usual things in the world of decide_harness.h, routed as the API routes them. */
#ifndef HUB_TESTS_ACTORS_TALK_H
#define HUB_TESTS_ACTORS_TALK_H

#include "tests/actors/decide_harness.h"

/* POST /session/create. session NULL: the hub makes an id. */
const struct harness_result *talk_create(struct harness *h, const char *customer, const char *session,
                                         enum channel channel);

/* POST /message/process. session NULL: the customer's actor decides. */
const struct harness_result *talk_say(struct harness *h, const char *customer, const char *session, const char *words);

/* POST /message/respond to a session, by a person or (as a program) a key. */
const struct harness_result *talk_reply(struct harness *h, const char *session, const char *words, bool is_person);

/* How far a message got; status 0, failure NULL and attempt 0 are absent. */
struct report {
    uint32_t index;
    unsigned status;
    const char *failure;
    uint32_t attempt;
    bool settles; /* a gateway's */
};

/* PUT /message/{id}, or a gateway's report. */
const struct harness_result *talk_report(struct harness *h, const char *session, struct report report);

/* POST /transfer/channel. from 0: absent. */
const struct harness_result *talk_transfer(struct harness *h, const char *session, unsigned from, unsigned to);

/* PUT /session/{id} with a status only, and DELETE. */
const struct harness_result *talk_move(struct harness *h, const char *session, enum session_status status);
const struct harness_result *talk_end(struct harness *h, const char *session);

/* Any command to a session. */
const struct harness_result *talk_to(struct harness *h, const char *session, const struct hub_shape *shape,
                                     const void *record);

/* The state of a session, which must be there. */
const struct session_state *talk_state(struct harness *h, const char *session);

/* The same of a customer. */
const struct customer_state *talk_customer(struct harness *h, const char *customer);

/* cmocka's last step of a test: everything is folded again and compared, then the harness goes. */
int talk_tear_down(void **state);

/* Fail the test unless the result is that error with that pointer, and nothing was written. */
void talk_refused(const struct harness_result *result, int error, const char *pointer);

/* Fail the test when the result is an error; return its answer, which must be of that shape. */
void *talk_answer(const struct harness_result *result, const struct hub_shape *shape);

#endif
