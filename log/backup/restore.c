/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Puts a backup back as a data directory: the log by RocksDB's engine, its end taken back, the keys, what lies beside it.
 * All of it happens in TARGET.restoring, which nobody opens; renaming it is the last step. */
#include "log/backup/restore.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/thread.h"
#include "log/archive/archives.h"
#include "log/backup/backup_files.h"
#include "log/chain.h"
#include "log/proof/checkpoint.h"
#include "log/file.h"
#include "log/backup/key_box.h"
#include "log/keyring/key_files.h"
#include "log/store.h"
#include "log/stored.h"
#include "log/verify.h"
#include "log/witness.h"

enum { WORDS = 512, MEMORY = 64 * 1024 * 1024, LOOK_MS = 100, NUMBER_ROOM = 16 };

struct run {
    const struct hub_restore_options *options;
    struct hub_arena *arena;
    struct hub_backup_why why;
    struct hub_restored *done;
    struct hub_backup_list notes;
    char *dir; /* owned: TARGET.restoring */
    int lock;
    struct hub_log *log;
};

/* --- Which backup --- */

static bool is_of(const struct backup_note *note, const struct backup_note *newest)
{
    return note->incarnation == newest->incarnation && memcmp(note->log_id.at, newest->log_id.at, 16) == 0;
}

static int by_number(const struct run *self, const struct backup_note **ret_note)
{
    for (size_t i = 0; i < self->notes.count; i++) {
        if (self->notes.at[i].number == self->options->number) {
            *ret_note = &self->notes.at[i];
            return HUB_BACKUP_done;
        }
    }
    return hub_backup_refuse(self->why, HUB_BACKUP_absent, "There is no backup %u in %s.", self->options->number,
                             self->options->dir);
}

/* Whether the moment that is asked for is within a backup. A moment after its last event is, if it was made later. */
static bool reaches(const struct run *self, const struct backup_note *note)
{
    return self->options->to == HUB_RESTORE_position
               ? note->sequence >= self->options->sequence
               : note->time >= self->options->time_us || note->made >= self->options->time_us;
}

/* The oldest that reaches the moment, as it knows best what was waiting then. */
static int by_moment(const struct run *self, const struct backup_note **ret_note)
{
    const struct backup_note *newest = &self->notes.at[self->notes.count - 1];
    struct hub_buf made;
    for (size_t i = 0; i < self->notes.count; i++) {
        if (is_of(&self->notes.at[i], newest) && reaches(self, &self->notes.at[i])) {
            *ret_note = &self->notes.at[i];
            return HUB_BACKUP_done;
        }
    }
    hub_buf_init(&made);
    hub_time_print(newest->made, &made);
    int result = hub_backup_refuse(
        self->why, HUB_BACKUP_absent,
        "No backup in %s goes so far: the newest ends at position %llu and was made at %.*s.", self->options->dir,
        (unsigned long long) newest->sequence, (int) made.len, made.at);
    hub_buf_done(&made);
    return result;
}

static int choose(struct run *self)
{
    const struct backup_note *note = NULL;
    int result = hub_backup_list(self->options->dir, self->arena, &self->notes, self->why);
    if (result == HUB_BACKUP_done && self->notes.count == 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_absent, "There are no backups in %s.", self->options->dir);
    }
    if (result != HUB_BACKUP_done) {
        return result;
    }
    if (self->options->number != 0) {
        result = by_number(self, &note);
    } else if (self->options->to != HUB_RESTORE_newest) {
        result = by_moment(self, &note);
    } else {
        note = &self->notes.at[self->notes.count - 1];
    }
    if (result == HUB_BACKUP_done && note != NULL) {
        self->done->note = *note;
    }
    return result;
}

/* --- The directory --- */

static int check_target(const struct run *self)
{
    const char *target = self->options->target;
    if (rmdir(target) == 0 || errno == ENOENT) {
        return HUB_BACKUP_done;
    }
    bool is_taken = errno == ENOTEMPTY || errno == EEXIST;
    return hub_backup_refuse(self->why, is_taken ? HUB_BACKUP_taken : HUB_BACKUP_full,
                             errno == ENOTEMPTY || errno == EEXIST
                                 ? "%s is not empty; a backup is put back into a new directory."
                                 : "%s cannot be used: %s.",
                             target, strerror(errno));
}

static int enter(struct run *self)
{
    char words[WORDS];
    int result = check_target(self);
    if (result != HUB_BACKUP_done) {
        return result;
    }
    if (hub_dir_make(self->dir) < 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_full, "The directory %s cannot be made: %s.", self->dir,
                                 strerror(errno));
    }
    if (hub_dir_lock(self->dir, &self->lock, words, sizeof words) != 0) {
        return errno == EWOULDBLOCK ? hub_backup_refuse(self->why, HUB_BACKUP_taken,
                                                        "Another restore to %s is under way.", self->options->target)
                                    : hub_backup_refuse(self->why, HUB_BACKUP_full, "%s", words);
    }
    return HUB_BACKUP_done;
}

/* What an interrupted restore left, maybe of another backup, but for the lock that is held. */
static int clear(const struct run *self)
{
    DIR *entries = opendir(self->dir);
    const struct dirent *entry;
    int result = entries == NULL ? -1 : 0;
    while (result == 0 && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, "lock") != 0) {
            char *path = hub_path(self->dir, entry->d_name);
            result = hub_backup_remove(path);
            free(path);
        }
    }
    if (entries != NULL) {
        int saved = errno;
        closedir(entries);
        errno = saved;
    }
    return result;
}

/* --- The log --- */

struct copying {
    const struct run *run;
    char *to; /* owned */
    int result;
    char words[WORDS];
};

static void *copy_log(void *arg)
{
    struct copying *self = arg;
    char *from = hub_path(self->run->options->dir, "log");
    self->result = hub_rocks_restore(from, self->run->done->note.store, self->to, self->words, sizeof self->words);
    free(from);
    return NULL;
}

static int restore_log(struct run *self)
{
    pthread_t thread;
    const struct hub_backup_watch *watch = &self->options->watch;
    struct copying *copying = HUB_NEW(self->arena, struct copying);
    copying->run = self;
    copying->to = hub_path(self->dir, "log");
    if (clear(self) < 0 || pthread_create(&thread, NULL, copy_log, copying) != 0) {
        free(copying->to);
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "%s cannot be used: %s.", self->dir, strerror(errno));
    }
    while (!hub_thread_join_within(thread, LOOK_MS)) {
        if (watch->on_progress != NULL && !watch->on_progress(watch->arg, hub_backup_bytes(self->dir), 0)) {
            return hub_backup_refuse(self->why, HUB_BACKUP_stopped, "The restore was interrupted.");
        }
    }
    free(copying->to);
    if (copying->result == 0) {
        return HUB_BACKUP_done;
    }
    return hub_disk_is_full_by(copying->words)
               ? hub_backup_refuse(self->why, HUB_BACKUP_full, "The disk is full: %s.", copying->words)
               : hub_backup_refuse(self->why, HUB_BACKUP_unsound, "Backup %u in %s is damaged: %s.",
                                   self->done->note.number, self->options->dir, copying->words);
}

static int open_log(struct run *self)
{
    char words[WORDS] = "";
    struct hub_digest hash;
    const struct backup_note *note = &self->done->note;
    const struct hub_log_options options = {
        .data_dir = self->dir, .world = self->options->world, .mode = HUB_LOG_ASIDE, .memory_bytes = MEMORY
    };
    if (hub_log_open(&options, &self->log, words, sizeof words) < 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "Backup %u cannot be opened: %s", note->number, words);
    }
    if (hub_log_commit(self->log).sequence != note->sequence || hub_store_hash(self->log, note->sequence, &hash) != 0 ||
        memcmp(hash.b, note->hash.at, HUB_DIGEST) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "Backup %u is not what its note says.", note->number);
    }
    if (hub_archives_look(self->log->archives, words) < 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "Backup %u lacks payloads: %s.", note->number, words);
    }
    return HUB_BACKUP_done;
}

/* From what was asked to the last event that stays. */
static int find_end(struct run *self)
{
    struct hub_position at = { self->options->to == HUB_RESTORE_position ? self->options->sequence
                                                                         : self->done->note.sequence };
    struct hub_stored event = { .header = { .time = 0 } };
    if (self->options->to == HUB_RESTORE_time &&
        (hub_log_at_time(self->log, self->options->time_us, &at) != 0 || at.sequence == 0)) {
        return hub_backup_refuse(self->why, HUB_BACKUP_absent, "The log begins later than that.");
    }
    if (at.sequence > self->done->note.sequence || (at.sequence == 0 && self->done->note.sequence > 0)) {
        return hub_backup_refuse(self->why, HUB_BACKUP_absent, "Position %llu is not in backup %u, which ends at %llu.",
                                 (unsigned long long) at.sequence, self->done->note.number,
                                 (unsigned long long) self->done->note.sequence);
    }
    if (at.sequence > 0 && hub_log_read(self->log, at, self->arena, &event) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "Event %llu of backup %u cannot be read.",
                                 (unsigned long long) at.sequence, self->done->note.number);
    }
    self->done->sequence = at.sequence;
    self->done->time_us = event.header.time;
    return HUB_BACKUP_done;
}

/* A number that no restore from these backups was given before. */
static void choose_incarnation(struct run *self)
{
    struct hub_buf text;
    char number[NUMBER_ROOM];
    uint32_t last = 0;
    hub_buf_init(&text);
    if (hub_file_read(self->options->dir, "incarnation", NUMBER_ROOM - 2, &text) == 0) {
        hub_buf_put_byte(&text, 0);
        last = (uint32_t) strtoul(text.at, NULL, 10);
    }
    hub_buf_done(&text);
    for (size_t i = 0; i < self->notes.count; i++) {
        last = self->notes.at[i].incarnation > last ? self->notes.at[i].incarnation : last;
    }
    self->done->incarnation = last + 1;
    int len = snprintf(number, sizeof number, "%u\n", last + 1);
    self->done->is_announced = self->options->is_trial || hub_file_replace(self->options->dir, "incarnation",
                                                                           hub_span_of(number, (size_t) len)) == 0;
}

static int cut(struct run *self)
{
    char words[WORDS] = "";
    choose_incarnation(self);
    const struct hub_cut cut = { .to = self->done->sequence,
                                 .incarnation = self->done->incarnation,
                                 .mark = self->options->mark,
                                 .rearm = self->options->rearm,
                                 .arg = self->options->arg };
    if (hub_log_cut(self->log, &cut, &self->done->cut, words, sizeof words) < 0) {
        errno = hub_disk_is_full_by(words) ? ENOSPC : 0;
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "The log cannot be cut at %llu: %s.",
                                 (unsigned long long) self->done->sequence, words);
    }
    return HUB_BACKUP_done;
}

/* --- Keys, and who was erased --- */

static bool has_no_key(void *arg, struct hub_ulid subject)
{
    struct hub_key_record record;
    return hub_key_files_find(arg, subject, &record) == HUB_ERROR_not_found;
}

/* People whose key is gone, as lines of text. */
struct keyless {
    const struct hub_key_files *files;
    struct hub_buf text;
    uint64_t count;
};

static void note_keyless(void *arg, struct hub_ulid company, struct hub_ulid subject)
{
    struct keyless *self = arg;
    struct hub_key_record record;
    char id[HUB_ULID_TEXT];
    (void) company;
    if (hub_key_files_find(self->files, subject, &record) == HUB_ERROR_not_found) {
        hub_ulid_print(subject, id);
        hub_buf_put(&self->text, id, sizeof id);
        hub_buf_put_byte(&self->text, '\n');
        self->count++;
    }
}

/* The event that says so may have been left out, so a file does; audit verify asks for one of the two. */
static int write_erased(struct run *self, struct hub_key_files *files)
{
    struct keyless keyless = { .files = files };
    hub_buf_init(&keyless.text);
    int result = hub_log_each_subject(self->log, note_keyless, &keyless);
    if (result == 0 && keyless.count > 0) {
        result = hub_file_replace(self->dir, "erased", hub_buf_span(&keyless.text));
    }
    self->done->keyless = keyless.count;
    hub_buf_done(&keyless.text);
    return result == 0 ? HUB_BACKUP_done
                       : hub_backup_refuse(self->why, HUB_BACKUP_failed, "%s/erased cannot be written: %s.", self->dir,
                                           strerror(errno));
}

static int erase(struct run *self, struct hub_key_files *files)
{
    for (size_t i = 0; i < self->options->erased_count; i++) {
        int result = hub_key_files_erase(files, self->options->erased[i]);
        if (result < 0) {
            return hub_backup_refuse(self->why, HUB_BACKUP_failed, "A key in %s/keys cannot be destroyed: %s.",
                                     self->dir, strerror(errno));
        }
        self->done->erased += result == 0;
    }
    int64_t forgotten = hub_log_forget_aliases(self->log, has_no_key, files);
    if (forgotten < 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "The log cannot be written.");
    }
    self->done->forgotten = (uint64_t) forgotten;
    return write_erased(self, files);
}

static int restore_keys(struct run *self)
{
    struct hub_key_box box;
    struct hub_key_files *files = NULL;
    if (self->options->who == NULL) {
        return HUB_BACKUP_done;
    }
    char *usual = hub_path(self->options->dir, "keys.box");
    const char *path = self->options->box == NULL ? usual : self->options->box;
    int result = hub_key_box_read(path, self->options->who, self->dir, &box, self->why);
    if (result == HUB_BACKUP_done && memcmp(box.log.log_id, self->done->note.log_id.at, 16) != 0) {
        result = hub_backup_refuse(self->why, HUB_BACKUP_denied, "The keys in %s belong to another log.", path);
    }
    free(usual);
    if (result != HUB_BACKUP_done) {
        return result;
    }
    self->done->has_keys = true;
    self->done->keys.made_us = box.made_us;
    char *keys = hub_path(self->dir, "keys");
    if (hub_key_files_open(keys, true, &files, self->why.at, self->why.size) < 0) {
        result = HUB_BACKUP_unsound;
    } else {
        result = erase(self, files);
    }
    hub_key_files_close(&files);
    free(keys);
    return result;
}

/* --- What lies beside the log --- */

/* Split the signed checkpoints: those that speak of removed events are kept apart, as what they say is no longer so. */
static void split_checkpoints(struct run *self, struct hub_span text, struct hub_buf *ret_kept, struct hub_buf *ret_cut)
{
    struct hub_span note;
    while (hub_checkpoint_next(&text, &note)) {
        struct hub_buf *to = ret_kept;
        const char *line = memchr(note.at, '\n', note.len);
        if (line == NULL || strtoull(line + 1, NULL, 10) > self->done->sequence) {
            to = ret_cut;
            self->done->checkpoints++;
        }
        hub_buf_put(to, note.at, note.len);
        hub_buf_put_byte(to, '\n');
    }
}

static int cut_checkpoints(struct run *self)
{
    struct hub_buf text, kept, gone;
    hub_buf_init(&text);
    hub_buf_init(&kept);
    hub_buf_init(&gone);
    int result = hub_file_read(self->dir, "checkpoints", SIZE_MAX, &text);
    if (result == 0) {
        split_checkpoints(self, hub_buf_span(&text), &kept, &gone);
        if (self->done->checkpoints > 0) {
            result = hub_file_replace(self->dir, "checkpoints.cut", hub_buf_span(&gone)) < 0
                         ? -1
                         : hub_file_replace(self->dir, "checkpoints", hub_buf_span(&kept));
        }
    }
    hub_buf_done(&text);
    hub_buf_done(&kept);
    hub_buf_done(&gone);
    return result < 0 ? hub_backup_refuse(self->why, HUB_BACKUP_failed, "%s/checkpoints cannot be written: %s.",
                                          self->dir, strerror(errno))
                      : HUB_BACKUP_done;
}

static int write_witness(struct run *self)
{
    struct hub_witness witness = { .identity = *hub_log_identity(self->log), .sequence = self->done->sequence };
    witness.identity.incarnation = self->done->incarnation;
    if (hub_log_recount(self->log) < 0 || hub_store_hash(self->log, witness.sequence, &witness.hash) != 0 ||
        hub_rocks_flush(self->log->db) < 0 || hub_witness_write(self->dir, &witness) < 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "The witness in %s cannot be written: %s.", self->dir,
                                 strerror(errno));
    }
    return HUB_BACKUP_done;
}

/* Campaigns that ran stand still until somebody has looked (docs/operating.md). */
static int hold(struct run *self)
{
    static const char text[] = "Restored from a backup: campaigns send nothing while this file is here.\n";
    return hub_file_replace(self->dir, "hold", hub_span(text)) == 0
               ? HUB_BACKUP_done
               : hub_backup_refuse(self->why, HUB_BACKUP_full, "%s/hold cannot be written: %s.", self->dir,
                                   strerror(errno));
}

/* Before the log is opened, as payloads may lie in archives. */
static int restore_files(struct run *self)
{
    return hub_backup_put_files(self->options->dir, &self->done->note, self->dir, &self->options->watch, self->why);
}

/* Give the finished directory its name. */
static int settle(struct run *self)
{
    hub_log_close(&self->log);
    if (rename(self->dir, self->options->target) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_full, "%s cannot be renamed to %s: %s.", self->dir,
                                 self->options->target, strerror(errno));
    }
    char *parent = hub_path(self->options->target, "..");
    hub_dir_sync(parent);
    free(parent);
    return HUB_BACKUP_done;
}

static int restore(struct run *self)
{
    static int (*const steps[])(struct run * self) = { enter, restore_log,  restore_files, open_log,        find_end,
                                                       cut,   restore_keys, write_witness, cut_checkpoints, hold };
    int result = choose(self);
    for (size_t i = 0; result == HUB_BACKUP_done && i < sizeof steps / sizeof steps[0]; i++) {
        result = steps[i](self);
    }
    return result == HUB_BACKUP_done ? settle(self) : result;
}

/* Where it is built. */
static char *name_of(const char *target, struct hub_arena *arena)
{
    size_t room = strlen(target) + sizeof ".restoring", len = strlen(target);
    char *name = hub_arena_get(arena, room);
    while (len > 1 && target[len - 1] == '/') {
        len--;
    }
    snprintf(name, room, "%.*s.restoring", (int) len, target);
    return name;
}

void hub_restore_sweep(const char *target)
{
    struct hub_arena *arena = hub_arena_new(0);
    (void) hub_backup_remove(name_of(target, arena));
    hub_arena_destroy(&arena);
}

int hub_restore(const struct hub_restore_options *options, struct hub_arena *arena, struct hub_restored *ret_restored,
                struct hub_backup_why why)
{
    struct run *self = HUB_NEW(arena, struct run);
    char *name = name_of(options->target, arena);
    *ret_restored = (struct hub_restored){ .sequence = 0 };
    *self = (struct run){
        .options = options, .arena = arena, .why = why, .done = ret_restored, .dir = name, .lock = -1
    };
    int result = restore(self);
    if (result == HUB_BACKUP_stopped) {
        return result;
    }
    hub_log_close(&self->log);
    if (result != HUB_BACKUP_done && self->lock >= 0) {
        (void) hub_backup_remove(name);
    }
    if (self->lock >= 0) {
        close(self->lock);
    }
    return result;
}
