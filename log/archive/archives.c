/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The archives of an open log. A look-up holds the lock while it finds the archive, and not while it reads: an archive that somebody
 * reads is marked so, and stays open. */
#include "log/archive/archives.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"

enum { OPEN_FILES = 16 };

struct archive {
    struct hub_archive_row row;
    int fd;                            /* -1: not open */
    struct hub_archive_head head;      /* while open */
    struct hub_archive_entry *entries; /* owned, while open */
    unsigned readers;                  /* who must find it open */
    uint64_t used;                     /* when, by the count of look-ups */
};

struct hub_archives {
    char *dir; /* owned */
    struct hub_rocks *db;
    uint8_t log_id[16];
    bool can_change;
    pthread_mutex_t lock; /* guards all that follows, but for what readers of an archive may read */
    struct archive **at;  /* owned, and each of them; ascending by first position */
    size_t count;
    uint64_t lookups;
    unsigned open;
};

void hub_archive_name(uint64_t first, uint64_t last, char ret_name[HUB_ARCHIVE_NAME])
{
    snprintf(ret_name, HUB_ARCHIVE_NAME, "%llu-%llu.arc", (unsigned long long) first, (unsigned long long) last);
}

/* --- Which there are --- */

static void insert(struct hub_archives *self, const struct hub_archive_row *row)
{
    size_t place = self->count;
    for (size_t i = 0; i < self->count; i++) {
        if (self->at[i]->row.first == row->first) {
            return;
        }
    }
    struct archive *archive = hub_memory_zero(sizeof *archive);
    archive->row = *row;
    archive->fd = -1;
    self->at = hub_memory_resize(self->at, (self->count + 1) * sizeof *self->at);
    while (place > 0 && self->at[place - 1]->row.first > row->first) {
        self->at[place] = self->at[place - 1];
        place--;
    }
    self->at[place] = archive;
    self->count++;
}

static int take_row(void *arg, const struct hub_archive_row *row)
{
    insert(arg, row);
    return 0;
}

int hub_archives_new(const char *dir, struct hub_rocks *db, const uint8_t log_id[16], bool can_change,
                     struct hub_archives **ret_archives)
{
    struct hub_archives *self = hub_memory_zero(sizeof *self);
    self->dir = hub_path(dir, "");
    self->dir[strlen(dir)] = '\0';
    self->db = db;
    self->can_change = can_change;
    memcpy(self->log_id, log_id, sizeof self->log_id);
    pthread_mutex_init(&self->lock, NULL);
    if (hub_meta_archives(db, take_row, self) < 0) {
        hub_archives_destroy(&self);
        return -1;
    }
    *ret_archives = self;
    return 0;
}

static void shut(struct hub_archives *self, struct archive *archive)
{
    if (archive->fd >= 0) {
        close(archive->fd);
        self->open--;
    }
    free(archive->entries);
    archive->fd = -1;
    archive->entries = NULL;
}

void hub_archives_destroy(struct hub_archives **self_p)
{
    struct hub_archives *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        shut(self, self->at[i]);
        free(self->at[i]);
    }
    pthread_mutex_destroy(&self->lock);
    free(self->at);
    free(self->dir);
    free(self);
    *self_p = NULL;
}

const char *hub_archives_dir(const struct hub_archives *self)
{
    return self->dir;
}

void hub_archives_add(struct hub_archives *self, const struct hub_archive_row *row)
{
    pthread_mutex_lock(&self->lock);
    insert(self, row);
    pthread_mutex_unlock(&self->lock);
}

int hub_archives_refresh(struct hub_archives *self)
{
    pthread_mutex_lock(&self->lock);
    int result = self->can_change ? hub_meta_archives(self->db, take_row, self) : 0;
    pthread_mutex_unlock(&self->lock);
    return result < 0 ? -1 : 0;
}

void hub_archives_each(struct hub_archives *self, void (*visit)(void *arg, const struct hub_archive_row *row),
                       void *arg)
{
    pthread_mutex_lock(&self->lock);
    size_t count = self->count;
    struct hub_archive_row *rows = hub_memory_new((count + 1) * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        rows[i] = self->at[i]->row;
    }
    pthread_mutex_unlock(&self->lock);
    for (size_t i = 0; i < count; i++) {
        visit(arg, &rows[i]);
    }
    free(rows);
}

/* --- Opening --- */

static int refuse(const struct hub_archive_row *row, const char *what, char ret_why[HUB_ARCHIVE_WORDS])
{
    char name[HUB_ARCHIVE_NAME];
    hub_archive_name(row->first, row->last, name);
    snprintf(ret_why, HUB_ARCHIVE_WORDS, "the archive %s %s", name, what);
    return -1;
}

static int refuse_unopened(const struct hub_archive_row *row, char ret_why[HUB_ARCHIVE_WORDS])
{
    char what[96];
    if (errno == ENOENT) {
        return refuse(row, "is missing", ret_why);
    }
    snprintf(what, sizeof what, "cannot be opened: %s", strerror(errno));
    return refuse(row, what, ret_why);
}

static char *path_of(const struct hub_archives *self, const struct hub_archive_row *row)
{
    char name[HUB_ARCHIVE_NAME];
    hub_archive_name(row->first, row->last, name);
    return hub_path(self->dir, name);
}

/* Exactly so many bytes of a file. */
static bool read_at(int fd, uint64_t at, size_t len, struct hub_buf *ret_bytes)
{
    hub_buf_clear(ret_bytes);
    char *to = hub_buf_reserve(ret_bytes, len);
    while (ret_bytes->len < len) {
        ssize_t got = pread(fd, to + ret_bytes->len, len - ret_bytes->len, (off_t) (at + ret_bytes->len));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        ret_bytes->len += (size_t) got;
    }
    return true;
}

/* Whether the head is of this log and says what the registry does. */
static int check_head(const struct hub_archives *self, const struct archive *archive, char ret_why[HUB_ARCHIVE_WORDS])
{
    const struct hub_archive_head *head = &archive->head;
    if (memcmp(head->log_id, self->log_id, sizeof self->log_id) != 0) {
        return refuse(&archive->row, "belongs to another log", ret_why);
    }
    return head->first == archive->row.first && head->last == archive->row.last && head->rows == archive->row.rows
               ? 0
               : refuse(&archive->row, "is not the one that the log names", ret_why);
}

/* The index, and the digest at the end. */
static int read_index(struct archive *archive, struct hub_span head, struct hub_buf *bytes,
                      char ret_why[HUB_ARCHIVE_WORDS])
{
    size_t len = archive->row.bytes - archive->head.index_at;
    if (!read_at(archive->fd, archive->head.index_at, len, bytes)) {
        return refuse(&archive->row, "cannot be read", ret_why);
    }
    struct hub_span index = hub_span_of(bytes->at, len - HUB_DIGEST);
    archive->entries = hub_memory_new(archive->head.blocks * sizeof *archive->entries);
    if (hub_archive_index_decode(&archive->head, head, index, archive->entries) < 0) {
        return refuse(&archive->row, "has a damaged index", ret_why);
    }
    return memcmp(bytes->at + index.len, archive->row.digest.b, HUB_DIGEST) == 0
               ? 0
               : refuse(&archive->row, "is not the one that the log names", ret_why);
}

static int read_ends(const struct hub_archives *self, struct archive *archive, char ret_why[HUB_ARCHIVE_WORDS])
{
    struct hub_buf bytes;
    char head[HUB_ARCHIVE_HEAD];
    struct stat info;
    int result;
    hub_buf_init(&bytes);
    if (fstat(archive->fd, &info) != 0 || (uint64_t) info.st_size != archive->row.bytes) {
        result = refuse(&archive->row, "is not as long as it was", ret_why);
    } else if (!read_at(archive->fd, 0, sizeof head, &bytes)) {
        result = refuse(&archive->row, "cannot be read", ret_why);
    } else {
        memcpy(head, bytes.at, sizeof head);
        result = hub_archive_head_decode(hub_span_of(head, sizeof head), archive->row.bytes, &archive->head) < 0
                     ? refuse(&archive->row, "has a damaged head", ret_why)
                     : check_head(self, archive, ret_why);
    }
    if (result == 0) {
        result = read_index(archive, hub_span_of(head, sizeof head), &bytes, ret_why);
    }
    hub_buf_done(&bytes);
    return result;
}

/* Close the one that nobody has read for longest. */
static void make_room(struct hub_archives *self)
{
    struct archive *oldest = NULL;
    for (size_t i = 0; i < self->count && self->open >= OPEN_FILES; i++) {
        struct archive *one = self->at[i];
        if (one->fd >= 0 && one->readers == 0 && (oldest == NULL || one->used < oldest->used)) {
            oldest = one;
        }
    }
    if (oldest != NULL) {
        shut(self, oldest);
    }
}

/* The lock is held. */
static int open_one(struct hub_archives *self, struct archive *archive, char ret_why[HUB_ARCHIVE_WORDS])
{
    archive->used = ++self->lookups;
    if (archive->fd >= 0) {
        return 0;
    }
    make_room(self);
    char *path = path_of(self, &archive->row);
    archive->fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (archive->fd < 0) {
        return refuse_unopened(&archive->row, ret_why);
    }
    self->open++;
    int result = read_ends(self, archive, ret_why);
    if (result < 0) {
        shut(self, archive);
    }
    return result;
}

/* --- Finding --- */

void hub_archive_pieces_init(struct hub_archive_pieces *self)
{
    *self = (struct hub_archive_pieces){ .is_unchecked = false };
}

void hub_archive_pieces_done(struct hub_archive_pieces *self)
{
    for (size_t i = 0; i < HUB_ARCHIVE_PIECES; i++) {
        hub_buf_done(&self->at[i].bytes);
    }
}

/* A block, read unless it is at hand. Archives whose positions overlap keep apart where they can. */
static int take_block(const struct archive *archive, uint32_t block, struct hub_archive_pieces *pieces,
                      struct hub_span *ret_block, char ret_why[HUB_ARCHIVE_WORDS])
{
    struct hub_archive_piece *piece = NULL;
    const struct hub_archive_entry *entry = &archive->entries[block];
    for (size_t i = 0; i < HUB_ARCHIVE_PIECES && piece == NULL; i++) {
        struct hub_archive_piece *one = &pieces->at[i];
        piece = one->archive == archive || one->archive == NULL ? one : NULL;
    }
    if (piece == NULL) {
        piece = &pieces->at[archive->row.first % HUB_ARCHIVE_PIECES];
    }
    if (piece->archive != archive || piece->block != block) {
        piece->archive = NULL;
        if (!read_at(archive->fd, entry->at, entry->len, &piece->bytes)) {
            return refuse(&archive->row, "cannot be read", ret_why);
        }
        if (!pieces->is_unchecked && !hub_archive_block_is_sound(entry, hub_buf_span(&piece->bytes))) {
            return refuse(&archive->row, "is damaged there", ret_why);
        }
        piece->archive = archive;
        piece->block = block;
    }
    *ret_block = hub_buf_span(&piece->bytes);
    return 0;
}

/* Look into one that is open and stays so. */
static int look_into(const struct archive *archive, uint64_t sequence, struct hub_archive_pieces *pieces,
                     struct hub_span *ret_payload, char ret_why[HUB_ARCHIVE_WORDS])
{
    int64_t block = hub_archive_block_of(archive->entries, archive->head.blocks, sequence);
    struct hub_span rows, payload;
    uint64_t at;
    int result = block < 0 ? HUB_ERROR_not_found : take_block(archive, (uint32_t) block, pieces, &rows, ret_why);
    if (result != 0) {
        return result;
    }
    while ((result = hub_archive_row_next(&rows, &at, &payload)) == 1) {
        if (at == sequence) {
            *ret_payload = payload;
            return 0;
        }
    }
    return result == 0 ? HUB_ERROR_not_found : refuse(&archive->row, "is damaged there", ret_why);
}

static int find(struct hub_archives *self, uint64_t sequence, struct hub_archive_pieces *pieces,
                struct hub_span *ret_payload, char ret_why[HUB_ARCHIVE_WORDS])
{
    int result = HUB_ERROR_not_found;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count && result == HUB_ERROR_not_found; i++) {
        struct archive *archive = self->at[i];
        if (archive->row.first > sequence) {
            break;
        }
        if (archive->row.last < sequence) {
            continue;
        }
        result = open_one(self, archive, ret_why);
        if (result == 0) {
            archive->readers++;
            pthread_mutex_unlock(&self->lock);
            result = look_into(archive, sequence, pieces, ret_payload, ret_why);
            pthread_mutex_lock(&self->lock);
            archive->readers--;
        }
    }
    pthread_mutex_unlock(&self->lock);
    return result;
}

int hub_archives_find(struct hub_archives *self, uint64_t sequence, struct hub_archive_pieces *pieces,
                      struct hub_span *ret_payload, char ret_why[HUB_ARCHIVE_WORDS])
{
    int result = find(self, sequence, pieces, ret_payload, ret_why);
    if (result != HUB_ERROR_not_found || !self->can_change) {
        return result;
    }
    if (hub_archives_refresh(self) < 0) {
        snprintf(ret_why, HUB_ARCHIVE_WORDS, "a row of the log that names an archive is damaged");
        return -1;
    }
    return find(self, sequence, pieces, ret_payload, ret_why);
}

uint64_t hub_archives_reach(struct hub_archives *self, uint64_t sequence, uint64_t most)
{
    struct hub_archive_pieces pieces;
    struct hub_span payload;
    char why[HUB_ARCHIVE_WORDS];
    hub_archive_pieces_init(&pieces);
    while (sequence < most && hub_archives_find(self, sequence + 1, &pieces, &payload, why) == 0) {
        sequence++;
    }
    hub_archive_pieces_done(&pieces);
    return sequence;
}

/* --- Checking --- */

/* Whole by its own account, and as the row has it. */
static int compare(const struct hub_archives *self, const struct hub_archive_row *row, struct hub_span file,
                   char ret_why[HUB_ARCHIVE_WORDS])
{
    struct hub_digest digest;
    struct archive archive = { .row = *row, .fd = -1 };
    if (file.len != row->bytes) {
        return refuse(row, "is not as long as it was", ret_why);
    }
    if (!hub_archive_is_whole(file, &digest)) {
        return refuse(row, "is damaged", ret_why);
    }
    if (!hub_digest_is(&digest, &row->digest) ||
        hub_archive_head_decode(hub_span_of(file.at, HUB_ARCHIVE_HEAD), file.len, &archive.head) < 0) {
        return refuse(row, "is not the one that the log names", ret_why);
    }
    return check_head(self, &archive, ret_why);
}

int hub_archives_check(struct hub_archives *self, const struct hub_archive_row *row, char ret_why[HUB_ARCHIVE_WORDS])
{
    struct hub_buf file;
    char name[HUB_ARCHIVE_NAME];
    hub_buf_init(&file);
    hub_archive_name(row->first, row->last, name);
    int result = hub_file_read(self->dir, name, HUB_ARCHIVE_MAX, &file);
    if (result == 0) {
        result = compare(self, row, hub_buf_span(&file), ret_why);
    } else {
        errno = result == HUB_ERROR_not_found ? ENOENT : errno;
        result = refuse_unopened(row, ret_why);
    }
    hub_buf_done(&file);
    return result;
}

int hub_archives_look(struct hub_archives *self, char ret_why[HUB_ARCHIVE_WORDS])
{
    int result = 0;
    for (size_t i = 0; i < self->count && result == 0; i++) {
        const struct hub_archive_row *row = &self->at[i]->row;
        struct stat info;
        char *path = path_of(self, row);
        if (stat(path, &info) != 0) {
            result = refuse_unopened(row, ret_why);
        } else if ((uint64_t) info.st_size != row->bytes) {
            result = refuse(row, "is not as long as it was", ret_why);
        }
        free(path);
    }
    return result;
}
