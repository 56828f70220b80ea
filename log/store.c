/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Opening and closing a log, and what must hold before it serves. docs/log-format.md §5 says why. */
#include "log/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/archive/archives.h"
#include "log/file.h"
#include "log/keys.h"
#include "log/stored.h"
#include "log/verify.h"
#include "log/witness.h"
#include "log/write.h"

enum { WORDS = 256 };
static const uint64_t reserve_default = UINT64_C(256) * 1024 * 1024;

/* Where a sentence for the operator goes. */
struct why {
    char *at;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct why why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why.at, why.size, format, args);
    va_end(args);
    return -1;
}

/* --- What is on disk --- */

/* The last key of a family of sequences, 0 when it is empty. Returns 0 or < 0. */
static int last_of(struct hub_rocks *db, enum hub_family family, uint64_t *ret_sequence)
{
    int result = 0;
    struct hub_rocks_iter *iter = hub_rocks_iter_new(db, family, NULL, hub_span(NULL), hub_span(NULL));
    *ret_sequence = 0;
    hub_rocks_iter_last(iter);
    if (hub_rocks_iter_valid(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter);
        result = key.len == 8 ? 0 : -1;
        *ret_sequence = key.len == 8 ? hub_get_be64(key.at) : 0;
    } else {
        result = hub_rocks_iter_error(iter, NULL, 0);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_store_head(struct hub_rocks *db, struct hub_heads_found *ret_found)
{
    int result = last_of(db, HUB_FAMILY_header, &ret_found->header);
    return result < 0 ? result : last_of(db, HUB_FAMILY_payload, &ret_found->payload);
}

int hub_store_ends(const struct hub_log *self, struct hub_heads_found *ret_found)
{
    int result = hub_store_head(self->db, ret_found);
    if (result == 0) {
        ret_found->payload = hub_archives_reach(self->archives, ret_found->payload, ret_found->header);
    }
    return result;
}

int hub_store_hash(const struct hub_log *self, uint64_t sequence, struct hub_digest *ret_hash)
{
    if (sequence == 0) {
        *ret_hash = hub_chain_start(&self->meta.identity);
        return 0;
    }
    struct hub_buf row;
    hub_buf_init(&row);
    struct hub_sequence_key key = hub_sequence_key(sequence);
    int result = hub_rocks_get(self->db, HUB_FAMILY_header, NULL, HUB_KEY_SPAN(key), &row);
    if (result == 0 && row.len <= HUB_DIGEST) {
        result = -1;
    }
    if (result == 0) {
        memcpy(ret_hash->b, row.at, HUB_DIGEST);
    }
    hub_buf_done(&row);
    return result;
}

uint64_t hub_store_free_bytes(const struct hub_log *self)
{
    struct statvfs disk;
    return statvfs(self->data_dir, &disk) == 0 ? (uint64_t) disk.f_bavail * disk.f_frsize : 0;
}

struct hub_mark hub_store_mark(const struct hub_log *self)
{
    pthread_mutex_t *lock = (pthread_mutex_t *) &self->mark_lock;
    pthread_mutex_lock(lock);
    struct hub_mark mark = self->mark;
    pthread_mutex_unlock(lock);
    return mark;
}

void hub_store_set_mark(struct hub_log *self, const struct hub_mark *mark)
{
    pthread_mutex_lock(&self->mark_lock);
    if (mark->sequence > self->mark.sequence) {
        self->mark = *mark;
        self->mark_is_new = true;
    }
    pthread_mutex_unlock(&self->mark_lock);
}

int hub_store_keep_mark(struct hub_log *self)
{
    pthread_mutex_lock(&self->mark_lock);
    struct hub_mark mark = self->mark;
    bool is_new = self->mark_is_new;
    self->mark_is_new = false;
    pthread_mutex_unlock(&self->mark_lock);
    if (!is_new) {
        return 0;
    }
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    hub_meta_put_mark(batch, &mark);
    int result = hub_rocks_write(self->db, batch, NULL, 0);
    hub_rocks_batch_destroy(&batch);
    return result;
}

/* --- Opening --- */

static const unsigned few_rows_lack = 1u << HUB_FAMILY_tag | 1u << HUB_FAMILY_command | 1u << HUB_FAMILY_pending;

static int open_rocks(struct hub_log *self, const struct hub_log_options *options, struct why why)
{
    static const enum hub_rocks_profile profiles[] = {
        [HUB_LOG_WRITE] = HUB_ROCKS_TRUTH, [HUB_LOG_FOLLOW] = HUB_ROCKS_SECONDARY, [HUB_LOG_ASIDE] = HUB_ROCKS_ASIDE
    };
    char words[WORDS] = "";
    char *dir = hub_path(self->data_dir, "log");
    struct hub_rocks_options rocks = {
        .dir = dir,
        .secondary_dir = self->scratch_dir,
        .profile = profiles[self->mode],
        .families = hub_log_families,
        .unopened = options->few_rows ? few_rows_lack : 0,
        .tables_only = options->tables_only,
        .no_sync = options->no_sync,
        .memory_bytes = options->memory_bytes,
    };
    int result = hub_rocks_open(&rocks, &self->db, words, sizeof words);
    if (result < 0) {
        refuse(why, "The log in %s cannot be opened: %s.", dir, words);
    }
    free(dir);
    return result;
}

static int read_meta(struct hub_log *self, uint64_t *ret_head, struct why why)
{
    struct hub_heads_found found;
    if (hub_meta_read(self->db, &self->meta) < 0 || hub_store_head(self->db, &found) < 0) {
        return refuse(why, "The log in %s cannot be read.", self->data_dir);
    }
    if (self->mode != HUB_LOG_FOLLOW && found.header != found.payload) {
        return refuse(why, "The log in %s has headers up to %llu, but payloads up to %llu.", self->data_dir,
                      (unsigned long long) found.header, (unsigned long long) found.payload);
    }
    *ret_head = hub_heads_common(&found);
    if (self->meta.found && self->meta.format != HUB_LOG_FORMAT) {
        return refuse(why, "The log in %s has format %u; this program knows format %u.", self->data_dir,
                      self->meta.format, HUB_LOG_FORMAT);
    }
    if (!self->meta.found && (*ret_head > 0 || self->mode != HUB_LOG_WRITE)) {
        return refuse(why, "There is no log in %s.", self->data_dir);
    }
    return 0;
}

static int open_archives(struct hub_log *self, const char *dir, struct why why)
{
    char *usual = hub_path(self->data_dir, "archive");
    int result = hub_archives_new(dir == NULL ? usual : dir, self->db, self->meta.identity.log_id,
                                  self->mode == HUB_LOG_FOLLOW, &self->archives);
    free(usual);
    return result == 0 ? 0 : refuse(why, "The log in %s has a damaged row that names an archive.", self->data_dir);
}

static int check_archives(struct hub_log *self, struct why why)
{
    char words[HUB_ARCHIVE_WORDS];
    return hub_archives_look(self->archives, words) == 0
               ? 0
               : refuse(why, "Payloads of the log in %s cannot be read: %s.", self->data_dir, words);
}

static int check_witness(struct hub_log *self, uint64_t head, const struct hub_witness *witness, struct why why)
{
    if (memcmp(&witness->identity.log_id, &self->meta.identity.log_id, sizeof witness->identity.log_id) != 0 ||
        witness->identity.incarnation != self->meta.identity.incarnation) {
        return refuse(why, "The witness in %s belongs to another log than the one found there.", self->data_dir);
    }
    if (witness->sequence > head) {
        return refuse(why, "The log in %s ends at %llu, but the witness saw %llu: acknowledged events are missing.",
                      self->data_dir, (unsigned long long) head, (unsigned long long) witness->sequence);
    }
    struct hub_digest hash;
    if (hub_store_hash(self, witness->sequence, &hash) != 0 || !hub_digest_is(&hash, &witness->hash)) {
        return refuse(why, "Event %llu of the log in %s is not the one that the witness saw.",
                      (unsigned long long) witness->sequence, self->data_dir);
    }
    return 0;
}

static int check_chain(struct hub_log *self, uint64_t head, struct why why)
{
    struct hub_verify_report report;
    if (hub_verify_tail(self, &self->meta.mark, head, &report) < 0) {
        return refuse(why, "The log in %s is damaged at position %llu: %s.", self->data_dir,
                      (unsigned long long) report.sequence, report.what);
    }
    return 0;
}

/* A log from before there were sums or samples of them, or a new one, gets them: of the rows that there are. */
static int make_sums(struct hub_log *self, struct hub_rocks_batch *batch)
{
    if (self->meta.kept == HUB_KEPT_samples) {
        return 0;
    }
    self->meta.forgot = (struct hub_sums){ .rows = { 0 } };
    hub_meta_put_forgot(batch, &self->meta.forgot);
    return hub_sums_walk(self->db, &self->meta.sums);
}

/* Count this start, remember what was verified, and give a new log its identity. */
static int write_start(struct hub_log *self, const struct hub_mark *mark, struct why why)
{
    char words[WORDS] = "";
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    if (!self->meta.found) {
        hub_meta_put_identity(batch, &self->meta.identity);
    }
    if (make_sums(self, batch) < 0) {
        hub_rocks_batch_destroy(&batch);
        return refuse(why, "The log in %s has rows that cannot be read.", self->data_dir);
    }
    self->meta.found = true;
    self->meta.kept = HUB_KEPT_samples;
    self->meta.epoch++;
    self->mark = *mark;
    hub_meta_put_epoch(batch, self->meta.epoch);
    hub_meta_put_sums(batch, &self->meta.sums, self->meta.epoch, self->meta.loose);
    hub_meta_put_mark(batch, mark);
    int result = hub_rocks_write(self->db, batch, words, sizeof words);
    hub_rocks_batch_destroy(&batch);
    return result < 0 ? refuse(why, "The log in %s cannot be written: %s.", self->data_dir, words) : 0;
}

/* Log time of the last event. Returns 0 or < 0. */
static int read_head_time(struct hub_log *self, uint64_t head, int64_t *ret_time_us)
{
    *ret_time_us = 0;
    if (head == 0) {
        return 0;
    }
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    int result = hub_log_read(self, (struct hub_position){ head }, arena, &event);
    if (result == 0) {
        *ret_time_us = event.header.time;
    }
    hub_arena_destroy(&arena);
    return result == 0 ? 0 : -1;
}

static int start_writing(struct hub_log *self, uint64_t head, struct why why)
{
    struct hub_mark mark = { .sequence = head };
    int64_t head_time_us = 0;
    int result = hub_store_hash(self, head, &mark.hash);
    if (result == 0) {
        hub_durable_init(self, &(struct hub_point){ .sequence = head, .hash = mark.hash, .loose = self->meta.loose });
        result = read_head_time(self, head, &head_time_us);
    }
    if (result != 0) {
        return refuse(why, "The last event of the log in %s cannot be read.", self->data_dir);
    }
    if (write_start(self, &mark, why) < 0) {
        return -1;
    }
    self->writing = hub_writing_new(self, &mark.hash, head_time_us);
    if (hub_durable_witness(self, true) < 0) {
        return refuse(why, "The witness in %s cannot be written: %s.", self->data_dir, strerror(errno));
    }
    return 0;
}

/* A log that was never made is made only where nothing says that there was one. */
static int check_first_start(struct hub_log *self, bool has_witness, struct why why)
{
    char *current = hub_path(self->data_dir, "log/CURRENT");
    bool has_log = access(current, F_OK) == 0;
    free(current);
    return has_witness && !has_log
               ? refuse(why, "There is a witness in %s but no log: the log was lost.", self->data_dir)
               : 0;
}

static int make_dirs(const struct hub_log *self, struct why why)
{
    char *dir = hub_path(self->data_dir, "log");
    int result = hub_dir_make(self->data_dir);
    if (result == 0) {
        result = hub_dir_make(dir);
    }
    free(dir);
    return result < 0 ? refuse(why, "The directory %s cannot be made: %s.", self->data_dir, strerror(errno)) : 0;
}

static int open_to_write(struct hub_log *self, const struct hub_log_options *options, struct why why)
{
    int result = make_dirs(self, why);
    if (result == 0) {
        result = hub_dir_lock(self->data_dir, &self->lock, why.at, why.size);
    }
    if (result != 0) {
        return result;
    }
    struct hub_witness witness = { .sequence = 0 };
    uint64_t head = 0;
    int found = hub_witness_read(self->data_dir, &witness, why.at, why.size);
    if (found < 0 || check_first_start(self, found == 0, why) < 0 || open_rocks(self, options, why) < 0 ||
        read_meta(self, &head, why) < 0) {
        return -1;
    }
    if (!self->meta.found) {
        self->world->random(self->world->self, self->meta.identity.log_id, sizeof self->meta.identity.log_id);
        self->meta.identity.incarnation = 1;
    }
    if ((found == 0 && check_witness(self, head, &witness, why) < 0) ||
        open_archives(self, options->archive_dir, why) < 0 || check_archives(self, why) < 0) {
        return -1;
    }
    return check_chain(self, head, why) < 0 ? -1 : start_writing(self, head, why);
}

/* RocksDB ends the process when it finds no room for its LOG, so that is tried before. Returns 0 or < 0 with errno. */
static int try_room(const char *dir)
{
    static const char block[4096];
    char *path = hub_path(dir, "room");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int result = fd < 0 ? -1 : hub_write_all(fd, hub_span_of(block, sizeof block));
    int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    errno = error;
    return result;
}

/* A secondary store wants a directory for its own LOG. */
static int make_scratch(struct hub_log *self, struct why why)
{
    const char *tmp = getenv("TMPDIR");
    self->scratch_dir = hub_path(tmp == NULL ? "/tmp" : tmp, "omnihub-follow-XXXXXX");
    if (mkdtemp(self->scratch_dir) == NULL) {
        (void) refuse(why, "The directory %s cannot be made: %s.", self->scratch_dir, strerror(errno));
        free(self->scratch_dir);
        self->scratch_dir = NULL;
        return HUB_ERROR_log_full;
    }
    if (try_room(self->scratch_dir) == 0) {
        return 0;
    }
    (void) refuse(why, "The directory %s cannot be written: %s.", self->scratch_dir, strerror(errno));
    return HUB_ERROR_log_full;
}

static void remove_scratch(struct hub_log *self)
{
    static const char *const files[] = { "LOG", "LOG.old" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = hub_path(self->scratch_dir, files[i]);
        unlink(path);
        free(path);
    }
    rmdir(self->scratch_dir);
    free(self->scratch_dir);
    self->scratch_dir = NULL;
}

/* Follow, or aside. */
static int open_to_read(struct hub_log *self, const struct hub_log_options *options, struct why why)
{
    uint64_t head;
    struct hub_heads_found found;
    bool follows = self->mode == HUB_LOG_FOLLOW;
    int result = follows ? make_scratch(self, why) : 0;
    if (result != 0) {
        return result;
    }
    result = open_rocks(self, options, why);
    if (follows &&
        !options->tables_only) { /* its LOG is open and its log elsewhere, and who is killed leaves nothing behind */
        remove_scratch(self);
    }
    if (result < 0 || read_meta(self, &head, why) < 0 || open_archives(self, options->archive_dir, why) < 0) {
        return -1;
    }
    if (hub_store_ends(self, &found) < 0) {
        return refuse(why, "The log in %s cannot be read.", self->data_dir);
    }
    self->mark = self->meta.mark;
    atomic_store(&self->commit, hub_heads_common(&found));
    return 0;
}

int hub_log_open(const struct hub_log_options *options, struct hub_log **ret_log, char *ret_why, size_t why_size)
{
    struct hub_log *self = hub_memory_new(sizeof *self);
    struct why why = { ret_why, why_size };
    *self = (struct hub_log){
        .data_dir = strdup(options->data_dir),
        .lock = -1,
        .world = options->world,
        .keyring = options->keyring,
        .mode = options->mode,
        .reserve_bytes = options->reserve_bytes == 0 ? reserve_default : options->reserve_bytes,
        .node = options->node,
    };
    pthread_mutex_init(&self->mark_lock, NULL);
    int result = self->mode == HUB_LOG_WRITE ? open_to_write(self, options, why) : open_to_read(self, options, why);
    if (result != 0) {
        hub_log_close(&self);
        return result;
    }
    *ret_log = self;
    return 0;
}

int hub_log_flush(struct hub_log *self)
{
    return hub_rocks_flush(self->db);
}

/* --- Closing --- */

void hub_log_close(struct hub_log **self_p)
{
    struct hub_log *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    if (self->writing != NULL && hub_store_keep_mark(self) < 0) {
        fprintf(stderr, "omnihub: the log in %s cannot be written\n", self->data_dir);
    }
    if (self->writing != NULL && hub_durable_witness(self, true) < 0) {
        fprintf(stderr, "omnihub: the witness in %s cannot be written: %s\n", self->data_dir, strerror(errno));
    }
    if (self->writing != NULL) {
        hub_durable_done(self);
    }
    hub_writing_destroy(&self->writing);
    hub_archives_destroy(&self->archives);
    hub_rocks_close(&self->db);
    if (self->lock >= 0) {
        close(self->lock);
    }
    if (self->scratch_dir != NULL) {
        remove_scratch(self);
    }
    pthread_mutex_destroy(&self->mark_lock);
    free(self->data_dir);
    free(self);
    *self_p = NULL;
}
