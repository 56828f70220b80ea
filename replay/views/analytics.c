/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `analytics`: what happens in a company, by channel and time. A message touches one row, the five minutes of its
 * channel; see replay/buckets.h for how these become hours and days. */
#include "base/digest.h"
#include "base/error.h"
#include "replay/buckets.h"
#include "replay/views/all.h"

/* One event on its way into the buckets. */
struct counting {
    struct hub_view_fold *fold;
    const struct event_header *header;
};

static struct channel_bucket *bucket_of(const struct hub_folded *row)
{
    return row->record;
}

/* --- Rolling up --- */

static int open_bucket(const struct counting *self, enum hub_bucket_size size, hub_enum channel, int64_t start_us,
                       struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_bucket_key(self->header->company, size, channel, start_us);
    int done = hub_fold_open(self->fold, &key, &channel_bucket_shape, ret_row);
    if (done == 0) {
        bucket_of(*ret_row)->has = hub_shape_mask(&channel_bucket_shape);
    }
    return done;
}

/* Add the bucket of a size that began at start_us to the next larger one. */
static int add_to_larger(const struct counting *self, enum hub_bucket_size size, hub_enum channel, int64_t start_us)
{
    struct hub_folded *row, *larger = NULL;
    int done = open_bucket(self, size, channel, start_us, &row);
    if (done == 0) {
        done = open_bucket(self, size + 1, channel, hub_bucket_start(size + 1, start_us), &larger);
    }
    if (done != 0) {
        return done;
    }
    if (larger->is_new) {
        bucket_of(larger)->active = bucket_of(row)->active;
    }
    hub_bucket_add(larger->record, row->record, larger->arena);
    hub_fold_touch(self->fold, larger);
    return 0;
}

/* The five minutes that began at last_us are over, as others begin at start_us. */
static int roll_up(const struct counting *self, hub_enum channel, int64_t last_us, int64_t start_us)
{
    int done = add_to_larger(self, HUB_BUCKET_minutes, channel, last_us);
    for (enum hub_bucket_size size = HUB_BUCKET_hour; done == 0 && size < HUB_BUCKET_day; size++) {
        int64_t ended_us = hub_bucket_start(size, last_us);
        if (ended_us == hub_bucket_start(size, start_us)) {
            break;
        }
        done = add_to_larger(self, size, channel, ended_us);
    }
    return done;
}

/* The first event of a channel's five minutes. */
static int begin(const struct counting *self, hub_enum channel, int64_t start_us, struct hub_folded *row)
{
    struct hub_row_key key = hub_bucket_now_key(self->header->company, channel);
    struct hub_folded *now, *before = NULL;
    int done = hub_fold_open(self->fold, &key, &channel_now_shape, &now);
    struct channel_now *last = done == 0 ? now->record : NULL;
    if (done == 0 && !now->is_new) {
        done = open_bucket(self, HUB_BUCKET_minutes, channel, last->bucket, &before);
        done = done == 0 ? roll_up(self, channel, last->bucket, start_us) : done;
    }
    if (done != 0) {
        return done;
    }
    bucket_of(row)->active = before != NULL ? hub_bucket_active(before->record) : 0;
    HUB_SET(channel_now, last, bucket, start_us);
    hub_fold_touch(self->fold, now);
    return 0;
}

/* The bucket that the event is counted in; it is stored. */
static int open_current(const struct counting *self, hub_enum channel, struct hub_folded **ret_row)
{
    int64_t start_us = hub_bucket_start(HUB_BUCKET_minutes, self->header->time);
    int done = open_bucket(self, HUB_BUCKET_minutes, channel, start_us, ret_row);
    if (done == 0 && (*ret_row)->is_new) {
        done = begin(self, channel, start_us, *ret_row);
    }
    if (done == 0) {
        hub_fold_touch(self->fold, *ret_row);
    }
    return done;
}

/* --- Counting --- */

static int open_place(const struct counting *self, struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_analytics, self->header->company, 's', self->header->entity);
    return hub_fold_open(self->fold, &key, &session_place_shape, ret_row);
}

static int count_opening(const struct counting *self, const struct session_opened *event)
{
    struct hub_folded *row, *place;
    int done = open_current(self, event->channel, &row);
    done = done == 0 ? open_place(self, &place) : done;
    if (done == 0) {
        bucket_of(row)->opened++;
        HUB_SET(session_place, (struct session_place *) place->record, channel, event->channel);
        hub_fold_touch(self->fold, place);
    }
    return done;
}

static int count_message(const struct counting *self, const struct message_received *event)
{
    struct hub_folded *row;
    int done = open_current(self, event->channel, &row);
    if (done == 0) {
        bucket_of(row)->received++;
    }
    return done;
}

static int count_answer(const struct counting *self, const struct message_sent *event)
{
    struct hub_folded *row;
    int done = open_current(self, event->channel, &row);
    if (done != 0) {
        return done;
    }
    bucket_of(row)->sent++;
    if (HUB_HAS(message_sent, event, response_us)) {
        struct channel_bucket *bucket = bucket_of(row);
        hub_bucket_time(&bucket->responses, &bucket->response_ms, event->response_us, row->arena);
    }
    return 0;
}

static int note_transfer(const struct counting *self, const struct transfer_requested *event)
{
    struct hub_folded *place;
    int done = open_place(self, &place);
    if (done == 0 && !place->is_new) {
        HUB_SET(session_place, (struct session_place *) place->record, to_channel, event->to_channel);
        hub_fold_touch(self->fold, place);
    }
    return done;
}

static int complete_transfer(const struct counting *self, struct session_place *place, struct hub_folded *from)
{
    struct hub_folded *to;
    int done = open_current(self, place->to_channel, &to);
    if (done == 0) {
        bucket_of(from)->transfers_out++;
        bucket_of(to)->transfers_in++;
        HUB_SET(session_place, place, channel, place->to_channel);
    }
    return done;
}

static int count_transfer(const struct counting *self, const struct transfer_moved *event)
{
    struct hub_folded *row, *place;
    int done = event->status >= transfer_status_completed ? open_place(self, &place) : HUB_ERROR_not_found;
    if (done != 0 || place->is_new) {
        return done < 0 ? done : 0;
    }
    struct session_place *at = place->record;
    done = HUB_HAS(session_place, at, to_channel) ? open_current(self, at->channel, &row) : HUB_ERROR_not_found;
    if (done != 0) {
        return done < 0 ? done : 0;
    }
    if (event->status == transfer_status_completed) {
        done = complete_transfer(self, at, row);
    } else {
        bucket_of(row)->transfers_failed++;
    }
    HUB_CLEAR(session_place, at, to_channel);
    hub_fold_touch(self->fold, place);
    return done;
}

/* A session counts as over once, however often it is resolved and opened again. */
static void count_end(struct channel_bucket *bucket, struct session_place *place, const struct session_moved *event)
{
    bool is_ended = event->status == session_status_ended;
    bool is_good = !is_ended ||
                   (HUB_HAS(session_moved, event, end_reason) && event->end_reason == end_reason_completed);
    bucket->ended += is_ended;
    if (!place->is_over) {
        bucket->over++;
        bucket->resolved += is_good;
        HUB_SET(session_place, place, is_over, true);
    }
}

static int count_move(const struct counting *self, const struct session_moved *event)
{
    struct hub_folded *row, *place;
    bool is_rated = HUB_HAS(session_moved, event, satisfaction);
    bool is_end = event->status == session_status_ended || event->status == session_status_resolved;
    int done = is_end || is_rated ? open_place(self, &place) : HUB_ERROR_not_found;
    if (done != 0 || place->is_new) {
        return done < 0 ? done : 0;
    }
    struct session_place *at = place->record;
    done = open_current(self, at->channel, &row);
    if (done != 0) {
        return done;
    }
    if (is_rated && event->satisfaction >= 1 && event->satisfaction <= HUB_RATINGS) {
        hub_bucket_count(&bucket_of(row)->ratings, event->satisfaction - 1, row->arena);
    }
    if (is_end) {
        count_end(row->record, at, event);
    }
    if (event->status == session_status_ended) {
        struct hub_row_key key = hub_row_key_of(HUB_VIEW_analytics, self->header->company, 's', self->header->entity);
        hub_fold_drop(self->fold, &key);
    } else {
        hub_fold_touch(self->fold, place);
    }
    return 0;
}

/* --- Help by people: a wish belongs to a customer and an inbox --- */

static struct hub_row_key help_key(const struct counting *self, struct hub_span page_id)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_analytics, self->header->company, 'h', self->header->entity);
    struct hub_digest page = hub_sha256(page_id);
    hub_row_key_add(&key, page.b, HUB_HELP_PAGE);
    return key;
}

/* What an agent took unasked was nobody's wish. */
static int count_wish(const struct counting *self, const struct customer_help_requested *event)
{
    struct hub_folded *row, *place;
    struct hub_row_key key = help_key(self, event->page_id);
    if (event->cause == help_cause_taken) {
        return 0;
    }
    int done = open_current(self, event->channel, &row);
    done = done == 0 ? hub_fold_open(self->fold, &key, &help_place_shape, &place) : done;
    if (done == 0) {
        struct help_place *wish = place->record;
        bucket_of(row)->wanted++;
        HUB_SET(help_place, wish, was_helped, false);
        HUB_SET(help_place, wish, channel, event->channel);
        hub_fold_touch(self->fold, place);
    }
    return done;
}

static int count_help(const struct counting *self, const struct customer_assigned *event)
{
    struct hub_folded *row, *place;
    struct hub_row_key key = help_key(self, event->page_id);
    int done = hub_fold_open(self->fold, &key, &help_place_shape, &place);
    struct help_place *wish = done == 0 ? place->record : NULL;
    if (done != 0 || place->is_new || wish->was_helped) {
        return done;
    }
    done = open_current(self, wish->channel, &row);
    if (done == 0) {
        struct channel_bucket *bucket = bucket_of(row);
        bucket->helped++;
        hub_bucket_time(&bucket->waits, &bucket->wait_ms, event->waited_us, row->arena);
        HUB_SET(help_place, wish, was_helped, true);
        hub_fold_touch(self->fold, place);
    }
    return done;
}

static int end_help(const struct counting *self, const struct customer_help_ended *event)
{
    struct hub_folded *row, *place;
    struct hub_row_key key = help_key(self, event->page_id);
    int done = hub_fold_open(self->fold, &key, &help_place_shape, &place);
    if (done != 0 || place->is_new) {
        return done;
    }
    const struct help_place *wish = place->record;
    done = wish->was_helped ? 0 : open_current(self, wish->channel, &row);
    if (done == 0) {
        if (!wish->was_helped) {
            bucket_of(row)->abandoned++;
        }
        hub_fold_drop(self->fold, &key);
    }
    return done;
}

static int fold(struct hub_view_fold *fold, const struct hub_view_event *event)
{
    const struct counting self = { fold, &event->stored->header };
    switch (self.header->type) {
    case message_received_id: return count_message(&self, event->record);
    case message_sent_id: return count_answer(&self, event->record);
    case session_opened_id: return count_opening(&self, event->record);
    case transfer_requested_id: return note_transfer(&self, event->record);
    case transfer_moved_id: return count_transfer(&self, event->record);
    case session_moved_id: return count_move(&self, event->record);
    case customer_help_requested_id: return count_wish(&self, event->record);
    case customer_assigned_id: return count_help(&self, event->record);
    case customer_help_ended_id: return end_help(&self, event->record);
    default: return 0;
    }
}

const struct hub_view_info hub_view_analytics = {
    .name = "analytics",
    .number = HUB_VIEW_analytics,
    .version = 2,
    .fold = fold,
    .doc = "What happens in a company, by channel and time.",
};
