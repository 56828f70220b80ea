/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a session.
 *
 * Every message of a long session comes through here, so what grows is kept with room to grow: the digest and the rank
 * bytes lie in one piece, 32 bytes and then message_room bytes. message_room is 0 for a state that was unpacked or
 * copied: what it points to is somebody else's then, and the first change moves it to a piece of its own. */
#include "actors/session/apply.h"

#include <assert.h>

#include "base/digest.h"
#include "base/list.h"

enum { FIRST_ROOM = 16 };

struct fold {
    struct session_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

unsigned hub_session_message(const struct session_state *state, uint32_t index)
{
    return index >= 1 && index <= state->message_ranks.len ? (uint8_t) state->message_ranks.at[index - 1] : 0;
}

/* The rank bytes, in a piece of our own with room for `count` of them. */
static char *own_messages(const struct fold *fold, size_t count)
{
    struct session_state *state = fold->state;
    if (count > state->message_room || state->message_room == 0) {
        size_t room = FIRST_ROOM;
        while (room < count) {
            room *= 2;
        }
        char *piece = hub_arena_get(fold->arena, HUB_DIGEST + room);
        if (state->history_digest.len == HUB_DIGEST) {
            memcpy(piece, state->history_digest.at, HUB_DIGEST);
        }
        if (state->message_ranks.len > 0) {
            memcpy(piece + HUB_DIGEST, state->message_ranks.at, state->message_ranks.len);
        }
        HUB_SET(session_state, state, history_digest, hub_span_of(piece, HUB_DIGEST));
        state->message_ranks.at = piece + HUB_DIGEST;
        state->message_room = (uint32_t) room;
    }
    return (char *) state->message_ranks.at;
}

/* d(n) = SHA-256(d(n-1) || n, big-endian || the tag of the box of the words): one block of the hash, whatever the length. What
 * the tag says nothing about, the log's own chain binds. */
static void add_to_history(struct session_state *state, uint32_t index, struct hub_span box)
{
    assert(box.len >= HUB_TAG);
    const struct hub_span tag = hub_span_of(box.at + box.len - HUB_TAG, HUB_TAG);
    const uint8_t number[4] = { (uint8_t) (index >> 24), (uint8_t) (index >> 16), (uint8_t) (index >> 8),
                                (uint8_t) index };
    const struct hub_span parts[] = { state->history_digest, hub_span_of(number, sizeof number), tag };
    struct hub_digest digest = hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
    memcpy((char *) state->history_digest.at, digest.b, HUB_DIGEST);
}

static void add_message(const struct fold *fold, unsigned rank, unsigned channel, const hub_sealed *content)
{
    struct session_state *state = fold->state;
    size_t count = state->message_ranks.len + 1;
    own_messages(fold, count)[count - 1] = (char) rank;
    state->message_ranks.len = count;
    HUB_MARK(session_state, state, message_ranks);
    add_to_history(state, (uint32_t) count, content->box);
    state->channels |= UINT64_C(1) << channel;
}

static void mark_activity(const struct fold *fold)
{
    HUB_SET(session_state, fold->state, last_activity_at, fold->event->decided_at_us);
}

static void keep_metadata(const struct fold *fold, const hub_sealed *metadata)
{
    hub_keep_sealed(fold->arena, &fold->state->metadata, metadata);
    HUB_MARK(session_state, fold->state, metadata);
}

static void keep_opened_names(const struct fold *fold, const struct session_opened *opened)
{
    if (HUB_HAS(session_opened, opened, customer_id)) {
        hub_keep_sealed(fold->arena, &fold->state->customer_id, &opened->customer_id);
        HUB_MARK(session_state, fold->state, customer_id);
    }
    if (HUB_HAS(session_opened, opened, session_id)) {
        hub_keep_sealed(fold->arena, &fold->state->session_id, &opened->session_id);
        HUB_MARK(session_state, fold->state, session_id);
    }
    if (HUB_HAS(session_opened, opened, page_id)) {
        hub_keep_text(fold->arena, &fold->state->page_id, opened->page_id);
        HUB_MARK(session_state, fold->state, page_id);
    }
    if (HUB_HAS(session_opened, opened, metadata)) {
        keep_metadata(fold, &opened->metadata);
    }
}

static void apply_session_opened(const struct fold *fold, const struct session_opened *opened)
{
    struct session_state *state = fold->state;
    HUB_SET(session_state, state, customer, opened->customer);
    HUB_SET(session_state, state, status, session_status_active);
    HUB_SET(session_state, state, channel, opened->channel);
    HUB_SET(session_state, state, channels, UINT64_C(1) << opened->channel);
    HUB_SET(session_state, state, priority, opened->priority);
    HUB_SET(session_state, state, created_at, fold->event->decided_at_us);
    HUB_COPY(session_state, state, session_opened, opened, idle_s);
    HUB_COPY(session_state, state, session_opened, opened, campaign);
    keep_opened_names(fold, opened);
    own_messages(fold, 0);
    mark_activity(fold);
}

static void apply_message_received(const struct fold *fold, const struct message_received *received)
{
    add_message(fold, message_status_received, received->channel, &received->content);
    HUB_COPY(session_state, fold->state, message_received, received, sentiment);
    HUB_COPY(session_state, fold->state, message_received, received, urgency);
    HUB_COPY(session_state, fold->state, message_received, received, intent);
    if (!HUB_HAS(session_state, fold->state, waiting_since)) {
        HUB_SET(session_state, fold->state, waiting_since, fold->event->decided_at_us);
    }
    if (HUB_HAS(session_state, fold->state, campaign)) {
        HUB_SET(session_state, fold->state, campaign_replied, true);
    }
    mark_activity(fold);
}

static void apply_message_sent(const struct fold *fold, const struct message_sent *sent)
{
    add_message(fold, message_status_queued | HUB_MESSAGE_OUTBOUND, sent->channel, &sent->content);
    HUB_CLEAR(session_state, fold->state, waiting_since);
    if (HUB_HAS(message_sent, sent, campaign)) {
        HUB_SET(session_state, fold->state, campaign, sent->campaign);
        HUB_SET(session_state, fold->state, campaign_index, (uint32_t) fold->state->message_ranks.len);
        HUB_SET(session_state, fold->state, campaign_step, sent->step);
    }
    mark_activity(fold);
}

/* How far a message got is no activity of the conversation. */
static void apply_message_status_changed(const struct fold *fold, const struct message_status_changed *changed)
{
    unsigned before = hub_session_message(fold->state, changed->index);
    if (before != 0 && HUB_HAS(message_status_changed, changed, status) &&
        changed->status > (before & HUB_MESSAGE_RANK)) {
        char *ranks = own_messages(fold, fold->state->message_ranks.len);
        ranks[changed->index - 1] = (char) ((before & HUB_MESSAGE_OUTBOUND) | changed->status);
    }
}

static void apply_transfer_requested(const struct fold *fold, const struct transfer_requested *requested)
{
    struct session_state *state = fold->state;
    struct session_transfer *transfer = HUB_LIST_ADD(&state->transfers, fold->arena);
    HUB_SET(session_transfer, transfer, number, requested->number);
    HUB_SET(session_transfer, transfer, from_channel, requested->from_channel);
    HUB_SET(session_transfer, transfer, to_channel, requested->to_channel);
    HUB_SET(session_transfer, transfer, status, transfer_status_requested);
    HUB_MARK(session_state, state, transfers);
    mark_activity(fold);
}

static void apply_transfer_moved(const struct fold *fold, const struct transfer_moved *moved)
{
    struct session_state *state = fold->state;
    mark_activity(fold);
    if (moved->number < 1 || moved->number > state->transfers.count) {
        return;
    }
    struct session_transfer *transfer = &state->transfers.at[moved->number - 1];
    transfer->status = moved->status;
    if (moved->status == transfer_status_completed) {
        state->channel = transfer->to_channel;
        state->channels |= UINT64_C(1) << transfer->to_channel;
    } else if (moved->status == transfer_status_rolled_back) {
        state->channel = transfer->from_channel;
    }
}

static void apply_session_moved(const struct fold *fold, const struct session_moved *moved)
{
    struct session_state *state = fold->state;
    state->status = moved->status;
    HUB_CLEAR(session_state, state, snoozed_until);
    HUB_COPY(session_state, state, session_moved, moved, snoozed_until);
    HUB_COPY(session_state, state, session_moved, moved, satisfaction);
    HUB_COPY(session_state, state, session_moved, moved, end_reason);
    if (moved->status == session_status_resolved || moved->status == session_status_ended) {
        HUB_CLEAR(session_state, state, waiting_since);
    }
    if (moved->status == session_status_ended) {
        HUB_SET(session_state, state, ended_at, fold->event->decided_at_us);
    }
    mark_activity(fold);
}

static void apply_session_changed(const struct fold *fold, const struct session_changed *changed)
{
    HUB_COPY(session_state, fold->state, session_changed, changed, priority);
    if (HUB_HAS(session_changed, changed, labels)) {
        hub_keep_texts(fold->arena, &fold->state->labels, &changed->labels);
        HUB_MARK(session_state, fold->state, labels);
    }
    if (HUB_HAS(session_changed, changed, metadata)) {
        keep_metadata(fold, &changed->metadata);
    }
    mark_activity(fold);
}

static void apply_session_agent_changed(const struct fold *fold, const struct session_agent_changed *changed)
{
    HUB_CLEAR(session_state, fold->state, agent);
    HUB_COPY(session_state, fold->state, session_agent_changed, changed, agent);
}

/* Of what became of the message says the next report. */
static void apply_letter_settled(const struct fold *fold, const struct letter_settled *settled)
{
    (void) fold;
    (void) settled;
}

void hub_session_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(session_state, fold.state, version, event->version);
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/session/session.def"
#include "actors/session/help.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
