/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What lies in DATA/views: how far each view is, and how large. For tools that have no running hub to ask. */
#ifndef HUB_REPLAY_SURVEY_H
#define HUB_REPLAY_SURVEY_H

#include "replay/view.h"

struct hub_view_survey {
    const struct hub_view_info *info;
    bool is_there;    /* it was stored */
    uint16_t version; /* of the code that made it */
    uint64_t rows, bytes, parked_streams;
};

enum { HUB_VIEW_SURVEYS = 32 };

struct hub_views_survey {
    uint64_t position; /* that all of them had reached when they were last written to disk */
    struct hub_view_survey views[HUB_VIEW_SURVEYS]; /* in the order of their numbers */
    size_t count;
};

struct hub_survey_options {
    const char *data_dir;
    const char *scratch_dir; /* for files of RocksDB's own, which are removed again */
    bool (*goes_on)(void *arg,
                    uint64_t view); /* asked before each view, with its place; false ends it. NULL: nobody is asked */
    void *arg;
};

/* Read a data directory's views, also those of a running hub: what it has written to disk.
 *
 * Returns 0; 1 when it was ended; HUB_ERROR_not_found when there are none; < 0 or HUB_ERROR_internal with a clause in ret_why. */
int hub_views_survey(const struct hub_survey_options *options, struct hub_views_survey *ret_survey, char *ret_why,
                     size_t why_size);

#endif
