/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What happened with a customer, read from the log by subject: no view keeps it, so no view has to be kept in step with it, and
 * what is shown as of a moment is what stands before that moment. */
#include "replay/queries/shown.h"

#include "base/error.h"
#include "replay/decode.h"

struct maker {
    const struct hub_reading *reading;
    const struct hub_view_event *event;
    struct timeline_entry *entry;
    bool in_history;
};

static void begin(const struct maker *maker, const char *type)
{
    const struct event_header *header = &maker->event->stored->header;
    struct timeline_entry *entry = maker->entry;
    *entry = (struct timeline_entry){ 0 };
    HUB_SET(timeline_entry, entry, type, hub_span(type));
    HUB_SET(timeline_entry, entry, timestamp, header->time);
    if (header->kind == KIND_session) {
        char *text = hub_arena_get(maker->reading->arena, HUB_ULID_TEXT);
        hub_ulid_print(header->entity, text);
        HUB_SET(timeline_entry, entry, session, hub_span_of(text, HUB_ULID_TEXT));
    }
    if (maker->in_history) {
        HUB_SET(timeline_entry, entry, event, hub_span(maker->event->shape->name));
        HUB_SET(timeline_entry, entry, position, hub_reading_cursor_print(maker->reading, header->sequence));
    }
}

static void set_id(const struct maker *maker, char part, uint32_t number)
{
    struct hub_ulid session = maker->event->stored->header.entity;
    HUB_SET(timeline_entry, maker->entry, id, hub_part_id_print(session, part, number, maker->reading->arena));
}

static void set_status(const struct maker *maker, const struct hub_vocab *vocab, hub_enum status)
{
    HUB_SET(timeline_entry, maker->entry, status, hub_span(hub_vocab_name(vocab, status)));
}

static void received(const struct maker *maker, const struct message_received *event)
{
    struct timeline_entry *entry = maker->entry;
    bool analysed = HUB_HAS(message_received, event, sentiment);
    begin(maker, "message");
    set_id(maker, 'm', event->index);
    HUB_COPY(timeline_entry, entry, message_received, event, channel);
    HUB_COPY(timeline_entry, entry, message_received, event, content);
    HUB_SET(timeline_entry, entry, ai_sentiment, analysed ? event->sentiment : (hub_enum) sentiment_unknown);
    HUB_SET(timeline_entry, entry, author, author_customer);
}

static void sent(const struct maker *maker, const struct message_sent *event)
{
    struct timeline_entry *entry = maker->entry;
    begin(maker, "message");
    set_id(maker, 'm', event->index);
    HUB_COPY(timeline_entry, entry, message_sent, event, channel);
    HUB_COPY(timeline_entry, entry, message_sent, event, content);
    HUB_SET(timeline_entry, entry, ai_sentiment, sentiment_unknown);
    HUB_COPY(timeline_entry, entry, message_sent, event, author);
}

static void transferred(const struct maker *maker, const struct transfer_requested *event)
{
    struct timeline_entry *entry = maker->entry;
    begin(maker, "transfer");
    set_id(maker, 't', event->number);
    HUB_SET(timeline_entry, entry, from, event->from_channel);
    HUB_SET(timeline_entry, entry, to, event->to_channel);
    HUB_COPY(timeline_entry, entry, transfer_requested, event, reason);
}

static void session_opened(const struct maker *maker, const struct session_opened *event)
{
    begin(maker, "session_opened");
    HUB_COPY(timeline_entry, maker->entry, session_opened, event, channel);
}

static void session_moved(const struct maker *maker, const struct session_moved *event)
{
    begin(maker, event->status == session_status_ended ? "session_ended" : "status");
    set_status(maker, &session_status_vocab, event->status);
}

static void message_moved(const struct maker *maker, const struct message_status_changed *event)
{
    begin(maker, "status");
    set_id(maker, 'm', event->index);
    if (HUB_HAS(message_status_changed, event, status)) {
        set_status(maker, &message_status_vocab, event->status);
    }
}

static void transfer_moved(const struct maker *maker, const struct transfer_moved *event)
{
    begin(maker, "status");
    set_id(maker, 't', event->number);
    set_status(maker, &transfer_status_vocab, event->status);
}

/* Entries that both timelines have. Returns false for other events. */
static bool make_interaction(const struct maker *maker)
{
    switch (maker->event->stored->header.type) {
    case message_received_id: received(maker, maker->event->record); return true;
    case message_sent_id: sent(maker, maker->event->record); return true;
    case transfer_requested_id: transferred(maker, maker->event->record); return true;
    default: return false;
    }
}

/* Entries of the history alone. The customer's own note of a session says nothing that the session's event does not. */
static bool make_other(const struct maker *maker)
{
    const void *record = maker->event->record;
    switch (maker->event->stored->header.type) {
    case session_opened_id: session_opened(maker, record); return true;
    case session_moved_id: session_moved(maker, record); return true;
    case message_status_changed_id: message_moved(maker, record); return true;
    case transfer_moved_id: transfer_moved(maker, record); return true;
    case session_changed_id:
    case customer_context_changed_id: begin(maker, "context"); return true;
    case customer_created_id:
    case customer_profile_changed_id:
    case customer_identity_added_id: begin(maker, "profile"); return true;
    case customer_erased_id: begin(maker, "erased"); return true;
    default: return false;
    }
}

/* Whether an event of this type can make an entry: what cannot is not decoded. */
static bool is_wanted(uint32_t type, enum hub_timeline which)
{
    bool is_interaction = type == message_received_id || type == message_sent_id || type == transfer_requested_id;
    return is_interaction || which == HUB_TIMELINE_HISTORY;
}

/* Make an entry of a stored event. An event that cannot be read makes none. */
static bool make(struct maker *maker, const struct hub_stored *stored)
{
    struct hub_view_event event;
    struct hub_fault why;
    struct hub_stored kept = *stored;
    kept.payload = hub_arena_copy(maker->reading->arena, stored->payload);
    if (hub_view_decode(&kept, hub_view_shape(kept.header.type), maker->reading->arena, &event, &why) != 0) {
        return false;
    }
    maker->event = &event;
    bool made = make_interaction(maker) || (maker->in_history && make_other(maker));
    maker->event = NULL; /* what it points to ends here */
    return made;
}

static void add_room(const struct hub_reading *reading, struct hub_timeline_page *page, uint32_t *room, uint32_t limit)
{
    if (page->count < *room) {
        return;
    }
    uint32_t larger = *room == 0 ? 16 : *room * 2;
    *room = larger < limit ? larger : limit;
    struct timeline_entry *at = HUB_NEW_ARRAY(reading->arena, struct timeline_entry, *room);
    if (page->count > 0) {
        memcpy(at, page->at, page->count * sizeof *at);
    }
    page->at = at;
}

/* Walk the scan until the page is full. Returns 0 or < 0. */
static int fill(const struct hub_reading *reading, struct hub_scan *scan, const struct hub_timeline_ask *ask,
                struct hub_timeline_page *page)
{
    struct maker maker = { .reading = reading, .in_history = ask->which == HUB_TIMELINE_HISTORY };
    struct timeline_entry extra = { 0 };
    struct hub_stored stored;
    uint64_t last = 0;
    uint32_t room = 0;
    int found;
    while ((found = hub_scan_next(scan, &stored)) == 1) {
        if (!is_wanted(stored.header.type, ask->which)) {
            continue;
        }
        bool is_full = page->count == ask->limit;
        if (!is_full) {
            add_room(reading, page, &room, ask->limit);
        }
        maker.entry = is_full ? &extra : &page->at[page->count];
        if (!make(&maker, &stored)) {
            continue;
        }
        if (is_full) {
            page->next_cursor = hub_reading_cursor_print(reading, last);
            return 0;
        }
        page->count++;
        last = stored.header.sequence;
    }
    return found;
}

int hub_show_timeline(const struct hub_reading *reading, const struct hub_timeline_ask *ask,
                      struct hub_timeline_page *ret_page)
{
    uint64_t after;
    int done = hub_reading_cursor_parse(reading, ask->cursor, &after);
    *ret_page = (struct hub_timeline_page){ 0 };
    if (done != 0 || after >= reading->at.sequence) {
        return done;
    }
    const struct hub_tag_range range = { .company = reading->company,
                                         .tag = HUB_TAG_subject,
                                         .id = ask->customer,
                                         .from = after + 1,
                                         .to = reading->at.sequence };
    struct hub_scan *scan = hub_scan_tag(reading->log, &range);
    done = fill(reading, scan, ask, ret_page);
    hub_scan_close(&scan);
    return done;
}
