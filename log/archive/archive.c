/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Moves payloads out of the store into files. */
#include "log/archive/archive.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "log/keys.h"
#include "log/payload.h"

enum { WORDS = 512, ROWS_A_LOOK = 256, PAUSE_MS = 5, PATIENCE_MS = 120 * 1000, SERVED_MS = 250 };

static const char take_name[] = "take";
static const char refused_name[] = "refused";

__attribute__((format(printf, 3, 4))) static int refuse(struct hub_archive_why why, enum hub_archive_end end,
                                                        const char *format, ...)
{
    bool is_full = end == HUB_ARCHIVE_failed && hub_disk_is_full(errno);
    va_list args;
    va_start(args, format);
    vsnprintf(why.at, why.size, format, args);
    va_end(args);
    return is_full ? HUB_ARCHIVE_full : end;
}

static const char *dir_of(const struct hub_log *log)
{
    return hub_archives_dir(log->archives);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);
    return len > end && strcmp(name + len - end, suffix) == 0;
}

static void unlink_in(const char *dir, const char *name)
{
    char *path = hub_path(dir, name);
    unlink(path);
    free(path);
}

/* --- Files that the log does not know --- */

/* A look for a name among the archives. */
struct known {
    const char *name;
    bool is_known;
};

static void compare_name(void *arg, const struct hub_archive_row *row)
{
    struct known *self = arg;
    char name[HUB_ARCHIVE_NAME];
    hub_archive_name(row->first, row->last, name);
    self->is_known |= strcmp(name, self->name) == 0;
}

static bool is_known(const struct hub_log *log, const char *name)
{
    struct known known = { .name = name };
    hub_archives_each(log->archives, compare_name, &known);
    return known.is_known;
}

/* Call `each` for every archive file that the log does not know. Returns 0, or what it returned first that was not 0. */
static int each_new(struct hub_log *log, int (*each)(struct hub_log *log, const char *name, struct hub_archive_why why),
                    struct hub_archive_why why)
{
    DIR *entries = opendir(dir_of(log));
    const struct dirent *entry;
    int result = 0;
    while (entries != NULL && result == 0 && (entry = readdir(entries)) != NULL) {
        if (ends_in(entry->d_name, ".arc") && !is_known(log, entry->d_name)) {
            result = each(log, entry->d_name, why);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return result;
}

/* --- Making --- */

int hub_archive_enter(const struct hub_log *log, int *ret_lock, struct hub_archive_why why)
{
    char words[WORDS];
    const char *dir = dir_of(log);
    if (hub_dir_make(dir) < 0) {
        return refuse(why, HUB_ARCHIVE_full, "The directory %s cannot be made: %s.", dir, strerror(errno));
    }
    if (hub_dir_lock(dir, ret_lock, words, sizeof words) != 0) {
        return errno == EWOULDBLOCK ? refuse(why, HUB_ARCHIVE_taken, "Another run is archiving: it holds %s/lock.", dir)
                                    : refuse(why, HUB_ARCHIVE_full, "%s", words);
    }
    DIR *entries = opendir(dir);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (ends_in(entry->d_name, ".arc.new")) {
            unlink_in(dir, entry->d_name);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return HUB_ARCHIVE_done;
}

static struct hub_archive_row row_of(const struct hub_archive_writer *writer, struct hub_span file)
{
    struct hub_archive_row row = {
        .first = writer->head.first, .last = writer->head.last, .rows = writer->head.rows, .bytes = file.len
    };
    memcpy(row.digest.b, file.at + file.len - HUB_DIGEST, HUB_DIGEST);
    return row;
}

static int write_file(struct hub_log *log, const struct hub_archive_order *order, struct hub_archive_writer *writer,
                      struct hub_archive_why why)
{
    char name[HUB_ARCHIVE_NAME], fresh[HUB_ARCHIVE_NAME + 8];
    struct hub_span file = hub_archive_finish(writer);
    struct hub_archive_row row = row_of(writer, file);
    uint64_t free_bytes = hub_store_free_bytes(log);
    hub_archive_name(row.first, row.last, name);
    if (!order->is_trial && free_bytes < file.len + order->reserve_bytes) {
        return refuse(
            why, HUB_ARCHIVE_full,
            "The archive %s needs %zu free bytes and a reserve of %llu, but there are %llu; it was not written.", name,
            file.len, (unsigned long long) order->reserve_bytes, (unsigned long long) free_bytes);
    }
    if (!order->is_trial && hub_file_replace(dir_of(log), name, file) < 0) {
        int result = refuse(why, HUB_ARCHIVE_failed, "The archive %s/%s cannot be written: %s.", dir_of(log), name,
                            strerror(errno));
        snprintf(fresh, sizeof fresh, "%s.new", name);
        unlink_in(dir_of(log), fresh);
        return result;
    }
    order->on_file(order->arg, &row);
    return HUB_ARCHIVE_done;
}

/* The payload of a position, if the store has it. Returns 0, HUB_ERROR_not_found, or < 0. */
static int take_live(struct hub_log *log, uint64_t sequence, struct hub_buf *ret_payload)
{
    struct hub_sequence_key key = hub_sequence_key(sequence);
    return hub_rocks_get(log->db, HUB_FAMILY_payload, NULL, HUB_KEY_SPAN(key), ret_payload);
}

/* Fill one file from *at_p on. Returns enum hub_archive_end. */
static int make_one(struct hub_log *log, const struct hub_archive_order *order, size_t *at_p, struct hub_buf *payload,
                    struct hub_archive_why why)
{
    struct hub_archive_writer writer;
    int result = HUB_ARCHIVE_done;
    hub_archive_start(&writer, log->meta.identity.log_id);
    while (result == HUB_ARCHIVE_done && *at_p < order->count && !hub_archive_is_full(&writer)) {
        uint64_t sequence = order->positions[(*at_p)++];
        int got = take_live(log, sequence, payload);
        if (got == 0) {
            hub_archive_add(&writer, sequence, hub_buf_span(payload));
        } else if (got < 0) {
            result = refuse(why, HUB_ARCHIVE_unsound, "The payload of event %llu cannot be read.",
                            (unsigned long long) sequence);
        }
        if (*at_p % ROWS_A_LOOK == 0 && order->goes_on != NULL && !order->goes_on(order->arg)) {
            result = refuse(why, HUB_ARCHIVE_stopped, "Archiving was interrupted.");
        }
    }
    if (result == HUB_ARCHIVE_done && writer.head.rows > 0) {
        result = write_file(log, order, &writer, why);
    }
    hub_archive_done(&writer);
    return result;
}

int hub_archive_make(struct hub_log *log, const struct hub_archive_order *order, struct hub_archive_why why)
{
    struct hub_buf payload;
    size_t at = 0;
    int result = HUB_ARCHIVE_done;
    hub_buf_init(&payload);
    while (result == HUB_ARCHIVE_done && at < order->count) {
        result = order->goes_on == NULL || order->goes_on(order->arg)
                     ? make_one(log, order, &at, &payload, why)
                     : refuse(why, HUB_ARCHIVE_stopped, "Archiving was interrupted.");
    }
    hub_buf_done(&payload);
    return result;
}

/* --- Taking in --- */

/* A file on its way into the log. */
struct adoption {
    struct hub_log *log;
    const char *name;
    struct hub_span file;
    struct hub_archive_head head;
    struct hub_archive_entry *entries; /* owned */
    struct hub_archive_row row;
    struct hub_rocks_batch *batch; /* owned */
    struct hub_buf live;
    uint64_t rows, last; /* seen so far */
    struct hub_archive_why why;
};

static int refuse_file(const struct adoption *self, const char *what)
{
    return refuse(self->why, HUB_ARCHIVE_unsound, "The file %s/%s is no archive of this log: %s. It was not taken in.",
                  dir_of(self->log), self->name, what);
}

static int read_ends(struct adoption *self)
{
    char name[HUB_ARCHIVE_NAME];
    struct hub_span head = hub_span_of(self->file.at, HUB_ARCHIVE_HEAD);
    if (!hub_archive_is_whole(self->file, &self->row.digest) ||
        hub_archive_head_decode(head, self->file.len, &self->head) < 0) {
        return refuse_file(self, "it is damaged");
    }
    hub_archive_name(self->head.first, self->head.last, name);
    if (memcmp(self->head.log_id, self->log->meta.identity.log_id, 16) != 0 || strcmp(name, self->name) != 0) {
        return refuse_file(self, "it belongs to another one, or has another name");
    }
    struct hub_span index = hub_span_of(self->file.at + self->head.index_at,
                                        self->file.len - self->head.index_at - HUB_DIGEST);
    self->entries = hub_memory_new(self->head.blocks * sizeof *self->entries);
    if (hub_archive_index_decode(&self->head, head, index, self->entries) < 0) {
        return refuse_file(self, "its index is damaged");
    }
    self->row.first = self->head.first;
    self->row.last = self->head.last;
    self->row.rows = self->head.rows;
    self->row.bytes = self->file.len;
    return 0;
}

/* The store has the same, and more events behind it. */
static int take_row(struct adoption *self, uint64_t sequence, struct hub_span payload)
{
    if (sequence <= self->last || sequence >= hub_log_commit(self->log).sequence) {
        return refuse_file(self, "its positions are not the log's");
    }
    if (take_live(self->log, sequence, &self->live) != 0 || !hub_span_is(hub_buf_span(&self->live), payload)) {
        return refuse_file(self, "a payload is not the one that the log has");
    }
    struct hub_sequence_key key = hub_sequence_key(sequence);
    hub_rocks_delete(self->batch, HUB_FAMILY_payload, HUB_KEY_SPAN(key));
    self->last = sequence;
    self->rows++;
    return 0;
}

static int take_block(struct adoption *self, const struct hub_archive_entry *entry)
{
    struct hub_span rows = hub_span_of(self->file.at + entry->at, entry->len), payload;
    uint64_t sequence = 0;
    bool is_first = true;
    int result = hub_archive_block_is_sound(entry, rows) ? 1 : -1;
    while (result == 1 && (result = hub_archive_row_next(&rows, &sequence, &payload)) == 1) {
        if (is_first && sequence != entry->first) {
            return refuse_file(self, "its index names other positions");
        }
        is_first = false;
        if (take_row(self, sequence, payload) < 0) {
            return HUB_ARCHIVE_unsound;
        }
    }
    return result == 0 ? 0 : refuse_file(self, "a block is damaged");
}

/* Whoever wrote the file may have been killed, or have copied it, before it was durable. */
static int make_durable(const struct adoption *self)
{
    if (hub_file_sync(dir_of(self->log), self->name) == 0 && hub_dir_sync(self->log->data_dir) == 0) {
        return 0;
    }
    return refuse(self->why, HUB_ARCHIVE_failed, "The file %s/%s cannot be synced: %s. It was not taken in.",
                  dir_of(self->log), self->name, strerror(errno));
}

static int write_rows(struct adoption *self)
{
    char words[WORDS] = "";
    if (self->rows != self->head.rows || self->last != self->head.last) {
        return refuse_file(self, "it has another number of rows than it says");
    }
    int result = make_durable(self);
    if (result < 0) {
        return result;
    }
    hub_meta_put_archive(self->batch, &self->row);
    hub_archives_add(self->log->archives, &self->row); /* before anybody misses a row */
    if (hub_rocks_write(self->log->db, self->batch, words, sizeof words) == 0) {
        return 0;
    }
    errno = hub_disk_is_full_by(words) ? ENOSPC : 0;
    return refuse(self->why, HUB_ARCHIVE_failed, "The log in %s cannot be written: %s.", self->log->data_dir, words);
}

static int adopt_bytes(struct adoption *self)
{
    int result = read_ends(self);
    for (uint32_t i = 0; i < self->head.blocks && result == 0; i++) {
        result = take_block(self, &self->entries[i]);
    }
    return result == 0 ? write_rows(self) : result;
}

/* Opening a pipe would wait for who writes to it. */
static bool is_file(const char *dir, const char *name)
{
    struct stat info;
    char *path = hub_path(dir, name);
    bool is_one = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    free(path);
    return is_one;
}

static int adopt_one(struct hub_log *log, const char *name, struct hub_archive_why why)
{
    struct hub_buf file;
    if (!is_file(dir_of(log), name)) {
        return refuse_file(&(struct adoption){ .log = log, .name = name, .why = why }, "it is no file");
    }
    hub_buf_init(&file);
    if (hub_file_read(dir_of(log), name, HUB_ARCHIVE_MAX, &file) != 0) {
        hub_buf_done(&file);
        return refuse(why, HUB_ARCHIVE_unsound, "The file %s/%s cannot be read: %s.", dir_of(log), name,
                      strerror(errno));
    }
    struct adoption self = { .log = log, .name = name, .file = hub_buf_span(&file), .why = why };
    self.batch = hub_rocks_batch_new(log->db);
    hub_buf_init(&self.live);
    int result = adopt_bytes(&self);
    hub_buf_done(&self.live);
    hub_rocks_batch_destroy(&self.batch);
    free(self.entries);
    hub_buf_done(&file);
    return result;
}

int hub_archive_adopt(struct hub_log *log, struct hub_archive_why why)
{
    return each_new(log, adopt_one, why);
}

int hub_archive_is_live(struct hub_log *log, uint64_t position)
{
    return hub_payload_is_live(log, position);
}

/* --- Asking who writes --- */

static int is_new(struct hub_log *log, const char *name, struct hub_archive_why why)
{
    (void) log;
    (void) name;
    (void) why;
    return 1;
}

bool hub_archive_has_new(struct hub_log *log)
{
    return hub_archives_refresh(log->archives) == 0 && each_new(log, is_new, (struct hub_archive_why){ NULL, 0 }) == 1;
}

static bool has_file(const char *dir, const char *name)
{
    char *path = hub_path(dir, name);
    bool is_there = access(path, F_OK) == 0;
    free(path);
    return is_there;
}

/* Wait until the question is gone. Returns enum hub_archive_end. */
static int await_answer(const struct hub_log *log, bool (*goes_on)(void *arg), void *arg, struct hub_archive_why why)
{
    static const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
    int waited_ms = 0;
    while (has_file(dir_of(log), take_name)) {
        if (goes_on != NULL && !goes_on(arg)) {
            return refuse(why, HUB_ARCHIVE_stopped, "Archiving was interrupted.");
        }
        if (waited_ms % SERVED_MS == 0 && !hub_dir_is_locked(log->data_dir)) {
            return HUB_ARCHIVE_absent;
        }
        if (waited_ms >= PATIENCE_MS) {
            errno = 0;
            return refuse(why, HUB_ARCHIVE_failed,
                          "The hub that serves %s did not take in what was archived; run it again.", log->data_dir);
        }
        nanosleep(&pause, NULL);
        waited_ms += PAUSE_MS;
    }
    return HUB_ARCHIVE_done;
}

/* What the hub had against it. */
static int read_refusal(const struct hub_log *log, struct hub_archive_why why)
{
    struct hub_buf text;
    hub_buf_init(&text);
    int result = hub_file_read(dir_of(log), refused_name, WORDS, &text);
    if (result == 0) {
        result = refuse(why, HUB_ARCHIVE_unsound, "%.*s", (int) text.len, text.at);
    } else {
        result = HUB_ARCHIVE_done;
    }
    hub_buf_done(&text);
    unlink_in(dir_of(log), refused_name);
    return result;
}

int hub_archive_ask(struct hub_log *log, bool (*goes_on)(void *arg), void *arg, struct hub_archive_why why)
{
    if (!hub_dir_is_locked(log->data_dir)) {
        return HUB_ARCHIVE_absent;
    }
    unlink_in(dir_of(log), refused_name);
    if (hub_file_replace(dir_of(log), take_name, hub_span("")) < 0) {
        return refuse(why, HUB_ARCHIVE_full, "%s/%s cannot be written: %s.", dir_of(log), take_name, strerror(errno));
    }
    int result = await_answer(log, goes_on, arg, why);
    unlink_in(dir_of(log), take_name);
    if (result == HUB_ARCHIVE_done) {
        result = read_refusal(log, why);
    }
    if (result == HUB_ARCHIVE_done && hub_log_catch_up(log) < 0) {
        result = refuse(why, HUB_ARCHIVE_unsound, "The log in %s cannot be read.", log->data_dir);
    }
    return result;
}

void hub_archive_answer(struct hub_log *log)
{
    char words[WORDS] = "";
    const char *dir = dir_of(log);
    if (!has_file(dir, take_name)) {
        return;
    }
    if (hub_archive_adopt(log, (struct hub_archive_why){ words, sizeof words }) < 0) {
        (void) hub_file_replace(dir, refused_name, hub_span(words));
    }
    unlink_in(dir, take_name);
}

/* --- Putting back --- */

struct thawing {
    struct hub_log *log;
    uint64_t to;
    struct hub_rocks_batch *batch; /* owned */
    struct hub_archive_row *rows;  /* owned; of the archives that go */
    size_t count;
    char *why;
    size_t why_size;
};

static void note_reaching(void *arg, const struct hub_archive_row *row)
{
    struct thawing *self = arg;
    if (row->last >= self->to) {
        self->rows = hub_memory_resize(self->rows, (self->count + 1) * sizeof *self->rows);
        self->rows[self->count++] = *row;
    }
}

static int thaw_one(struct thawing *self, const struct hub_archive_row *row)
{
    struct hub_archive_pieces pieces;
    char words[HUB_ARCHIVE_WORDS] = "it cannot be read";
    int result = hub_archives_check(self->log->archives, row, words);
    hub_archive_pieces_init(&pieces);
    for (uint64_t at = row->first; result >= 0 && at <= self->to; at++) {
        struct hub_sequence_key key = hub_sequence_key(at);
        struct hub_span payload;
        result = hub_archives_find(self->log->archives, at, &pieces, &payload, words);
        if (result == 0) {
            hub_rocks_put(self->batch, HUB_FAMILY_payload, HUB_KEY_SPAN(key), payload);
        }
    }
    hub_archive_pieces_done(&pieces);
    hub_meta_delete_archive(self->batch, row->first);
    if (result >= 0) {
        result = hub_rocks_write(self->log->db, self->batch, words, sizeof words);
    }
    if (result < 0) {
        snprintf(self->why, self->why_size, "%s", words);
    }
    return result < 0 ? -1 : 0;
}

static int remove_new(struct hub_log *log, const char *name, struct hub_archive_why why)
{
    (void) why;
    unlink_in(dir_of(log), name);
    return 0;
}

int hub_archive_thaw(struct hub_log *log, uint64_t to, char *ret_why, size_t why_size)
{
    struct thawing self = { .log = log, .to = to, .why = ret_why, .why_size = why_size };
    int result = 0;
    self.batch = hub_rocks_batch_new(log->db);
    hub_archives_each(log->archives, note_reaching, &self);
    (void) each_new(log, remove_new, (struct hub_archive_why){ NULL, 0 });
    for (size_t i = 0; i < self.count && result == 0; i++) {
        char name[HUB_ARCHIVE_NAME];
        result = thaw_one(&self, &self.rows[i]);
        hub_archive_name(self.rows[i].first, self.rows[i].last, name);
        if (result == 0) {
            unlink_in(dir_of(log), name);
        }
    }
    hub_rocks_batch_destroy(&self.batch);
    free(self.rows);
    return result;
}

void hub_archive_each(const struct hub_log *log, void (*visit)(void *arg, const struct hub_archive_row *row), void *arg)
{
    hub_archives_each(log->archives, visit, arg);
}
