/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The multi-channel support journey: one customer from a voice call to video and a confirmation by e-mail, step by step
 * over a hub's public REST. */
#ifndef HUB_TOOLS_DEMO_JOURNEY_H
#define HUB_TOOLS_DEMO_JOURNEY_H

#include <stdio.h>

#include "tools/http.h"
#include "tools/live_client.h"

struct hub_journey_options {
    struct hub_http *http;
    struct hub_live_client *live; /* what an agent hears meanwhile, open on /ws/dashboard; NULL: nobody listens */
    FILE *out;                    /* where the steps are shown */
    const char *suffix;           /* makes the client's own ids unlike those of another run; "" for none */
};

/* Take the journey and show each step.
 *
 * ret_customer  the client's own id of the customer
 * Returns the number of steps that did not come out as expected; the first such step is the last. */
int hub_journey_take(const struct hub_journey_options *options, char ret_customer[128]);

#endif
