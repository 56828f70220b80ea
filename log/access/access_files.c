/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A file: "HUBACCS1", number of its first entry (8), hash before it (32); then per entry its length (4), the length's
 * complement (4), its bytes, and SHA-256(hash before || number (8) || bytes). Numbers are dense from 1. Files are named by their
 * first entry's number. The complement tells a damaged length from an entry that was never finished. */
#include "log/access/access_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/file.h"

enum { NAME_BYTES = 32, MAGIC = 8, LENGTH = 8, NUMBER = 8, LOCK_TRIES = 2000, LOCK_PAUSE_US = 1000 };

static const char magic[] = "HUBACCS1";

/* The hash before the first entry of all. */
static struct hub_digest beginning(void)
{
    return hub_sha256(HUB_SPAN("omnihub accesses"));
}

static void file_name(uint64_t first, char ret_name[NAME_BYTES])
{
    snprintf(ret_name, NAME_BYTES, "entries-%016llx", (unsigned long long) first);
}

static uint64_t be(const char *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | (uint8_t) at[i];
    }
    return value;
}

static struct hub_digest link_of(const struct hub_digest *before, uint64_t number, struct hub_span entry)
{
    char text[NUMBER];
    for (int i = 0; i < NUMBER; i++) {
        text[i] = (char) (number >> (56 - 8 * i));
    }
    const struct hub_span parts[] = { hub_span_of(before->b, HUB_DIGEST), hub_span_of(text, sizeof text), entry };
    return hub_sha256_of(parts, 3);
}

void hub_access_frame(struct hub_span entry, struct hub_buf *out)
{
    hub_buf_put_be64(out, (uint64_t) entry.len << 32 | (uint32_t) ~(uint32_t) entry.len);
    hub_buf_put(out, entry.at, entry.len);
}

/* --- which files there are --- */

struct listing {
    uint64_t *firsts; /* owned, ascending */
    size_t count;
};

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *) a, right = *(const uint64_t *) b;
    return left < right ? -1 : left > right;
}

/* A directory that is not there has no files. Returns 0, or < 0 with errno set. */
static int list(const char *dir, struct listing *ret_listing)
{
    size_t room = 0;
    struct dirent *found;
    *ret_listing = (struct listing){ .count = 0 };
    DIR *entries = opendir(dir);
    if (entries == NULL) {
        return errno == ENOENT ? 0 : -1;
    }
    while ((found = readdir(entries)) != NULL) {
        char *end;
        if (strncmp(found->d_name, "entries-", 8) != 0) {
            continue;
        }
        uint64_t first = strtoull(found->d_name + 8, &end, 16);
        if (first == 0 || *end != '\0') {
            continue;
        }
        if (ret_listing->count == room) {
            room = room == 0 ? 64 : 2 * room;
            ret_listing->firsts = hub_memory_resize(ret_listing->firsts, room * sizeof *ret_listing->firsts);
        }
        ret_listing->firsts[ret_listing->count++] = first;
    }
    closedir(entries);
    if (ret_listing->count > 0) {
        qsort(ret_listing->firsts, ret_listing->count, sizeof *ret_listing->firsts, by_number);
    }
    return 0;
}

/* --- reading one file --- */

/* A walk over one file's bytes. */
struct walk {
    struct hub_span rest;
    uint64_t number; /* of the next entry */
    struct hub_digest hash;
};

/* A head that fits the file's name. */
static bool walk_begin(struct walk *self, struct hub_span file, uint64_t first)
{
    if (file.len < HUB_ACCESS_HEAD || memcmp(file.at, magic, MAGIC) != 0 || be(file.at + MAGIC, NUMBER) != first) {
        return false;
    }
    *self = (struct walk){ .rest = hub_span_of(file.at + HUB_ACCESS_HEAD, file.len - HUB_ACCESS_HEAD),
                           .number = first };
    memcpy(self->hash.b, file.at + MAGIC + NUMBER, HUB_DIGEST);
    return true;
}

/* The length in front of an entry; 0 when it is none. */
static size_t length_at(const char *at)
{
    uint32_t len = (uint32_t) be(at, 4), complement = (uint32_t) be(at + 4, 4);
    return len == ~complement && len <= HUB_ACCESS_ENTRY_MAX ? len : 0;
}

/* What a file ends with when the machine died while it was written. */
static bool is_torn(struct hub_span rest)
{
    bool zeros = true;
    for (size_t i = 0; i < rest.len && zeros; i++) {
        zeros = rest.at[i] == 0;
    }
    size_t len = rest.len < LENGTH ? 0 : length_at(rest.at);
    return zeros || rest.len < LENGTH || (len > 0 && rest.len < LENGTH + len + HUB_DIGEST);
}

/* Returns 1; 0 at the end, perhaps before a torn one; < 0 for damage. */
static int walk_next(struct walk *self, bool checks, struct hub_span *ret_entry)
{
    if (self->rest.len == 0 || is_torn(self->rest)) {
        return 0;
    }
    size_t len = length_at(self->rest.at);
    if (len == 0) {
        return -1;
    }
    const char *hash = self->rest.at + LENGTH + len;
    *ret_entry = hub_span_of(self->rest.at + LENGTH, len);
    if (checks) {
        struct hub_digest now = link_of(&self->hash, self->number, *ret_entry);
        if (memcmp(now.b, hash, HUB_DIGEST) != 0) {
            return -1;
        }
    }
    memcpy(self->hash.b, hash, HUB_DIGEST);
    self->number++;
    self->rest = hub_span_of(hash + HUB_DIGEST, self->rest.len - LENGTH - len - HUB_DIGEST);
    return 1;
}

/* --- writing --- */

struct writer {
    const struct hub_access_writing *to;
    char *dir; /* owned */
    int lock;
    int fd; /* of the last file, -1: none */
    struct hub_access_end *end;
};

/* A tool may be run by root beside a hub that is not: what it makes belongs to whoever the data belong to. */
static void give_to_owner(const struct writer *self, int fd)
{
    struct stat about;
    if (geteuid() == 0 && stat(self->to->data_dir, &about) == 0) {
        (void) !fchown(fd, about.st_uid, about.st_gid);
    }
}

static int make_dir(const struct writer *self)
{
    int result = hub_dir_make(self->dir);
    int fd = result == 0 ? open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        give_to_owner(self, fd);
        close(fd);
    }
    return result;
}

static int take_lock(struct writer *self)
{
    char *path = hub_path(self->dir, "lock");
    self->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    if (self->lock >= 0) {
        give_to_owner(self, self->lock);
    }
    for (int i = 0; self->lock >= 0 && i < LOCK_TRIES; i++) {
        if (flock(self->lock, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        usleep(LOCK_PAUSE_US);
    }
    return -1;
}

static int open_file(struct writer *self, uint64_t first, int flags)
{
    char name[NAME_BYTES];
    file_name(first, name);
    char *path = hub_path(self->dir, name);
    self->fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
    free(path);
    if (self->fd >= 0 && (flags & O_CREAT) != 0) {
        give_to_owner(self, self->fd);
    }
    return self->fd < 0 ? -1 : 0;
}

/* A new file behind the last entry. */
static int begin_file(struct writer *self)
{
    struct hub_access_end *end = self->end;
    struct hub_buf head;
    if (self->fd >= 0) {
        close(self->fd);
    }
    hub_buf_init(&head);
    hub_buf_put(&head, magic, MAGIC);
    hub_buf_put_be64(&head, end->number + 1);
    hub_buf_put(&head, end->hash.b, HUB_DIGEST);
    int result = open_file(self, end->number + 1, O_CREAT | O_TRUNC);
    result = result == 0 ? hub_write_all(self->fd, hub_buf_span(&head)) : result;
    result = result == 0 ? hub_dir_sync(self->dir) : result;
    hub_buf_done(&head);
    end->file = end->number + 1;
    end->size = HUB_ACCESS_HEAD;
    return result;
}

/* Walk the last file to its end. A torn end goes; behind a damaged one nothing can be added. */
static int find_end(struct writer *self, uint64_t first)
{
    struct hub_buf file;
    struct walk walk;
    struct hub_span entry;
    char name[NAME_BYTES];
    int more = -1;
    hub_buf_init(&file);
    file_name(first, name);
    int result = hub_file_read(self->dir, name, 4 * HUB_ACCESS_SEGMENT, &file);
    if (result == 0 && walk_begin(&walk, hub_buf_span(&file), first)) {
        while ((more = walk_next(&walk, true, &entry)) == 1) {
        }
        *self->end = (struct hub_access_end){
            .file = first, .number = walk.number - 1, .hash = walk.hash, .size = file.len - walk.rest.len
        };
        if (more == 0 && walk.rest.len > 0) {
            result = ftruncate(self->fd, (off_t) self->end->size);
        }
    } else if (result == 0) {
        *self->end = (struct hub_access_end){ .hash = beginning() }; /* its head is no head */
    }
    hub_buf_done(&file);
    if (result != 0 || more == 0) {
        return result;
    }
    /* Damaged from its first entry on: that number is lost, as the file stays as it is. */
    self->end->number = self->end->number < first ? first : self->end->number;
    return begin_file(self);
}

static int open_end(struct writer *self)
{
    struct listing listing;
    struct stat about;
    int result = list(self->dir, &listing);
    uint64_t last = listing.count == 0 ? 0 : listing.firsts[listing.count - 1];
    free(listing.firsts);
    if (result < 0) {
        return result;
    }
    if (last == 0) {
        *self->end = (struct hub_access_end){ .hash = beginning() };
        return begin_file(self);
    }
    result = open_file(self, last, 0);
    result = result == 0 ? fstat(self->fd, &about) : result;
    if (result == 0 && (self->end->file != last || self->end->size != (uint64_t) about.st_size)) {
        result = find_end(self, last);
    }
    return result;
}

/* The oldest files go when all together are too large. What is gone is seen by the numbers that are missing. */
static int forget(struct writer *self)
{
    uint64_t max = self->to->max_bytes == 0 ? HUB_ACCESS_DEFAULT_MAX : self->to->max_bytes;
    uint64_t files = max / HUB_ACCESS_SEGMENT < 2 ? 2 : max / HUB_ACCESS_SEGMENT;
    struct listing listing;
    int result = list(self->dir, &listing);
    for (size_t i = 0; result == 0 && listing.count - i > files; i++) {
        char name[NAME_BYTES];
        file_name(listing.firsts[i], name);
        char *path = hub_path(self->dir, name);
        result = unlink(path);
        free(path);
    }
    free(listing.firsts);
    return result;
}

/* Frames become entries with their hashes, and are written at once. */
static int add(struct writer *self, struct hub_span frames)
{
    struct hub_access_end next = *self->end;
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    while (frames.len > 0) {
        size_t len = LENGTH + length_at(frames.at);
        struct hub_span entry = hub_span_of(frames.at + LENGTH, len - LENGTH);
        next.hash = link_of(&next.hash, ++next.number, entry);
        hub_buf_put(&bytes, frames.at, len);
        hub_buf_put(&bytes, next.hash.b, HUB_DIGEST);
        frames = hub_span_of(frames.at + len, frames.len - len);
    }
    next.size += bytes.len;
    int result = lseek(self->fd, (off_t) self->end->size, SEEK_SET) < 0 ? -1
                                                                        : hub_write_all(self->fd, hub_buf_span(&bytes));
    result = result == 0 && self->to->sync ? fdatasync(self->fd) : result;
    hub_buf_done(&bytes);
    if (result == 0) {
        *self->end = next;
    } else {
        int saved = errno;
        (void) !ftruncate(self->fd, (off_t) self->end->size);
        errno = saved;
    }
    return result;
}

int hub_access_files_write(const struct hub_access_writing *to, struct hub_span frames, struct hub_access_end *end)
{
    struct writer self = { .to = to, .dir = hub_path(to->data_dir, "access"), .lock = -1, .fd = -1, .end = end };
    int result = make_dir(&self);
    result = result == 0 ? take_lock(&self) : result;
    result = result == 0 ? open_end(&self) : result;
    if (result == 0 && end->size >= HUB_ACCESS_SEGMENT) {
        result = begin_file(&self);
        result = result == 0 ? forget(&self) : result;
    }
    result = result == 0 ? add(&self, frames) : result;
    int saved = errno;
    if (self.fd >= 0) {
        close(self.fd);
    }
    if (self.lock >= 0) {
        close(self.lock);
    }
    free(self.dir);
    errno = saved;
    return result;
}

/* --- reading all --- */

struct hub_access_files {
    char *dir; /* owned */
    struct listing listing;
    size_t next; /* file */
    struct hub_buf file;
    struct walk walk;
    uint64_t from;
    bool is_open, failed;
};

struct hub_access_files *hub_access_files_open(const char *data_dir, uint64_t from)
{
    struct hub_access_files *self = hub_memory_zero(sizeof *self);
    self->dir = hub_path(data_dir, "access");
    self->from = from;
    hub_buf_init(&self->file);
    self->failed = list(self->dir, &self->listing) < 0;
    while (self->next + 1 < self->listing.count && self->listing.firsts[self->next + 1] <= from) {
        self->next++;
    }
    return self;
}

static int fail(struct hub_access_files *self, const char *why, const char **ret_why)
{
    self->failed = true;
    *ret_why = why;
    return -1;
}

/* The next file, which must go on where the one before ended. Returns 1, 0 at the end, < 0. */
static int next_file(struct hub_access_files *self, bool checks, const char **ret_why)
{
    char name[NAME_BYTES];
    struct walk before = self->walk;
    bool follows = self->is_open;
    if (self->next == self->listing.count) {
        return 0;
    }
    uint64_t first = self->listing.firsts[self->next++];
    file_name(first, name);
    if (hub_file_read(self->dir, name, 4 * HUB_ACCESS_SEGMENT, &self->file) != 0) {
        return fail(self, "a file of accesses cannot be read", ret_why);
    }
    if (!walk_begin(&self->walk, hub_buf_span(&self->file), first)) {
        return fail(self, "a file of accesses has a damaged head", ret_why);
    }
    self->is_open = true;
    struct hub_digest begin = beginning();
    bool begins = first != 1 || hub_digest_is(&self->walk.hash, &begin);
    if (checks &&
        (!begins || (follows && (before.number != first || !hub_digest_is(&before.hash, &self->walk.hash))))) {
        return fail(self, "a file of accesses does not go on where the one before it ended", ret_why);
    }
    return 1;
}

int hub_access_files_next(struct hub_access_files *self, bool checks, uint64_t *ret_number, struct hub_span *ret_entry,
                          const char **ret_why)
{
    if (self->failed) {
        return fail(self, "the accesses cannot be read", ret_why);
    }
    for (;;) {
        int more = self->is_open ? walk_next(&self->walk, checks, ret_entry) : 0;
        if (more < 0) {
            return fail(self, "an entry of the accesses is not what it was", ret_why);
        }
        if (more == 1 && self->walk.number > self->from) {
            *ret_number = self->walk.number - 1;
            return 1;
        }
        if (more == 0) {
            bool is_cut = self->is_open && self->walk.rest.len > 0 && self->next < self->listing.count;
            if (is_cut && checks) {
                return fail(self, "a file of accesses ends within an entry", ret_why);
            }
            more = next_file(self, checks, ret_why);
            if (more != 1) {
                return more;
            }
        }
    }
}

void hub_access_files_close(struct hub_access_files **self_p)
{
    struct hub_access_files *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        free(self->dir);
        free(self->listing.firsts);
        hub_buf_done(&self->file);
        free(self);
    }
}
