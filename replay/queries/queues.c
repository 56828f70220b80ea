/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `queues`: how long the queues are, and how long one waits. */
#include "base/error.h"
#include "replay/queries/customer_rows.h"
#include "replay/views/waiting.h"

enum { PAGES = 1000 };

static const int64_t second_us = 1000000;

struct walk {
    const struct hub_reading *reading;
    struct queue_list *list;
    int error;
};

struct first {
    const struct hub_reading *reading;
    struct waiting_row help;
    bool found;
    int error;
};

static bool take_first(void *arg, struct hub_span key, struct hub_span value)
{
    struct first *first = arg;
    (void) key;
    first->error = hub_reading_waiting(first->reading, value, &first->help);
    first->found = first->error == 0;
    return false;
}

static int show_first(const struct hub_reading *reading, struct queue_shown *shown)
{
    static const struct hub_span from_first = { NULL, 0 };
    struct first first = { .reading = reading };
    struct hub_row_key key = hub_waiting_key(reading->company, 'q', shown->page_id);
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(&key), from_first, take_first, &first);
    if (done != 0 || first.error != 0 || !first.found) {
        return done != 0 ? done : first.error;
    }
    int64_t passed_us = reading->now_us - first.help.waiting_since;
    HUB_SET(queue_shown, shown, longest_waiting_since, first.help.waiting_since);
    HUB_SET(queue_shown, shown, longest_waiting_seconds, passed_us > 0 ? (uint64_t) (passed_us / second_us) : 0);
    return 0;
}

static bool show(void *arg, struct hub_span key, struct hub_span value)
{
    struct walk *walk = arg;
    struct waiting_page counts;
    uint64_t seconds;
    (void) key;
    walk->error = hub_reading_take(walk->reading, value, &waiting_page_shape, &counts);
    if (walk->error != 0) {
        return false;
    }
    struct queue_shown *shown = &walk->list->queues.at[walk->list->queues.count++];
    HUB_COPY(queue_shown, shown, waiting_page, &counts, page_id);
    HUB_COPY(queue_shown, shown, waiting_page, &counts, channel);
    HUB_COPY(queue_shown, shown, waiting_page, &counts, waiting);
    HUB_COPY(queue_shown, shown, waiting_page, &counts, assigned);
    HUB_COPY(queue_shown, shown, waiting_page, &counts, handled);
    if (hub_queue_average(&counts, &seconds)) {
        HUB_SET(queue_shown, shown, average_handling_seconds, seconds);
    }
    if (hub_queue_estimate(&counts, counts.waiting + 1, &seconds)) {
        HUB_SET(queue_shown, shown, estimated_wait_seconds, seconds);
    }
    walk->error = counts.waiting > 0 ? show_first(walk->reading, shown) : 0;
    return walk->error == 0 && walk->list->queues.count < PAGES;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    static const struct hub_span from_first = { NULL, 0 };
    const struct queues_query *query = params;
    struct queue_list *list = ret_answer;
    struct walk walk = { .reading = reading, .list = list };
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_waiting, reading->company);
    if (HUB_HAS(queues_query, query, page_id)) {
        prefix = hub_waiting_key(reading->company, 'p', query->page_id);
    } else {
        hub_row_key_byte(&prefix, 'p');
    }
    list->queues.at = HUB_NEW_ARRAY(reading->arena, struct queue_shown, PAGES);
    HUB_MARK(queue_list, list, queues);
    HUB_SET(queue_list, list, as_of, reading->now_us);
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), from_first, show, &walk);
    return done != 0 ? done : walk.error;
}

const struct hub_query_info hub_query_queues = {
    .name = "queues",
    .params = &queues_query_shape,
    .answer = &queue_list_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_waiting,
    .answer_fn = answer,
};
