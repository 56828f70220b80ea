/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Making and listing backups. The order is what makes them whole whenever it ends: the copy aside first, then what lies beside the
 * log, then the keys, which are on disk before any event that needs them, and last the note. */
#include "log/backup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/thread.h"
#include "log/archive/archives.h"
#include "log/backup/backup_files.h"
#include "log/chain.h"
#include "log/file.h"
#include "log/backup/key_box.h"
#include "log/backup/pin.h"
#include "log/store.h"
#include "log/stored.h"
#include "log/verify.h"
#include "log/witness.h"

#include "base/def/shapes.h"
#include "log/backup/backup.def"
#include "base/def/heads.h"
#include "log/backup/backup.def"
#include "base/def/none.h"

enum { NOTE_MAX = 16 * 1024 * 1024, NOTE_NAME = 32, MEMORY = 64 * 1024 * 1024, LOOK_MS = 100, WORDS = 512 };

int hub_backup_refuse(struct hub_backup_why why, enum hub_backup_end end, const char *format, ...)
{
    bool is_full = end == HUB_BACKUP_failed && hub_disk_is_full(errno);
    va_list args;
    va_start(args, format);
    vsnprintf(why.at, why.size, format, args);
    va_end(args);
    return is_full ? HUB_BACKUP_full : end;
}

/* What RocksDB said, in its words; a full disk is known by them alone. */
static int refuse_words(struct hub_backup_why why, const char *what, const char *words)
{
    errno = hub_disk_is_full_by(words) ? ENOSPC : 0;
    return hub_backup_refuse(why, HUB_BACKUP_failed, "%s: %s.", what, words);
}

/* --- Notes --- */

static void note_name(uint32_t number, char ret_name[NOTE_NAME])
{
    snprintf(ret_name, NOTE_NAME, "%06u.json", number);
}

static int compare_notes(const void *a, const void *b)
{
    uint32_t left = ((const struct backup_note *) a)->number, right = ((const struct backup_note *) b)->number;
    return left < right ? -1 : left > right;
}

static int read_note(const char *notes, const char *name, struct hub_arena *arena, struct backup_note *ret_note,
                     struct hub_backup_why why)
{
    struct hub_buf text;
    struct hub_fault fault = { .reason = "" };
    hub_buf_init(&text);
    int result = hub_file_read(notes, name, NOTE_MAX, &text);
    if (result != 0) {
        result = hub_backup_refuse(why, HUB_BACKUP_failed, "The note %s/%s cannot be read: %s.", notes, name,
                                   strerror(errno));
    } else if (hub_json_read(&backup_note_shape, hub_buf_span(&text), arena, ret_note, &fault) != 0) {
        result = hub_backup_refuse(why, HUB_BACKUP_unsound, "The note %s/%s is damaged: %s", notes, name, fault.reason);
    }
    hub_buf_done(&text);
    return result;
}

int hub_backup_list(const char *dir, struct hub_arena *arena, struct hub_backup_list *ret_list,
                    struct hub_backup_why why)
{
    struct {
        struct backup_note *at;
        uint32_t count, room;
    } notes = { NULL, 0, 0 };
    char *path = hub_path(dir, "backups");
    DIR *entries = opendir(path);
    const struct dirent *entry;
    int result = HUB_BACKUP_done;
    if (entries == NULL) {
        result = hub_backup_refuse(why, errno == ENOENT ? HUB_BACKUP_absent : HUB_BACKUP_failed,
                                   errno == ENOENT ? "There are no backups in %s." : "%s/backups cannot be read: %s.",
                                   dir, strerror(errno));
    }
    while (result == HUB_BACKUP_done && entries != NULL && (entry = readdir(entries)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0) {
            struct backup_note *note = HUB_LIST_ADD(&notes, arena);
            result = read_note(path, entry->d_name, arena, note, why);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    free(path);
    if (result == HUB_BACKUP_done && notes.at != NULL) {
        qsort(notes.at, notes.count, sizeof *notes.at, compare_notes);
    }
    *ret_list = (struct hub_backup_list){ notes.at, result == HUB_BACKUP_done ? notes.count : 0 };
    return result;
}

static int write_note(const char *dir, const struct backup_note *note, struct hub_backup_why why)
{
    char name[NOTE_NAME];
    struct hub_buf text;
    char *notes = hub_path(dir, "backups");
    hub_buf_init(&text);
    hub_json_write(&backup_note_shape, note, HUB_DIALECT_snake, &text);
    hub_buf_put_byte(&text, '\n');
    note_name(note->number, name);
    int result = hub_file_replace(notes, name, hub_buf_span(&text));
    if (result < 0) {
        result = hub_backup_refuse(why, HUB_BACKUP_full, "The note %s/%s cannot be written: %s.", notes, name,
                                   strerror(errno));
    }
    hub_buf_done(&text);
    free(notes);
    return result;
}

/* --- The directory --- */

/* One run. */
struct run {
    const struct hub_backup_options *options;
    struct hub_arena *arena;
    struct hub_backup_why why;
    struct hub_backup_list before;
    struct hub_pin *pin;
    struct hub_log *log;
    struct hub_witness witness; /* as it was before the copy; sequence 0: none */
    int lock;
    struct hub_backup_made *made;
};

static int make_dirs(const struct run *self)
{
    static const char *const names[] = { "log", "files", "backups" };
    int result = hub_dir_make(self->options->dir);
    for (size_t i = 0; result == 0 && i < sizeof names / sizeof names[0]; i++) {
        char *path = hub_path(self->options->dir, names[i]);
        result = hub_dir_make(path);
        free(path);
    }
    return result < 0 ? hub_backup_refuse(self->why, HUB_BACKUP_full, "The directory %s cannot be made: %s.",
                                          self->options->dir, strerror(errno))
                      : HUB_BACKUP_done;
}

static int enter(struct run *self)
{
    char words[WORDS];
    int result = make_dirs(self);
    if (result == HUB_BACKUP_done && hub_dir_lock(self->options->dir, &self->lock, words, sizeof words) != 0) {
        result = errno == EWOULDBLOCK ? hub_backup_refuse(self->why, HUB_BACKUP_taken,
                                                          "Another backup to %s is under way: it holds %s/lock.",
                                                          self->options->dir, self->options->dir)
                                      : hub_backup_refuse(self->why, HUB_BACKUP_full, "%s", words);
    }
    return result == HUB_BACKUP_done ? hub_backup_list(self->options->dir, self->arena, &self->before, self->why)
                                     : result;
}

/* --- The log --- */

/* Whether the copy has all that was acknowledged when it began, unbroken. */
static int check_copy(const struct run *self)
{
    struct hub_verify_report report;
    struct hub_digest hash;
    const char *data = self->options->data_dir;
    uint64_t head = hub_log_commit(self->log).sequence;
    if (self->witness.sequence > head) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "The log in %s ends at %llu, but its witness saw %llu.",
                                 data, (unsigned long long) head, (unsigned long long) self->witness.sequence);
    }
    if (self->witness.sequence > 0 &&
        (hub_store_hash(self->log, self->witness.sequence, &hash) != 0 || !hub_digest_is(&hash, &self->witness.hash))) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound,
                                 "Event %llu of the log in %s is not the one that the witness saw.",
                                 (unsigned long long) self->witness.sequence, data);
    }
    return hub_verify_tail(self->log, &self->log->meta.mark, head, &report) == 0
               ? HUB_BACKUP_done
               : hub_backup_refuse(self->why, HUB_BACKUP_unsound, "The log in %s is damaged at position %llu: %s.",
                                   data, (unsigned long long) report.sequence, report.what);
}

static int open_copy(struct run *self)
{
    const char *data = self->options->data_dir;
    char words[WORDS] = "";
    struct hub_witness witness = { .sequence = 0 };
    if (hub_witness_read(data, &witness, self->why.at, self->why.size) < 0) {
        return HUB_BACKUP_unsound;
    }
    self->witness = witness;
    int pinned = hub_pin_new(data, &self->pin, self->why.at, self->why.size);
    if (pinned != 0) {
        return pinned > 0                              ? HUB_BACKUP_taken
               : pinned < 0 && hub_disk_is_full(errno) ? HUB_BACKUP_full
               : pinned < 0 && errno == ENOENT         ? HUB_BACKUP_absent
                                                       : HUB_BACKUP_failed;
    }
    char *archive = hub_path(data, "archive");
    const struct hub_log_options options = { .data_dir = hub_pin_dir(self->pin),
                                             .archive_dir = archive,
                                             .world = self->options->world,
                                             .mode = HUB_LOG_ASIDE,
                                             .memory_bytes = MEMORY };
    int opened = hub_log_open(&options, &self->log, words, sizeof words);
    free(archive);
    if (opened < 0) {
        errno = hub_disk_is_full_by(words) ? ENOSPC : 0;
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "%s", words);
    }
    return check_copy(self);
}

static int fill_note(struct run *self)
{
    struct backup_note *note = &self->made->note;
    struct hub_stored last = { .header = { .time = 0 } };
    struct hub_digest *hash = HUB_NEW(self->arena, struct hub_digest);
    uint64_t head = hub_log_commit(self->log).sequence;
    const struct hub_log_identity *identity = hub_log_identity(self->log);
    if (hub_store_hash(self->log, head, hash) != 0 ||
        (head > 0 && hub_log_read(self->log, (struct hub_position){ head }, self->arena, &last) != 0)) {
        return hub_backup_refuse(self->why, HUB_BACKUP_unsound, "The last event of the log in %s cannot be read.",
                                 self->options->data_dir);
    }
    const struct backup_note *before = self->before.count > 0 ? &self->before.at[self->before.count - 1] : NULL;
    if (before != NULL && memcmp(before->log_id.at, identity->log_id, 16) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_failed,
                                 "%s holds backups of another log than the one in %s; use a directory of its own.",
                                 self->options->dir, self->options->data_dir);
    }
    HUB_SET(backup_note, note, number, before == NULL ? 1 : before->number + 1);
    HUB_SET(backup_note, note, log_id, hub_arena_copy(self->arena, hub_span_of(identity->log_id, 16)));
    HUB_SET(backup_note, note, incarnation, identity->incarnation);
    HUB_SET(backup_note, note, sequence, head);
    HUB_SET(backup_note, note, hash, hub_span_of(hash->b, HUB_DIGEST));
    HUB_SET(backup_note, note, time, last.header.time);
    HUB_SET(backup_note, note, made, hub_now_us(self->options->world));
    HUB_SET(backup_note, note, writes, hub_rocks_writes(self->log->db));
    if (before != NULL && HUB_HAS(backup_note, before, writes) && before->writes == note->writes &&
        before->incarnation == note->incarnation && before->sequence == note->sequence) {
        HUB_SET(backup_note, note, store, before->store);
    }
    return HUB_BACKUP_done;
}

/* The engine at work on a thread of its own, as its C interface says nothing before the end. */
struct copying {
    const struct run *run;
    uint32_t store;
    int result;
    char words[WORDS];
};

static void *copy_log(void *arg)
{
    struct copying *self = arg;
    char *dir = hub_path(self->run->options->dir, "log");
    struct hub_rocks_backup backup = { .dir = dir, .bytes_per_second = self->run->options->bytes_per_second };
    self->result = hub_rocks_backup(self->run->log->db, &backup, self->words, sizeof self->words);
    self->store = backup.id;
    free(dir);
    return NULL;
}

static int back_up_log(struct run *self)
{
    pthread_t thread;
    const struct hub_backup_watch *watch = &self->options->watch;
    struct copying *copying = HUB_NEW(self->arena, struct copying); /* not on the stack: it may outlive the call */
    uint64_t total = hub_backup_missing(hub_pin_dir(self->pin), self->options->dir);
    uint64_t before = hub_backup_bytes(self->options->dir);
    copying->run = self;
    if (watch->on_progress != NULL && !watch->on_progress(watch->arg, 0, total)) {
        return hub_backup_refuse(self->why, HUB_BACKUP_stopped, "The backup was interrupted.");
    }
    if (pthread_create(&thread, NULL, copy_log, copying) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "No thread can be made for the backup.");
    }
    while (!hub_thread_join_within(thread, LOOK_MS)) {
        uint64_t now = hub_backup_bytes(self->options->dir), done = now > before ? now - before : 0;
        if (watch->on_progress != NULL && !watch->on_progress(watch->arg, done < total ? done : total, total)) {
            return hub_backup_refuse(self->why, HUB_BACKUP_stopped, "The backup was interrupted.");
        }
    }
    if (copying->result < 0) {
        return refuse_words(self->why, "The log cannot be backed up", copying->words);
    }
    HUB_SET(backup_note, &self->made->note, store, copying->store);
    return HUB_BACKUP_done;
}

/* --- Old ones --- */

static int forget_files(const struct run *self, size_t gone)
{
    size_t count = self->before.count - gone + 1;
    const struct backup_note **notes = HUB_NEW_ARRAY(self->arena, const struct backup_note *, count);
    for (size_t i = 0; i + 1 < count; i++) {
        notes[i] = &self->before.at[gone + i];
    }
    notes[count - 1] = &self->made->note;
    return hub_backup_keep_files(self->options->dir, notes, count) == 0
               ? HUB_BACKUP_done
               : hub_backup_refuse(self->why, HUB_BACKUP_full, "Old files in %s/files cannot be removed: %s.",
                                   self->options->dir, strerror(errno));
}

/* Remove the notes of all but the newest, then what only they needed. */
static int forget(const struct run *self)
{
    char words[WORDS] = "", name[NOTE_NAME];
    size_t all = self->before.count + 1, keep = self->options->keep == 0 ? all : self->options->keep;
    if (all <= keep) {
        return HUB_BACKUP_done;
    }
    size_t gone = all - keep;
    char *notes = hub_path(self->options->dir, "backups"), *engine = hub_path(self->options->dir, "log");
    for (size_t i = 0; i < gone; i++) {
        note_name(self->before.at[i].number, name);
        char *path = hub_path(notes, name);
        unlink(path);
        free(path);
    }
    hub_dir_sync(notes);
    uint32_t first = gone < self->before.count ? self->before.at[gone].store : self->made->note.store;
    int result = hub_rocks_forget(engine, first, words, sizeof words);
    free(notes);
    free(engine);
    return result < 0 ? refuse_words(self->why, "Old backups cannot be removed", words) : forget_files(self, gone);
}

/* --- What lies beside the log --- */

/* A look for archives among the files of a note. */
struct wanted {
    const struct run *run;
    int result;
};

static void look_for(void *arg, const struct hub_archive_row *row)
{
    struct wanted *self = arg;
    char name[HUB_ARCHIVE_NAME + sizeof "archive/"] = "archive/";
    bool is_there = false;
    hub_archive_name(row->first, row->last, name + strlen(name));
    const struct backup_note *note = &self->run->made->note;
    for (uint32_t i = 0; i < note->files.count && !is_there; i++) {
        const struct backup_file *file = &note->files.at[i];
        is_there = hub_span_is(file->name, hub_span(name)) && file->bytes == row->bytes;
    }
    if (!is_there && self->result == HUB_BACKUP_done) {
        self->result = hub_backup_refuse(
            self->run->why, HUB_BACKUP_unsound,
            "The log in %s needs the file %s with %llu bytes, and it is not there; nothing was backed up.",
            self->run->options->data_dir, name, (unsigned long long) row->bytes);
    }
}

/* A backup without an archive that its log names could not be put back. */
static int take_files(struct run *self)
{
    struct wanted wanted = { .run = self, .result = HUB_BACKUP_done };
    int result = hub_backup_take_files(self->options, self->arena, &self->made->note, self->why);
    if (result == HUB_BACKUP_done) {
        hub_archives_each(self->log->archives, look_for, &wanted);
        result = wanted.result;
    }
    return result;
}

/* --- All of it --- */

static int write_keys(const struct run *self, const struct hub_log_identity *log)
{
    char *usual = hub_path(self->options->dir, "keys.box");
    int result = hub_key_box_write(self->options->data_dir, self->options->box == NULL ? usual : self->options->box,
                                   self->options->lock, log, self->why);
    free(usual);
    return result;
}

static int back_up(struct run *self)
{
    int result = open_copy(self);
    if (result == HUB_BACKUP_done) {
        result = fill_note(self);
    }
    self->made->all_bytes = self->pin == NULL ? 0 : hub_backup_bytes(hub_pin_dir(self->pin));
    if (result == HUB_BACKUP_done && !HUB_HAS(backup_note, &self->made->note, store)) { /* else it has not changed */
        result = back_up_log(self);
    }
    if (result == HUB_BACKUP_done) {
        result = take_files(self);
    }
    if (result == HUB_BACKUP_done) {
        result = write_keys(self, hub_log_identity(self->log));
    }
    if (result == HUB_BACKUP_done) {
        result = write_note(self->options->dir, &self->made->note, self->why);
    }
    return result == HUB_BACKUP_done ? forget(self) : result;
}

static int keys_alone(struct run *self)
{
    struct hub_log_identity log;
    struct hub_witness witness;
    if (hub_witness_read(self->options->data_dir, &witness, self->why.at, self->why.size) != 0) {
        return hub_backup_refuse(self->why, HUB_BACKUP_absent, "There is no log in %s.", self->options->data_dir);
    }
    log = witness.identity;
    return write_keys(self, &log);
}

int hub_backup_make(const struct hub_backup_options *options, struct hub_arena *arena, struct hub_backup_made *ret_made,
                    struct hub_backup_why why)
{
    struct run *self = HUB_NEW(arena, struct run); /* in the arena, as a copying thread may outlive the call */
    *ret_made = (struct hub_backup_made){ .new_bytes = 0 };
    *self = (struct run){ .options = options, .arena = arena, .why = why, .lock = -1, .made = ret_made };
    int result = enter(self);
    uint64_t before = hub_backup_bytes(options->dir);
    if (result == HUB_BACKUP_done) {
        result = options->keys_only ? keys_alone(self) : back_up(self);
    }
    uint64_t after = hub_backup_bytes(options->dir);
    ret_made->new_bytes = after > before ? after - before : 0;
    ret_made->kept = (uint32_t) self->before.count + (options->keys_only ? 0 : 1);
    if (options->keep != 0 && ret_made->kept > options->keep) {
        ret_made->kept = options->keep;
    }
    if (result != HUB_BACKUP_stopped) {
        hub_log_close(&self->log);
    }
    hub_pin_destroy(&self->pin);
    if (self->lock >= 0) {
        close(self->lock);
    }
    return result;
}
