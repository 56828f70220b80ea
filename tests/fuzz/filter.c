/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all as a filter over sample.def (libFuzzer).
 *
 * A refusal has a place within the text and a reason. What compiles is evaluated on the emptiest, a mixed and the fullest
 * record; its negation holds exactly when it does not; why it does not hold is a part of its text. */
#include <stdlib.h>

#include "base/filter.h"
#include "tests/base/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_us = INT64_C(1767225600000000);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

/* "not (TEXT)", NULL where that is too long or too deep. */
static const struct hub_filter *negated(struct hub_span text, struct hub_arena *arena)
{
    static const char before[] = "not (", after[] = "\n)";
    const struct hub_filter *filter = NULL;
    size_t len = sizeof before - 1 + text.len + sizeof after - 1;
    char *longer = hub_arena_get(arena, len);
    memcpy(longer, before, sizeof before - 1);
    memcpy(longer + sizeof before - 1, text.at, text.len);
    memcpy(longer + len - (sizeof after - 1), after, sizeof after - 1);
    hub_filter_compile(hub_span_of(longer, len), &sample_shape, arena, &filter, NULL);
    return filter;
}

static void check(const struct hub_filter *filter, const struct hub_filter *other, struct hub_arena *arena)
{
    for (unsigned fill = FILL_LEAST; fill <= FILL_MIXED; fill++) {
        struct sample *record = HUB_NEW(arena, struct sample);
        sample_fill(&sample_shape, record, (enum fill) fill, 7, arena);
        bool holds = hub_filter_holds(filter, record, now_us);
        struct hub_span why_not = hub_filter_why_not(filter, record, now_us);
        struct hub_span text = hub_filter_text(filter);
        must(holds == (why_not.len == 0));
        must(holds || (why_not.at >= text.at && why_not.at + why_not.len <= text.at + text.len));
        must(other == NULL || hub_filter_holds(other, record, now_us) == !holds);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_filter_fault fault = { .at = SIZE_MAX };
    const struct hub_filter *filter = NULL;
    const struct hub_span text = hub_span_of(data, size);
    if (hub_filter_compile(text, &sample_shape, arena, &filter, &fault) == 0) {
        check(filter, negated(text, arena), arena);
    } else {
        must(fault.at <= size && fault.reason[0] != '\0' && memchr(fault.reason, '\0', sizeof fault.reason) != NULL);
    }
    hub_arena_destroy(&arena);
    return 0;
}
