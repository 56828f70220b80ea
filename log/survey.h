/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a log consists of: the sizes of its families, its streams and the longest of them; and packing it closer. */
#ifndef HUB_LOG_SURVEY_H
#define HUB_LOG_SURVEY_H

#include "log/log.h"

enum { HUB_SURVEY_FAMILIES = 8, HUB_SURVEY_KINDS = 16, HUB_SURVEY_LONGEST = 10 };

struct hub_survey_family {
    const char *name;
    uint64_t rows;      /* about */
    uint64_t bytes;     /* on disk */
    uint64_t in_memory; /* bytes of this process that are not in a table yet */
};

struct hub_survey_stream {
    struct hub_stream stream;
    uint64_t versions;
};

struct hub_survey {
    struct hub_survey_family families[HUB_SURVEY_FAMILIES];
    struct hub_survey_stream longest[HUB_SURVEY_LONGEST]; /* longest first */
    size_t longest_count;
    uint64_t streams[HUB_SURVEY_KINDS], events[HUB_SURVEY_KINDS]; /* by kind; kinds of later versions count as 0 */
};

/* The sizes alone: a look. */
void hub_log_sizes(struct hub_log *self, struct hub_survey_family ret_families[HUB_SURVEY_FAMILIES]);

/* Everything; reads one row of each stream.
 *
 * goes_on  asked now and then with the streams seen so far; false ends it. NULL: nobody is asked
 * Returns 0; 1 when it was ended; < 0 for a read error. */
int hub_log_survey(struct hub_log *self, bool (*goes_on)(void *arg, uint64_t streams), void *arg,
                   struct hub_survey *ret_survey);

/* Write everything afresh without what was deleted or replaced, family by family. The log is open for writing, and nobody writes.
 *
 * goes_on  asked before each family, with its number; false ends it, with the others as they were
 * Returns 0; 1 when it was ended; < 0 with RocksDB's words in ret_why: what was there is there still. */
int hub_log_compact(struct hub_log *self, bool (*goes_on)(void *arg, uint64_t family), void *arg, char *ret_why,
                    size_t why_size);

#endif
