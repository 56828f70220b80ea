/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `accesses`: who read whose data, from the files beside the log. */
#include "base/error.h"
#include "log/access/access.h"
#include "replay/queries/log_queries.h"

enum { LIMIT = 100, ENTRY_BYTES = 4096 };

struct search {
    const struct hub_reading *reading;
    const struct accesses_query *query;
    struct hub_ulid customer; /* none: any */
    struct access_page *page;
    uint32_t limit;
};

static void show(const struct search *self, uint64_t number, const struct access_entry *entry)
{
    struct access_shown *shown = &self->page->accesses.at[self->page->accesses.count++];
    HUB_SET(access_shown, shown, number, number);
    HUB_COPY(access_shown, shown, access_entry, entry, time);
    HUB_COPY(access_shown, shown, access_entry, entry, principal);
    HUB_COPY(access_shown, shown, access_entry, entry, credential);
    HUB_COPY(access_shown, shown, access_entry, entry, role);
    HUB_COPY(access_shown, shown, access_entry, entry, account);
    HUB_COPY(access_shown, shown, access_entry, entry, what);
    HUB_COPY(access_shown, shown, access_entry, entry, customers);
    HUB_COPY(access_shown, shown, access_entry, entry, everybody);
    HUB_COPY(access_shown, shown, access_entry, entry, purpose);
    if (HUB_HAS(access_entry, entry, purpose_of_many)) {
        HUB_SET(access_shown, shown, purpose, ((hub_sealed){ .clear = entry->purpose_of_many }));
    }
}

static bool is_wanted(const struct search *self, const struct access_entry *entry)
{
    bool is_early = HUB_HAS(accesses_query, self->query, from) && entry->time < self->query->from;
    return hub_ulid_is(entry->company, self->reading->company) && !is_early && entry->time <= self->reading->now_us &&
           (hub_ulid_is_none(self->customer) || hub_access_concerns(entry, self->customer));
}

/* Returns 0, or an error. */
static int search(const struct search *self, struct hub_access_scan *scan)
{
    struct hub_arena *scratch = hub_arena_new(ENTRY_BYTES);
    struct access_entry entry;
    const char *why = NULL;
    uint64_t number, last = 0;
    int more;
    while ((more = hub_access_scan_next(scan, scratch, &number, &entry, &why)) == 1) {
        if (is_wanted(self, &entry)) {
            if (self->page->accesses.count == self->limit) {
                HUB_SET(access_page, self->page, next_cursor, hub_reading_cursor_print(self->reading, last));
                break;
            }
            const struct access_entry *kept = hub_record_copy(&access_entry_shape, &entry, self->reading->arena);
            show(self, number, kept);
            last = number;
        }
        hub_arena_reset(scratch);
    }
    hub_arena_destroy(&scratch);
    return more < 0
               ? hub_reading_refuse(self->reading, HUB_ERROR_internal, "", "%s; 'omnihub audit verify' says where", why)
               : 0;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct accesses_query *query = params;
    struct search self = { .reading = reading, .query = query, .page = ret_answer };
    uint64_t after = 0;
    int done = hub_reading_cursor_parse(reading, query->cursor, &after);
    if (done == 0 && HUB_HAS(accesses_query, query, customer_id)) {
        done = hub_reading_named(reading, KIND_customer, &self.customer);
    }
    if (done != 0) {
        return done;
    }
    self.limit = HUB_HAS(accesses_query, query, limit) ? query->limit : LIMIT;
    self.page->accesses.at = HUB_NEW_ARRAY(reading->arena, struct access_shown, self.limit);
    HUB_MARK(access_page, self.page, accesses);
    struct hub_access_scan *scan = hub_access_scan_open(reading->data_dir, after + 1);
    done = search(&self, scan);
    hub_access_scan_close(&scan);
    return done;
}

const struct hub_query_info hub_query_accesses = {
    .name = "accesses",
    .params = &accesses_query_shape,
    .answer = &access_page_shape,
    .scope = HUB_SCOPE_log,
    .answer_fn = answer,
};
