/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all as a message to the analyser (libFuzzer).
 *
 * What it finds are words of the vocabularies, with rows of the lexicon as evidence and never without; small or capital ASCII
 * letters, and what stands before a sentence of its own, make no difference to that sentence's evidence. */
#include <stdlib.h>

#include "actors/routing/analyser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static struct hub_analysis analysed(const char *at, size_t len)
{
    struct hub_analysis analysis;
    hub_analyser()->analyse(hub_span_of(at, len), &analysis);
    must(analysis.count <= HUB_ANALYSIS_EVIDENCE);
    must(analysis.sentiment != sentiment_unknown && analysis.sentiment <= sentiment_angry);
    must(analysis.urgency <= urgency_critical && analysis.intent <= intent_delivery);
    must(analysis.count > 0 || (analysis.sentiment == 0 && analysis.urgency == 0 && analysis.intent == 0));
    for (unsigned i = 0; i < analysis.count; i++) {
        must(hub_lexicon_row(analysis.evidence[i]) != NULL);
    }
    return analysis;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char before[] = "nothing to say here. ";
    char *text = malloc(size + sizeof before);
    must(text != NULL);
    memcpy(text, before, sizeof before - 1);
    for (size_t i = 0; i < size; i++) {
        char byte = (char) data[i];
        text[sizeof before - 1 + i] = byte >= 'a' && byte <= 'z' ? (char) (byte - 'a' + 'A') : byte;
    }
    struct hub_analysis plain = analysed((const char *) data, size);
    struct hub_analysis other = analysed(text, sizeof before - 1 + size);
    must(memcmp(&plain, &other, sizeof plain) == 0);
    free(text);
    return 0;
}
