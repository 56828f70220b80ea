/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A turn of a customer's life as a request to a hub. */
#ifndef HUB_TOOLS_DEMO_PLAY_TURNS_H
#define HUB_TOOLS_DEMO_PLAY_TURNS_H

#include "base/json_emit.h"
#include "tools/http.h"
#include "tools/demo/play_life.h"

enum { HUB_PLAY_AGENTS = 8 };

struct hub_play_agents {
    unsigned count;
    char ids[HUB_PLAY_AGENTS][HUB_ULID_TEXT + 1];
};

/* What a thread asks with; everything is reused from turn to turn. */
struct hub_play_asker {
    struct hub_http *http;                /* borrowed */
    const char *run;                      /* part of the client's own ids; "" for none */
    const struct hub_play_agents *agents; /* borrowed; who helps */
    struct hub_http_answer answer;
    struct hub_buf body, path; /* of the request at hand */
    char why[256];             /* what was wrong, after a failure */
};

void hub_play_asker_init(struct hub_play_asker *self, struct hub_http *http, const char *run);
void hub_play_asker_done(struct hub_play_asker *self);

/* Take the life's turn: ask, and look at what came back. A hub that is too busy is asked again a little later.
 *
 * Returns 0; -1 with `why` when the answer is not what it should be. */
int hub_play_take(struct hub_play_asker *self, struct hub_play_life *life);

/* Ask for path with body, both terminated by the caller. The same returns. */
int hub_play_ask(struct hub_play_asker *self, const char *method);

/* The client's own id of a customer. */
void hub_play_customer(const struct hub_play_asker *self, uint32_t number, char *ret_id, size_t size);

/* What a turn counts. */
const char *hub_play_turn_counts(enum hub_play_turn turn);

#endif
