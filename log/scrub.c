/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The scrubber: a thread that does everything when nothing else wants a processor, and one that wakes when the head ran away.
 * Both work in small steps, each with iterators of its own, so that they never hold old files back. */
#include "log/scrub.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/pack.h"
#include "log/archive/archive.h"
#include "log/chore.h"
#include "log/keys.h"
#include "log/backup/pin.h"
#include "log/rows.h"
#include "log/store.h"

enum {
    RATE = 10000,
    STRIDE = 1000,
    FORGET_STEP = 1000,
    FAR_SECONDS = 10,
    HURRY = 8,
    FAR_EVENTS = 250000,
};
static const int64_t second_us = 1000 * 1000;
static const int64_t idle_us = 1000 * 1000;
static const int64_t chase_us = 100 * 1000; /* between two looks whether the head ran away */
static const uint64_t idle_bytes = 1024 * 1024;
static const int64_t hour_us = INT64_C(3600) * 1000 * 1000;

struct hub_scrub {
    struct hub_scrub_options options;
    struct hub_chore *chore;
    struct hub_chore *chaser;
    _Atomic uint64_t rounds;
    atomic_bool is_faulty; /* said so */
    struct hub_mark again; /* how far the walk over the whole chain has come */
    int64_t forgot_us;     /* tick of the last look for old command ids */
    uint64_t kept;         /* the mark that was last written without a batch that needed writing anyhow */
    uint64_t bytes_seen;   /* written to the log, as of the last step */
    uint64_t bytes_flushed;
    int64_t seen_us; /* tick at which that grew last */
};

/* --- Forgetting commands --- */

/* Put deletions of old rows into the batch, beginning at *key, and count them as forgotten. Returns how many, with *key
 * behind the last row seen; the empty key when there are no more. Returns < 0 for a read error. */
static int collect_old(struct hub_log *log, int64_t before_us, struct hub_rocks_batch *batch, struct hub_buf *key,
                       struct hub_sums *forgot)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_rocks_iter *iter = hub_rocks_iter_new(log->db, HUB_FAMILY_command, NULL, hub_buf_span(key),
                                                     hub_span(NULL));
    int count = 0, seen = 0;
    for (hub_rocks_iter_first(iter); hub_rocks_iter_valid(iter) && seen < FORGET_STEP; hub_rocks_iter_next(iter)) {
        struct command_row row;
        hub_arena_reset(arena);
        seen++;
        if (hub_unpack(&command_row_shape, hub_rocks_iter_value(iter), arena, &row, NULL) == 0 &&
            row.time < before_us) {
            hub_rocks_delete(batch, HUB_FAMILY_command, hub_rocks_iter_key(iter));
            hub_sums_add(forgot, HUB_SUM_command, hub_place_of_append(HUB_SUM_command, row.sequence, false),
                         hub_row_hash(hub_rocks_iter_key(iter), hub_rocks_iter_value(iter)));
            count++;
        }
    }
    hub_buf_clear(key);
    if (hub_rocks_iter_valid(iter)) {
        hub_buf_put(key, hub_rocks_iter_key(iter).at, hub_rocks_iter_key(iter).len);
    } else if (hub_rocks_iter_error(iter, NULL, 0) < 0) {
        count = -1;
    }
    hub_rocks_iter_destroy(&iter);
    hub_arena_destroy(&arena);
    return count;
}

int hub_log_forget_commands(struct hub_log *log, int64_t before_us, uint64_t *ret_count)
{
    struct hub_rocks_batch *batch = hub_rocks_batch_new(log->db);
    struct hub_buf key;
    struct hub_meta meta;
    int count = hub_meta_read(log->db, &meta);
    hub_buf_init(&key);
    *ret_count = 0;
    while (count >= 0) {
        count = collect_old(log, before_us, batch, &key, &meta.forgot);
        if (count > 0) {
            hub_meta_put_forgot(batch, &meta.forgot);
            count = hub_rocks_write(log->db, batch, NULL, 0) < 0 ? -1 : count;
        }
        *ret_count += count > 0 ? (uint64_t) count : 0;
        if (key.len == 0) {
            break;
        }
    }
    hub_rocks_batch_destroy(&batch);
    hub_buf_done(&key);
    return count < 0 ? -1 : 0;
}

/* --- Walking --- */

/* Verify some events behind a mark and move it. Returns 0, or < 0 with the report filled. */
static int walk_some(struct hub_log *log, struct hub_mark *mark, uint64_t to, struct hub_verify_report *ret_report)
{
    struct hub_chain_walk walk;
    struct hub_stored event;
    uint64_t end = to - mark->sequence > STRIDE ? mark->sequence + STRIDE : to;
    int result = hub_chain_walk_init(&walk, log, mark, end, ret_report);
    if (result == 0) {
        do {
            result = hub_chain_walk_next(&walk, &event, ret_report);
        } while (result == 1);
    }
    if (result == 0) {
        *mark = (struct hub_mark){ .sequence = end, .hash = walk.hash };
    }
    hub_chain_walk_done(&walk);
    return result;
}

static uint64_t behind_of(const struct hub_scrub *self)
{
    uint64_t mark = hub_store_mark(self->options.log).sequence; /* first, as the position only grows */
    return hub_log_commit(self->options.log).sequence - mark;
}

/* So many events take a start a moment. */
static uint64_t far_events(const struct hub_scrub *self)
{
    return self->options.far_events > 0 ? self->options.far_events : FAR_EVENTS;
}

/* So far behind that a start would take long: that is the other thread's work. */
static bool is_chased(const struct hub_scrub *self)
{
    return behind_of(self) > far_events(self);
}

/* Verify what is new, and move the mark; the other thread may do so meanwhile. Returns 1, 0 for nothing new, or < 0. */
static int follow(struct hub_log *log, struct hub_verify_report *ret_report)
{
    struct hub_mark mark = hub_store_mark(log);
    uint64_t commit = hub_log_commit(log).sequence; /* after the mark, as it only grows */
    if (mark.sequence >= commit) {
        return 0;
    }
    if (walk_some(log, &mark, commit, ret_report) < 0) {
        return -1;
    }
    hub_store_set_mark(log, &mark);
    return 1;
}

/* One step: at the head when there is something new, else over the whole chain. Returns 0 or < 0. */
static int step(struct hub_scrub *self, struct hub_verify_report *ret_report)
{
    struct hub_log *log = self->options.log;
    if (is_chased(self)) {
        return 0;
    }
    int result = follow(log, ret_report);
    if (result != 0) {
        return result < 0 ? result : 0;
    }
    uint64_t commit = hub_log_commit(log).sequence;
    if (self->again.sequence >= commit) {
        atomic_fetch_add(&self->rounds, commit > 0);
        self->again = (struct hub_mark){ 0 };
    }
    return commit == 0 ? 0 : walk_some(log, &self->again, commit, ret_report);
}

static int forget_if_due(struct hub_scrub *self, struct hub_verify_report *ret_report)
{
    const struct hub_world *world = self->options.log->world;
    uint64_t count;
    int64_t every_us = self->options.forget_every_us == 0 ? hour_us : self->options.forget_every_us;
    if (self->options.keep_commands_us == 0 || hub_tick_us(world) - self->forgot_us < every_us) {
        return 0;
    }
    self->forgot_us = hub_tick_us(world);
    int64_t before_us = hub_now_us(world) - self->options.keep_commands_us;
    return hub_log_forget_commands(self->options.log, before_us, &count) == 0
               ? 0
               : hub_verify_fault(ret_report, 0, "old command ids cannot be removed");
}

static bool is_idle(const struct hub_scrub *self)
{
    int64_t wanted_us = self->options.idle_us != 0 ? self->options.idle_us : idle_us;
    return hub_tick_us(self->options.log->world) - self->seen_us >= wanted_us;
}

/* Who opens the log beside an idle hub, to see one state of the past, shall not pay for a long write-ahead log. When it fails,
 * the next write says so. */
static void flush_if_idle(struct hub_scrub *self)
{
    const struct hub_scrub_options *options = &self->options;
    struct hub_log_stats stats;
    hub_log_stats(options->log, &stats);
    if (stats.bytes != self->bytes_seen) {
        self->bytes_seen = stats.bytes;
        self->seen_us = hub_tick_us(options->log->world);
    } else if (stats.bytes - self->bytes_flushed >= (options->idle_bytes > 0 ? options->idle_bytes : idle_bytes) &&
               is_idle(self)) {
        self->bytes_flushed = hub_log_flush(options->log) == 0 ? stats.bytes : self->bytes_flushed;
    }
}

/* The mark goes with what is written next. When nothing is, a process that is killed shall not have verified much for nothing. */
static int keep_mark(struct hub_scrub *self, struct hub_verify_report *ret_report)
{
    struct hub_log *log = self->options.log;
    struct hub_mark mark = hub_store_mark(log);
    if (mark.sequence < self->kept + far_events(self) / 2 || mark.sequence < hub_log_commit(log).sequence ||
        !is_idle(self)) {
        return 0;
    }
    self->kept = mark.sequence;
    return hub_store_keep_mark(log) == 0 ? 0 : hub_verify_fault(ret_report, 0, "the verified mark cannot be written");
}

/* How long to wait before the next step. Far behind the head it walks faster, as a start has to check all that is not
 * verified. */
static int64_t pause_us(const struct hub_scrub *self)
{
    uint32_t rate = self->options.events_per_second == 0 ? RATE : self->options.events_per_second;
    return STRIDE * second_us / rate / (behind_of(self) > (uint64_t) rate * FAR_SECONDS ? HURRY : 1);
}

static int64_t fault(struct hub_scrub *self, const struct hub_verify_report *report)
{
    if (!atomic_exchange(&self->is_faulty, true)) {
        self->options.on_fault(self->options.arg, report);
    }
    return -1;
}

static int64_t run(void *arg)
{
    struct hub_scrub *self = arg;
    struct hub_verify_report report;
    hub_pin_answer(self->options.log->data_dir, self->options.log->db);
    hub_archive_answer(self->options.log);
    if (step(self, &report) < 0 || forget_if_due(self, &report) < 0 || keep_mark(self, &report) < 0) {
        return fault(self, &report);
    }
    flush_if_idle(self);
    return pause_us(self);
}

/* Messages in bulk come faster than a thread of low priority walks beside them. */
static int64_t chase(void *arg)
{
    struct hub_scrub *self = arg;
    struct hub_verify_report report;
    if (!is_chased(self)) {
        return chase_us;
    }
    return follow(self->options.log, &report) < 0 ? fault(self, &report) : 0;
}

struct hub_scrub *hub_scrub_start(const struct hub_scrub_options *options)
{
    struct hub_scrub *self = hub_memory_new(sizeof *self);
    *self = (struct hub_scrub){ .options = *options, .forgot_us = hub_tick_us(options->log->world) };
    self->chore = hub_chore_start(run, self, pause_us(self), HUB_CHORE_PATIENT);
    self->chaser = hub_chore_start(chase, self, chase_us, HUB_CHORE_BUSY);
    return self;
}

void hub_scrub_stop(struct hub_scrub **self_p)
{
    struct hub_scrub *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_chore_stop(&self->chore);
    hub_chore_stop(&self->chaser);
    free(self);
    *self_p = NULL;
}

uint64_t hub_scrub_rounds(const struct hub_scrub *self)
{
    return atomic_load(&self->rounds);
}
