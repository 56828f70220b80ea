/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What lies in DATA/views, counted row by row. */
#include "replay/survey.h"

#include <stdio.h>

#include "base/error.h"
#include "replay/refold_live.h"
#include "replay/views_state.h"

struct counting {
    uint64_t rows, bytes;
};

static bool count(void *arg, struct hub_span key, struct hub_span value)
{
    struct counting *self = arg;
    self->rows++;
    self->bytes += key.len + value.len;
    return true;
}

static int count_rows(const struct hub_live *live, uint16_t number, struct counting *ret_counted)
{
    struct hub_row_key prefix = hub_row_key_of_view(number);
    *ret_counted = (struct counting){ .rows = 0 };
    return live->rows.scan(live->rows.self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, count, ret_counted);
}

static int survey_view(const struct hub_live *live, struct hub_view_survey *view)
{
    const struct hub_view_place *place = &live->mark.places[view->info->number];
    struct counting rows, parked;
    view->is_there = place->slot != 0;
    view->version = place->version;
    if (!view->is_there) {
        return 0;
    }
    if (count_rows(live, view->info->number, &rows) < 0 ||
        count_rows(live, (uint16_t) (HUB_VIEW_PARKED | view->info->number), &parked) < 0) {
        return -1;
    }
    view->rows = rows.rows;
    view->bytes = rows.bytes;
    view->parked_streams = parked.rows;
    return 0;
}

int hub_views_survey(const struct hub_survey_options *options, struct hub_views_survey *ret_survey, char *ret_why,
                     size_t why_size)
{
    struct hub_live live;
    const struct hub_view_info *const *infos = hub_views_all(&ret_survey->count);
    int result = hub_live_open(&live, options->data_dir, options->scratch_dir, ret_why, why_size);
    ret_survey->position = result == 0 ? live.mark.sequence : 0;
    for (size_t i = 0; i < ret_survey->count && result == 0; i++) {
        ret_survey->views[i] = (struct hub_view_survey){ .info = infos[i] };
        if (options->goes_on != NULL && !options->goes_on(options->arg, i)) {
            result = 1;
        } else if (survey_view(&live, &ret_survey->views[i]) < 0) {
            snprintf(ret_why, why_size, "the view %s cannot be read", infos[i]->name);
            result = -1;
        }
    }
    hub_live_close(&live);
    return result;
}
