/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One customer's life in `demo --load`: what happens next, when, and with which words. It follows from the seed and the
 * customer's number alone. Time here is simulated: nobody sleeps. */
#ifndef HUB_TOOLS_DEMO_PLAY_LIFE_H
#define HUB_TOOLS_DEMO_PLAY_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/session/session.h"

enum hub_play_turn {
#define TOPIC(...)
#define TURN(name, ...) HUB_PLAY_##name,
#include "tools/demo/play.def"
#undef TURN
#undef TOPIC
    HUB_PLAY_TURNS,
};

struct hub_play_life {
    uint64_t chance;  /* state of its randomness */
    int64_t at_us;    /* simulated time of its next turn, since the start */
    uint32_t number;  /* from 1 */
    uint8_t turn;     /* enum hub_play_turn: what is next */
    uint8_t channel;  /* enum channel: where the session is */
    uint8_t topic;    /* what it is about */
    uint8_t tier;     /* enum tier */
    uint8_t visit;    /* sessions begun */
    uint8_t said;     /* messages of this session */
    uint8_t patience; /* exchanges that are left */
    bool is_calm;
    bool is_helped; /* an agent has it, or is asked for */
};

/* A number below `below` (at least 1). */
uint64_t hub_play_chance(struct hub_play_life *self, uint64_t below);

/* True `percent` times of a hundred. */
bool hub_play_happens(struct hub_play_life *self, unsigned percent);

/* Begin a life: it arrives somewhere in the hours that are played. */
void hub_play_begin(struct hub_play_life *self, uint64_t seed, uint32_t number);

/* The turn was taken: decide on the next one. Returns false when the life is over. */
bool hub_play_go_on(struct hub_play_life *self);

/* What the session is about: the issue's word, and a sentence of the customer or of the company. */
const char *hub_play_issue(const struct hub_play_life *self);
void hub_play_words(struct hub_play_life *self, bool is_customer, char *ret_text, size_t size);

#endif
