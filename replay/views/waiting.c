/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `waiting`: who wants a person, in the order of the queues, and what is counted for each queue. Who came back from an
 * agent who vanished stands before the others. */
#include "replay/views/waiting.h"

#include "base/digest.h"
#include "base/error.h"
#include "replay/views/all.h"

enum { RECENT = 20 };

struct hub_row_key hub_waiting_key(struct hub_ulid company, uint8_t what, struct hub_span page_id)
{
    struct hub_digest digest = hub_sha256(page_id);
    struct hub_row_key key = hub_row_key(HUB_VIEW_waiting, company);
    hub_row_key_byte(&key, what);
    hub_row_key_add(&key, digest.b, HUB_WAITING_PAGE);
    return key;
}

struct hub_row_key hub_waiting_key_of(struct hub_ulid company, struct hub_ulid customer, struct hub_span page_id)
{
    struct hub_digest digest = hub_sha256(page_id);
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_waiting, company, 'h', customer);
    hub_row_key_add(&key, digest.b, HUB_WAITING_PAGE);
    return key;
}

static uint8_t rank_of(const struct waiting_row *row)
{
    if (row->status != help_status_waiting) {
        return HUB_WAITING_ASSIGNED;
    }
    return HUB_HAS(waiting_row, row, returned) && row->returned ? HUB_WAITING_FIRST : HUB_WAITING_NEXT;
}

/* Where the row stands in the queue of its inbox, and among all. */
static void index_keys(const struct event_header *header, const struct waiting_row *row, struct hub_row_key ret_keys[2])
{
    struct hub_row_key *page = &ret_keys[0], *all = &ret_keys[1];
    struct hub_digest digest = hub_sha256(row->page_id);
    *page = hub_waiting_key(header->company, 'q', row->page_id);
    hub_row_key_byte(page, rank_of(row));
    hub_row_key_be64(page, (uint64_t) row->waiting_since);
    hub_row_key_id(page, row->customer);
    *all = hub_row_key(HUB_VIEW_waiting, header->company);
    hub_row_key_byte(all, 'a');
    hub_row_key_byte(all, rank_of(row));
    hub_row_key_be64(all, (uint64_t) row->waiting_since);
    hub_row_key_id(all, row->customer);
    hub_row_key_add(all, digest.b, HUB_WAITING_PAGE);
}

static void leave(struct hub_view_fold *self, const struct event_header *header, const struct waiting_row *row)
{
    struct hub_row_key keys[2];
    index_keys(header, row, keys);
    hub_fold_drop(self, &keys[0]);
    hub_fold_drop(self, &keys[1]);
}

static void stand(struct hub_view_fold *self, const struct event_header *header, const struct waiting_row *row)
{
    struct hub_row_key keys[2], own = hub_waiting_key_of(header->company, row->customer, row->page_id);
    struct index_row place = { 0 };
    HUB_SET(index_row, &place, digest, hub_row_key_span(&own));
    index_keys(header, row, keys);
    hub_fold_put(self, &keys[0], &index_row_shape, &place);
    hub_fold_put(self, &keys[1], &index_row_shape, &place);
}

/* A wish as it is worked on, with what is counted for its queue. */
struct work {
    struct hub_view_fold *fold;
    const struct event_header *header;
    struct hub_row_key key;
    struct hub_folded *help, *page;
    struct waiting_row *row;
    struct waiting_page *counts;
};

static int open_work(struct work *work, struct hub_span page_id)
{
    struct hub_row_key page = hub_waiting_key(work->header->company, 'p', page_id);
    work->key = hub_waiting_key_of(work->header->company, work->header->entity, page_id);
    int done = hub_fold_open(work->fold, &work->key, &waiting_row_shape, &work->help);
    done = done == 0 ? hub_fold_open(work->fold, &page, &waiting_page_shape, &work->page) : done;
    if (done == 0) {
        work->row = work->help->record;
        work->counts = work->page->record;
    }
    return done;
}

static int requested(struct work *work, const struct customer_help_requested *event)
{
    if (!work->help->is_new) {
        return HUB_ERROR_internal;
    }
    struct waiting_row *row = work->row;
    struct waiting_page *counts = work->counts;
    HUB_SET(waiting_row, row, customer, work->header->entity);
    HUB_SET(waiting_row, row, page_id, hub_arena_copy(work->help->arena, event->page_id));
    HUB_COPY(waiting_row, row, customer_help_requested, event, session);
    HUB_COPY(waiting_row, row, customer_help_requested, event, channel);
    HUB_COPY(waiting_row, row, customer_help_requested, event, cause);
    HUB_SET(waiting_row, row, status, help_status_waiting);
    HUB_SET(waiting_row, row, waiting_since, work->header->decided_at);
    if (HUB_HAS(customer_help_requested, event, reason)) {
        hub_keep_sealed(work->help->arena, &row->reason, &event->reason);
        HUB_MARK(waiting_row, row, reason);
    }
    if (work->page->is_new) {
        HUB_SET(waiting_page, counts, page_id, hub_arena_copy(work->page->arena, event->page_id));
        HUB_SET(waiting_page, counts, waiting, 0);
        HUB_SET(waiting_page, counts, assigned, 0);
        HUB_SET(waiting_page, counts, handled, 0);
    }
    HUB_SET(waiting_page, counts, channel, event->channel);
    counts->waiting++;
    return 0;
}

static void assigned(struct work *work, const struct customer_assigned *event)
{
    if (work->row->status == help_status_waiting) {
        work->counts->waiting--;
        work->counts->assigned++;
    }
    HUB_SET(waiting_row, work->row, status, help_status_assigned);
    HUB_SET(waiting_row, work->row, agent, event->agent);
    HUB_SET(waiting_row, work->row, assigned_at, work->header->decided_at);
    HUB_CLEAR(waiting_row, work->row, returned);
}

static void released(struct work *work, const struct customer_released *event)
{
    work->counts->waiting++;
    work->counts->assigned--;
    HUB_SET(waiting_row, work->row, status, help_status_waiting);
    HUB_CLEAR(waiting_row, work->row, agent);
    HUB_CLEAR(waiting_row, work->row, assigned_at);
    if (event->why == release_why_lost || event->why == release_why_removed) {
        HUB_SET(waiting_row, work->row, returned, true);
    }
}

static void remember_length(struct work *work, int64_t handled_us)
{
    hub_list *recent = &work->counts->recent;
    int64_t *lengths = HUB_NEW_ARRAY(work->page->arena, int64_t, RECENT);
    uint32_t kept = recent->count < RECENT ? recent->count : RECENT - 1;
    if (kept > 0) {
        memcpy(lengths, (const int64_t *) recent->at + (recent->count - kept), kept * sizeof *lengths);
    }
    lengths[kept] = handled_us;
    *recent = (hub_list){ .at = lengths, .count = kept + 1 };
    HUB_MARK(waiting_page, work->counts, recent);
    work->counts->handled++;
}

static void ended(struct work *work, const struct customer_help_ended *event)
{
    if (work->row->status == help_status_waiting) {
        work->counts->waiting--;
    } else {
        work->counts->assigned--;
    }
    if (HUB_HAS(customer_help_ended, event, handled_us)) {
        remember_length(work, event->handled_us);
    }
}

static int change(struct work *work, const struct hub_view_event *event)
{
    if (work->header->type == customer_help_requested_id) {
        return requested(work, event->record);
    }
    if (work->help->is_new) {
        return HUB_ERROR_internal;
    }
    leave(work->fold, work->header, work->row);
    switch (work->header->type) {
    case customer_assigned_id: assigned(work, event->record); break;
    case customer_released_id: released(work, event->record); break;
    case customer_wrapping_id: HUB_SET(waiting_row, work->row, status, help_status_wrapping); break;
    default: ended(work, event->record); break;
    }
    return 0;
}

/* Every event of a help begins with its inbox. */
static struct hub_span page_of(const struct hub_view_event *event)
{
    return *(const struct hub_span *) hub_record_field_const(event->record, &event->shape->fields[0]);
}

static const uint16_t types[] = { customer_help_requested_id, customer_help_ended_id, customer_assigned_id,
                                  customer_released_id,       customer_wrapping_id,   0 };

static bool knows(uint32_t type)
{
    switch (type) {
    case customer_help_requested_id:
    case customer_help_ended_id:
    case customer_assigned_id:
    case customer_released_id:
    case customer_wrapping_id: return true;
    default: return false;
    }
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    struct work work = { .fold = self, .header = &event->stored->header };
    if (!knows(work.header->type)) {
        return 0;
    }
    int done = open_work(&work, page_of(event));
    done = done == 0 ? change(&work, event) : done;
    if (done != 0) {
        return done;
    }
    hub_fold_touch(self, work.page);
    if (work.header->type == customer_help_ended_id) {
        hub_fold_drop(self, &work.key);
        return 0;
    }
    hub_fold_touch(self, work.help);
    stand(self, work.header, work.row);
    return 0;
}

const struct hub_view_info hub_view_waiting = {
    .name = "waiting",
    .number = HUB_VIEW_waiting,
    .version = 1,
    .fold = fold,
    .types = types,
    .doc = "Who wants a person, in the order of the queues.",
};
