/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `campaigns`: how many recipients stand where, which campaigns are not over, and which of them contact anybody.
 * Only sums, so that the order in which customers' streams are folded does not matter. */
#include "base/error.h"
#include "replay/views/all.h"

/* A recipient's status is the number of its field. */
_Static_assert(campaign_counts_at_selected == recipient_status_selected - 1 &&
                   campaign_counts_at_opted_out == recipient_status_opted_out - 1 &&
                   campaign_counts_at_cancelled == recipient_status_cancelled - 1,
               "the counts are in the order of the statuses");

static const struct hub_ulid none;

/* The counts with every figure present. */
static int open_counts(struct hub_view_fold *self, struct hub_ulid company, struct hub_ulid campaign,
                       struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_campaigns, company, 'n', campaign);
    int done = hub_fold_open(self, &key, &campaign_counts_shape, ret_row);
    if (done == 0) {
        struct campaign_counts *counts = (*ret_row)->record;
        bool has_status = HUB_HAS(campaign_counts, counts, status);
        counts->has = hub_shape_mask(&campaign_counts_shape);
        if (!has_status) {
            HUB_CLEAR(campaign_counts, counts, status);
        }
    }
    return done;
}

static uint64_t *count_of(struct campaign_counts *counts, hub_enum status)
{
    bool known = status >= recipient_status_selected && status <= recipient_status_cancelled;
    return known ? hub_record_field(counts, &campaign_counts_shape.fields[status - 1]) : NULL;
}

static void put_index(struct hub_view_fold *self, const struct hub_row_key *key, bool there)
{
    const struct index_row row = { 0 };
    if (there) {
        hub_fold_put(self, key, &index_row_shape, &row);
    } else {
        hub_fold_drop(self, key);
    }
}

static uint64_t waiting(const struct campaign_counts *counts)
{
    return counts->selected + counts->deferred + counts->fallback;
}

/* A campaign works while it runs; a cancelled one until nobody waits any more. */
static bool works(const struct campaign_counts *counts)
{
    return counts->status == campaign_status_running ||
           (counts->status == campaign_status_cancelled && waiting(counts) > 0);
}

static void keep_work(struct hub_view_fold *self, const struct event_header *header, struct hub_ulid campaign,
                      bool worked, const struct campaign_counts *counts)
{
    if (worked != works(counts)) {
        struct hub_row_key key = hub_row_key_of(HUB_VIEW_campaigns, none, 'w', header->company);
        hub_row_key_id(&key, campaign);
        put_index(self, &key, works(counts));
    }
}

static int campaign_got(struct hub_view_fold *self, const struct event_header *header, unsigned status)
{
    struct hub_folded *row;
    int done = open_counts(self, header->company, header->entity, &row);
    if (done < 0) {
        return done;
    }
    struct campaign_counts *counts = row->record;
    bool worked = works(counts);
    bool is_listed = status == campaign_status_scheduled || status == campaign_status_running ||
                     status == campaign_status_paused;
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_campaigns, header->company, 'a', header->entity);
    HUB_SET(campaign_counts, counts, status, (hub_enum) status);
    put_index(self, &key, is_listed);
    keep_work(self, header, header->entity, worked, counts);
    hub_fold_touch(self, row);
    return 0;
}

static void count_why(struct campaign_counts *counts, const struct recipient_moved *event)
{
    bool is_suppressed = event->status == recipient_status_suppressed && HUB_HAS(recipient_moved, event, reason);
    counts->attempts += event->status == recipient_status_attempted;
    counts->failures += event->status == recipient_status_failed;
    counts->no_consent += is_suppressed && event->reason == recipient_reason_consent;
    counts->no_time += is_suppressed && (event->reason == recipient_reason_quiet_hours ||
                                         event->reason == recipient_reason_frequency_cap);
}

/* moved: NULL for a recipient that was selected. */
static int recipient_got(struct hub_view_fold *self, const struct event_header *header, struct hub_ulid campaign,
                         const struct recipient_moved *moved)
{
    struct hub_folded *row;
    int done = open_counts(self, header->company, campaign, &row);
    if (done < 0) {
        return done;
    }
    struct campaign_counts *counts = row->record;
    bool worked = works(counts);
    uint64_t *from = moved == NULL ? NULL : count_of(counts, moved->from);
    uint64_t *to = count_of(counts, moved == NULL ? recipient_status_selected : moved->status);
    if (to == NULL || (from != NULL && *from == 0)) {
        return HUB_ERROR_internal;
    }
    counts->recipients += from == NULL;
    *to += 1;
    if (from != NULL) {
        *from -= 1;
    }
    if (moved != NULL) {
        count_why(counts, moved);
    }
    keep_work(self, header, campaign, worked, counts);
    hub_fold_touch(self, row);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    switch (header->type) {
    case campaign_registered_id: return campaign_got(self, header, campaign_status_draft);
    case campaign_launched_id:
        return campaign_got(self, header,
                            HUB_HAS(campaign_launched, (const struct campaign_launched *) event->record, starts_at)
                                ? campaign_status_scheduled
                                : campaign_status_running);
    case campaign_moved_id: return campaign_got(self, header, ((const struct campaign_moved *) event->record)->status);
    case recipient_selected_id:
        return recipient_got(self, header, ((const struct recipient_selected *) event->record)->campaign, NULL);
    case recipient_moved_id:
        return recipient_got(self, header, ((const struct recipient_moved *) event->record)->campaign, event->record);
    default: return 0;
    }
}

static const uint16_t types[] = { campaign_registered_id, campaign_launched_id, campaign_moved_id,
                                  recipient_selected_id,  recipient_moved_id,   0 };

const struct hub_view_info hub_view_campaigns = {
    .name = "campaigns",
    .number = HUB_VIEW_campaigns,
    .version = 1,
    .types = types,
    .fold = fold,
    .doc = "How campaigns stand.",
};
