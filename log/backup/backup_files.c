/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The files of a data directory beside its log, in a backup; and sizes. */
#include "log/backup/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "log/file.h"

enum {
    FILE_MAX = 1024 * 1024 * 1024,
    HEX = 2 * HUB_DIGEST + 1,
    DEPTH = 3,
    OPEN_DIRS = 16,
    NAME_ROOM = 201,
    LOOK_US = 100 * 1000
};

/* --- Sizes --- */

static uint64_t bytes_of(const char *dir, unsigned depth)
{
    DIR *entries = depth == 0 ? NULL : opendir(dir);
    const struct dirent *entry;
    uint64_t bytes = 0;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char *path = hub_path(dir, entry->d_name);
        if (lstat(path, &info) == 0) {
            bytes += S_ISDIR(info.st_mode) ? bytes_of(path, depth - 1) : (uint64_t) info.st_size;
        }
        free(path);
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return bytes;
}

uint64_t hub_backup_bytes(const char *dir)
{
    return bytes_of(dir, DEPTH + 1);
}

/* Whether the engine has a table: it names one NUMBER_..._SIZE.sst. */
static bool has_table(const char *shared, const char *name, off_t size)
{
    char end[48];
    size_t digits = strcspn(name, ".");
    snprintf(end, sizeof end, "_%llu.sst", (unsigned long long) size);
    DIR *entries = opendir(shared);
    const struct dirent *entry;
    bool found = false;
    while (entries != NULL && !found && (entry = readdir(entries)) != NULL) {
        size_t len = strlen(entry->d_name);
        found = strncmp(entry->d_name, name, digits) == 0 && entry->d_name[digits] == '_' && len > strlen(end) &&
                strcmp(entry->d_name + len - strlen(end), end) == 0;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return found;
}

uint64_t hub_backup_missing(const char *pinned, const char *dir)
{
    uint64_t bytes = 0;
    struct stat info;
    char *store = hub_path(pinned, "log"), *shared = hub_path(dir, "log/shared_checksum");
    DIR *entries = opendir(store);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        size_t len = strlen(entry->d_name);
        char *path = hub_path(store, entry->d_name);
        bool is_table = len > 4 && strcmp(entry->d_name + len - 4, ".sst") == 0 && stat(path, &info) == 0;
        bytes += is_table && !has_table(shared, entry->d_name, info.st_size) ? (uint64_t) info.st_size : 0;
        free(path);
    }
    if (entries != NULL) {
        closedir(entries);
    }
    free(store);
    free(shared);
    return bytes;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void) info;
    (void) where;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

int hub_backup_remove(const char *dir)
{
    return nftw(dir, remove_entry, OPEN_DIRS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT ? 0 : -1;
}

/* --- Taking --- */

struct taking {
    const struct hub_backup_options *options;
    const char *data_dir, *files;
    uint64_t bytes; /* so far */
    struct hub_arena *arena;
    struct backup_note *note;
    struct hub_backup_why why;
};

static void print_digest(const struct hub_digest *digest, char ret_hex[HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < HUB_DIGEST; i++) {
        ret_hex[2 * i] = digits[digest->b[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest->b[i] & 15];
    }
    ret_hex[HEX - 1] = 0;
}

/* What is elsewhere in the backup, or made anew by whoever needs it. */
static bool is_left_out(const char *name)
{
    static const char *const names[] = { "log",  "keys",           "views", "pinned", "lock", "witness", "inputs",
                                         "tree", "checkpoint.key", "hold",  "erased", "take", "refused" };
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return len > 4 && strcmp(name + len - 4, ".new") == 0;
}

static bool goes_on(const struct hub_backup_watch *watch, uint64_t bytes)
{
    return watch->on_progress == NULL || watch->on_progress(watch->arg, bytes, 0);
}

/* Wait as long as writing so much may take. Returns false when it is to stop. */
static bool wait_for(const struct taking *self, uint64_t bytes)
{
    uint64_t rate = self->options->bytes_per_second, left_us = rate > 0 ? bytes * UINT64_C(1000000) / rate : 0;
    while (left_us > 0) {
        uint64_t us = left_us < LOOK_US ? left_us : LOOK_US;
        nanosleep(&(struct timespec){ .tv_nsec = (long) us * 1000 }, NULL);
        left_us -= us;
        if (left_us > 0 && !goes_on(&self->options->watch, self->bytes)) {
            return false;
        }
    }
    return true;
}

/* Write what is not there. Returns 0, 1 when it is to stop, or < 0 with errno set. */
static int keep(const struct taking *self, const char *name, struct hub_span bytes)
{
    char *path = hub_path(self->files, name);
    bool is_there = access(path, F_OK) == 0;
    free(path);
    int result = is_there ? 0 : hub_file_replace(self->files, name, bytes);
    return result < 0 || is_there || wait_for(self, bytes.len) ? result : 1;
}

static int refuse_stopped(const struct taking *self)
{
    return hub_backup_refuse(self->why, HUB_BACKUP_stopped, "The backup was interrupted.");
}

static int take_file(struct taking *self, const char *name)
{
    char hex[HEX];
    struct hub_buf bytes;
    if (!goes_on(&self->options->watch, self->bytes)) {
        return refuse_stopped(self);
    }
    if (self->note->files.count >= HUB_BACKUP_FILES) { /* a note that nobody can read would end all backups of DIR */
        errno = 0;
        return hub_backup_refuse(self->why, HUB_BACKUP_failed, "There are more than %d files beside the log in %s.",
                                 HUB_BACKUP_FILES, self->data_dir);
    }
    hub_buf_init(&bytes);
    int result = hub_file_read(self->data_dir, name, FILE_MAX, &bytes);
    enum hub_backup_end end = result == 0 ? HUB_BACKUP_full : HUB_BACKUP_failed;
    if (result == 0) {
        struct hub_digest digest = hub_sha256(hub_buf_span(&bytes));
        struct backup_file *file = HUB_LIST_ADD(&self->note->files, self->arena);
        *file = (struct backup_file){ .has = 0 };
        HUB_SET(backup_file, file, name, hub_arena_copy(self->arena, hub_span(name)));
        HUB_SET(backup_file, file, bytes, bytes.len);
        HUB_SET(backup_file, file, digest, hub_arena_copy(self->arena, hub_span_of(digest.b, HUB_DIGEST)));
        print_digest(&digest, hex);
        self->bytes += bytes.len;
        result = keep(self, hex, hub_buf_span(&bytes));
        result = result > 0 ? refuse_stopped(self) : result;
    }
    if (result < 0 && result != HUB_BACKUP_stopped) {
        result = hub_backup_refuse(self->why, end, "The file %s/%s cannot be copied to %s: %s.", self->data_dir, name,
                                   self->files, strerror(errno));
    }
    hub_buf_done(&bytes);
    return result < 0 ? result : HUB_BACKUP_done;
}

/* The files of a folder of the data directory; "" is the directory itself. */
static int take_folder(struct taking *self, const char *folder, unsigned depth)
{
    int result = HUB_BACKUP_done;
    char *path = hub_path(self->data_dir, folder);
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries != NULL && result == HUB_BACKUP_done && (entry = readdir(entries)) != NULL) {
        struct stat info;
        char name[NAME_ROOM];
        int len = snprintf(name, sizeof name, "%s%s%s", folder, *folder == 0 ? "" : "/", entry->d_name);
        if (entry->d_name[0] == '.' || len >= (int) sizeof name || is_left_out(entry->d_name)) {
            continue;
        }
        char *file = hub_path(self->data_dir, name);
        bool is_there = stat(file, &info) == 0; /* a link counts as what it leads to, as archive/ on another disk */
        if (is_there && S_ISREG(info.st_mode)) {
            result = take_file(self, name);
        } else if (is_there && S_ISDIR(info.st_mode) && depth > 0) {
            result = take_folder(self, name, depth - 1);
        }
        free(file);
    }
    if (entries != NULL) {
        closedir(entries);
    }
    free(path);
    return result;
}

int hub_backup_take_files(const struct hub_backup_options *options, struct hub_arena *arena, struct backup_note *note,
                          struct hub_backup_why why)
{
    char *files = hub_path(options->dir, "files");
    struct taking self = {
        .options = options, .data_dir = options->data_dir, .files = files, .arena = arena, .note = note, .why = why
    };
    int result = take_folder(&self, "", DEPTH);
    HUB_MARK(backup_note, note, files);
    free(files);
    return result;
}

/* --- Putting back --- */

/* Make the folders that lead to a file. */
static int make_folders(const char *into, const char *name)
{
    int result = 0;
    for (const char *at = strchr(name, '/'); at != NULL && result == 0; at = strchr(at + 1, '/')) {
        char part[NAME_ROOM] = "";
        memcpy(part, name, (size_t) (at - name));
        char *path = hub_path(into, part);
        result = hub_dir_make(path);
        free(path);
    }
    return result;
}

/* A note may come from anybody: a name leads nowhere but into the directory, and not to what is made by other means. */
static bool is_inside(const char *name)
{
    char first[NAME_ROOM] = "";
    memcpy(first, name, strcspn(name, "/"));
    return *first != 0 && strstr(name, "..") == NULL && !is_left_out(first);
}

static int put_file(const char *files, const struct backup_file *file, const char *into, struct hub_backup_why why)
{
    char hex[HEX], name[NAME_ROOM] = "";
    struct hub_digest wanted;
    struct hub_buf bytes;
    memcpy(name, file->name.at, file->name.len < sizeof name ? file->name.len : 0);
    memcpy(wanted.b, file->digest.at, HUB_DIGEST);
    print_digest(&wanted, hex);
    hub_buf_init(&bytes);
    int result = hub_file_read(files, hex, FILE_MAX, &bytes);
    struct hub_digest found = hub_sha256(hub_buf_span(&bytes));
    if (result != 0 || !hub_digest_is(&found, &wanted) || !is_inside(name)) {
        result = hub_backup_refuse(why, HUB_BACKUP_unsound, "The backup is damaged: %s in %s is %s.", name, files,
                                   result == 0 ? "not what was put there" : "missing or cannot be read");
    } else if (make_folders(into, name) < 0 || hub_file_replace(into, name, hub_buf_span(&bytes)) < 0) {
        result = hub_backup_refuse(why, HUB_BACKUP_full, "%s/%s cannot be written: %s.", into, name, strerror(errno));
    }
    hub_buf_done(&bytes);
    return result;
}

int hub_backup_put_files(const char *dir, const struct backup_note *note, const char *into,
                         const struct hub_backup_watch *watch, struct hub_backup_why why)
{
    char *files = hub_path(dir, "files");
    uint64_t bytes = 0;
    int result = HUB_BACKUP_done;
    for (uint32_t i = 0; result == HUB_BACKUP_done && i < note->files.count; i++) {
        result = goes_on(watch, bytes) ? put_file(files, &note->files.at[i], into, why)
                                       : hub_backup_refuse(why, HUB_BACKUP_stopped, "The restore was interrupted.");
        bytes += note->files.at[i].bytes;
    }
    free(files);
    return result;
}

/* --- Forgetting --- */

static bool lists(const struct backup_note *note, const char *name)
{
    for (uint32_t i = 0; i < note->files.count; i++) {
        char hex[HEX];
        struct hub_digest digest;
        memcpy(digest.b, note->files.at[i].digest.at, HUB_DIGEST);
        print_digest(&digest, hex);
        if (strcmp(hex, name) == 0) {
            return true;
        }
    }
    return false;
}

int hub_backup_keep_files(const char *dir, const struct backup_note *const *notes, size_t count)
{
    char *files = hub_path(dir, "files");
    DIR *entries = opendir(files);
    const struct dirent *entry;
    int result = entries == NULL ? -1 : 0;
    while (result == 0 && (entry = readdir(entries)) != NULL) {
        bool is_kept = entry->d_name[0] == '.';
        for (size_t i = 0; i < count && !is_kept; i++) {
            is_kept = lists(notes[i], entry->d_name);
        }
        char *path = hub_path(files, entry->d_name);
        result = is_kept ? 0 : unlink(path);
        free(path);
    }
    if (entries != NULL) {
        closedir(entries);
    }
    free(files);
    return result;
}
