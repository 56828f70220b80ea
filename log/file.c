/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Small files that must be there, whole, after a power cut. */
#include "log/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { LINE = 4096 };

char *hub_path(const char *dir, const char *name)
{
    size_t room = strlen(dir) + strlen(name) + 2;
    char *path = hub_memory_new(room);
    snprintf(path, room, "%s/%s", dir, name);
    return path;
}

int hub_write_all(int fd, struct hub_span bytes)
{
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.at, bytes.len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            errno = wrote == 0 ? EIO : errno;
            return -1;
        }
        bytes.at += wrote;
        bytes.len -= (size_t) wrote;
    }
    return 0;
}

/* Close without losing the errno of what failed before. */
static int close_after(int fd, int result)
{
    int saved = errno;
    if (close(fd) != 0 && result == 0) {
        return -1;
    }
    errno = saved;
    return result;
}

static int write_new(const char *path, struct hub_span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    int result = hub_write_all(fd, bytes);
    if (result == 0) {
        result = fdatasync(fd);
    }
    return close_after(fd, result);
}

int hub_file_replace(const char *dir, const char *name, struct hub_span bytes)
{
    char *path = hub_path(dir, name);
    size_t room = strlen(path) + sizeof ".new";
    char *fresh = hub_memory_new(room);
    snprintf(fresh, room, "%s.new", path);
    int result = write_new(fresh, bytes);
    if (result == 0) {
        result = rename(fresh, path);
    }
    if (result == 0) {
        result = hub_dir_sync(dir);
    }
    if (result != 0) {
        int error = errno;
        unlink(fresh);
        errno = error;
    }
    free(path);
    free(fresh);
    return result;
}

/* Copy between descriptors, up to `most` bytes or the end. */
static int copy_bytes(int from, int to, uint64_t most)
{
    enum { AT_ONCE = 256 * 1024 };
    char *bytes = hub_memory_new(AT_ONCE);
    int result = 0;
    while (result == 0 && most > 0) {
        ssize_t got = read(from, bytes, most < AT_ONCE ? (size_t) most : AT_ONCE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            result = (int) got;
            break;
        }
        result = hub_write_all(to, hub_span_of(bytes, (size_t) got));
        most -= (uint64_t) got;
    }
    free(bytes);
    return result;
}

int hub_file_copy(const char *from, const char *to, uint64_t most)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0) {
        return -1;
    }
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int result = target < 0 ? -1 : copy_bytes(source, target, most);
    if (result == 0) {
        result = fdatasync(target);
    }
    if (target >= 0) {
        result = close_after(target, result);
    }
    return close_after(source, result);
}

static int read_all(int fd, size_t max, struct hub_buf *ret_bytes)
{
    for (;;) {
        char *at = hub_buf_reserve(ret_bytes, 4096);
        ssize_t got = read(fd, at, 4096);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return (int) got;
        }
        ret_bytes->len += (size_t) got;
        if (ret_bytes->len > max) {
            errno = EFBIG;
            return -1;
        }
    }
}

int hub_file_read(const char *dir, const char *name, size_t max, struct hub_buf *ret_bytes)
{
    hub_buf_clear(ret_bytes);
    char *path = hub_path(dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (fd < 0) {
        return errno == ENOENT ? HUB_ERROR_not_found : -1;
    }
    return close_after(fd, read_all(fd, max, ret_bytes));
}

int hub_dir_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : close_after(fd, fsync(fd));
}

int hub_file_sync(const char *dir, const char *name)
{
    char *path = hub_path(dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    int result = fd < 0 ? -1 : close_after(fd, fdatasync(fd));
    return result == 0 ? hub_dir_sync(dir) : result;
}

int hub_dir_make(const char *dir)
{
    if (mkdir(dir, 0700) != 0) {
        return errno == EEXIST ? 0 : -1;
    }
    char *parent = hub_path(dir, "..");
    int result = hub_dir_sync(parent);
    free(parent);
    return result;
}

int hub_dir_lock(const char *dir, int *ret_fd, char *ret_why, size_t why_size)
{
    char *path = hub_path(dir, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int result = fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
    if (result == 0) {
        *ret_fd = fd;
    } else if (fd >= 0 && errno == EWOULDBLOCK) {
        result = HUB_ERROR_conflict;
        snprintf(ret_why, why_size, "Another hub is using %s: it holds the lock %s.", dir, path);
    } else {
        snprintf(ret_why, why_size, "The lock %s cannot be taken: %s.", path, strerror(errno));
    }
    int saved = errno;
    if (result != 0 && fd >= 0) {
        close(fd);
    }
    free(path);
    errno = saved;
    return result;
}

bool hub_disk_is_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EROFS;
}

bool hub_disk_is_full_by(const char *words)
{
    static const int errors[] = { ENOSPC, EDQUOT, EFBIG, EROFS };
    bool is_full = false;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        is_full = is_full || strstr(words, strerror(errors[i])) != NULL;
    }
    return is_full;
}

/* The device of an open file as the kernel's list of locks has it: that of the mount, as btrfs tells stat another one. */
static dev_t device_of(int fd, const struct stat *info)
{
    char line[LINE];
    int mount = -1, id;
    unsigned high, low;
    dev_t device = info->st_dev;
    snprintf(line, sizeof line, "/proc/self/fdinfo/%d", fd);
    FILE *about = fopen(line, "re"), *mounts = fopen("/proc/self/mountinfo", "re");
    while (about != NULL && mount < 0 && fgets(line, sizeof line, about) != NULL) {
        (void) sscanf(line, "mnt_id: %d", &mount);
    }
    while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL) {
        if (sscanf(line, "%d %*d %u:%u", &id, &high, &low) == 3 && id == mount) {
            device = makedev(high, low);
        }
    }
    if (about != NULL) {
        fclose(about);
    }
    if (mounts != NULL) {
        fclose(mounts);
    }
    return device;
}

static bool is_listed(const struct stat *info, dev_t device)
{
    char line[LINE], file[64];
    bool is_held = false;
    FILE *locks = fopen("/proc/locks", "re");
    snprintf(file, sizeof file, " %02x:%02x:%llu ", major(device), minor(device), (unsigned long long) info->st_ino);
    while (locks != NULL && !is_held && fgets(line, sizeof line, locks) != NULL) {
        is_held = strstr(line, "FLOCK") != NULL && strstr(line, file) != NULL;
    }
    if (locks != NULL) {
        fclose(locks);
    }
    return is_held;
}

bool hub_dir_is_locked(const char *dir)
{
    struct stat info;
    char *path = hub_path(dir, "lock");
    int fd = open(path, O_PATH | O_CLOEXEC); /* nothing that the owner could notice */
    bool is_held = fd >= 0 && fstat(fd, &info) == 0 && is_listed(&info, device_of(fd, &info));
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return is_held;
}
