/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Recipients: their moves, their fold, and the small questions that deciding asks. */
#include "actors/customer/recipient.h"

#include "actors/moves.h"
#include "base/digest.h"
#include "base/list.h"

static const int64_t minute_us = INT64_C(60) * 1000000, day_us = INT64_C(86400) * 1000000;

static const struct hub_move rows[] = {
#define MOVE(from_, to_, ...) { .from = recipient_status_##from_, .to = recipient_status_##to_, __VA_ARGS__ },
#include "actors/customer/recipient_moves.def"
#undef MOVE
};

static const struct hub_moves moves = { .vocab = &recipient_status_vocab,
                                        .rows = rows,
                                        .count = sizeof rows / sizeof rows[0],
                                        .first = recipient_status_selected,
                                        .begun = "in the audience" };

bool hub_recipient_may_move(unsigned from, unsigned to)
{
    return hub_moves_has(&moves, from, to);
}

void hub_recipient_moves_print(struct hub_buf *out)
{
    hub_moves_print(&moves, out);
}

bool hub_recipient_waits(unsigned status)
{
    return status == recipient_status_selected || status == recipient_status_deferred ||
           status == recipient_status_fallback;
}

bool hub_recipient_is_over(unsigned status)
{
    return !hub_recipient_waits(status) && status != recipient_status_attempted && status != recipient_status_failed;
}

size_t hub_recipient_route(const hub_list *channels, unsigned preferred, uint8_t *ret_route)
{
    const hub_enum *items = channels->at;
    size_t count = 0;
    for (uint32_t i = 0; i < channels->count; i++) {
        if (items[i] == preferred) {
            ret_route[count++] = (uint8_t) preferred;
            break;
        }
    }
    for (uint32_t i = 0; i < channels->count && count < HUB_RECIPIENT_STEPS; i++) {
        if (memchr(ret_route, items[i], count) == NULL) {
            ret_route[count++] = (uint8_t) items[i];
        }
    }
    return count;
}

struct hub_ulid hub_recipient_session(struct hub_ulid campaign, struct hub_ulid customer)
{
    const struct hub_span parts[] = { HUB_SPAN("omnihub campaign session"), hub_span_of(campaign.b, sizeof campaign.b),
                                      hub_span_of(customer.b, sizeof customer.b) };
    struct hub_digest digest = hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
    struct hub_ulid session;
    memcpy(session.b, digest.b, sizeof session.b);
    return hub_ulid_with_shard(session, hub_ulid_shard(customer));
}

int64_t hub_quiet_end(uint32_t from, uint32_t until, int64_t at_us, int64_t offset_s)
{
    int64_t local_us = at_us + offset_s * 1000000;
    int64_t in_day_us = (local_us % day_us + day_us) % day_us;
    int64_t from_us = from * minute_us, until_us = until * minute_us;
    bool is_quiet = from <= until ? in_day_us >= from_us && in_day_us < until_us
                                  : in_day_us >= from_us || in_day_us < until_us;
    if (!is_quiet) {
        return at_us;
    }
    int64_t wait_us = until_us - in_day_us;
    return at_us + (wait_us > 0 ? wait_us : wait_us + day_us);
}

/* --- the fold --- */

static struct customer_campaign *find(const struct customer_state *state, struct hub_ulid campaign)
{
    for (uint32_t i = 0; i < state->campaigns.count; i++) {
        if (hub_ulid_is(state->campaigns.at[i].campaign, campaign)) {
            return &state->campaigns.at[i];
        }
    }
    return NULL;
}

/* When the list is full the oldest that is over gives way; the decision saw to it that there is one. */
static void make_room(struct customer_state *state)
{
    for (uint32_t i = 0; i < state->campaigns.count && state->campaigns.count >= HUB_CUSTOMER_CAMPAIGNS; i++) {
        if (hub_recipient_is_over(state->campaigns.at[i].status)) {
            HUB_LIST_REMOVE(&state->campaigns, i);
            return;
        }
    }
}

static void apply_selected(struct customer_state *state, const struct recipient_selected *selected,
                           struct hub_arena *arena)
{
    make_room(state);
    struct customer_campaign *entry = HUB_LIST_ADD(&state->campaigns, arena);
    *entry = (struct customer_campaign){ 0 };
    HUB_SET(customer_campaign, entry, campaign, selected->campaign);
    HUB_SET(customer_campaign, entry, status, recipient_status_selected);
    HUB_SET(customer_campaign, entry, session, selected->session);
    HUB_SET(customer_campaign, entry, step, 1);
    hub_keep_text(arena, &entry->route, selected->route);
    HUB_MARK(customer_campaign, entry, route);
    HUB_MARK(customer_state, state, campaigns);
}

static void apply_moved(struct customer_state *state, const struct hub_event *event)
{
    const struct recipient_moved *moved = event->record;
    struct customer_campaign *entry = find(state, moved->campaign);
    if (entry == NULL) {
        return; /* was never selected: there was no room for it */
    }
    entry->status = moved->status;
    entry->step = moved->step;
    HUB_CLEAR(customer_campaign, entry, due);
    entry->due = 0;
    HUB_COPY(customer_campaign, entry, recipient_moved, moved, due);
    if (moved->status == recipient_status_attempted) {
        HUB_SET(customer_campaign, entry, contacted_at, event->decided_at_us);
    }
}

void hub_recipient_apply(struct customer_state *state, const struct hub_event *event, struct hub_arena *arena)
{
    if (event->shape == &recipient_selected_shape) {
        apply_selected(state, event->record, arena);
    } else {
        apply_moved(state, event);
    }
}
