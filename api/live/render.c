/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rendering. What a session and a customer are called is opened once an event; the payload is opened, written, and put into
 * the envelope as it is. */
#include "api/live/render.h"

#include "base/json.h"
#include "log/log.h"
#include "replay/decode.h"

enum { ARENA_BYTES = 16384 };

void hub_renderer_init(struct hub_renderer *self, struct hub_log *log, struct hub_keyring *keys)
{
    *self = (struct hub_renderer){ .log = log, .keys = keys, .arena = hub_arena_new(ARENA_BYTES) };
    hub_buf_init(&self->payload);
    hub_buf_init(&self->json);
}

void hub_renderer_done(struct hub_renderer *self)
{
    hub_arena_destroy(&self->arena);
    hub_buf_done(&self->payload);
    hub_buf_done(&self->json);
}

void hub_render_frame(uint8_t opcode, struct hub_span payload, struct hub_buf *out)
{
    enum { FINAL = 0x80, TWO_BYTES = 126, EIGHT_BYTES = 127 };
    hub_buf_put_byte(out, (uint8_t) (FINAL | opcode));
    if (payload.len < TWO_BYTES) {
        hub_buf_put_byte(out, (uint8_t) payload.len);
    } else if (payload.len <= UINT16_MAX) {
        hub_buf_put_byte(out, TWO_BYTES);
        hub_buf_put_be16(out, (uint16_t) payload.len);
    } else {
        hub_buf_put_byte(out, EIGHT_BYTES);
        hub_buf_put_be64(out, payload.len);
    }
    if (payload.len > 0) {
        hub_buf_put(out, payload.at, payload.len);
    }
}

/* --- envelopes --- */

static void write_a(const struct hub_say *say, struct hub_span payload, struct hub_buf *out)
{
    struct live_frame_a frame = { 0 };
    HUB_SET(live_frame_a, &frame, type, hub_span(say->row->type));
    HUB_SET(live_frame_a, &frame, payload, payload);
    HUB_SET(live_frame_a, &frame, timestamp, say->time_us);
    if (say->session != NULL) {
        HUB_SET(live_frame_a, &frame, session_id, *say->session);
    }
    if (say->customer != NULL) {
        HUB_SET(live_frame_a, &frame, customer_id, *say->customer);
    }
    if (say->position.len > 0) {
        HUB_SET(live_frame_a, &frame, position, say->position);
    }
    hub_json_write(&live_frame_a_shape, &frame, HUB_DIALECT_camel, out);
}

static void write_b(const struct hub_say *say, struct hub_span data, struct hub_buf *out)
{
    struct live_frame_b frame = { 0 };
    HUB_SET(live_frame_b, &frame, type, hub_span(say->row->type));
    if (!say->row->flat) {
        HUB_SET(live_frame_b, &frame, data, data);
    }
    if (say->position.len > 0) {
        HUB_SET(live_frame_b, &frame, position, say->position);
    }
    hub_json_write(&live_frame_b_shape, &frame, HUB_DIALECT_snake, out);
    if (say->row->flat && data.len > 2) {
        /* {"type":..} and {"error":..} become one object. */
        out->at[out->len - 1] = ',';
        hub_buf_put(out, data.at + 1, data.len - 1);
    }
}

static void write_frame(const struct hub_say *say, struct hub_buf *payload, struct hub_buf *out)
{
    bool is_a = say->row->contract == HUB_CONTRACT_a;
    hub_buf_clear(payload);
    hub_json_write(say->row->payload, say->payload, is_a ? HUB_DIALECT_camel : HUB_DIALECT_snake, payload);
    (is_a ? write_a : write_b)(say, hub_buf_span(payload), out);
}

void hub_render_said(const struct hub_say *say, struct hub_buf *out)
{
    struct hub_buf payload, json;
    hub_buf_init(&payload);
    hub_buf_init(&json);
    write_frame(say, &payload, &json);
    hub_render_frame(1, hub_buf_span(&json), out);
    hub_buf_done(&payload);
    hub_buf_done(&json);
}

/* --- events --- */

/* Names are opened here; a person who was erased leaves the marker. */
static void open_name(struct hub_renderer *self, struct hub_ulid company, hub_sealed *name)
{
    const struct hub_key_source keys = hub_keyring_source(self->keys);
    struct hub_span clear;
    if (name->clear.at == NULL && name->box.len > 0) {
        name->clear = hub_box_open(name->box, company, &keys, self->arena, &clear) ? clear : HUB_SPAN(HUB_ERASED);
        name->box = hub_span_of(NULL, 0);
    }
}

static void name_session(struct hub_renderer *self, struct hub_frame *frame)
{
    void *found = NULL;
    if (hub_ulid_is_none(frame->session)) {
        return;
    }
    if (hub_reading_state(frame->reading, &hub_kind_session, frame->session, &found) == 0) {
        const struct session_state *state = found;
        frame->session_name = hub_session_name(state, frame->session, self->arena);
        frame->customer = state->customer;
        frame->customer_name = state->customer_id;
    } else {
        struct session_state empty = { 0 };
        frame->session_name = hub_session_name(&empty, frame->session, self->arena);
    }
    open_name(self, frame->header->company, &frame->session_name);
}

static void name_customer(struct hub_renderer *self, struct hub_frame *frame)
{
    void *found = NULL;
    if (hub_ulid_is_none(frame->customer)) {
        return;
    }
    if (frame->customer_name.box.len == 0 && frame->customer_name.clear.at == NULL) {
        struct customer_state empty = { 0 };
        int done = hub_reading_state(frame->reading, &hub_kind_customer, frame->customer, &found);
        frame->customer_name = hub_reading_customer_name(frame->reading, done == 0 ? found : &empty, frame->customer);
    }
    open_name(self, frame->header->company, &frame->customer_name);
}

/* Whether any row of this event is heard, before anything is looked up. */
static bool is_wanted(struct hub_frame *frame, uint8_t contract, const struct hub_render_calls *calls)
{
    size_t count;
    const struct hub_frame_row *rows = hub_frame_rows(&count);
    for (size_t i = 0; i < count; i++) {
        frame->row = &rows[i];
        if (rows[i].event == frame->header->type && rows[i].contract == contract &&
            (calls->wants == NULL || calls->wants(calls->arg, frame))) {
            return true;
        }
    }
    return false;
}

/* A frame that is filled and opened, but has no position yet. */
struct filled {
    struct hub_say say, mine;
    struct hub_rendered rendered;
};

/* One filling of a row. Returns false when there is none. */
static bool fill(struct hub_renderer *self, struct hub_frame *frame, struct hub_ulid viewer, struct hub_say *ret_say)
{
    const struct hub_frame_row *row = frame->row;
    const struct hub_key_source keys = hub_keyring_source(self->keys);
    void *payload = hub_arena_get(self->arena, row->payload->size);
    frame->viewer = viewer;
    if (!row->fill(frame, payload)) {
        return false;
    }
    hub_record_open(row->payload, payload, frame->header->company, &keys, self->arena);
    *ret_say = (struct hub_say){ .row = row, .payload = payload, .time_us = frame->header->time };
    return true;
}

static bool fill_all(struct hub_renderer *self, struct hub_frame *frame, struct filled *ret)
{
    static const struct hub_ulid nobody;
    *ret = (struct filled){ .rendered = { .row = frame->row, .company = frame->header->company } };
    frame->agent = frame->differs_for = nobody;
    if (!fill(self, frame, nobody, &ret->say)) {
        return false;
    }
    ret->rendered.differs_for = frame->differs_for;
    if (!hub_ulid_is_none(frame->differs_for)) {
        (void) fill(self, frame, frame->differs_for, &ret->mine);
    }
    ret->rendered.session = frame->session;
    ret->rendered.customer = frame->customer;
    ret->rendered.agent = frame->agent;
    return true;
}

static struct hub_span write_kept(struct hub_renderer *self, const struct hub_frame *frame, struct hub_say *say,
                                  struct hub_span position)
{
    struct hub_buf out;
    say->position = position;
    say->session = frame->session_name.clear.at != NULL ? &frame->session_name : NULL;
    say->customer = frame->customer_name.clear.at != NULL ? &frame->customer_name : NULL;
    hub_buf_init(&out);
    hub_buf_clear(&self->json);
    write_frame(say, &self->payload, &self->json);
    hub_render_frame(1, hub_buf_span(&self->json), &out);
    struct hub_span kept = hub_arena_copy(self->arena, hub_buf_span(&out));
    hub_buf_done(&out);
    return kept;
}

static void hand_over(struct hub_renderer *self, const struct hub_frame *frame, struct filled *filled,
                      uint64_t sequence, const struct hub_render_calls *calls)
{
    char text[HUB_POSITION_TEXT];
    hub_position_print((struct hub_position){ sequence }, hub_log_identity(self->log), text);
    filled->rendered.frame = write_kept(self, frame, &filled->say, hub_span(text));
    if (filled->mine.row != NULL) {
        filled->rendered.mine = write_kept(self, frame, &filled->mine, hub_span(text));
    }
    calls->take(calls->arg, &filled->rendered);
}

/* Only the last frame of an event carries its position. One before it carries the position before: who is cut off between
 * the two and resumes gets the first one again, and does not lose the second. */
static void render_rows(struct hub_renderer *self, struct hub_frame *frame, uint8_t contract,
                        const struct hub_render_calls *calls)
{
    struct filled filled, last;
    bool has_last = false;
    size_t count;
    const struct hub_frame_row *rows = hub_frame_rows(&count);
    for (size_t i = 0; i < count; i++) {
        frame->row = &rows[i];
        if (rows[i].event != frame->header->type || rows[i].contract != contract ||
            (calls->wants != NULL && !calls->wants(calls->arg, frame)) || !fill_all(self, frame, &filled)) {
            continue;
        }
        if (has_last) {
            hand_over(self, frame, &last, frame->header->sequence - 1, calls);
        }
        last = filled;
        has_last = true;
    }
    if (has_last) {
        hand_over(self, frame, &last, frame->header->sequence, calls);
    }
}

void hub_render_event(struct hub_renderer *self, const struct hub_reading *reading, const struct hub_stored *stored,
                      uint8_t contract, const struct hub_render_calls *calls)
{
    struct hub_view_event event;
    struct hub_fault why;
    struct hub_reading of_company = *reading;
    const struct event_header *header = &stored->header;
    struct hub_frame frame = { .header = header };
    frame.session = header->kind == KIND_session ? header->entity : header->session;
    frame.customer = header->kind == KIND_customer ? header->entity : header->subject;
    if (!is_wanted(&frame, contract, calls)) {
        return;
    }
    hub_arena_reset(self->arena);
    if (hub_view_decode(stored, hub_view_shape(header->type), self->arena, &event, &why) != 0) {
        return;
    }
    of_company.company = header->company;
    of_company.arena = self->arena;
    frame.event = event.record;
    frame.reading = &of_company;
    name_session(self, &frame);
    name_customer(self, &frame);
    render_rows(self, &frame, contract, calls);
}
