/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key store and the key that signs checkpoints, as one locked file. */
#include "log/backup/key_box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "log/file.h"
#include "log/keys.h"

enum { ABOUT = 16 + 4 + 8, NAME_MAX_LEN = 64, FILE_MAX = 64 * 1024 * 1024, ENTRY_HEAD = 1 + 8 };

static const char about_name[] = "log", signing_name[] = "checkpoint.key";

/* --- Writing --- */

static void put_entry(struct hub_lockbox *box, const char *name, struct hub_span bytes)
{
    uint8_t len = (uint8_t) strlen(name), size[8];
    hub_put_be64(size, bytes.len);
    hub_lockbox_put(box, hub_span_of(&len, 1));
    hub_lockbox_put(box, hub_span(name));
    hub_lockbox_put(box, hub_span_of(size, sizeof size));
    hub_lockbox_put(box, bytes);
}

static void put_about(struct hub_lockbox *box, const struct hub_log_identity *log)
{
    uint8_t about[ABOUT];
    memcpy(about, log->log_id, 16);
    hub_put_be32(about + 16, log->incarnation);
    hub_put_be64(about + 20, (uint64_t) hub_now_us(hub_world_real()));
    put_entry(box, about_name, hub_span_of(about, sizeof about));
}

/* A file that may be missing. Returns 0, or < 0 with errno set. */
static int put_file(struct hub_lockbox *box, const char *dir, const char *name)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    int result = hub_file_read(dir, name, FILE_MAX, &bytes);
    if (result == 0) {
        put_entry(box, name, hub_buf_span(&bytes));
    }
    if (bytes.at != NULL) {
        explicit_bzero(bytes.at, bytes.room);
    }
    hub_buf_done(&bytes);
    return result < 0 ? result : 0;
}

static bool is_of_keys(const char *name)
{
    return strcmp(name, "master") == 0 || strcmp(name, "companies") == 0 ||
           (strncmp(name, "keys-", 5) == 0 && strlen(name) == 11);
}

static int is_wanted(const struct dirent *entry)
{
    return is_of_keys(entry->d_name);
}

/* The hub may add keys meanwhile. Only the last file of them may be unfinished, so they are read from the last to the first: read
 * the other way, one that is filled up in between would lack its end though another one follows it. */
static int put_keys(struct hub_lockbox *box, const char *data_dir)
{
    char *dir = hub_path(data_dir, "keys");
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_wanted, alphasort), result = count < 0 ? -1 : 0;
    while (count > 0) {
        count--;
        result = result == 0 ? put_file(box, dir, names[count]->d_name) : result;
        free(names[count]);
    }
    free(names);
    free(dir);
    return result;
}

/* Write the box to a file that is open. Returns 0, or < 0 with errno set. */
static int fill(FILE *file, const char *data_dir, const struct hub_lockbox_who *lock,
                const struct hub_log_identity *log)
{
    struct hub_lockbox *box = hub_lockbox_new(file, lock, hub_world_real());
    if (box == NULL) {
        errno = EKEYREJECTED;
        return -1;
    }
    put_about(box, log);
    int result = put_file(box, data_dir, signing_name);
    if (result == 0) {
        result = put_keys(box, data_dir);
    }
    int saved = errno, ended = hub_lockbox_end(&box);
    errno = result < 0 ? saved : errno;
    return result < 0 || ended < 0 || fflush(file) != 0 || fdatasync(fileno(file)) != 0 ? -1 : 0;
}

/* Put a finished file under its name, durably. */
static int settle(const char *fresh, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? strdup(".") : strndup(path, (size_t) (slash - path) + 1);
    int result = rename(fresh, path) == 0 ? hub_dir_sync(dir) : -1;
    free(dir);
    return result;
}

int hub_key_box_write(const char *data_dir, const char *path, const struct hub_lockbox_who *lock,
                      const struct hub_log_identity *log, struct hub_backup_why why)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int) sizeof fresh) {
        return hub_backup_refuse(why, HUB_BACKUP_failed, "The name %s is too long.", path);
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    enum hub_backup_end end = file == NULL ? HUB_BACKUP_full : HUB_BACKUP_failed;
    int result = file == NULL ? -1 : fill(file, data_dir, lock, log);
    int saved = errno;
    if (file != NULL && fclose(file) != 0 && result == 0) {
        result = -1;
        saved = errno;
    }
    errno = saved;
    if (result == 0) {
        end = HUB_BACKUP_full;
        result = settle(fresh, path);
    }
    if (result < 0) {
        saved = errno;
        unlink(fresh);
        errno = saved;
        return hub_backup_refuse(why, end, "The keys cannot be written to %s: %s.", path, strerror(errno));
    }
    return HUB_BACKUP_done;
}

/* --- Reading --- */

/* A box that is being opened. */
struct reading {
    const char *into;   /* NULL: nothing is written */
    char *keys;         /* owned: INTO/keys */
    struct hub_buf buf; /* what no entry was made of yet */
    struct hub_key_box *box;
    bool has_about;
};

static bool is_plain(const char *name)
{
    return strcmp(name, about_name) == 0 || strcmp(name, signing_name) == 0 || is_of_keys(name);
}

static int take_entry(struct reading *self, const char *name, struct hub_span bytes)
{
    if (!is_plain(name)) {
        return 0; /* of a later version */
    }
    if (strcmp(name, about_name) == 0) {
        if (bytes.len < ABOUT) {
            errno = EBADMSG;
            return -1;
        }
        memcpy(self->box->log.log_id, bytes.at, 16);
        self->box->log.incarnation = hub_get_be32(bytes.at + 16);
        self->box->made_us = (int64_t) hub_get_be64(bytes.at + 20);
        self->has_about = true;
        return 0;
    }
    if (self->into == NULL) {
        return 0;
    }
    return hub_file_replace(strcmp(name, signing_name) == 0 ? self->into : self->keys, name, bytes);
}

/* The first entry, if all of it is there. Returns its length, 0 when it is not complete, or < 0 with errno set. */
static ssize_t next_entry(struct reading *self)
{
    const uint8_t *at = (const uint8_t *) self->buf.at;
    char name[NAME_MAX_LEN + 1] = "";
    if (self->buf.len == 0 || self->buf.len < (size_t) at[0] + ENTRY_HEAD) {
        return 0;
    }
    uint64_t size = hub_get_be64(at + 1 + at[0]);
    if (at[0] > NAME_MAX_LEN || size > FILE_MAX) {
        errno = EBADMSG;
        return -1;
    }
    size_t head = (size_t) at[0] + ENTRY_HEAD;
    if (self->buf.len - head < size) {
        return 0;
    }
    memcpy(name, at + 1, at[0]);
    return take_entry(self, name, hub_span_of(at + head, (size_t) size)) < 0 ? -1 : (ssize_t) (head + size);
}

static int take(void *arg, struct hub_span bytes)
{
    struct reading *self = arg;
    ssize_t used;
    hub_buf_put(&self->buf, bytes.at, bytes.len);
    while ((used = next_entry(self)) > 0) {
        self->buf.len -= (size_t) used;
        memmove(self->buf.at, self->buf.at + used, self->buf.len);
    }
    return used < 0 ? -1 : 0;
}

static int say(int result, const char *path, const struct hub_lockbox_who *who, struct hub_backup_why why)
{
    switch (result) {
    case HUB_LOCKBOX_DONE: return HUB_BACKUP_done;
    case HUB_LOCKBOX_DENIED:
        return hub_backup_refuse(why, HUB_BACKUP_denied, "The %s does not open the keys in %s.",
                                 who->has_key ? "private key" : "passphrase", path);
    case HUB_LOCKBOX_DAMAGED: return hub_backup_refuse(why, HUB_BACKUP_unsound, "The keys in %s are damaged.", path);
    default:
        return hub_backup_refuse(why, errno == EBADMSG ? HUB_BACKUP_unsound : HUB_BACKUP_failed,
                                 "The keys in %s cannot be put back: %s.", path, strerror(errno));
    }
}

int hub_key_box_read(const char *path, const struct hub_lockbox_who *who, const char *into, struct hub_key_box *ret_box,
                     struct hub_backup_why why)
{
    *ret_box = (struct hub_key_box){ .made_us = 0 };
    struct reading self = { .into = into, .box = ret_box };
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return hub_backup_refuse(why, errno == ENOENT ? HUB_BACKUP_absent : HUB_BACKUP_failed,
                                 "The keys in %s cannot be read: %s.", path, strerror(errno));
    }
    self.keys = into == NULL ? NULL : hub_path(into, "keys");
    hub_buf_init(&self.buf);
    int result = self.keys != NULL && hub_dir_make(self.keys) < 0 ? HUB_LOCKBOX_UNREADABLE
                                                                  : hub_lockbox_open(file, who, take, &self);
    if (result == HUB_LOCKBOX_DONE && (!self.has_about || self.buf.len > 0)) {
        result = HUB_LOCKBOX_DAMAGED;
    }
    result = say(result, path, who, why);
    if (self.buf.at != NULL) {
        explicit_bzero(self.buf.at, self.buf.room);
    }
    hub_buf_done(&self.buf);
    free(self.keys);
    fclose(file);
    return result;
}
