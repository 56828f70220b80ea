/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `person`: everything that is held about a customer, a page at a time. A page ends where it has enough entries or
 * bytes; its cursor names the last event and the last reading that it showed, as the two are merged by time, and the moment of
 * the first page, so that all are of one: each page that is read is a reading, too. */
#include <inttypes.h>
#include <stdio.h>

#include "actors/customer/customer.h"
#include "base/error.h"
#include "base/json.h"
#include "replay/history.h"
#include "replay/queries/log_queries.h"

enum { LIMIT = 1000, PAGE_BYTES = 4 << 20, SCRATCH = 65536, CURSOR = 96 };

enum mark { EVENT, ACCESS /* the last that are shown */, TO, UNTIL_US /* the moment of the first page */, MARKS };

struct page {
    const struct hub_reading *reading;
    struct hub_history history;
    struct person_export *page;
    uint32_t limit;
    size_t bytes;
    uint64_t marks[MARKS]; /* what a cursor holds */
};

static void unseal(void *arg, const struct hub_shape *shape, void *record, struct hub_arena *arena)
{
    hub_log_query_open(arg, shape, record, arena);
}

static struct hub_span json_of(const struct page *self, const struct hub_shape *shape, const void *record)
{
    struct hub_buf text;
    hub_buf_init(&text);
    if (record != NULL) {
        hub_json_write(shape, record, HUB_DIALECT_snake, &text);
    } else {
        hub_buf_put_text(&text, "null");
    }
    struct hub_span kept = hub_arena_copy(self->reading->arena, hub_buf_span(&text));
    hub_buf_done(&text);
    return kept;
}

static void show(struct page *self, const struct hub_history_event *event)
{
    struct person_entry *entry = &self->page->events.at[self->page->events.count++];
    struct hub_span payload = json_of(self, event->shape, event->record);
    if (event->sequence > 0) {
        HUB_SET(person_entry, entry, sequence, event->sequence);
    }
    HUB_SET(person_entry, entry, time, event->time_us);
    if (event->shape != NULL) {
        HUB_SET(person_entry, entry, type, hub_span(event->shape->name));
    }
    HUB_SET(person_entry, entry, what, hub_span(hub_history_doc(event)));
    HUB_SET(person_entry, entry, who, hub_arena_copy(self->reading->arena, hub_span(event->who)));
    HUB_SET(person_entry, entry, payload, payload);
    if (event->sequence > 0) {
        self->marks[EVENT] = event->sequence;
    } else {
        self->marks[ACCESS] = event->number;
    }
    self->bytes += payload.len;
}

/* The first mark as a position, which says whose cursor it is; the others as numbers, each behind a "~". */
static void print_cursor(struct page *self)
{
    struct hub_span position = hub_reading_cursor_print(self->reading, self->marks[EVENT]);
    char text[CURSOR];
    int len = snprintf(text, sizeof text, "%.*s~%" PRIu64 "~%" PRIu64 "~%" PRIu64, (int) position.len, position.at,
                       self->marks[ACCESS], self->marks[TO], self->marks[UNTIL_US]);
    HUB_SET(person_export, self->page, next_cursor,
            hub_arena_copy(self->reading->arena, hub_span_of(text, (size_t) len)));
}

static bool parse_numbers(struct hub_span text, uint64_t marks[MARKS])
{
    enum { DIGITS = 18 };
    unsigned mark = EVENT
    , digits = 1;
    for (size_t i = 0; i < text.len; i++) {
        bool is_next = text.at[i] == '~' && digits > 0 && mark + 1 < MARKS;
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9' && digits < DIGITS;
        if (!is_next && !is_digit) {
            return false;
        }
        mark += is_next;
        digits = is_next ? 0 : digits + 1;
        marks[mark] = is_next ? 0 : marks[mark] * 10 + (uint64_t) (text.at[i] - '0');
    }
    return mark + 1 == MARKS && digits > 0;
}

static int parse_cursor(struct page *self, struct hub_span text)
{
    const char *numbers = text.len == 0 ? NULL : memchr(text.at, '~', text.len);
    size_t position = numbers == NULL ? text.len : (size_t) (numbers - text.at);
    self->marks[TO] = self->reading->at.sequence;
    self->marks[UNTIL_US] = (uint64_t) self->reading->now_us;
    if (text.len > 0 &&
        (position == 0 || !parse_numbers(hub_span_of(text.at + position, text.len - position), self->marks))) {
        return hub_reading_refuse(self->reading, HUB_ERROR_invalid_query, "/cursor", "It must be as an answer had it.");
    }
    if (self->marks[TO] > self->reading->at.sequence) {
        self->marks[TO] = self->reading->at.sequence;
    }
    return hub_reading_cursor_parse(self->reading, hub_span_of(text.at, position), &self->marks[EVENT]);
}

/* Entry after entry, until there are enough. Returns 0, or an error with the reading's fault. */
static int fill(struct page *self)
{
    struct hub_arena *scratch = hub_arena_new(SCRATCH);
    struct hub_history_event event;
    const char *why = "";
    int more = 1;
    while (self->page->events.count < self->limit && self->bytes < PAGE_BYTES &&
           (more = hub_history_next(&self->history, scratch, &event, &why)) == 1) {
        show(self, &event);
        hub_arena_reset(scratch);
    }
    hub_arena_destroy(&scratch);
    if (more == 1) {
        print_cursor(self);
    }
    return more >= 0 ? 0
                     : hub_reading_refuse(self->reading, HUB_ERROR_internal, "",
                                          "%s; 'omnihub audit verify' says where", why);
}

static int begin(struct page *self, struct hub_ulid customer)
{
    const struct hub_reading *reading = self->reading;
    const struct hub_history_of of = {
        .log = reading->log,
        .data_dir = reading->data_dir,
        .company = reading->company,
        .customer = customer,
        .to = self->marks[TO],
        .until_us = (int64_t) self->marks[UNTIL_US],
        .after = self->marks[EVENT],
        .after_read = self->marks[ACCESS],
        .open = unseal,
        .open_arg = (void *) reading
    };
    int done = hub_history_begin(&self->history, &of);
    return done == HUB_ERROR_not_found
               ? hub_reading_refuse(reading, done, "/customer_id", "There was no such customer at that moment.")
               : done;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct person_query *query = params;
    struct page self = { .reading = reading, .page = ret_answer };
    struct hub_ulid customer;
    int done = parse_cursor(&self, query->cursor);
    done = done == 0 ? hub_reading_named(reading, KIND_customer, &customer) : done;
    if (done != 0) {
        return done;
    }
    self.limit = HUB_HAS(person_query, query, limit) ? query->limit : LIMIT;
    self.page->events.at = HUB_NEW_ARRAY(reading->arena, struct person_entry, self.limit);
    HUB_MARK(person_export, self.page, events);
    done = begin(&self, customer);
    if (done == 0) {
        HUB_SET(person_export, self.page, customer, customer);
        HUB_SET(person_export, self.page, as_of, self.marks[TO]);
        HUB_SET(person_export, self.page, as_of_time, self.history.to_time_us);
        HUB_SET(person_export, self.page, state, json_of(&self, &customer_state_shape, self.history.state));
        done = fill(&self);
    }
    hub_history_end(&self.history);
    return done;
}

const struct hub_query_info hub_query_person = {
    .name = "person",
    .params = &person_query_shape,
    .answer = &person_export_shape,
    .scope = HUB_SCOPE_log,
    .answer_fn = answer,
};
