/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a log consists of. A stream's last row says how long it is, so the walk jumps from the end of one to the next. */
#include "log/survey.h"

#include "log/keys.h"
#include "log/store.h"

enum { STREAMS_A_LOOK = 4096 };

_Static_assert((int) HUB_SURVEY_FAMILIES == (int) HUB_FAMILY_COUNT, "every family is surveyed");

void hub_log_sizes(struct hub_log *self, struct hub_survey_family ret_families[HUB_SURVEY_FAMILIES])
{
    for (unsigned i = 0; i < HUB_SURVEY_FAMILIES; i++) {
        ret_families[i] = (struct hub_survey_family){
            .name = hub_log_families[i],
            .rows = hub_rocks_property(self->db, i, "rocksdb.estimate-num-keys"),
            .bytes = hub_rocks_property(self->db, i, "rocksdb.live-sst-files-size"),
            .in_memory = hub_rocks_property(self->db, i, "rocksdb.cur-size-all-mem-tables"),
        };
    }
}

static void note_longest(struct hub_survey *survey, const struct hub_survey_stream *found)
{
    size_t at = survey->longest_count;
    while (at > 0 && survey->longest[at - 1].versions < found->versions) {
        at--;
    }
    if (at == HUB_SURVEY_LONGEST) {
        return;
    }
    size_t last = survey->longest_count < HUB_SURVEY_LONGEST ? survey->longest_count : HUB_SURVEY_LONGEST - 1;
    memmove(&survey->longest[at + 1], &survey->longest[at], (last - at) * sizeof *found);
    survey->longest[at] = *found;
    survey->longest_count += survey->longest_count < HUB_SURVEY_LONGEST;
}

/* The stream that a row belongs to, and the last key that it could have. */
static struct hub_survey_stream stream_of(struct hub_span key, struct hub_named_key *ret_end)
{
    struct hub_survey_stream found = { .stream = { .kind = (uint8_t) key.at[16] } };
    memcpy(found.stream.company.b, key.at, 16);
    memcpy(found.stream.entity.b, key.at + 17, 16);
    memcpy(ret_end->b, key.at, HUB_NAME);
    memset(ret_end->b + HUB_NAME, 0xff, 8);
    return found;
}

static void count(struct hub_survey *survey, const struct hub_survey_stream *found)
{
    unsigned kind = found->stream.kind < HUB_SURVEY_KINDS ? found->stream.kind : 0;
    survey->streams[kind]++;
    survey->events[kind] += found->versions;
    note_longest(survey, found);
}

int hub_log_survey(struct hub_log *self, bool (*goes_on)(void *arg, uint64_t streams), void *arg,
                   struct hub_survey *ret_survey)
{
    const struct hub_span all = { 0 };
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->db, HUB_FAMILY_stream, all, all);
    uint64_t streams = 0;
    int result = 0;
    *ret_survey = (struct hub_survey){ .longest_count = 0 };
    hub_log_sizes(self, ret_survey->families);
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_named_key end;
        if (hub_rocks_iter_key(iter).len != HUB_NAMED_KEY) {
            result = -1;
            break;
        }
        struct hub_survey_stream found = stream_of(hub_rocks_iter_key(iter), &end);
        hub_rocks_iter_seek_back(iter, HUB_KEY_SPAN(end));
        if (!hub_rocks_iter_valid(iter)) {
            break;
        }
        found.versions = hub_get_be64(hub_rocks_iter_key(iter).at + HUB_NAME);
        count(ret_survey, &found);
        if (++streams % STREAMS_A_LOOK == 0 && goes_on != NULL && !goes_on(arg, streams)) {
            result = 1;
        }
    }
    if (result == 0) {
        result = hub_rocks_iter_error(iter, NULL, 0);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_log_compact(struct hub_log *self, bool (*goes_on)(void *arg, uint64_t family), void *arg, char *ret_why,
                    size_t why_size)
{
    int result = 0;
    for (unsigned i = 0; i < HUB_SURVEY_FAMILIES && result == 0; i++) {
        if (goes_on != NULL && !goes_on(arg, i)) {
            return 1;
        }
        result = hub_rocks_compact(self->db, i, ret_why, why_size);
    }
    return result;
}
