/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Companies and API keys: where a command needs a secret that only the API makes, and nobody stores. */
#ifndef HUB_API_COMPANIES_H
#define HUB_API_COMPANIES_H

#include "base/span.h"

struct hub_call;
struct hub_answer;

/* A secret for call->command: random, or made of its Idempotency-Key. labels: two, for its two halves. In the command's arena. */
struct hub_span hub_make_secret(struct hub_call *call, const char *prefix, const char *const labels[2]);

/* POST /api-keys: make the token before the command is sent, show it in the reply. */
void hub_keys_prepare(struct hub_call *call);
void hub_keys_finish(struct hub_call *call, struct hub_answer *answer);

/* POST /companies: hash the first admin's password (on a helper), make the first key, add the company. */
void hub_companies_add(struct hub_call *call);

/* GET /companies: read from the log, on a helper. */
void hub_companies_list(struct hub_call *call);

#endif
