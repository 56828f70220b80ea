/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a message says about its writer: mood, urgency and intent, with evidence.
 *
 * An analyser is a function with a version, so that another one (a model, say) can stand where the lexicon stands. Its
 * result travels in the event, so replay never asks again. */
#ifndef HUB_ACTORS_ROUTING_ANALYSER_H
#define HUB_ACTORS_ROUTING_ANALYSER_H

#include "actors/kinds.h"

enum { HUB_LEXICON_VERSION = 1, HUB_ANALYSIS_EVIDENCE = 8 };

struct hub_analysis {
    uint16_t sentiment; /* enum sentiment; 0: nothing spoke for one */
    uint16_t urgency;   /* enum urgency; 0 likewise */
    uint16_t intent;    /* enum intent; 0 likewise */
    uint16_t count;
    uint16_t
        evidence[HUB_ANALYSIS_EVIDENCE]; /* rows of lexicon.def in the order of the text; what turned a row round or
                                                 strengthened it stands before it */
};

struct hub_analyser {
    uint32_t version; /* of what it knows; in the event beside its result */
    /* Analyse a text. Pure: the same text gives the same result in every build. Allocates nothing. Any thread. */
    void (*analyse)(struct hub_span text, struct hub_analysis *ret_analysis);
};

/* The lexicon: English and German words with negation, one pass over the text. It does not understand irony, other
 * languages, or words that nobody listed. */
extern const struct hub_analyser hub_analyser_lexicon;

/* The one that the hub uses. */
const struct hub_analyser *hub_analyser(void);

/* A row of the lexicon by its number. */
struct hub_lexicon_row {
    uint16_t number;
    const char *words;
    int16_t mood; /* -4 angry .. 2 pleased, 0: says nothing of it */
    uint16_t urgency, intent;
    bool negates, boosts;
};

/* NULL when there is none. */
const struct hub_lexicon_row *hub_lexicon_row(uint64_t number);

#endif
