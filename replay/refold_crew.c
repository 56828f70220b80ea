/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Threads that share the work of a pass.
 *
 * The log is cut into blocks. Reading a block (rows, chain, decoding) needs nothing of the others; there are readers, each of which
 * goes through runs of blocks that lie side by side, as it costs much to look for a place. Folding must go block by block, but
 * lane beside lane. A thread that is free folds the block that a lane waits for, else lets a reader go on, else sleeps. So the
 * cores are busy as long as there are as many lanes, whatever takes longest. A block's memory is used again when all lanes
 * are through with it; the number of blocks bounds the memory, and is so small that they stay in the processor's cache. */
#include "replay/refold_crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/cache.h"
#include "base/error.h"
#include "base/memory.h"
#include "log/rocks.h"
#include "replay/decode.h"

enum {
    BLOCK_EVENTS = 256,
    RUN_BLOCKS = 8,
    BLOCKS_A_THREAD = 6,
    ARENA_BYTES = 256 * 1024,
    ARENA_KEPT = 2 * 1024 * 1024,
    FILL_AHEAD = 3,   /* events */
    FILL_BYTES = 512, /* of an arena, an event */
    LOOK_EVERY_NS = 100 * 1000 * 1000,
};

/* An event that was read. */
struct read_event {
    struct hub_stored stored;
    struct hub_view_event decoded;
    struct hub_fault *why; /* in the block's arena; NULL when it could be decoded */
};

struct block {
    struct hub_arena *arena; /* owned; events' bytes and records */
    struct read_event events[BLOCK_EVENTS];
    uint32_t parts[HUB_SPREADS]
                  [BLOCK_EVENTS]; /* to which each belongs, by spread; apart, as every lane looks through them */
    unsigned count;               /* to be folded */
    uint64_t number;              /* from 1: which one of the log's is there once it is ready */
    bool is_ready;
    size_t lanes_left;
};

/* On its way through its own runs of blocks; for one thread at a time. */
struct reader {
    struct hub_chain_walk walk;
    uint64_t next; /* block to be read */
    bool is_busy;
    char apart[2 * HUB_CACHE_LINE]; /* from the next one: what two cores write into must not share a line */
};

struct crew {
    const struct hub_crew_options *options;
    pthread_mutex_t lock;
    pthread_cond_t changed, gone; /* there may be work; all went home */
    struct block *blocks;         /* owned; a ring */
    uint64_t ring, total;         /* blocks in the ring, and in the log */
    uint64_t freed;               /* all blocks before this one were folded by all */
    struct reader *readers;       /* owned; as many as threads */
    size_t lanes_done;
    uint64_t events_done; /* read */
    bool is_beside_taken;
    unsigned at_work, numbered; /* threads that have not gone home, that have their number */
    int result;                 /* enum hub_crew_result or < 0; when it is not 0, all stop */
    struct hub_verify_report *broken;
};

/* --- Reading --- */

static uint64_t mix(const void *sixteen)
{
    uint64_t a, b;
    memcpy(&a, sixteen, sizeof a);
    memcpy(&b, (const char *) sixteen + 8, sizeof b);
    uint64_t hash = (a ^ b * UINT64_C(0xff51afd7ed558ccd)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash >> 32;
}

/* Whether any lane of this pass wants the block's next event; says where it belongs. */
static bool is_wanted(const struct hub_crew_options *options, struct block *block)
{
    const struct event_header *header = &block->events[block->count].stored.header;
    bool has_subject = HUB_HAS(event_header, header, subject);
    uint32_t part[HUB_SPREADS] = {
        [HUB_SPREAD_stream] = (uint32_t) (mix(header->entity.b) % options->parts),
        [HUB_SPREAD_subject] = (uint32_t) (mix(has_subject ? header->subject.b : header->entity.b) % options->parts),
    };
    bool is_any = false;
    for (size_t i = 0; i < options->lane_count; i++) {
        is_any = is_any || options->lanes[i].part == part[options->lanes[i].spread];
    }
    for (unsigned spread = 0; spread < HUB_SPREADS; spread++) {
        block->parts[spread][block->count] = part[spread];
    }
    return is_any;
}

static void decode(struct block *block, struct read_event *event)
{
    struct hub_fault why;
    event->why = NULL;
    if (hub_view_decode(&event->stored, hub_view_shape(event->stored.header.type), block->arena, &event->decoded,
                        &why) != 0) {
        event->why = HUB_NEW(block->arena, struct hub_fault);
        *event->why = why;
    }
}

static struct block *block_of(const struct crew *self, uint64_t number)
{
    return &self->blocks[number % self->ring];
}

/* Other cores had these lines last: get them back before they are written to. */
static void expect_to_fill(struct block *block)
{
    if (block->count + FILL_AHEAD < BLOCK_EVENTS) {
        hub_cache_write(&block->events[block->count + FILL_AHEAD], sizeof(struct read_event));
    }
    hub_arena_expect(block->arena, FILL_AHEAD * FILL_BYTES, (FILL_AHEAD + 1) * FILL_BYTES);
}

/* Read and check a block. Returns 0, or < 0 with the report filled. */
static int read_block(struct crew *self, struct hub_chain_walk *walk, uint64_t number,
                      struct hub_verify_report *ret_broken)
{
    const struct hub_crew_options *options = self->options;
    struct block *block = block_of(self, number);
    uint64_t after = number * BLOCK_EVENTS, to = after + BLOCK_EVENTS;
    to = to < options->read_to ? to : options->read_to;
    if (hub_arena_held(block->arena) > ARENA_KEPT) {
        hub_arena_destroy(&block->arena);
        block->arena = hub_arena_new(ARENA_BYTES);
    }
    hub_arena_reset(block->arena);
    walk->keep = block->arena;
    block->count = 0;
    int found = hub_chain_walk_seek(walk, after, to, ret_broken);
    for (uint64_t at = after + 1; found == 0 && at <= to; at++) {
        struct read_event *event = &block->events[block->count];
        expect_to_fill(block);
        found = hub_chain_walk_next(walk, &event->stored, ret_broken) == 1 ? 0 : -1;
        if (found == 0 && at <= options->fold_to && is_wanted(options, block)) {
            decode(block, event);
            block->count++;
        }
    }
    return found;
}

/* --- Folding --- */

static int error_of(const struct hub_lane *lane)
{
    int number, error = hub_tally_error(lane->tally, &number);
    return error > 0 ? HUB_CREW_full : error;
}

/* The lane's next events of a block: `ahead` of them are being fetched from memory while one is folded. */
struct queue {
    const struct block *block;
    const uint32_t *parts;
    uint32_t part;
    unsigned at;
};

static const struct read_event *next_of(struct queue *self)
{
    while (self->at < self->block->count && self->parts[self->at] != self->part) {
        self->at++;
    }
    return self->at < self->block->count ? &self->block->events[self->at++] : NULL;
}

static int fold_block(const struct hub_lane *lane, const struct block *block)
{
    struct queue queue = { .block = block, .parts = block->parts[lane->spread], .part = lane->part }, ahead = queue;
    const struct read_event *event;
    for (unsigned i = 0; i < HUB_FOLD_EXPECT && (event = next_of(&ahead)) != NULL; i++) {
        hub_projector_expect(lane->projector, &event->stored);
    }
    while ((event = next_of(&queue)) != NULL) {
        const struct read_event *later = next_of(&ahead);
        hub_projector_expect(lane->projector, later != NULL ? &later->stored : NULL);
        if (hub_projector_fold_decoded(lane->projector, &event->decoded, event->why) < 0) {
            return error_of(lane) != 0 ? error_of(lane) : -1;
        }
        if (hub_projector_is_full(lane->projector)) {
            hub_projector_flush(lane->projector);
        }
    }
    return error_of(lane);
}

/* --- Sharing the work; all with the lock held --- */

static void stop(struct crew *self, int result)
{
    self->result = self->result == 0 ? result : self->result;
    pthread_cond_broadcast(&self->changed);
}

static bool is_ready(const struct crew *self, uint64_t number)
{
    const struct block *block = block_of(self, number);
    return block->is_ready && block->number == number + 1;
}

/* A lane that can go on, the hindmost first: of those that the thread folds as a rule, or of all. */
static struct hub_lane *find_lane(struct crew *self, unsigned thread, bool of_all)
{
    struct hub_lane *best = NULL;
    for (size_t i = 0; i < self->options->lane_count; i++) {
        struct hub_lane *lane = &self->options->lanes[i];
        bool can_go = !lane->is_busy && !lane->is_done && (lane->next == self->total || is_ready(self, lane->next));
        if (can_go && (of_all || lane->thread == thread) && (best == NULL || lane->next < best->next)) {
            best = lane;
        }
    }
    return best;
}

/* A reader that can go on, the hindmost first: it has the block that lanes will wait for. */
static struct reader *find_reader(struct crew *self)
{
    struct reader *best = NULL;
    for (unsigned i = 0; i < self->options->threads; i++) {
        struct reader *reader = &self->readers[i];
        bool can_go = !reader->is_busy && reader->next < self->total && reader->next < self->freed + self->ring;
        if (can_go && (best == NULL || reader->next < best->next)) {
            best = reader;
        }
    }
    return best;
}

static void release_blocks(struct crew *self)
{
    while (is_ready(self, self->freed) && block_of(self, self->freed)->lanes_left == 0) {
        self->freed++;
    }
}

static void work_on_lane(struct crew *self, struct hub_lane *lane)
{
    struct block *block = lane->next < self->total ? block_of(self, lane->next) : NULL;
    int result = 0;
    lane->is_busy = true;
    pthread_mutex_unlock(&self->lock);
    if (block != NULL) {
        result = fold_block(lane, block);
    } else {
        hub_projector_finish(lane->projector);
        result = error_of(lane);
    }
    pthread_mutex_lock(&self->lock);
    lane->is_busy = false;
    if (block == NULL) {
        lane->is_done = true;
        self->lanes_done++;
    } else {
        lane->next++;
        block->lanes_left--;
        release_blocks(self);
    }
    stop(self, result);
}

static void work_on_reading(struct crew *self, struct reader *reader)
{
    struct hub_verify_report broken = { .sequence = 0 };
    uint64_t number = reader->next;
    struct block *block = block_of(self, number);
    block->is_ready = false;
    reader->is_busy = true;
    pthread_mutex_unlock(&self->lock);
    int done = read_block(self, &reader->walk, number, &broken);
    pthread_mutex_lock(&self->lock);
    reader->is_busy = false;
    reader->next += (number + 1) % RUN_BLOCKS > 0 ? 1 : 1 + RUN_BLOCKS * (self->options->threads - 1);
    block->is_ready = true;
    block->number = number + 1;
    block->lanes_left = self->options->lane_count;
    self->events_done += BLOCK_EVENTS;
    if (done < 0 && (self->broken->sequence == 0 || broken.sequence < self->broken->sequence)) {
        *self->broken = broken; /* two may find something at once: the first position counts */
    }
    stop(self, done < 0 ? HUB_CREW_broken : 0);
}

static void work_beside(struct crew *self)
{
    self->is_beside_taken = true;
    pthread_mutex_unlock(&self->lock);
    int done = self->options->beside(self->options->arg);
    pthread_mutex_lock(&self->lock);
    stop(self, done < 0 ? done : 0);
}

/* Do one piece of work, or wait for some. Returns false when there is nothing more to do. */
static bool work(struct crew *self, unsigned thread)
{
    struct hub_lane *lane = find_lane(self, thread, false);
    struct reader *reader = lane == NULL ? find_reader(self) : NULL;
    lane = lane == NULL && reader == NULL ? find_lane(self, thread, true) : lane;
    if (self->result != 0 || (self->lanes_done == self->options->lane_count && self->is_beside_taken)) {
        return false;
    }
    if (!self->is_beside_taken) {
        work_beside(self);
    } else if (lane != NULL) {
        work_on_lane(self, lane);
    } else if (reader != NULL) {
        work_on_reading(self, reader);
    } else {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    return true;
}

static void *run(void *arg)
{
    struct crew *self = arg;
    unsigned thread;
    hub_rocks_count_nothing();
    pthread_mutex_lock(&self->lock);
    thread = self->numbered++;
    while (work(self, thread)) {
    }
    if (--self->at_work == 0) {
        pthread_cond_signal(&self->gone);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* --- The pass --- */

static void open_readers(struct crew *self)
{
    static const struct hub_mark start = { 0 };
    for (unsigned i = 0; i < self->options->threads; i++) {
        struct reader *reader = &self->readers[i];
        reader->next = (uint64_t) i * RUN_BLOCKS;
        if (hub_chain_walk_init(&reader->walk, self->options->log, &start, self->options->read_to, self->broken) < 0) {
            self->result = HUB_CREW_broken;
        }
    }
}

static void init(struct crew *self, const struct hub_crew_options *options, struct hub_verify_report *ret_broken)
{
    *self = (struct crew){ .options = options, .broken = ret_broken, .is_beside_taken = options->beside == NULL };
    self->ring = (uint64_t) options->threads * BLOCKS_A_THREAD;
    self->total = (options->read_to + BLOCK_EVENTS - 1) / BLOCK_EVENTS;
    self->blocks = hub_memory_zero(self->ring * sizeof *self->blocks);
    self->readers = hub_memory_zero(options->threads * sizeof *self->readers);
    for (uint64_t i = 0; i < self->ring; i++) {
        self->blocks[i].arena = hub_arena_new(ARENA_BYTES);
    }
    open_readers(self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    pthread_cond_init(&self->gone, NULL);
}

static void done(struct crew *self)
{
    for (uint64_t i = 0; i < self->ring; i++) {
        hub_arena_destroy(&self->blocks[i].arena);
    }
    for (unsigned i = 0; i < self->options->threads; i++) {
        hub_chain_walk_done(&self->readers[i].walk);
    }
    free(self->readers);
    free(self->blocks);
    pthread_cond_destroy(&self->changed);
    pthread_cond_destroy(&self->gone);
    pthread_mutex_destroy(&self->lock);
}

/* Say how far it came. */
static void report(struct crew *self)
{
    const struct hub_crew_options *options = self->options;
    uint64_t events = self->events_done < options->read_to ? self->events_done : options->read_to;
    if (options->on_progress != NULL && !options->on_progress(options->arg, events, options->read_to)) {
        stop(self, HUB_CREW_stopped);
    }
}

/* Report now and then until all have gone home; with the lock held. */
static void watch(struct crew *self)
{
    while (self->at_work > 0) {
        struct timespec until;
        int waited = 0;
        report(self);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_EVERY_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (self->at_work > 0 && waited == 0) {
            waited = pthread_cond_timedwait(&self->gone, &self->lock, &until);
        }
    }
}

int hub_crew_run(const struct hub_crew_options *options, struct hub_verify_report *ret_broken)
{
    struct crew self;
    pthread_t threads[HUB_CREW_MAX];
    unsigned started = 0;
    init(&self, options, ret_broken);
    pthread_mutex_lock(&self.lock);
    while (started < options->threads && pthread_create(&threads[started], NULL, run, &self) == 0) {
        started++;
        self.at_work++;
    }
    watch(&self);
    pthread_mutex_unlock(&self.lock);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    int result = started > 0 ? self.result : -1;
    done(&self);
    return result;
}
