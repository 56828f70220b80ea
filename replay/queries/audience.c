/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `audience`: some customers, one after the other, compared with a condition. The customers come in the order of
 * their ids, so that a walk can stop anywhere and go on there. */
#include "base/error.h"
#include "base/filter.h"
#include "base/pack.h"
#include "replay/queries/campaigns.h"
#include "replay/queries/figures.h"

enum { SCRATCH = 8192 };

struct walk {
    const struct hub_reading *reading;
    const struct audience_query *query;
    const struct hub_filter *filter;
    bool needs_figures;
    struct hub_arena *scratch; /* of one customer */
    struct audience_page *page;
    int error;
};

void hub_show_turn(struct hub_ulid customer, const struct customer_state *state, struct campaign_turn *ret_turn)
{
    HUB_SET(campaign_turn, ret_turn, customer, customer);
    if (!HUB_HAS(customer_state, state, profile)) {
        return;
    }
    if (HUB_HAS(customer_profile, state->profile, preferred_channel)) {
        HUB_SET(campaign_turn, ret_turn, preferred, state->profile->preferred_channel);
    }
    if (HUB_HAS(customer_profile, state->profile, timezone)) {
        HUB_SET(campaign_turn, ret_turn, zone, state->profile->timezone);
    }
}

static void add_figures(const struct customer_figures *figures, struct audience_member *member)
{
    HUB_SET(audience_member, member, sessions_resolved, figures->sessions_resolved);
    HUB_SET(audience_member, member, messages, figures->messages);
    HUB_SET(audience_member, member, transfers, figures->transfers);
    HUB_SET(audience_member, member, channels, figures->channels);
    HUB_SET(audience_member, member, ratings, figures->ratings);
    if (figures->ratings > 0) {
        HUB_SET(audience_member, member, rating, (int64_t) (figures->rating_sum * 10 / figures->ratings));
    }
}

static void add_profile(const struct customer_profile *profile, struct audience_member *member)
{
    HUB_COPY(audience_member, member, customer_profile, profile, tier);
    HUB_COPY(audience_member, member, customer_profile, profile, language);
    HUB_COPY(audience_member, member, customer_profile, profile, timezone);
    HUB_COPY(audience_member, member, customer_profile, profile, preferred_channel);
    HUB_COPY(audience_member, member, customer_profile, profile, communication_preference);
}

static bool needs_figures(const struct hub_filter *filter)
{
    static const uint8_t counted[] = { audience_member_at_sessions_resolved, audience_member_at_messages,
                                       audience_member_at_transfers,         audience_member_at_channels,
                                       audience_member_at_ratings,           audience_member_at_rating };
    for (size_t i = 0; i < sizeof counted; i++) {
        if (hub_filter_names(filter, &audience_member_shape.fields[counted[i]])) {
            return true;
        }
    }
    return false;
}

/* Whether a customer belongs to the audience; < 0: the figures cannot be read. */
static int belongs(const struct walk *walk, struct hub_ulid customer, const struct customer_state *state)
{
    struct audience_member member = { 0 };
    if (HUB_HAS(customer_state, state, erased_at)) {
        return 0;
    }
    if (HUB_HAS(audience_query, walk->query, known_at) && state->created_at > walk->query->known_at) {
        return 0;
    }
    if (HUB_HAS(customer_state, state, profile)) {
        add_profile(state->profile, &member);
    }
    HUB_SET(audience_member, &member, created_at, state->created_at);
    HUB_SET(audience_member, &member, last_seen_at, state->changed_at);
    HUB_SET(audience_member, &member, open_sessions, state->sessions.count);
    HUB_SET(audience_member, &member, sessions, state->session_count);
    HUB_SET(audience_member, &member, campaigns, state->campaigns.count);
    if (walk->needs_figures) {
        struct hub_reading reading = *walk->reading;
        struct customer_figures figures;
        reading.arena = walk->scratch;
        if (hub_reading_figures(&reading, customer, &figures) < 0) {
            return -1;
        }
        add_figures(&figures, &member);
    }
    return hub_filter_holds(walk->filter, &member, walk->query->now);
}

static void add_turn(struct walk *walk, struct hub_ulid customer, const struct customer_state *state)
{
    struct audience_page *page = walk->page;
    struct campaign_turn *turn = &page->turns.at[page->turns.count++];
    hub_show_turn(customer, state, turn);
    turn->zone = hub_arena_copy(walk->reading->arena, turn->zone);
}

static int compare(struct walk *walk, struct hub_ulid customer, struct hub_span value)
{
    struct entity_row row;
    struct customer_state state = { 0 };
    struct hub_span bytes = hub_arena_copy(walk->scratch, value);
    if (hub_unpack(&entity_row_shape, bytes, walk->scratch, &row, NULL) != 0 ||
        row.schema != customer_state_shape.version ||
        hub_unpack(&customer_state_shape, row.state, walk->scratch, &state, NULL) != 0) {
        return -1;
    }
    int belonging = belongs(walk, customer, &state);
    if (belonging > 0) {
        walk->page->matched++;
        if (!walk->query->counts) {
            add_turn(walk, customer, &state);
        }
    }
    return belonging < 0 ? -1 : 0;
}

static bool visit(void *arg, struct hub_span key, struct hub_span value)
{
    struct walk *walk = arg;
    struct audience_page *page = walk->page;
    struct hub_ulid customer;
    if (page->compared == walk->query->limit) {
        page->is_over = false;
        return false;
    }
    memcpy(customer.b, key.at + key.len - sizeof customer.b, sizeof customer.b);
    hub_arena_reset(walk->scratch);
    walk->error = compare(walk, customer, value);
    page->compared++;
    HUB_SET(audience_page, page, last, customer);
    return walk->error == 0;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct audience_query *query = params;
    struct audience_page *page = ret_answer;
    struct walk walk = { .reading = reading, .query = query, .page = page };
    struct hub_filter_fault fault;
    if (hub_filter_compile(query->conditions, &audience_member_shape, reading->arena, &walk.filter, &fault) != 0) {
        return hub_reading_refuse(reading, HUB_ERROR_invalid_field, "/conditions", "At byte %zu: %s", fault.at,
                                  fault.reason);
    }
    walk.needs_figures = needs_figures(walk.filter);
    HUB_SET(audience_page, page, compared, 0);
    HUB_SET(audience_page, page, matched, 0);
    HUB_SET(audience_page, page, is_over, true);
    page->turns.at = HUB_NEW_ARRAY(reading->arena, struct campaign_turn, query->counts ? 0 : query->limit);
    HUB_MARK(audience_page, page, turns);
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_entities, reading->company);
    hub_row_key_byte(&prefix, KIND_customer);
    struct hub_row_key from = prefix;
    if (HUB_HAS(audience_query, query, after)) {
        hub_row_key_id(&from, query->after);
        hub_row_key_byte(&from, 0); /* behind it */
    }
    walk.scratch = hub_arena_new(SCRATCH);
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&from), visit, &walk);
    hub_arena_destroy(&walk.scratch);
    return done != 0 ? done : walk.error;
}

const struct hub_query_info hub_query_audience = {
    .name = "audience",
    .params = &audience_query_shape,
    .answer = &audience_page_shape,
    .scope = HUB_SCOPE_company,
    .answer_fn = answer,
};
