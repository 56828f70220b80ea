/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A copy of a log that another process may be writing.
 *
 * RocksDB's table files never change once they are written, so a link to one is a copy of it. Which of them belong together is
 * written in the manifest, to which each flush and each compaction appends before it removes what is no longer needed. So:
 * copy the manifest, link everything that lies there, and look whether the manifest is still as long. If it is, nothing was
 * removed in between that it names. If not, begin again; that takes milliseconds, and flushes are seconds apart.
 *
 * The write-ahead logs are still growing. The links keep them from being removed; then each is synced and copied as far as it
 * is. A copy may end within a record, as after a crash, and is read like that. What it holds was synced before, so a backup
 * never has an event that a power cut took from the hub. */
#include "log/backup/pin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "log/rocks.h"

enum { TRIES = 100, CURRENT_MAX = 128, FLUSH_LOOKS = 1000 };

static const char flush_name[] = "flush";

struct hub_pin {
    char *source; /* owned: DATA/log */
    char *dir;    /* owned: DATA/pinned */
    char *store;  /* owned: DATA/pinned/log */
    int lock;     /* descriptor, or -1 */
};

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);
    return len >= end && strcmp(name + len - end, suffix) == 0;
}

/* Call `each` for every entry of a directory but "." and "..". Returns 0, or what it returned first that was not 0. */
static int for_each(const char *dir, int (*each)(const struct hub_pin *self, const char *name),
                    const struct hub_pin *self)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;
    int result = entries == NULL ? -1 : 0;
    while (result == 0 && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            result = each(self, entry->d_name);
        }
    }
    if (entries != NULL) {
        int saved = errno;
        closedir(entries);
        errno = saved;
    }
    return result;
}

static int remove_one(const struct hub_pin *self, const char *name)
{
    char *path = hub_path(self->store, name);
    int result = unlink(path);
    free(path);
    return result;
}

static int clear(const struct hub_pin *self)
{
    return mkdir(self->store, 0700) == 0 ? 0 : errno == EEXIST ? for_each(self->store, remove_one, self) : -1;
}

/* --- Asking for a flush --- */

static void ask_for_flush(const struct hub_pin *self, const char *data_dir)
{
    static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
    char *path = hub_path(self->dir, flush_name);
    int fd = hub_dir_is_locked(data_dir) ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        close(fd);
    }
    for (int i = 0; fd >= 0 && i < FLUSH_LOOKS && access(path, F_OK) == 0; i++) {
        nanosleep(&pause, NULL);
    }
    unlink(path);
    free(path);
}

void hub_pin_answer(const char *data_dir, struct hub_rocks *db)
{
    char *dir = hub_path(data_dir, "pinned"), *path = hub_path(dir, flush_name);
    if (access(path, F_OK) == 0) {
        (void) hub_rocks_flush(db); /* a store that cannot be written says so to the next append */
        unlink(path);
    }
    free(path);
    free(dir);
}

/* --- One try --- */

/* The manifest in force: its name and how long it is. */
struct manifest {
    char name[CURRENT_MAX];
    off_t size;
};

static int find_manifest(const struct hub_pin *self, struct manifest *ret_manifest)
{
    struct hub_buf text;
    struct stat info;
    hub_buf_init(&text);
    int result = hub_file_read(self->source, "CURRENT", CURRENT_MAX - 1, &text);
    if (result == 0) {
        size_t len = text.len > 0 && text.at[text.len - 1] == '\n' ? text.len - 1 : text.len;
        memcpy(ret_manifest->name, text.at, len);
        ret_manifest->name[len] = 0;
        char *path = hub_path(self->source, ret_manifest->name);
        result = stat(path, &info);
        ret_manifest->size = info.st_size;
        free(path);
    }
    hub_buf_done(&text);
    if (result == HUB_ERROR_not_found) {
        errno = ENOENT;
    }
    return result == 0 ? 0 : -1;
}

static int copy(const struct hub_pin *self, const char *name, off_t size)
{
    char *from = hub_path(self->source, name), *to = hub_path(self->store, name);
    int result = hub_file_copy(from, to, (uint64_t) size);
    free(from);
    free(to);
    return result;
}

/* Link a file that belongs to the store; a copy where the file system knows no links. One that went away is no harm: then the
 * manifest has grown. */
static int link_one(const struct hub_pin *self, const char *name)
{
    if (!ends_in(name, ".sst") && !ends_in(name, ".log") && strcmp(name, "IDENTITY") != 0) {
        return 0;
    }
    char *from = hub_path(self->source, name), *to = hub_path(self->store, name);
    int result = link(from, to);
    if (result != 0 && errno != ENOENT && errno != ENOSPC) {
        result = hub_file_copy(from, to, UINT64_MAX);
    }
    free(from);
    free(to);
    return result != 0 && errno == ENOENT ? 0 : result;
}

/* Returns 1 when it held, 0 when the log moved on, or < 0. */
static int try(const struct hub_pin *self, struct manifest *ret_manifest)
{
    struct manifest before, after;
    if (clear(self) < 0) {
        return -1;
    }
    if (find_manifest(self, &before) < 0 || copy(self, before.name, before.size) < 0) {
        return errno == ENOENT && access(self->source, F_OK) == 0 ? 0 : -1;
    }
    if (for_each(self->source, link_one, self) < 0 || find_manifest(self, &after) < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    *ret_manifest = before;
    return before.size == after.size && strcmp(before.name, after.name) == 0;
}

/* --- What is kept --- */

/* Put a copy of a write-ahead log, as far as it is on disk, in the place of the link to it. */
static int copy_wal(const struct hub_pin *self, const char *name)
{
    struct stat info;
    if (!ends_in(name, ".log")) {
        return 0;
    }
    char *link = hub_path(self->store, name), *fresh = hub_path(self->store, "wal.new");
    int fd = open(link, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 || fstat(fd, &info) != 0 || fdatasync(fd) != 0 ? -1 : 0;
    if (result == 0) {
        result = hub_file_copy(link, fresh, (uint64_t) info.st_size);
    }
    if (result == 0) {
        result = rename(fresh, link);
    }
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    free(link);
    free(fresh);
    errno = saved;
    return result;
}

static int write_current(const struct hub_pin *self, const struct manifest *manifest)
{
    char text[CURRENT_MAX + 1];
    int len = snprintf(text, sizeof text, "%s\n", manifest->name);
    return hub_file_replace(self->store, "CURRENT", hub_span_of(text, (size_t) len));
}

/* Returns 0, HUB_ERROR_overloaded, or < 0 with errno set. */
static int make(const struct hub_pin *self)
{
    struct manifest manifest;
    int held = 0;
    for (int i = 0; i < TRIES && held == 0; i++) {
        held = try(self, &manifest);
    }
    if (held <= 0) {
        return held < 0 ? -1 : HUB_ERROR_overloaded;
    }
    return write_current(self, &manifest) < 0 || for_each(self->store, copy_wal, self) < 0 ? -1 : 0;
}

static struct hub_pin *pin_of(const char *data_dir)
{
    struct hub_pin *self = hub_memory_new(sizeof *self);
    *self = (struct hub_pin){ .source = hub_path(data_dir, "log"), .dir = hub_path(data_dir, "pinned"), .lock = -1 };
    self->store = hub_path(self->dir, "log");
    return self;
}

void hub_pin_sweep(const char *data_dir)
{
    char words[256];
    struct hub_pin *self = pin_of(data_dir);
    if (access(self->dir, F_OK) == 0) {
        (void) hub_dir_lock(self->dir, &self->lock, words, sizeof words);
    }
    hub_pin_destroy(&self);
}

int hub_pin_new(const char *data_dir, struct hub_pin **ret_pin, char *ret_why, size_t why_size)
{
    struct hub_pin *self = pin_of(data_dir);
    int result = mkdir(self->dir, 0700) == 0 || errno == EEXIST ? 0 : -1;
    if (result == 0 && hub_dir_lock(self->dir, &self->lock, ret_why, why_size) != 0) {
        result = -1;
        if (errno == EWOULDBLOCK) {
            snprintf(ret_why, why_size, "Another backup of %s is under way: it holds %s/lock.", data_dir, self->dir);
            result = HUB_ERROR_overloaded;
        }
    } else if (result == 0) {
        ask_for_flush(self, data_dir);
        result = make(self);
        if (result < 0) {
            snprintf(ret_why, why_size, "The log in %s cannot be copied aside: %s.", data_dir, strerror(errno));
        } else if (result > 0) {
            snprintf(ret_why, why_size, "The log in %s changed its files each time it was to be copied; try again.",
                     data_dir);
        }
    } else {
        snprintf(ret_why, why_size, "The directory %s cannot be made: %s.", self->dir, strerror(errno));
    }
    if (result != 0) {
        int saved = errno;
        hub_pin_destroy(&self);
        errno = saved;
        return result;
    }
    *ret_pin = self;
    return 0;
}

const char *hub_pin_dir(const struct hub_pin *self)
{
    return self->dir;
}

void hub_pin_destroy(struct hub_pin **self_p)
{
    struct hub_pin *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    if (self->lock >= 0) {
        (void) for_each(self->store, remove_one, self);
        (void) rmdir(self->store);
        close(self->lock);
    }
    free(self->source);
    free(self->store);
    free(self->dir);
    free(self);
    *self_p = NULL;
}
