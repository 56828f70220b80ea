/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* DATA/tree:
 *
 *     "HUBTREE1" | log id (16) | zero (8) | hash of group 0 (32) | hash of group 1 (32) | ...
 *
 * A group is 256 entries, its hash the root over them: a node of level 8. A crash may leave part of a hash at the end, which
 * the next start cuts off. Nothing is synced: what is lost is computed again. */
#include "log/proof/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/file.h"

enum { LEVEL = 8, GROUP = 1 << LEVEL, HEAD = 32, AT_ONCE = 128 };

static const char magic[] = "HUBTREE1";

struct hub_tree {
    struct hub_log *log;
    int fd;          /* -1: there is no file */
    uint64_t groups; /* in the file */
};

static void print_head(const struct hub_log *log, uint8_t ret_head[HEAD])
{
    memset(ret_head, 0, HEAD);
    memcpy(ret_head, magic, sizeof magic - 1);
    memcpy(ret_head + 8, hub_log_identity(log)->log_id, 16);
}

static off_t place_of(uint64_t group)
{
    return (off_t) (HEAD + group * HUB_DIGEST);
}

/* Look at what the file has. With `grows` a file that is not of this log begins anew, and half a hash is cut off. */
static int look(struct hub_tree *self, bool grows)
{
    uint8_t want[HEAD], head[HEAD];
    struct stat status;
    print_head(self->log, want);
    if (fstat(self->fd, &status) < 0) {
        return -1;
    }
    bool is_ours = pread(self->fd, head, HEAD, 0) == HEAD && memcmp(head, want, HEAD) == 0;
    uint64_t full = hub_log_commit(self->log).sequence / GROUP;
    self->groups = is_ours ? (uint64_t) (status.st_size - HEAD) / HUB_DIGEST : 0;
    self->groups = self->groups > full ? full : self->groups;
    if (!grows) {
        return 0;
    }
    return ftruncate(self->fd, is_ours ? place_of(self->groups) : 0) == 0 && pwrite(self->fd, want, HEAD, 0) == HEAD
               ? 0
               : -1;
}

int hub_tree_open(struct hub_log *log, const char *data_dir, bool grows, struct hub_tree **ret_tree)
{
    struct hub_tree *self = hub_memory_zero(sizeof *self);
    char *path = hub_path(data_dir, "tree");
    self->log = log;
    self->fd = open(path, grows ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
    free(path);
    if (self->fd < 0 ? grows || errno != ENOENT : look(self, grows) != 0) {
        int error = errno;
        hub_tree_close(&self);
        errno = error;
        return -1;
    }
    *ret_tree = self;
    return 0;
}

void hub_tree_close(struct hub_tree **self_p)
{
    struct hub_tree *self = *self_p;
    if (self == NULL) {
        return;
    }
    if (self->fd >= 0) {
        close(self->fd);
    }
    free(self);
    *self_p = NULL;
}

uint64_t hub_tree_size(const struct hub_tree *self)
{
    return self->groups * GROUP;
}

/* The root over `count` entries from `from` on, from the log itself. */
static int fold_entries(struct hub_tree *self, uint64_t from, uint64_t count, struct hub_digest *ret_hash)
{
    struct hub_merkle_fold fold = { .count = 0 };
    struct hub_scan *scan = hub_scan_all(self->log, from + 1, from + count);
    struct hub_stored event;
    int got;
    hub_scan_headers_only(scan);
    while ((got = hub_scan_next(scan, &event)) == 1) {
        struct hub_digest leaf = hub_merkle_leaf(hub_span_of(event.hash.b, HUB_DIGEST));
        hub_merkle_fold_add(&fold, &leaf);
    }
    hub_scan_close(&scan);
    if (got < 0 || fold.count != count) {
        return -1;
    }
    *ret_hash = hub_merkle_fold_root(&fold);
    return 0;
}

/* The root over `count` groups from `from` on, all in the file. */
static int fold_groups(struct hub_tree *self, uint64_t from, uint64_t count, struct hub_digest *ret_hash)
{
    struct hub_merkle_fold fold = { .count = 0 };
    struct hub_digest some[AT_ONCE];
    while (count > 0) {
        uint64_t now = count < AT_ONCE ? count : AT_ONCE;
        ssize_t bytes = (ssize_t) (now * HUB_DIGEST);
        if (pread(self->fd, some, (size_t) bytes, place_of(from)) != bytes) {
            return -1;
        }
        for (uint64_t i = 0; i < now; i++) {
            hub_merkle_fold_add(&fold, &some[i]);
        }
        from += now;
        count -= now;
    }
    *ret_hash = hub_merkle_fold_root(&fold);
    return 0;
}

static int read_node(void *arg, unsigned level, uint64_t index, struct hub_digest *ret_hash)
{
    struct hub_tree *self = arg;
    uint64_t from = index << level, count = UINT64_C(1) << level;
    if (level < LEVEL || (level == LEVEL && index >= self->groups)) {
        return fold_entries(self, from, count, ret_hash);
    }
    if (from + count <= hub_tree_size(self)) {
        return fold_groups(self, from / GROUP, count / GROUP, ret_hash);
    }
    struct hub_digest left, right;
    int failed = read_node(self, level - 1, index * 2, &left);
    failed = failed != 0 ? failed : read_node(self, level - 1, index * 2 + 1, &right);
    if (failed == 0) {
        *ret_hash = hub_merkle_parent(&left, &right);
    }
    return failed;
}

struct hub_merkle_source hub_tree_source(struct hub_tree *self)
{
    return (struct hub_merkle_source){ read_node, self };
}

int hub_tree_grow(struct hub_tree *self, unsigned groups)
{
    uint64_t full = hub_log_commit(self->log).sequence / GROUP;
    unsigned added = 0;
    for (; added < groups && self->groups < full; added++, self->groups++) {
        struct hub_digest hash;
        if (fold_entries(self, self->groups * GROUP, GROUP, &hash) != 0) {
            errno = EIO;
            return -1;
        }
        ssize_t wrote = pwrite(self->fd, hash.b, HUB_DIGEST, place_of(self->groups));
        if (wrote != HUB_DIGEST) {
            errno = wrote < 0 ? errno : ENOSPC;
            return -1;
        }
    }
    return (int) added;
}

int hub_tree_check(struct hub_tree *self, uint64_t *ret_entry)
{
    for (uint64_t group = 0; group < self->groups; group++) {
        struct hub_digest kept, real;
        if (fold_groups(self, group, 1, &kept) != 0 || fold_entries(self, group * GROUP, GROUP, &real) != 0 ||
            !hub_digest_is(&kept, &real)) {
            *ret_entry = group * GROUP;
            return -1;
        }
    }
    return 0;
}
