/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queries about campaigns as a whole: one, those that are not over, those that contact somebody, an audience by name. */
#include "base/error.h"
#include "replay/queries/campaigns.h"

enum { LIMIT = 50, LIMIT_MAX = 500, AT_WORK_MAX = 1000 };

int hub_reading_counts(const struct hub_reading *reading, struct hub_ulid campaign, struct campaign_counts *ret_counts)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_campaigns, reading->company, 'n', campaign);
    int done = hub_reading_row(reading, &key, &campaign_counts_shape, ret_counts);
    if (done == HUB_ERROR_not_found) {
        *ret_counts = (struct campaign_counts){ .has = hub_shape_mask(&campaign_counts_shape) };
        HUB_CLEAR(campaign_counts, ret_counts, status);
        done = 0;
    }
    return done;
}

int hub_reading_campaign(const struct hub_reading *reading, struct hub_ulid campaign, struct campaign_state **ret_state)
{
    void *state = NULL;
    int done = hub_reading_state(reading, &hub_kind_campaign, campaign, &state);
    struct campaign_state *found = state;
    if (done == HUB_ERROR_not_found || (done == 0 && !HUB_HAS(campaign_state, found, status))) {
        hub_reading_refuse(reading, HUB_ERROR_not_found, "/campaign_id", "There is no such campaign.");
        return HUB_ERROR_not_found;
    }
    *ret_state = found;
    return done;
}

static int show(const struct hub_reading *reading, struct hub_ulid campaign, const struct campaign_state *state,
                struct campaign_standing *shown)
{
    struct campaign_counts *counts = HUB_NEW(reading->arena, struct campaign_counts);
    int done = hub_reading_counts(reading, campaign, counts);
    HUB_SET(campaign_standing, shown, success, true);
    HUB_SET(campaign_standing, shown, campaign_id, state->campaign_id);
    HUB_SET(campaign_standing, shown, status, state->status);
    HUB_COPY(campaign_standing, shown, campaign_state, state, name);
    HUB_COPY(campaign_standing, shown, campaign_state, state, channels);
    if (HUB_HAS(campaign_state, state, plan)) {
        HUB_SET(campaign_standing, shown, purpose, state->plan->purpose);
        HUB_SET(campaign_standing, shown, channels, state->plan->channels);
        HUB_SET(campaign_standing, shown, ends_at, state->plan->ends_at);
    }
    HUB_SET(campaign_standing, shown, progress, counts);
    if (HUB_HAS(campaign_state, state, audience)) {
        HUB_SET(campaign_standing, shown, conditions, state->audience);
    }
    HUB_SET(campaign_standing, shown, compared, state->seen);
    HUB_SET(campaign_standing, shown, matched, state->matched);
    HUB_SET(campaign_standing, shown, is_compared, state->walked);
    HUB_SET(campaign_standing, shown, created_at, state->created_at);
    HUB_COPY(campaign_standing, shown, campaign_state, state, launched_at);
    HUB_COPY(campaign_standing, shown, campaign_state, state, starts_at);
    HUB_COPY(campaign_standing, shown, campaign_state, state, over_at);
    return done;
}

static int answer_one(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    (void) params;
    struct hub_ulid campaign;
    struct campaign_state *state = NULL;
    int done = hub_reading_named(reading, KIND_campaign, &campaign);
    done = done == 0 ? hub_reading_campaign(reading, campaign, &state) : done;
    return done == 0 ? show(reading, campaign, state, ret_answer) : done;
}

/* --- lists --- */

/* The ids at the end of an index' keys. */
struct ids {
    struct hub_ulid at[AT_WORK_MAX + 1];
    uint32_t count, room;
};

static bool take_id(void *arg, struct hub_span key, struct hub_span value)
{
    struct ids *ids = arg;
    (void) value;
    memcpy(ids->at[ids->count++].b, key.at + key.len - sizeof ids->at[0].b, sizeof ids->at[0].b);
    return ids->count < ids->room;
}

static int read_ids(const struct hub_reading *reading, const struct hub_row_key *prefix, struct hub_span cursor,
                    struct ids *ids)
{
    struct hub_row_key from = *prefix;
    struct hub_ulid after;
    if (cursor.len > 0) {
        if (!hub_ulid_parse(cursor, &after)) {
            return hub_reading_refuse(reading, HUB_ERROR_invalid_query, "", "The cursor is none of this list's.");
        }
        hub_row_key_id(&from, after);
        hub_row_key_byte(&from, 0); /* behind it */
    }
    return reading->rows.scan(reading->rows.self, hub_row_key_span(prefix), hub_row_key_span(&from), take_id, ids);
}

static int answer_active(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct active_campaigns_query *query = params;
    struct active_campaigns *list = ret_answer;
    struct ids *ids = HUB_NEW(reading->arena, struct ids);
    uint32_t limit = HUB_HAS(active_campaigns_query, query, limit) ? query->limit : LIMIT;
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_campaigns, reading->company);
    hub_row_key_byte(&prefix, 'a');
    ids->room = limit + 1;
    int done = read_ids(reading, &prefix, query->cursor, ids);
    uint32_t count = ids->count > limit ? limit : ids->count;
    list->campaigns.at = HUB_NEW_ARRAY(reading->arena, struct campaign_standing, count);
    HUB_MARK(active_campaigns, list, campaigns);
    for (uint32_t i = 0; done == 0 && i < count; i++) {
        struct campaign_state *state = NULL;
        done = hub_reading_campaign(reading, ids->at[i], &state);
        done = done == 0 ? show(reading, ids->at[i], state, &list->campaigns.at[list->campaigns.count++]) : done;
    }
    if (done == 0 && ids->count > limit) {
        char *text = hub_arena_get(reading->arena, HUB_ULID_TEXT);
        hub_ulid_print(ids->at[limit - 1], text);
        HUB_SET(active_campaigns, list, next_cursor, hub_span_of(text, HUB_ULID_TEXT));
    }
    return done;
}

/* Those of all companies. Where there are too many, companies share the room: one that has many takes none of another's. */
struct work {
    struct campaign_at_work at[AT_WORK_MAX];
    uint32_t count, room;
    struct hub_ulid company; /* of the row before */
    uint32_t companies;      /* so far */
    uint64_t seen;
    uint32_t of_company; /* taken of this one, at most share */
    uint32_t share;      /* 0: companies are only counted */
};

static bool take_work(void *arg, struct hub_span key, struct hub_span value)
{
    struct work *work = arg;
    struct hub_ulid company;
    (void) value;
    memcpy(company.b, key.at + key.len - 32, sizeof company.b);
    if (work->companies == 0 || !hub_ulid_is(company, work->company)) {
        work->company = company;
        work->companies++;
        work->of_company = 0;
    }
    work->seen++;
    if (work->of_company == work->share) {
        return true;
    }
    struct campaign_at_work *item = &work->at[work->count++];
    work->of_company++;
    HUB_SET(campaign_at_work, item, company, company);
    HUB_MARK(campaign_at_work, item, campaign);
    memcpy(item->campaign.b, key.at + key.len - 16, sizeof item->campaign.b);
    return work->count < work->room;
}

/* What it reads stands below no company. */
static int scan_work(const struct hub_reading *reading, struct work *work, uint32_t share)
{
    static const struct hub_ulid none;
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_campaigns, none);
    hub_row_key_byte(&prefix, 'w');
    work->companies = 0;
    work->seen = 0;
    work->share = share;
    return reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&prefix), take_work,
                              work);
}

static int answer_at_work(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct at_work_query *query = params;
    struct campaigns_at_work *list = ret_answer;
    struct work *work = HUB_NEW(reading->arena, struct work);
    work->room = HUB_HAS(at_work_query, query, limit) ? query->limit : AT_WORK_MAX;
    int done = scan_work(reading, work, 0);
    if (done == 0 && work->companies > 0) {
        uint32_t fair = work->room / work->companies > 0 ? work->room / work->companies : 1;
        done = scan_work(reading, work, work->seen > work->room ? fair : work->room);
    }
    list->campaigns.at = work->at;
    list->campaigns.count = work->count;
    HUB_MARK(campaigns_at_work, list, campaigns);
    return done;
}

static int answer_segment(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    (void) params;
    struct segment_found *found = ret_answer;
    struct hub_ulid id;
    void *record = NULL;
    int done = hub_reading_named(reading, KIND_campaign, &id);
    done = done == 0 ? hub_reading_state(reading, &hub_kind_campaign, id, &record) : done;
    const struct campaign_state *state = record;
    if (done == HUB_ERROR_not_found || (done == 0 && HUB_HAS(campaign_state, state, status))) {
        return hub_reading_refuse(reading, HUB_ERROR_not_found, "/segment_id", "There is no such audience.");
    }
    if (done == 0) {
        HUB_SET(segment_found, found, conditions, state->audience);
    }
    return done;
}

const struct hub_query_info hub_query_campaign = {
    .name = "campaign",
    .params = &campaign_query_shape,
    .answer = &campaign_standing_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_campaigns,
    .answer_fn = answer_one,
};

const struct hub_query_info hub_query_active_campaigns = {
    .name = "active_campaigns",
    .params = &active_campaigns_query_shape,
    .answer = &active_campaigns_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_campaigns,
    .answer_fn = answer_active,
};

const struct hub_query_info hub_query_at_work = {
    .name = "at_work",
    .params = &at_work_query_shape,
    .answer = &campaigns_at_work_shape,
    .scope = HUB_SCOPE_company,
    .answer_fn = answer_at_work,
};

const struct hub_query_info hub_query_segment = {
    .name = "segment",
    .params = &segment_query_shape,
    .answer = &segment_found_shape,
    .scope = HUB_SCOPE_company,
    .answer_fn = answer_segment,
};
