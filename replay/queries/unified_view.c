/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `unified_view`: a customer across all channels. */
#include "replay/queries/figures.h"
#include "replay/queries/shown.h"

enum { LIMIT = 1000 };

/* Count the open sessions, and the channels that they have been on. A session that the customer decided on and that has no
 * event yet is not there yet; one that ended and of which the customer has not heard is there no longer. */
static int add_sessions(const struct hub_reading *reading, const struct customer_state *state,
                        struct unified_view *view)
{
    uint32_t count = 0;
    hub_set channels = 0;
    for (uint32_t i = 0; i < state->sessions.count; i++) {
        void *found;
        int done = hub_reading_state(reading, &hub_kind_session, state->sessions.at[i].session, &found);
        if (done < 0) {
            return done;
        }
        const struct session_state *session = found;
        if (done == 0 && session->status != session_status_ended) {
            count++;
            channels |= session->channels;
        }
    }
    HUB_SET(unified_view, view, active_sessions, count);
    HUB_SET(unified_view, view, active_channels, channels);
    return 0;
}

static int add_figures(const struct hub_reading *reading, struct hub_ulid customer, struct unified_view *view)
{
    struct customer_figures figures;
    int done = hub_reading_figures(reading, customer, &figures);
    if (done == 0) {
        HUB_SET(unified_view, view, total_interactions, figures.messages + figures.transfers);
        HUB_SET(unified_view, view, engagement_metrics, HUB_NEW(reading->arena, struct engagement_metrics));
        hub_show_metrics(&figures, reading->arena, view->engagement_metrics);
    }
    return done;
}

static int add_timeline(const struct hub_reading *reading, struct hub_ulid customer, const struct customer_query *query,
                        struct unified_view *view)
{
    struct hub_timeline_page page;
    const struct hub_timeline_ask ask = {
        .customer = customer,
        .which = HUB_TIMELINE_UNIFIED,
        .limit = HUB_HAS(customer_query, query, limit) ? query->limit : LIMIT,
        .cursor = query->cursor,
    };
    int done = hub_show_timeline(reading, &ask, &page);
    if (done != 0) {
        return done;
    }
    HUB_MARK(unified_view, view, interaction_timeline);
    view->interaction_timeline.at = page.at;
    view->interaction_timeline.count = page.count;
    if (page.next_cursor.len > 0) {
        HUB_SET(unified_view, view, next_cursor, page.next_cursor);
    }
    return 0;
}

static void add_customer(const struct hub_reading *reading, const struct customer_state *state,
                         struct hub_ulid customer, struct unified_view *view)
{
    HUB_SET(unified_view, view, customer_id, hub_reading_customer_name(reading, state, customer));
    if (HUB_HAS(customer_state, state, profile)) {
        HUB_SET(unified_view, view, customer_profile, state->profile);
    }
    HUB_COPY(unified_view, view, customer_state, state, context);
    if (HUB_HAS(customer_state, state, identities)) {
        HUB_MARK(unified_view, view, identities);
        view->identities.at = state->identities.at;
        view->identities.count = state->identities.count;
    }
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct hub_ulid customer;
    struct customer_state *state;
    int done = hub_reading_named(reading, KIND_customer, &customer);
    done = done == 0 ? hub_reading_customer(reading, customer, &state) : done;
    if (done != 0) {
        return done;
    }
    add_customer(reading, state, customer, ret_answer);
    done = add_sessions(reading, state, ret_answer);
    done = done == 0 ? add_figures(reading, customer, ret_answer) : done;
    return done == 0 ? add_timeline(reading, customer, params, ret_answer) : done;
}

const struct hub_query_info hub_query_unified_view = {
    .name = "unified_view",
    .params = &customer_query_shape,
    .answer = &unified_view_shape,
    .scope = HUB_SCOPE_customer,
    .is_still = true,
    .find_fn = hub_reading_find_customer,
    .answer_fn = answer,
};
