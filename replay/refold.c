/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folding again and comparing.
 *
 * Views whose rows belong to one stream or one subject are folded by several lanes at once, each with a part of the streams; the
 * others by one lane, in order. What is folded and what is stored are added up apart and their sums compared, so nothing has to
 * be put in order. When the log has more events than fit into memory as rows, it is read several times, each pass
 * folding a part of the streams. Only when sums differ everything is folded once more to look for the row. */
#include "replay/refold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/world.h"
#include "replay/refold_live.h"
#include "replay/trust.h"

enum { ROWS_A_PASS = 2400000, PASSES_MAX = 256, CACHES_BYTES = 20 * 1024 * 1024 };

struct refold {
    const struct hub_refold_options *options;
    struct hub_refold_report *report;
    const struct hub_view_info *const *infos;
    size_t count;
    unsigned threads;
    uint64_t seed[2];
    struct hub_live live;
    uint64_t head; /* of the log */
    uint32_t passes, pass;
    struct hub_lane lanes[HUB_CREW_LANES]; /* of the pass */
    size_t lane_count;
    struct hub_tally_sum folded[HUB_VIEW_NUMBERS], stored[HUB_VIEW_NUMBERS];
    bool is_unreadable[HUB_VIEW_NUMBERS];
    uint64_t parked[HUB_VIEW_NUMBERS];
    struct hub_live_search *searches[HUB_VIEW_NUMBERS]; /* while rows are looked for: of the views that differ */
    char why[200];
};

/* --- Lanes --- */

static bool is_searched(const struct refold *self, uint16_t view)
{
    return self->searches[view] != NULL;
}

static bool is_searching(const struct refold *self)
{
    for (size_t i = 0; i < self->count; i++) {
        if (is_searched(self, self->infos[i]->number)) {
            return true;
        }
    }
    return false;
}

static uint64_t rows_a_pass(const struct refold *self)
{
    return self->options->rows_a_pass > 0 ? self->options->rows_a_pass : ROWS_A_PASS;
}

/* A table for the rows of a lane. The bound leaves a quarter for parts that are not of one size; when a single stream has more
 * rows than that, more passes do not help, and memory must. */
static struct hub_tally *make_tally(const struct refold *self, enum hub_view_spread spread)
{
    uint64_t rows = rows_a_pass(self) / self->threads * 5 / 4;
    uint64_t expected = spread == HUB_SPREAD_stream ? self->live.mark.sequence / self->passes / self->threads : 0;
    bool is_bound = spread != HUB_SPREAD_none && self->passes <= PASSES_MAX;
    const struct hub_tally_options options = { .scratch_dir = self->options->scratch_dir,
                                               .seed = { self->seed[0], self->seed[1] },
                                               .rows = expected < rows ? expected : rows,
                                               .rows_max = is_bound ? rows : SIZE_MAX };
    return hub_tally_new(&options);
}

/* Most memory is for the states of entities; a cache grows to twice its size before it is emptied. */
static size_t cache_of(const struct refold *self, enum hub_view_spread spread)
{
    switch (spread) {
    case HUB_SPREAD_stream: return CACHES_BYTES / 4 * 3 / self->threads;
    case HUB_SPREAD_subject: return CACHES_BYTES / 8 / self->threads;
    default: return CACHES_BYTES / 8;
    }
}

/* Add a lane for a part, unless no view goes there. */
static void add_lane(struct refold *self, enum hub_view_spread spread, uint32_t part)
{
    struct hub_lane *lane = &self->lanes[self->lane_count];
    bool takes_all = !is_searching(self);
    *lane = (struct hub_lane){ .spread = spread, .part = part, .thread = part - self->pass * self->threads };
    for (size_t i = 0; i < self->count; i++) {
        const struct hub_view_info *info = self->infos[i];
        if (info->spread == spread && (takes_all || is_searched(self, info->number))) {
            lane->views[lane->count++] = info;
        }
    }
    if (lane->count == 0) {
        return;
    }
    lane->tally = make_tally(self, spread);
    const struct hub_projector_options projector = { .rows = hub_tally_rows(lane->tally),
                                                     .views = lane->views,
                                                     .count = lane->count,
                                                     .cache_bytes = cache_of(self, spread),
                                                     .puts_through = true };
    lane->projector = hub_projector_new(&projector);
    self->lane_count++;
}

static void make_lanes(struct refold *self)
{
    self->lane_count = 0;
    for (unsigned i = 0; i < self->threads; i++) {
        add_lane(self, HUB_SPREAD_stream, self->pass * self->threads + i);
        add_lane(self, HUB_SPREAD_subject, self->pass * self->threads + i);
    }
    if (self->pass == 0) {
        add_lane(self, HUB_SPREAD_none, 0);
    }
}

static void free_lanes(struct refold *self)
{
    for (size_t i = 0; i < self->lane_count; i++) {
        hub_projector_destroy(&self->lanes[i].projector);
        hub_tally_destroy(&self->lanes[i].tally);
    }
    self->lane_count = 0;
}

/* --- Passes --- */

/* Beside the first pass: add up what is stored. A view that cannot be read is no reason to stop. */
static int add_stored(void *arg)
{
    struct refold *self = arg;
    for (size_t i = 0; i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        self->is_unreadable[number] = hub_live_sum(&self->live, number, self->seed, &self->stored[number]) < 0;
    }
    return 0;
}

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct refold *self = arg;
    const struct hub_refold_options *options = self->options;
    return options->on_progress == NULL ||
           options->on_progress(options->arg, done + self->pass * total, self->passes * total);
}

/* What the lanes of a pass came to. */
static void take_sums(struct refold *self)
{
    for (size_t i = 0; i < self->lane_count; i++) {
        const struct hub_lane *lane = &self->lanes[i];
        for (size_t view = 0; view < lane->count; view++) {
            uint16_t number = lane->views[view]->number;
            struct hub_tally_sum sum = hub_tally_sum_of(lane->tally, number);
            uint64_t streams, events;
            self->folded[number].rows += sum.rows;
            self->folded[number].sum += sum.sum;
            hub_parks_count(hub_projector_parks(lane->projector), number, &streams, &events);
            self->parked[number] += streams;
        }
    }
}

static int search_lanes(struct refold *self)
{
    int done = 0;
    for (size_t i = 0; done == 0 && i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        if (is_searched(self, number)) {
            done = hub_live_search_pass(self->searches[number], self->lanes, self->lane_count);
        }
    }
    return done;
}

static void say_file_error(struct refold *self)
{
    for (size_t i = 0; i < self->lane_count; i++) {
        int number = 0;
        if (hub_tally_error(self->lanes[i].tally, &number) < 0) {
            snprintf(self->why, sizeof self->why, "a file of rows in %s cannot be written: %s",
                     self->options->scratch_dir, strerror(number));
            return;
        }
    }
    snprintf(self->why, sizeof self->why, "no thread can be started");
}

static int run_pass(struct refold *self)
{
    make_lanes(self);
    const struct hub_crew_options crew = {
        .log = self->options->log,
        .lanes = self->lanes,
        .lane_count = self->lane_count,
        .parts = self->passes * self->threads,
        .threads = self->threads,
        .fold_to = self->live.mark.sequence,
        .read_to = self->pass == 0 && !is_searching(self) ? self->head : self->live.mark.sequence,
        .beside = self->pass == 0 && !is_searching(self) ? add_stored : NULL,
        .on_progress = on_progress,
        .arg = self,
    };
    int result = hub_crew_run(&crew, &self->report->broken);
    if (result < 0) {
        say_file_error(self);
    } else if (result == HUB_CREW_done && is_searching(self)) {
        result = search_lanes(self);
    } else if (result == HUB_CREW_done) {
        take_sums(self);
    }
    free_lanes(self);
    return result;
}

/* All passes; when there are more rows than was thought, again with twice as many. */
static int run_passes(struct refold *self)
{
    int result;
    do {
        result = 0;
        memset(self->folded, 0, sizeof self->folded);
        memset(self->parked, 0, sizeof self->parked);
        for (self->pass = 0; result == 0 && self->pass < self->passes; self->pass++) {
            result = run_pass(self);
        }
        self->passes *= result == HUB_CREW_full ? 2 : 1;
    } while (result == HUB_CREW_full);
    return result;
}

/* --- Looking for what differs --- */

static bool differs(const struct refold *self, uint16_t view)
{
    return memcmp(&self->folded[view], &self->stored[view], sizeof self->folded[view]) != 0;
}

static void describe(struct refold *self, const struct hub_view_info *info, struct hub_live_search *search)
{
    char *text = self->report->difference;
    if (text[0] == '\0' && search->first.is_found) {
        hub_live_describe(search, text, sizeof self->report->difference);
    } else if (text[0] == '\0') {
        snprintf(text, sizeof self->report->difference, "the view %s differs", info->name);
    }
}

static int search(struct refold *self)
{
    struct hub_live_search searches[HUB_VIEW_NUMBERS];
    int done = 0;
    for (size_t i = 0; i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        if (!self->is_unreadable[number] && differs(self, number)) {
            hub_live_search_init(&searches[number], &self->live, number, self->stored[number].rows);
            self->searches[number] = &searches[number];
        }
    }
    for (self->pass = 0; done == 0 && is_searching(self) && self->pass < self->passes; self->pass++) {
        done = run_pass(self);
    }
    for (size_t i = 0; i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        if (is_searched(self, number)) {
            done = done == 0 ? hub_live_search_rest(&searches[number]) : done;
            self->report->views[i].differences = searches[number].differences;
            describe(self, self->infos[i], &searches[number]);
            hub_live_search_done(&searches[number]);
            self->searches[number] = NULL;
        }
    }
    return done;
}

/* --- The report --- */

static void fill_views(struct refold *self)
{
    struct hub_refold_report *report = self->report;
    report->count = self->count;
    for (size_t i = 0; i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        report->views[i] = (struct hub_refold_view){ .info = self->infos[i],
                                                     .folded = self->folded[number].rows,
                                                     .stored = self->stored[number].rows,
                                                     .parked = self->parked[number] };
        if (number == HUB_VIEW_entities) {
            report->entities = self->folded[number].rows;
        }
    }
}

/* What is said of a view whose rows cannot be read. */
static bool name_unreadable(struct refold *self)
{
    bool is_any = false;
    for (size_t i = 0; i < self->count; i++) {
        if (self->is_unreadable[self->infos[i]->number]) {
            if (!is_any) {
                snprintf(self->report->difference, sizeof self->report->difference, "the view %s cannot be read",
                         self->infos[i]->name);
            }
            self->report->views[i].differences = 1;
            is_any = true;
        }
    }
    return is_any;
}

static int compare(struct refold *self)
{
    bool is_same = true;
    fill_views(self);
    for (size_t i = 0; i < self->count; i++) {
        is_same = is_same && !differs(self, self->infos[i]->number);
    }
    if (name_unreadable(self)) {
        return HUB_REFOLD_different;
    }
    int done = is_same ? 0 : search(self);
    if (done < 0 && self->why[0] == '\0') {
        snprintf(self->why, sizeof self->why, "the rows of a view cannot be read");
    }
    return done < 0                   ? done
           : done == HUB_CREW_stopped ? HUB_REFOLD_stopped
           : is_same                  ? HUB_REFOLD_same
                                      : HUB_REFOLD_different;
}

/* --- Beginning --- */

/* Whether the stored views are of this log and this code. Returns 0, a verdict, or < 0. */
static int look_at_views(struct refold *self, int found)
{
    const struct hub_refold_options *options = self->options;
    char *text = self->report->difference;
    if (found == HUB_ERROR_internal) {
        snprintf(text, sizeof self->report->difference, "they cannot be opened: %s", self->why);
        return HUB_REFOLD_foreign;
    }
    if (found != 0 && self->live.db != NULL) { /* as after a start, until the first rows are on disk */
        self->live.mark = hub_view_mark_fresh(options->log, self->infos, self->count);
    } else if (found != 0) {
        snprintf(text, sizeof self->report->difference, "there are none in %s/views", options->data_dir);
        return HUB_REFOLD_foreign;
    }
    if (self->live.mark.sequence > hub_log_commit(options->log).sequence && hub_log_catch_up(options->log) < 0) {
        snprintf(self->why, sizeof self->why, "the log cannot be followed");
        return -1;
    }
    const char *reason = hub_view_mark_distrust(&self->live.mark, options->log, self->infos, self->count);
    if (reason != NULL) {
        snprintf(text, sizeof self->report->difference, "%s", reason);
        return HUB_REFOLD_foreign;
    }
    self->head = hub_log_commit(options->log).sequence;
    self->report->events = self->head;
    self->report->at = self->live.mark.sequence;
    return 0;
}

static void settle(struct refold *self)
{
    const struct hub_world *world = hub_world_real();
    const struct hub_refold_options *options = self->options;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = options->threads > 0 ? options->threads : cores > 0 ? (unsigned) cores : 1;
    self->threads = threads < HUB_CREW_MAX ? threads : HUB_CREW_MAX;
    self->passes = (uint32_t) (self->live.mark.sequence / rows_a_pass(self) + 1);
    world->random(world->self, self->seed, sizeof self->seed);
    self->infos = hub_views_all(&self->count);
}

int hub_refold(const struct hub_refold_options *options, struct hub_refold_report *ret_report, char *ret_why,
               size_t why_size)
{
    struct refold *self = hub_memory_zero(sizeof *self);
    *ret_report = (struct hub_refold_report){ .events = 0 };
    self->options = options;
    self->report = ret_report;
    int found = hub_live_open(&self->live, options->data_dir, options->scratch_dir, self->why, sizeof self->why);
    settle(self);
    int result = found < 0 ? found : look_at_views(self, found);
    if (result == 0) {
        result = run_passes(self);
        result = result < 0                   ? result
                 : result == HUB_CREW_broken  ? HUB_REFOLD_broken
                 : result == HUB_CREW_stopped ? HUB_REFOLD_stopped
                                              : compare(self);
    }
    if (result < 0) {
        snprintf(ret_why, why_size, "%s", self->why);
    }
    hub_live_close(&self->live);
    free(self);
    return result;
}
