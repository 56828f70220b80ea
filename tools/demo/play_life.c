/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a customer of `demo --load` does next. */
#include "tools/demo/play_life.h"

#include <stdio.h>
#include <string.h>

enum { HOURS = 8, CHANNELS = 8, MINUTE_S = 60, HOUR_S = 3600 };

static const int64_t second_us = 1000000;

static const struct {
    const char *issue, *first, *later, *answers;
} topics[] = {
#define TOPIC(name, ...) { __VA_ARGS__ },
#define TURN(...)
#include "tools/demo/play.def"
#undef TURN
#undef TOPIC
};

enum { TOPICS = sizeof topics / sizeof *topics };

/* How channels are liked, and how soon the company answers there. */
static const struct {
    uint8_t channel;
    unsigned weight;
    unsigned answer_s;
} channels[CHANNELS] = {
    { channel_voice, 20, 8 },       { channel_video, 4, 10 },    { channel_chat, 26, 45 },
    { channel_email, 16, 2700 },    { channel_sms, 6, 240 },     { channel_whatsapp, 14, 150 },
    { channel_mobile_app, 8, 120 }, { channel_social, 6, 1200 },
};

/* SplitMix64 (Steele, Lea, Flood 2014): small, and any state is a good one. */
uint64_t hub_play_chance(struct hub_play_life *self, uint64_t below)
{
    uint64_t z = self->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

bool hub_play_happens(struct hub_play_life *self, unsigned percent)
{
    return hub_play_chance(self, 100) < percent;
}

static uint8_t choose_channel(struct hub_play_life *self)
{
    uint64_t left = hub_play_chance(self, 100);
    unsigned i = 0;
    while (i < CHANNELS - 1 && left >= channels[i].weight) {
        left -= channels[i++].weight;
    }
    return channels[i].channel;
}

static void begin_visit(struct hub_play_life *self)
{
    self->visit++;
    self->said = 0;
    self->is_helped = false;
    self->channel = choose_channel(self);
    self->topic = (uint8_t) hub_play_chance(self, TOPICS);
    self->patience = (uint8_t) (1 + hub_play_chance(self, 5));
    self->is_calm = hub_play_happens(self, 75);
    self->turn = hub_play_happens(self, 60) ? HUB_PLAY_arrive : HUB_PLAY_ask;
}

void hub_play_begin(struct hub_play_life *self, uint64_t seed, uint32_t number)
{
    static const uint8_t tiers[] = { tier_free,     tier_standard, tier_standard,
                                     tier_standard, tier_premium,  tier_enterprise };
    *self = (struct hub_play_life){ .number = number, .chance = seed * UINT64_C(0xd1342543de82ef95) + number };
    self->tier = tiers[hub_play_chance(self, sizeof tiers)];
    self->at_us = (int64_t) hub_play_chance(self, HOURS * HOUR_S) * second_us;
    begin_visit(self);
}

/* Between half of a time and one and a half of it; once in a while four times of it. */
static void wait(struct hub_play_life *self, unsigned about_s)
{
    uint64_t us = (uint64_t) about_s * (uint64_t) second_us;
    us = us / 2 + hub_play_chance(self, us);
    self->at_us += (int64_t) (hub_play_happens(self, 6) ? 4 * us : us);
}

static void next(struct hub_play_life *self, enum hub_play_turn turn, unsigned about_s)
{
    self->turn = (uint8_t) turn;
    wait(self, about_s);
}

static unsigned answer_s(const struct hub_play_life *self)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (channels[i].channel == self->channel) {
            return channels[i].answer_s;
        }
    }
    return MINUTE_S;
}

static void after_ask(struct hub_play_life *self)
{
    self->said++;
    if (!self->is_helped && hub_play_happens(self, self->is_calm ? 3 : 12)) {
        self->is_helped = true;
        next(self, HUB_PLAY_want, 5);
    } else if (!self->is_helped && hub_play_happens(self, 3)) {
        next(self, HUB_PLAY_leave, 10 * MINUTE_S); /* nobody was quick enough */
    } else if (!self->is_calm && hub_play_happens(self, 25)) {
        next(self, HUB_PLAY_ask, 20);
    } else {
        next(self, HUB_PLAY_answer, answer_s(self));
    }
}

static void after_answer(struct hub_play_life *self)
{
    self->said++;
    if (self->patience > 0) {
        self->patience--;
    }
    if (self->patience == 0 && self->is_helped) {
        next(self, HUB_PLAY_finish, MINUTE_S);
    } else if (self->patience == 0) {
        next(self, hub_play_happens(self, 85) ? HUB_PLAY_settle : HUB_PLAY_leave, MINUTE_S);
    } else if (hub_play_happens(self, 12)) {
        next(self, hub_play_happens(self, 50) ? HUB_PLAY_advise : HUB_PLAY_move, 30);
    } else {
        next(self, hub_play_happens(self, 10) ? HUB_PLAY_look : HUB_PLAY_ask, 40);
    }
}

/* Some come back, some of them right away about the same. */
static bool after_settle(struct hub_play_life *self)
{
    if (hub_play_happens(self, 8)) {
        self->patience = 1;
        next(self, HUB_PLAY_ask, 10 * MINUTE_S);
        return true;
    }
    if (hub_play_happens(self, 60)) {
        next(self, HUB_PLAY_leave, HOUR_S);
        return true;
    }
    return false;
}

static bool after_leave(struct hub_play_life *self)
{
    if (self->visit >= 3 || !hub_play_happens(self, 25)) {
        return false;
    }
    begin_visit(self);
    wait(self, 2 * HOUR_S);
    return true;
}

bool hub_play_go_on(struct hub_play_life *self)
{
    switch ((enum hub_play_turn) self->turn) {
    case HUB_PLAY_arrive: next(self, HUB_PLAY_ask, 15); return true;
    case HUB_PLAY_ask: after_ask(self); return true;
    case HUB_PLAY_answer: after_answer(self); return true;
    case HUB_PLAY_advise: next(self, HUB_PLAY_move, 5); return true;
    case HUB_PLAY_move: next(self, HUB_PLAY_ask, 20); return true;
    case HUB_PLAY_look: next(self, HUB_PLAY_ask, 20); return true;
    case HUB_PLAY_settle: return after_settle(self);
    case HUB_PLAY_leave: return after_leave(self);
    case HUB_PLAY_want: next(self, HUB_PLAY_take, 2 * MINUTE_S); return true;
    case HUB_PLAY_take: next(self, HUB_PLAY_answer, answer_s(self)); return true;
    case HUB_PLAY_finish: self->is_helped = false; return after_settle(self);
    case HUB_PLAY_TURNS: break;
    }
    return false;
}

const char *hub_play_issue(const struct hub_play_life *self)
{
    return topics[self->topic].issue;
}

void hub_play_words(struct hub_play_life *self, bool is_customer, char *ret_text, size_t size)
{
    const char *at = !is_customer      ? topics[self->topic].answers
                     : self->said == 0 ? topics[self->topic].first
                                       : topics[self->topic].later;
    unsigned count = 1;
    for (const char *bar = strchr(at, '|'); bar != NULL; bar = strchr(bar + 1, '|')) {
        count++;
    }
    for (uint64_t skip = hub_play_chance(self, count); skip > 0; skip--) {
        at = strchr(at, '|') + 1;
    }
    snprintf(ret_text, size, "%.*s", (int) strcspn(at, "|"), at);
}
