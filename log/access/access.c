/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Entries wait in memory for the writing thread, which writes all that wait at once. */
#include "log/access/access.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/pack.h"
#include "log/access/access_files.h"

#include "base/def/shapes.h"
#include "log/access/access.def"
#include "base/def/heads.h"
#include "log/access/access.def"
#include "base/def/none.h"

enum { WAITING_MAX = 1 << 20, GATHER_MS = 20, SYNC_MS = 1000, AGAIN_MS = 1000 };

struct hub_access {
    struct hub_access_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t stirred, written_on;
    struct hub_buf waiting; /* frames */
    uint64_t noted, written, refused;
    unsigned flushers; /* who waits for it to be written */
    bool stop, failing;

    /* The thread's own. */
    struct hub_access_end end;
    struct hub_buf writing;
    uint64_t writing_upto; /* number of its last entry among those noted */
    bool is_unsynced;
    int64_t synced_tick_us;
};

/* --- the thread --- */

static void wait_ms(struct hub_access *self, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&self->stirred, &self->lock, &until);
}

/* Wait for something to write, or to sync, and let more gather. */
static void gather(struct hub_access *self)
{
    while (!self->stop && self->waiting.len == 0 && self->writing.len == 0 && !self->is_unsynced) {
        pthread_cond_wait(&self->stirred, &self->lock);
    }
    if (self->stop || self->writing.len > 0) {
        return; /* what could not be written waited already */
    }
    if (self->waiting.len == 0) {
        wait_ms(self, SYNC_MS);
    } else if (self->flushers == 0) {
        wait_ms(self, GATHER_MS);
    }
}

/* Without the lock. */
static int write_all(struct hub_access *self, bool ends)
{
    int64_t tick_us = hub_tick_us(self->options.world);
    struct hub_access_writing to = { .data_dir = self->options.data_dir,
                                     .max_bytes = self->options.max_bytes,
                                     .sync = ends || tick_us - self->synced_tick_us >= SYNC_MS * 1000 };
    int result = hub_access_files_write(&to, hub_buf_span(&self->writing), &self->end);
    if (result == 0) {
        self->is_unsynced = !to.sync;
        self->synced_tick_us = to.sync ? tick_us : self->synced_tick_us;
    }
    return result;
}

/* With the lock, which is let go meanwhile. */
static void write_batch(struct hub_access *self)
{
    if (self->writing.len == 0) {
        struct hub_buf other = self->writing;
        self->writing = self->waiting;
        self->waiting = other;
        self->writing_upto = self->noted;
    }
    bool was_failing = self->failing, ends = self->stop;
    pthread_mutex_unlock(&self->lock);
    int result = write_all(self, ends);
    int error = errno;
    if ((result < 0) != was_failing && self->options.on_fault != NULL) {
        self->options.on_fault(self->options.arg, result < 0 ? strerror(error) : NULL);
    }
    pthread_mutex_lock(&self->lock);
    self->failing = result < 0;
    if (result == 0) {
        hub_buf_clear(&self->writing);
        self->written = self->writing_upto;
    }
    pthread_cond_broadcast(&self->written_on);
    if (result < 0 && !self->stop) {
        wait_ms(self, AGAIN_MS);
    }
}

static void *work(void *arg)
{
    struct hub_access *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-access");
    pthread_mutex_lock(&self->lock);
    for (;;) {
        gather(self);
        bool ends = self->stop;
        if (self->waiting.len > 0 || self->writing.len > 0 || self->is_unsynced) {
            write_batch(self);
        }
        if (ends && (self->failing || (self->waiting.len == 0 && !self->is_unsynced))) {
            break;
        }
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

struct hub_access *hub_access_start(const struct hub_access_options *options)
{
    struct hub_access *self = hub_memory_zero(sizeof *self);
    sigset_t all, before;
    self->options = *options;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->stirred, NULL);
    pthread_cond_init(&self->written_on, NULL);
    hub_buf_init(&self->waiting);
    hub_buf_init(&self->writing);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    if (pthread_create(&self->thread, NULL, work, self) != 0) {
        abort(); /* no memory */
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self;
}

void hub_access_stop(struct hub_access **self_p)
{
    struct hub_access *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_signal(&self->stirred);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->stirred);
    pthread_cond_destroy(&self->written_on);
    pthread_mutex_destroy(&self->lock);
    hub_buf_done(&self->waiting);
    hub_buf_done(&self->writing);
    free(self);
    *self_p = NULL;
}

/* --- noting --- */

/* Append an entry as a frame. */
static void put_frame(const struct access_entry *entry, struct hub_buf *out)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    hub_pack(&access_entry_shape, entry, &bytes);
    hub_access_frame(hub_buf_span(&bytes), out);
    hub_buf_done(&bytes);
}

int hub_access_note(struct hub_access *self, const struct access_entry *entry)
{
    struct hub_buf frame;
    hub_buf_init(&frame);
    put_frame(entry, &frame);
    pthread_mutex_lock(&self->lock);
    bool fits = !self->failing && self->waiting.len + frame.len <= WAITING_MAX;
    if (fits) {
        self->noted++;
        hub_buf_put(&self->waiting, frame.at, frame.len);
        pthread_cond_signal(&self->stirred);
    } else {
        self->refused++;
    }
    pthread_mutex_unlock(&self->lock);
    hub_buf_done(&frame);
    return fits ? 0 : HUB_ERROR_overloaded;
}

int hub_access_flush(struct hub_access *self)
{
    pthread_mutex_lock(&self->lock);
    uint64_t upto = self->noted;
    self->flushers++;
    pthread_cond_signal(&self->stirred);
    while (self->written < upto && !self->failing && !self->stop) {
        pthread_cond_wait(&self->written_on, &self->lock);
    }
    self->flushers--;
    int result = self->written < upto ? -1 : 0;
    pthread_mutex_unlock(&self->lock);
    return result;
}

void hub_access_stats(struct hub_access *self, struct hub_access_stats *ret_stats)
{
    pthread_mutex_lock(&self->lock);
    *ret_stats = (struct hub_access_stats){
        .noted = self->noted, .written = self->written, .refused = self->refused, .failing = self->failing
    };
    pthread_mutex_unlock(&self->lock);
}

int hub_access_note_now(const char *data_dir, const struct access_entry *entry, char *ret_why, size_t why_size)
{
    const struct hub_access_writing to = { .data_dir = data_dir, .sync = true };
    struct hub_access_end end = { .number = 0 };
    struct hub_buf frame;
    hub_buf_init(&frame);
    put_frame(entry, &frame);
    int result = hub_access_files_write(&to, hub_buf_span(&frame), &end);
    hub_buf_done(&frame);
    if (result < 0) {
        snprintf(ret_why, why_size, "%s/access cannot be written: %s", data_dir, strerror(errno));
    }
    return result;
}

bool hub_access_give_purpose(struct access_entry *entry, struct hub_span purpose, const struct hub_sealing *with,
                             const struct hub_key_source *keys)
{
    struct hub_sealing sealing = *with;
    struct hub_key key;
    if (purpose.len == 0) {
        return true;
    }
    if (entry->customers.count != 1 || HUB_HAS(access_entry, entry, everybody)) {
        HUB_SET(access_entry, entry, purpose_of_many, purpose);
        return true;
    }
    sealing.subject = *(const struct hub_ulid *) entry->customers.at;
    if (!keys->find(keys->self, sealing.company, sealing.subject, &key)) {
        return false;
    }
    sealing.key = &key;
    HUB_SET(access_entry, entry, purpose, ((hub_sealed){ .clear = purpose }));
    hub_record_seal(&access_entry_shape, entry, &sealing);
    explicit_bzero(&key, sizeof key);
    return true;
}

/* --- reading --- */

struct hub_access_scan {
    struct hub_access_files *files;
};

struct hub_access_scan *hub_access_scan_open(const char *data_dir, uint64_t from)
{
    struct hub_access_scan *self = hub_memory_zero(sizeof *self);
    self->files = hub_access_files_open(data_dir, from);
    return self;
}

int hub_access_scan_next(struct hub_access_scan *self, struct hub_arena *arena, uint64_t *ret_number,
                         struct access_entry *ret_entry, const char **ret_why)
{
    struct hub_span bytes;
    int more = hub_access_files_next(self->files, false, ret_number, &bytes, ret_why);
    if (more == 1 && hub_unpack(&access_entry_shape, hub_arena_copy(arena, bytes), arena, ret_entry, NULL) != 0) {
        *ret_why = "an entry of the accesses is not what it was";
        return -1;
    }
    return more;
}

void hub_access_scan_close(struct hub_access_scan **self_p)
{
    if (*self_p != NULL) {
        hub_access_files_close(&(*self_p)->files);
        free(*self_p);
        *self_p = NULL;
    }
}

bool hub_access_concerns(const struct access_entry *entry, struct hub_ulid customer)
{
    const struct hub_ulid *ids = entry->customers.at;
    for (uint32_t i = 0; i < entry->customers.count; i++) {
        if (hub_ulid_is(ids[i], customer)) {
            return true;
        }
    }
    return HUB_HAS(access_entry, entry, everybody) && entry->everybody;
}

static uint64_t position_of(struct hub_span bytes)
{
    struct hub_arena *arena = hub_arena_new(HUB_ACCESS_ENTRY_MAX);
    struct access_entry entry;
    bool is_one = bytes.len > 0 && hub_unpack(&access_entry_shape, bytes, arena, &entry, NULL) == 0;
    uint64_t position = is_one ? entry.position : 0;
    hub_arena_destroy(&arena);
    return position;
}

int hub_access_verify(const char *data_dir, struct hub_access_found *ret_found, const char **ret_why)
{
    struct hub_access_files *files = hub_access_files_open(data_dir, 0);
    struct hub_span entry;
    struct hub_buf last;
    uint64_t number;
    int more;
    hub_buf_init(&last);
    *ret_found = (struct hub_access_found){ .first = 0 };
    while ((more = hub_access_files_next(files, true, &number, &entry, ret_why)) == 1) {
        ret_found->first = ret_found->first == 0 ? number : ret_found->first;
        ret_found->last = number;
        hub_buf_clear(&last);
        hub_buf_put(&last, entry.at, entry.len);
    }
    ret_found->position = position_of(hub_buf_span(&last));
    hub_buf_done(&last);
    hub_access_files_close(&files);
    return more;
}
