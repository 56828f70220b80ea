/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* LD_PRELOAD: makes one file operation below a directory fail, or cuts the power at it.
 *
 *     FAULT_DIR    absolute path; only it and files below it are touched
 *     FAULT_CALL   write (write, pwrite), sync (fdatasync, fsync), rename, truncate (ftruncate), any
 *     FAULT_AT     the n-th such call, from 1; 0: none
 *     FAULT_KIND   eio, enospc: the call fails
 *                  short: half is written, and the next write to that file fails with ENOSPC
 *                  tear: half is written, then the process is killed
 *                  cut: the power fails before the call: every file loses what was not synced, all of it or, with
 *                       FAULT_KEEP=percent, the rest of it; then the process is killed
 *     (which call it was is said on stderr)
 *     FAULT_COUNT  a file that gets the number of such calls at a normal end
 *
 * Files are taken to be written from front to end, as RocksDB and the key store do it. */
#undef _FILE_OFFSET_BITS /* both names of a call are wrapped */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 512 };

struct tracked {
    dev_t dev;
    ino_t ino;
    off_t synced; /* bytes that survive a power cut */
    char path[PATH_MAX];
};

static struct {
    pthread_mutex_t lock;
    struct tracked files[FILES];
    int file_count;
    long calls;
    int short_fd; /* its next write fails; -1: none */
} shim = { .lock = PTHREAD_MUTEX_INITIALIZER, .short_fd = -1 };

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static bool is_below(const char *path)
{
    const char *dir = setting("FAULT_DIR");
    size_t len = strlen(dir);
    return len > 0 && strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool path_of(int fd, char ret_path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, ret_path, PATH_MAX - 1);
    ret_path[len < 0 ? 0 : len] = '\0';
    return is_below(ret_path);
}

/* RocksDB's own LOG may fail without any harm. */
static bool is_watched(int fd, char ret_path[PATH_MAX])
{
    if (!path_of(fd, ret_path)) {
        return false;
    }
    const char *name = strrchr(ret_path, '/') + 1;
    return strncmp(name, "LOG", 3) != 0;
}

static struct tracked *track(int fd, const char *path)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return NULL;
    }
    for (int i = 0; i < shim.file_count; i++) {
        if (shim.files[i].ino == info.st_ino && shim.files[i].dev == info.st_dev) {
            return &shim.files[i];
        }
    }
    if (shim.file_count == FILES) {
        return NULL;
    }
    struct tracked *file = &shim.files[shim.file_count++];
    *file = (struct tracked){ .dev = info.st_dev, .ino = info.st_ino, .synced = info.st_size };
    snprintf(file->path, sizeof file->path, "%s", path);
    return file;
}

static void cut_power(void)
{
    off_t keep = atoi(setting("FAULT_KEEP"));
    for (int i = 0; i < shim.file_count; i++) {
        struct tracked *file = &shim.files[i];
        struct stat info;
        if (stat(file->path, &info) == 0 && info.st_ino == file->ino && info.st_size > file->synced) {
            off_t size = file->synced + (info.st_size - file->synced) * keep / 100;
            if (truncate(file->path, size) != 0) {
                _exit(1);
            }
        }
    }
    kill(getpid(), SIGKILL);
}

/* Whether this call is the one. The lock is held. */
static bool is_due(const char *call, const char *path)
{
    const char *wanted = setting("FAULT_CALL");
    if (strcmp(wanted, call) != 0 && strcmp(wanted, "any") != 0) {
        return false;
    }
    bool due = ++shim.calls == atol(setting("FAULT_AT"));
    if (due) {
        fprintf(stderr, "fault_shim: %s of %s\n", call, path);
    }
    return due;
}

static bool kind_is(const char *kind)
{
    return strcmp(setting("FAULT_KIND"), kind) == 0;
}

static int fail(void)
{
    errno = kind_is("enospc") ? ENOSPC : EIO;
    return -1;
}

/* --- write, pwrite --- */

struct write_call {
    int fd;
    const void *bytes;
    size_t len;
    off_t at; /* -1: write */
};

static ssize_t really_write(const struct write_call *call, size_t len)
{
    return call->at < 0 ? REAL(write)(call->fd, call->bytes, len) : REAL(pwrite)(call->fd, call->bytes, len, call->at);
}

static ssize_t faulty_write(const struct write_call *call)
{
    if (kind_is("cut")) {
        cut_power();
    }
    if (kind_is("tear")) {
        really_write(call, call->len / 2);
        kill(getpid(), SIGKILL);
    }
    if (kind_is("short") && call->len > 1) {
        shim.short_fd = call->fd;
        return really_write(call, call->len / 2);
    }
    return fail();
}

static ssize_t write_or_fail(const struct write_call *call)
{
    char path[PATH_MAX];
    if (!is_watched(call->fd, path)) {
        return really_write(call, call->len);
    }
    pthread_mutex_lock(&shim.lock);
    track(call->fd, path);
    ssize_t result;
    if (shim.short_fd == call->fd) {
        shim.short_fd = -1;
        errno = ENOSPC;
        result = -1;
    } else {
        result = is_due("write", path) ? faulty_write(call) : really_write(call, call->len);
    }
    pthread_mutex_unlock(&shim.lock);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_or_fail(&(struct write_call){ fd, bytes, len, -1 });
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_or_fail(&(struct write_call){ fd, bytes, len, at });
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return write_or_fail(&(struct write_call){ fd, bytes, len, at });
}

/* --- fdatasync, fsync, ftruncate, rename --- */

static int sync_or_fail(int fd, int (*real)(int))
{
    char path[PATH_MAX];
    if (!is_watched(fd, path)) {
        return real(fd);
    }
    pthread_mutex_lock(&shim.lock);
    struct stat info;
    struct tracked *file = track(fd, path);
    int result = 0;
    if (is_due("sync", path)) {
        if (kind_is("cut")) {
            cut_power();
        }
        result = fail();
    } else if (file != NULL && fstat(fd, &info) == 0) {
        result = real(fd);
        file->synced = result == 0 ? info.st_size : file->synced;
    } else {
        result = real(fd);
    }
    pthread_mutex_unlock(&shim.lock);
    return result;
}

int fdatasync(int fd)
{
    return sync_or_fail(fd, REAL(fdatasync));
}

int fsync(int fd)
{
    return sync_or_fail(fd, REAL(fsync));
}

static int truncate_or_fail(int fd, off_t len)
{
    char path[PATH_MAX];
    bool due = false;
    if (is_watched(fd, path)) {
        pthread_mutex_lock(&shim.lock);
        due = is_due("truncate", path);
        pthread_mutex_unlock(&shim.lock);
    }
    return due ? fail() : REAL(ftruncate)(fd, len);
}

int ftruncate(int fd, off_t len)
{
    return truncate_or_fail(fd, len);
}

int ftruncate64(int fd, off_t len)
{
    return truncate_or_fail(fd, len);
}

int rename(const char *from, const char *to)
{
    if (!is_below(to)) {
        return REAL(rename)(from, to);
    }
    pthread_mutex_lock(&shim.lock);
    int result;
    if (is_due("rename", to)) {
        if (kind_is("cut")) {
            cut_power();
        }
        result = fail();
    } else {
        result = REAL(rename)(from, to);
        for (int i = 0; i < shim.file_count && result == 0; i++) {
            if (strcmp(shim.files[i].path, from) == 0) {
                snprintf(shim.files[i].path, sizeof shim.files[i].path, "%s", to);
            }
        }
    }
    pthread_mutex_unlock(&shim.lock);
    return result;
}

__attribute__((destructor)) static void write_count(void)
{
    FILE *file = setting("FAULT_COUNT")[0] == '\0' ? NULL : fopen(setting("FAULT_COUNT"), "w");
    if (file != NULL) {
        fprintf(file, "%ld\n", shim.calls);
        fclose(file);
    }
}
