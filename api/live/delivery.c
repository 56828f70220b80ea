/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A cursor walks through the sockets of one lane after the other. Sockets that come meanwhile are put before it and have the
 * batch already; one that goes away moves it on. */
#include "api/live/delivery.h"

#include "api/live/live.h"

enum { SOCKETS_AT_ONCE = 128 };

static void send_item(struct hub_live_socket *socket, const struct hub_batch_lane *lane,
                      const struct hub_batch_item *item)
{
    bool is_mine = item->mine_len > 0 && hub_ulid_is(item->differs_for, socket->lens.viewer);
    if (is_mine) {
        hub_live_socket_send(socket, lane->mine, item->mine_at, item->mine_len);
    } else {
        hub_live_socket_send(socket, lane->bytes, item->at, item->len);
    }
}

static bool has_own(const struct hub_batch_lane *lane, const struct hub_live_socket *socket)
{
    for (uint32_t i = 0; lane->mine != NULL && i < lane->count; i++) {
        if (lane->items[i].mine_len > 0 && hub_ulid_is(lane->items[i].differs_for, socket->lens.viewer)) {
            return true;
        }
    }
    return false;
}

void hub_delivery_lane(struct hub_live_socket *socket, const struct hub_batch_lane *lane)
{
    if (socket->lens.topic == HUB_TOPIC_company && !has_own(lane, socket)) {
        hub_live_socket_send(socket, lane->bytes, 0, hub_ref_bytes(lane->bytes).len);
        return;
    }
    for (uint32_t i = 0; i < lane->count; i++) {
        if (hub_batch_is_for(&lane->items[i], &socket->lens)) {
            send_item(socket, lane, &lane->items[i]);
        }
    }
}

static void send_topic(struct hub_live *self, const struct hub_batch_lane *lane, const struct hub_batch_item *item,
                       struct hub_live_key key)
{
    struct hub_live_ear *ear = (struct hub_live_ear *) hub_live_table_find(&self->ears, key);
    struct hub_live_socket *next, *socket = ear != NULL ? ear->first : NULL;
    for (; socket != NULL; socket = next) {
        struct hub_live_key of_socket = hub_lens_lane(&socket->lens);
        next = socket->ear_after;
        if (memcmp(&of_socket, &lane->key, sizeof of_socket) == 0 && hub_batch_is_for(item, &socket->lens)) {
            send_item(socket, lane, item);
        }
    }
}

static void send_topics(struct hub_live *self, const struct hub_batch_lane *lane)
{
    for (uint32_t i = 0; i < lane->count; i++) {
        const struct hub_batch_item *item = &lane->items[i];
        send_topic(self, lane, item, (struct hub_live_key){ item->session, HUB_TOPIC_session, 0 });
        send_topic(self, lane, item, (struct hub_live_key){ item->customer, HUB_TOPIC_customer, 0 });
        send_topic(self, lane, item, (struct hub_live_key){ item->agent, HUB_TOPIC_agent, 0 });
    }
}

/* What is not kept reaches those who are behind, too: they would never hear of it. */
static void send_behind(struct hub_live *self, const struct hub_batch *batch)
{
    for (struct hub_live_socket *socket = self->behind, *next; socket != NULL; socket = next) {
        const struct hub_batch_lane *lane = hub_batch_lane(batch, hub_lens_lane(&socket->lens));
        next = socket->ear_after;
        if (lane != NULL) {
            hub_delivery_lane(socket, lane);
        }
    }
}

/* The cursor to the first socket of the next lane that anybody hears; the end of the delivery when there is none. */
static void next_lane(struct hub_live *self)
{
    struct hub_delivery *delivery = &self->delivery;
    delivery->cursor = NULL;
    while (delivery->cursor == NULL && delivery->lane < delivery->batch->lane_count) {
        struct hub_live_key key = delivery->batch->lanes[delivery->lane++].key;
        struct hub_live_ear *ear = (struct hub_live_ear *) hub_live_table_find(&self->ears, key);
        delivery->cursor = ear != NULL ? ear->first : NULL;
    }
    if (delivery->cursor == NULL) {
        hub_batch_drop(&delivery->batch);
        atomic_fetch_sub(&self->under_way, 1);
    }
}

void hub_delivery_begin(struct hub_live *self, struct hub_batch *batch)
{
    for (uint32_t i = 0; i < batch->lane_count && self->by_topic > 0; i++) {
        send_topics(self, &batch->lanes[i]);
    }
    if (batch->to == 0) {
        send_behind(self, batch);
    }
    self->delivery = (struct hub_delivery){ .batch = hub_batch_hold(batch) };
    next_lane(self);
}

void hub_delivery_go_on(struct hub_live *self)
{
    struct hub_delivery *delivery = &self->delivery;
    for (unsigned i = 0; i < SOCKETS_AT_ONCE && delivery->batch != NULL; i++) {
        struct hub_live_socket *socket = delivery->cursor;
        const struct hub_batch *batch = delivery->batch;
        delivery->cursor = socket->ear_after;
        if (batch->to == 0 || socket->at < batch->to) {
            socket->at = batch->to != 0 ? batch->to : socket->at;
            hub_delivery_lane(socket, &batch->lanes[delivery->lane - 1]);
        }
        if (delivery->cursor == NULL) {
            next_lane(self);
        }
    }
}

uint64_t hub_delivery_reached(const struct hub_live_socket *socket)
{
    const struct hub_live *live = socket->live;
    const struct hub_batch *batch = live->delivery.batch;
    bool is_under_way = batch != NULL && batch->to != 0 && socket->lens.topic == HUB_TOPIC_company;
    return is_under_way && socket->at < batch->to ? batch->from : live->at;
}

void hub_delivery_pass_over(struct hub_live_socket *socket)
{
    struct hub_live *live = socket->live;
    if (live->delivery.batch != NULL && live->delivery.cursor == socket) {
        live->delivery.cursor = socket->ear_after;
        if (live->delivery.cursor == NULL) {
            next_lane(live);
        }
    }
}
