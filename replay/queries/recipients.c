/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The recipients of one campaign: as a list for people, and those whose turn it is for the campaign's runner. */
#include "base/error.h"
#include "replay/queries/campaigns.h"

enum { LIMIT = 100, LIMIT_MAX = 1000, LOOKED_AT_MAX = 10000, CHANNELS = 8 };

/* --- a list --- */

struct page {
    const struct hub_reading *reading;
    struct campaign_recipients *list;
    hub_enum status; /* 0: any */
    uint32_t limit, looked_at;
    struct hub_ulid last;
    bool has_more;
    int error;
};

static int show(struct page *page, struct hub_ulid customer, const struct recipient_row *row)
{
    struct recipient_shown *shown = &page->list->recipients.at[page->list->recipients.count];
    struct customer_state *state;
    int done = hub_reading_customer(page->reading, customer, &state);
    if (done != 0) {
        return done < 0 ? done : 0;
    }
    page->list->recipients.count++;
    HUB_SET(recipient_shown, shown, customer_id, hub_reading_customer_name(page->reading, state, customer));
    HUB_COPY(recipient_shown, shown, recipient_row, row, status);
    HUB_COPY(recipient_shown, shown, recipient_row, row, channel);
    HUB_COPY(recipient_shown, shown, recipient_row, row, step);
    HUB_COPY(recipient_shown, shown, recipient_row, row, attempts);
    HUB_COPY(recipient_shown, shown, recipient_row, row, reason);
    HUB_COPY(recipient_shown, shown, recipient_row, row, failure);
    HUB_COPY(recipient_shown, shown, recipient_row, row, moved_at);
    if (HUB_HAS(recipient_row, row, session)) {
        HUB_SET(recipient_shown, shown, session_id, row->session);
    }
    if (HUB_HAS(recipient_row, row, due)) {
        HUB_SET(recipient_shown, shown, due_at, row->due);
    }
    return 0;
}

static bool take(void *arg, struct hub_span key, struct hub_span value)
{
    struct page *page = arg;
    struct recipient_row row;
    struct hub_ulid customer;
    if (page->list->recipients.count == page->limit || page->looked_at == LOOKED_AT_MAX) {
        page->has_more = true;
        return false;
    }
    page->looked_at++;
    memcpy(customer.b, key.at + key.len - sizeof customer.b, sizeof customer.b);
    page->error = hub_reading_take(page->reading, value, &recipient_row_shape, &row);
    if (page->error == 0 && (page->status == 0 || row.status == page->status)) {
        page->error = show(page, customer, &row);
    }
    page->last = customer;
    return page->error == 0;
}

static int answer_list(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct recipients_query *query = params;
    struct campaign_recipients *list = ret_answer;
    struct hub_ulid campaign, after;
    struct campaign_state *state;
    int done = hub_reading_named(reading, KIND_campaign, &campaign);
    done = done == 0 ? hub_reading_campaign(reading, campaign, &state) : done;
    if (done != 0) {
        return done;
    }
    struct hub_row_key prefix = hub_row_key_of(HUB_VIEW_recipients, reading->company, 'c', campaign), from = prefix;
    if (query->cursor.len > 0) {
        if (!hub_ulid_parse(query->cursor, &after)) {
            return hub_reading_refuse(reading, HUB_ERROR_invalid_query, "", "The cursor is none of this list's.");
        }
        hub_row_key_id(&from, after);
        hub_row_key_byte(&from, 0);
    }
    struct page page = { .reading = reading,
                         .list = list,
                         .status = HUB_HAS(recipients_query, query, status) ? query->status : 0,
                         .limit = HUB_HAS(recipients_query, query, limit) ? query->limit : LIMIT };
    HUB_SET(campaign_recipients, list, campaign_id, state->campaign_id);
    HUB_MARK(campaign_recipients, list, recipients);
    list->recipients.at = HUB_NEW_ARRAY(reading->arena, struct recipient_shown, page.limit);
    done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&from), take, &page);
    if (done == 0 && page.error == 0 && page.has_more) {
        char *text = hub_arena_get(reading->arena, HUB_ULID_TEXT);
        hub_ulid_print(page.last, text);
        HUB_SET(campaign_recipients, list, next_cursor, hub_span_of(text, HUB_ULID_TEXT));
    }
    return done != 0 ? done : page.error;
}

/* --- whose turn it is --- */

struct due {
    struct hub_ulid *at;
    uint8_t *channels;
    uint64_t count, room;
    uint64_t first_s; /* of the channel; 0: none is due */
    uint32_t until_s;
};

static bool take_due(void *arg, struct hub_span key, struct hub_span value)
{
    struct due *due = arg;
    uint32_t due_s;
    (void) value;
    memcpy(&due_s, key.at + key.len - 20, sizeof due_s);
    due_s = __builtin_bswap32(due_s);
    if (due_s > due->until_s) {
        return false;
    }
    due->first_s = due->first_s == 0 ? due_s : due->first_s;
    due->channels[due->count] = (uint8_t) key.at[2 + 16];
    memcpy(due->at[due->count++].b, key.at + key.len - 16, 16);
    return due->count < due->room;
}

/* Of a cancelled campaign everybody who waits is due. */
static uint32_t due_until(const struct turns_query *query, const struct campaign_state *campaign)
{
    int64_t now_s = query->now / 1000000;
    bool is_cancelled = campaign->status == campaign_status_cancelled;
    return is_cancelled || now_s > UINT32_MAX ? UINT32_MAX : (uint32_t) now_s;
}

/* Those of the channel of code index + 1. */
static int find_on(const struct hub_reading *reading, const struct turns_query *query, uint32_t index, struct due *due)
{
    struct hub_row_key prefix = hub_row_key_of(HUB_VIEW_recipients, reading->company, (uint8_t) (index + 1),
                                               query->campaign);
    struct hub_row_key from = prefix;
    hub_row_key_be32(&from, index < query->since.count ? (uint32_t) ((const uint64_t *) query->since.at)[index] : 0);
    due->room = due->count + ((const uint64_t *) query->room.at)[index];
    due->first_s = 0;
    return reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&from), take_due, due);
}

static int find_due(const struct hub_reading *reading, const struct turns_query *query, struct turns_found *found)
{
    uint64_t room = 0;
    const uint64_t *rooms = query->room.at;
    for (uint32_t i = 0; i < query->room.count && i < CHANNELS; i++) {
        room += rooms[i];
    }
    struct due due = { .at = HUB_NEW_ARRAY(reading->arena, struct hub_ulid, room),
                       .channels = HUB_NEW_ARRAY(reading->arena, uint8_t, room),
                       .until_s = due_until(query, found->campaign) };
    uint64_t *first_s = HUB_NEW_ARRAY(reading->arena, uint64_t, CHANNELS);
    int done = 0;
    for (uint32_t i = 0; done == 0 && i < query->room.count && i < CHANNELS; i++) {
        done = rooms[i] > 0 ? find_on(reading, query, i, &due) : 0;
        first_s[i] = due.first_s;
    }
    HUB_SET(turns_found, found, first, ((hub_list){ .at = first_s, .count = CHANNELS }));
    found->turns.at = HUB_NEW_ARRAY(reading->arena, struct campaign_turn, due.count);
    HUB_MARK(turns_found, found, turns);
    for (uint64_t i = 0; done == 0 && i < due.count; i++) {
        struct customer_state *state;
        done = hub_reading_customer(reading, due.at[i], &state);
        if (done == 0) {
            struct campaign_turn *turn = &found->turns.at[found->turns.count++];
            hub_show_turn(due.at[i], state, turn);
            HUB_SET(campaign_turn, turn, channel, due.channels[i]);
        }
    }
    return done;
}

static int answer_turns(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct turns_query *query = params;
    struct turns_found *found = ret_answer;
    struct campaign_counts *counts = HUB_NEW(reading->arena, struct campaign_counts);
    int done = hub_reading_campaign(reading, query->campaign, &found->campaign);
    done = done == 0 ? hub_reading_counts(reading, query->campaign, counts) : done;
    HUB_MARK(turns_found, found, campaign);
    HUB_SET(turns_found, found, counts, counts);
    return done == 0 ? find_due(reading, query, found) : done;
}

const struct hub_query_info hub_query_recipients = {
    .name = "recipients",
    .params = &recipients_query_shape,
    .answer = &campaign_recipients_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_recipients,
    .answer_fn = answer_list,
};

const struct hub_query_info hub_query_turns = {
    .name = "turns",
    .params = &turns_query_shape,
    .answer = &turns_found_shape,
    .scope = HUB_SCOPE_company,
    .answer_fn = answer_turns,
};
