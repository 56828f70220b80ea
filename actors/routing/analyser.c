/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The lexicon at work, in one pass.
 *
 * Words are hashed while they are read. Behind each word the last three, two and one words are looked up, longest first; a
 * longer row takes the place of rows within it ("not working" of "not"). A negation turns round what follows within three
 * words: pleased becomes displeased, displeased and urgent become nothing. Then the worst mood counts, one step worse
 * where it was strengthened or where two displeased rows stand; praise that outweighs it makes it neutral. */
#include "actors/routing/analyser.h"

#include "actors/lexicon_slots.h" /* made by the build: lexicon_index.c */
#include "actors/routing/lexicon_hash.h"

enum { HITS = 16, REACH = 3, ROWS_NEVER = -100, MOOD_WORST = -4, MOOD_BEST = 2 };

static const struct hub_lexicon_row rows[] = {
#define WORDS(number_, words_, ...) { .number = number_, .words = words_, __VA_ARGS__ },
#include "actors/routing/lexicon.def"
#undef WORDS
};

enum { ROWS = sizeof rows / sizeof rows[0] };

struct hit {
    const struct hub_lexicon_row *row;
    int first; /* word that it begins with */
};

struct text {
    uint64_t words[HUB_LEXICON_WORDS]; /* hashes of the last ones, the newest first */
    int word;                          /* number of the newest, from 0 */
    struct hit hits[HITS];
    unsigned count;
};

static const struct hub_lexicon_row *find(uint64_t hash)
{
    for (size_t slot = hub_lexicon_slot(hash, SLOTS); slots[slot].row != 0; slot = (slot + 1) % SLOTS) {
        if (slots[slot].hash == hash) {
            return &rows[slots[slot].row - 1];
        }
    }
    return NULL;
}

static void add_hit(struct text *self, const struct hub_lexicon_row *row, int words)
{
    int first = self->word - words + 1;
    while (self->count > 0 && self->hits[self->count - 1].first >= first) {
        self->count--;
    }
    if (self->count < HITS) {
        self->hits[self->count++] = (struct hit){ row, first };
    }
}

static void end_word(struct text *self, uint64_t hash)
{
    self->word++;
    self->words[2] = self->words[1];
    self->words[1] = self->words[0];
    self->words[0] = hash;
    const uint64_t two = hub_lexicon_join(self->words[1], hash);
    const uint64_t three = hub_lexicon_join(hub_lexicon_join(self->words[2], self->words[1]), hash);
    const uint64_t hashes[HUB_LEXICON_WORDS] = { hash, two, three };
    for (int words = HUB_LEXICON_WORDS; words > 0; words--) {
        const struct hub_lexicon_row *row = find(hashes[words - 1]);
        if (row != NULL) {
            add_hit(self, row, words);
            return;
        }
    }
}

/* Neither a row nor a negation reaches over the end of a clause. */
static void end_clause(struct text *self)
{
    self->word += REACH;
    memset(self->words, 0, sizeof self->words);
}

static bool ends_clause(char byte)
{
    return byte == '.' || byte == ',' || byte == '!' || byte == '?' || byte == ';' || byte == '\n';
}

/* The apostrophe of typesetters, U+2019, is read as the one of typewriters. */
static bool is_apostrophe(struct hub_span text, size_t at)
{
    return at + 2 < text.len && memcmp(text.at + at, "\xE2\x80\x99", 3) == 0;
}

static void read_words(struct text *self, struct hub_span text)
{
    uint64_t hash = HUB_LEXICON_SEED;
    unsigned char before = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char letter = hub_lexicon_letter((unsigned char) text.at[i], before);
        if (letter == 0xE2 && is_apostrophe(text, i)) {
            letter = '\'';
            i += 2;
        }
        if (letter != 0) {
            hash = hub_lexicon_byte(hash, letter);
        } else if (before != 0) {
            end_word(self, hash);
            hash = HUB_LEXICON_SEED;
        }
        if (ends_clause(text.at[i])) {
            end_clause(self);
        }
        before = letter;
    }
    if (before != 0) {
        end_word(self, hash);
    }
}

/* --- from hits to a result --- */

struct sums {
    int worst, best, total;
    unsigned displeased;
    unsigned urgency, intent;
};

static void add_evidence(struct hub_analysis *analysis, const struct hub_lexicon_row *row)
{
    if (row != NULL && analysis->count < HUB_ANALYSIS_EVIDENCE) {
        analysis->evidence[analysis->count++] = row->number;
    }
}

static void add_mood(struct sums *sums, int mood, bool is_negated, bool is_boosted)
{
    mood = is_negated ? (mood > 0 ? -2 : 0) : mood;
    mood += !is_boosted || is_negated || mood == 0 ? 0 : mood > 0 ? 1 : -1;
    mood = mood < MOOD_WORST ? MOOD_WORST : mood > MOOD_BEST ? MOOD_BEST : mood;
    sums->worst = mood < sums->worst ? mood : sums->worst;
    sums->best = mood > sums->best ? mood : sums->best;
    sums->displeased += mood <= -2;
    sums->total += mood;
}

static void add_row(struct sums *sums, const struct hub_lexicon_row *row, bool is_negated, bool is_boosted)
{
    add_mood(sums, row->mood, is_negated, is_boosted);
    if (is_negated) {
        return;
    }
    sums->urgency = row->urgency > sums->urgency ? row->urgency : sums->urgency;
    if (row->intent != 0 && (sums->intent == 0 || row->intent < sums->intent)) {
        sums->intent = row->intent;
    }
}

static unsigned mood_of(const struct sums *sums, bool has_mood)
{
    static const uint16_t moods[] = { sentiment_angry,   sentiment_frustrated, sentiment_negative, sentiment_concerned,
                                      sentiment_neutral, sentiment_satisfied,  sentiment_positive };
    int mood = sums->worst < 0 ? sums->worst : sums->best;
    if (sums->worst < 0 && sums->total > 0) {
        mood = 0;
    } else if (sums->worst == -2 && sums->displeased > 1) {
        mood = -3;
    }
    return has_mood ? moods[mood - MOOD_WORST] : 0;
}

static void conclude(const struct text *text, struct hub_analysis *ret)
{
    const struct hub_lexicon_row *negation = NULL, *boost = NULL;
    int negation_at = ROWS_NEVER, boost_at = ROWS_NEVER;
    struct sums sums = { 0 };
    bool has_mood = false;
    for (unsigned i = 0; i < text->count; i++) {
        const struct hit *hit = &text->hits[i];
        if (hit->row->negates) {
            negation = hit->row;
            negation_at = hit->first;
        } else if (hit->row->boosts) {
            boost = hit->row;
            boost_at = hit->first;
        } else {
            bool is_negated = hit->first - negation_at <= REACH;
            bool is_boosted = hit->first - boost_at == 1;
            add_evidence(ret, is_negated ? negation : NULL);
            add_evidence(ret, is_boosted ? boost : NULL);
            add_evidence(ret, hit->row);
            add_row(&sums, hit->row, is_negated, is_boosted);
            has_mood |= hit->row->mood != 0;
            negation_at = is_negated ? ROWS_NEVER : negation_at;
        }
    }
    ret->sentiment = (uint16_t) mood_of(&sums, has_mood);
    ret->urgency = (uint16_t) sums.urgency;
    ret->intent = (uint16_t) sums.intent;
}

static void analyse(struct hub_span text, struct hub_analysis *ret_analysis)
{
    struct text read = { .word = -1, .count = 0 };
    *ret_analysis = (struct hub_analysis){ 0 };
    read_words(&read, text);
    if (read.count > 0) {
        conclude(&read, ret_analysis);
    }
}

const struct hub_analyser hub_analyser_lexicon = { .version = HUB_LEXICON_VERSION, .analyse = analyse };

const struct hub_analyser *hub_analyser(void)
{
    return &hub_analyser_lexicon;
}

const struct hub_lexicon_row *hub_lexicon_row(uint64_t number)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].number == number) {
            return &rows[i];
        }
    }
    return NULL;
}
