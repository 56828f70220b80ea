/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `figures`: what is counted for a customer. Only sums and sets, so that the order in which a customer's sessions
 * are folded does not matter. The customer of a session's event is its subject. */
#include "base/error.h"
#include "replay/views/all.h"

/* The customer's row, with every figure present. */
static int open_figures(struct hub_view_fold *self, const struct event_header *header, struct hub_folded **ret_row)
{
    if (!HUB_HAS(event_header, header, subject)) {
        return HUB_ERROR_internal;
    }
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_figures, header->company, 'c', header->subject);
    int done = hub_fold_open(self, &key, &customer_figures_shape, ret_row);
    if (done == 0) {
        ((struct customer_figures *) (*ret_row)->record)->has = hub_shape_mask(&customer_figures_shape);
    }
    return done;
}

static uint64_t bit_of(hub_enum channel)
{
    return UINT64_C(1) << (channel & 63);
}

static void count_message(struct customer_figures *figures, hub_enum channel)
{
    figures->messages++;
    figures->channels |= bit_of(channel);
}

static void count_answer(struct customer_figures *figures, const struct message_sent *event)
{
    count_message(figures, event->channel);
    if (HUB_HAS(message_sent, event, response_us)) {
        figures->responses++;
        figures->response_us += (uint64_t) event->response_us;
    }
}

static struct hub_row_key key_of_transfer(const struct event_header *header, uint32_t number)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_figures, header->company, 't', header->entity);
    hub_row_key_be32(&key, number);
    return key;
}

/* A channel is used once the transfer has got there: until then it is remembered apart. */
static void count_transfer(struct hub_view_fold *self, const struct event_header *header,
                           struct customer_figures *figures, const struct transfer_requested *event)
{
    struct hub_row_key key = key_of_transfer(header, event->number);
    struct index_row row = { 0 };
    HUB_SET(index_row, &row, channel, event->to_channel);
    hub_fold_put(self, &key, &index_row_shape, &row);
    figures->transfers++;
}

static int transfer_moved(struct hub_view_fold *self, const struct event_header *header,
                          struct customer_figures *figures, const struct transfer_moved *event)
{
    bool is_over = event->status >= transfer_status_completed;
    struct hub_row_key key = key_of_transfer(header, event->number);
    struct hub_folded *row = NULL;
    int done = is_over ? hub_fold_open(self, &key, &index_row_shape, &row) : 0;
    if (done < 0 || row == NULL || row->is_new) {
        return done;
    }
    if (event->status == transfer_status_completed) {
        figures->channels |= bit_of(((const struct index_row *) row->record)->channel);
    }
    hub_fold_drop(self, &key);
    return 0;
}

/* A session counts as resolved once, however often it is resolved and opened again. */
static int session_moved(struct hub_view_fold *self, const struct event_header *header,
                         struct customer_figures *figures, const struct session_moved *event)
{
    bool is_ended = event->status == session_status_ended;
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_figures, header->company, 'r', header->entity);
    struct hub_folded *mark = NULL;
    if (is_ended || event->status == session_status_resolved) {
        int done = hub_fold_open(self, &key, &index_row_shape, &mark);
        if (done < 0) {
            return done;
        }
    }
    if (HUB_HAS(session_moved, event, satisfaction)) {
        figures->ratings++;
        figures->rating_sum += event->satisfaction;
    }
    if (mark == NULL) {
        return 0;
    }
    bool is_good = !is_ended ||
                   (HUB_HAS(session_moved, event, end_reason) && event->end_reason == end_reason_completed);
    figures->sessions_over += mark->is_new;
    figures->sessions_resolved += mark->is_new && is_good;
    if (is_ended) {
        hub_fold_drop(self, &key);
    } else {
        hub_fold_touch(self, mark);
    }
    return 0;
}

static int count(struct hub_view_fold *self, const struct hub_view_event *event, struct customer_figures *figures)
{
    const struct event_header *header = &event->stored->header;
    switch (header->type) {
    case session_opened_id:
        figures->sessions++;
        figures->channels |= bit_of(((const struct session_opened *) event->record)->channel);
        return 0;
    case message_received_id:
        count_message(figures, ((const struct message_received *) event->record)->channel);
        return 0;
    case message_sent_id: count_answer(figures, event->record); return 0;
    case transfer_requested_id: count_transfer(self, header, figures, event->record); return 0;
    case transfer_moved_id: return transfer_moved(self, header, figures, event->record);
    case session_moved_id: return session_moved(self, header, figures, event->record);
    default: return 0;
    }
}

static bool is_counted(uint32_t type)
{
    switch (type) {
    case session_opened_id:
    case message_received_id:
    case message_sent_id:
    case transfer_requested_id:
    case transfer_moved_id:
    case session_moved_id: return true;
    default: return false;
    }
}

static void expect(struct hub_view_fold *self, const struct event_header *header)
{
    if (is_counted(header->type) && HUB_HAS(event_header, header, subject)) {
        struct hub_row_key key = hub_row_key_of(HUB_VIEW_figures, header->company, 'c', header->subject);
        hub_fold_expect(self, &key);
    }
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    if (!is_counted(event->stored->header.type)) {
        return 0;
    }
    struct hub_folded *row;
    int done = open_figures(self, &event->stored->header, &row);
    if (done == 0) {
        done = count(self, event, row->record);
    }
    if (done == 0) {
        hub_fold_touch(self, row);
    }
    return done;
}

const struct hub_view_info hub_view_figures = {
    .name = "figures",
    .number = HUB_VIEW_figures,
    .version = 1,
    .spread = HUB_SPREAD_subject,
    .fold = fold,
    .expect = expect,
    .doc = "What is counted for a customer.",
};
