/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queries `stopped` and `customer_row`: the customers who want a person, and one of them after a change. */
#include "base/error.h"
#include "replay/queries/customer_rows.h"
#include "replay/views/waiting.h"

enum { LIMIT = 50, PAGES = 1000 };

/* How many were passed of a queue. */
struct passed {
    char page[HUB_WAITING_PAGE];
    uint32_t count;
};

struct walk {
    const struct hub_reading *reading;
    struct stopped_list *list;
    uint32_t skip, limit;
    struct passed *passed;
    uint32_t pages;
    int error;
};

/* The next place in the queue of an inbox, given the last bytes of the row's key; 0 when there are too many inboxes. */
static uint32_t next_place(struct walk *walk, struct hub_span own_key)
{
    const char *page = own_key.at + own_key.len - HUB_WAITING_PAGE;
    for (uint32_t i = 0; i < walk->pages; i++) {
        if (memcmp(walk->passed[i].page, page, HUB_WAITING_PAGE) == 0) {
            return ++walk->passed[i].count;
        }
    }
    if (walk->pages == PAGES) {
        return 0;
    }
    struct passed *first = &walk->passed[walk->pages++];
    memcpy(first->page, page, HUB_WAITING_PAGE);
    return first->count = 1;
}

static bool show(void *arg, struct hub_span key, struct hub_span value)
{
    struct walk *walk = arg;
    struct index_row place_row;
    struct waiting_row help;
    (void) key;
    walk->error = hub_reading_take(walk->reading, value, &index_row_shape, &place_row);
    if (walk->error != 0 || place_row.digest.len < HUB_WAITING_PAGE) {
        walk->error = -1;
        return false;
    }
    uint32_t place = next_place(walk, place_row.digest);
    if (walk->skip > 0) {
        walk->skip--;
        return true;
    }
    walk->error = hub_reading_waiting(walk->reading, value, &help);
    if (walk->error == 0) {
        struct customer_row *row = &walk->list->customers.at[walk->list->customers.count++];
        walk->error = hub_show_waiting(walk->reading, &help, place, row);
    }
    return walk->error == 0 && walk->list->customers.count < walk->limit;
}

static bool add_counts(void *arg, struct hub_span key, struct hub_span value)
{
    struct walk *walk = arg;
    struct waiting_page counts;
    (void) key;
    walk->error = hub_reading_take(walk->reading, value, &waiting_page_shape, &counts);
    walk->list->total += walk->error == 0 ? counts.waiting + counts.assigned : 0;
    return walk->error == 0;
}

static int scan(struct walk *walk, const struct hub_row_key *prefix,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value))
{
    static const struct hub_span from_first = { NULL, 0 };
    const struct hub_rows *rows = &walk->reading->rows;
    int done = rows->scan(rows->self, hub_row_key_span(prefix), from_first, visit, walk);
    return done != 0 ? done : walk->error;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct stopped_query *query = params;
    struct stopped_list *list = ret_answer;
    struct walk walk = { .reading = reading, .list = list, .skip = query->skip };
    bool has_page = HUB_HAS(stopped_query, query, page_id);
    struct hub_row_key rows = hub_row_key(HUB_VIEW_waiting, reading->company), counts = rows;
    if (has_page) {
        rows = hub_waiting_key(reading->company, 'q', query->page_id);
        counts = hub_waiting_key(reading->company, 'p', query->page_id);
    } else {
        hub_row_key_byte(&rows, 'a');
        hub_row_key_byte(&counts, 'p');
    }
    walk.limit = HUB_HAS(stopped_query, query, limit) ? query->limit : LIMIT;
    walk.passed = HUB_NEW_ARRAY(reading->arena, struct passed, PAGES);
    list->customers.at = HUB_NEW_ARRAY(reading->arena, struct customer_row, walk.limit);
    HUB_MARK(stopped_list, list, customers);
    HUB_SET(stopped_list, list, total, 0);
    HUB_SET(stopped_list, list, as_of, reading->now_us);
    int done = scan(&walk, &rows, show);
    return done == 0 ? scan(&walk, &counts, add_counts) : done;
}

static int answer_row(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct help_changed *changed = params;
    struct customer_row_reply *reply = ret_answer;
    HUB_SET(customer_row_reply, reply, success, true);
    HUB_SET(customer_row_reply, reply, customer, HUB_NEW(reading->arena, struct customer_row));
    return hub_show_customer_row(reading, changed->customer, changed->page_id, reply->customer);
}

const struct hub_query_info hub_query_stopped = {
    .name = "stopped",
    .params = &stopped_query_shape,
    .answer = &stopped_list_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_waiting,
    .answer_fn = answer,
};

const struct hub_query_info hub_query_customer_row = {
    .name = "customer_row",
    .params = &help_changed_shape,
    .answer = &customer_row_reply_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_waiting,
    .answer_fn = answer_row,
};
