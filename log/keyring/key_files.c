/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The files of data keys.
 *
 * keys-000000, keys-000001, ... hold up to 16,384 records of 96 bytes each:
 *
 *     subject (16) | company (16) | nonce (12) | wrapped key (32) | tag (16) | CRC-32C be32 of all before
 *
 * A record of zeros is an erased one; it keeps its place, so that the others keep theirs. A segment is synced before the
 * next one begins, so only the last can hold something unfinished: a cut record is cut off, a record with a wrong CRC was
 * never acknowledged and counts as erased. Anywhere else it is damage, and refused.
 *
 * In memory each record costs one slot of eight bytes: half of its subject's hash, and its place. */
#include "log/keyring/key_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "log/keys.h"

enum { SEGMENT_RECORDS = 16384, SLOTS = 1024, NAME = 32, SEGMENTS_MAX = 200000, AT_CRC = HUB_KEY_RECORD - 4 };

struct slot {
    uint32_t hash;
    uint32_t place; /* 1 + number of the record over all segments; 0: free, UINT32_MAX: was erased */
};

struct hub_key_files {
    char *dir;          /* owned */
    struct slot *slots; /* owned; a power of two, at most three quarters in use */
    uint32_t mask, used;
    uint32_t segment; /* the last one */
    uint32_t records; /* in it */
    int fd;           /* of it, for appending; -1 when not open */
    bool is_writer;
};

/* Four bits a step. */
uint32_t hub_crc32c(const void *bytes, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const uint8_t *at = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* --- Records --- */

static void encode(const struct hub_key_record *record, uint8_t ret_bytes[HUB_KEY_RECORD])
{
    memcpy(ret_bytes, record->subject.b, 16);
    memcpy(ret_bytes + 16, record->company.b, 16);
    memcpy(ret_bytes + 32, record->nonce, HUB_NONCE);
    memcpy(ret_bytes + 44, record->wrapped, HUB_WRAPPED);
    hub_put_be32(ret_bytes + AT_CRC, hub_crc32c(ret_bytes, AT_CRC));
}

static bool decode(const uint8_t bytes[HUB_KEY_RECORD], struct hub_key_record *ret_record)
{
    memcpy(ret_record->subject.b, bytes, 16);
    memcpy(ret_record->company.b, bytes + 16, 16);
    memcpy(ret_record->nonce, bytes + 32, HUB_NONCE);
    memcpy(ret_record->wrapped, bytes + 44, HUB_WRAPPED);
    return hub_get_be32(bytes + AT_CRC) == hub_crc32c(bytes, AT_CRC);
}

static bool is_erased(const uint8_t bytes[HUB_KEY_RECORD])
{
    static const uint8_t zeros[HUB_KEY_RECORD];
    return memcmp(bytes, zeros, HUB_KEY_RECORD) == 0;
}

/* --- The index --- */

static uint64_t hash_of(struct hub_ulid subject)
{
    uint64_t word, more;
    memcpy(&word, subject.b + 8, sizeof word);
    memcpy(&more, subject.b, sizeof more);
    word = (word ^ more * UINT64_C(0xd6e8feb86659fd93)) * UINT64_C(0x9e3779b97f4a7c15);
    return word ^ word >> 29;
}

static void insert(struct hub_key_files *self, uint64_t hash, uint32_t place)
{
    uint32_t at = (uint32_t) (hash >> 32) & self->mask;
    while (self->slots[at].place != 0) {
        at = (at + 1) & self->mask;
    }
    self->slots[at] = (struct slot){ .hash = (uint32_t) (hash >> 32), .place = place };
    self->used++;
}

static void index_new(struct hub_key_files *self, uint32_t slots)
{
    size_t bytes = slots * sizeof *self->slots;
    self->slots = hub_memory_new(bytes);
    memset(self->slots, 0, bytes);
    self->mask = slots - 1;
    self->used = 0;
}

static void index_grow(struct hub_key_files *self)
{
    struct slot *old = self->slots;
    uint32_t count = self->mask + 1;
    index_new(self, 2 * count);
    for (uint32_t i = 0; i < count; i++) {
        if (old[i].place != 0 && old[i].place != UINT32_MAX) {
            insert(self, (uint64_t) old[i].hash << 32, old[i].place);
        }
    }
    free(old);
}

static void index_put(struct hub_key_files *self, struct hub_ulid subject, uint32_t place)
{
    if (self->used > self->mask / 4 * 3) {
        index_grow(self);
    }
    insert(self, hash_of(subject), place);
}

/* --- Segments --- */

static void segment_name(uint32_t segment, char ret_name[NAME])
{
    snprintf(ret_name, NAME, "keys-%06u", segment);
}

static int open_segment(const struct hub_key_files *self, uint32_t segment, int flags)
{
    char name[NAME];
    segment_name(segment, name);
    char *path = hub_path(self->dir, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    free(path);
    return fd;
}

static int read_record(const struct hub_key_files *self, uint32_t place, struct hub_key_record *ret_record)
{
    uint8_t bytes[HUB_KEY_RECORD];
    uint32_t number = place - 1;
    int fd = open_segment(self, number / SEGMENT_RECORDS, O_RDONLY);
    if (fd < 0) {
        return -1;
    }
    ssize_t got = pread(fd, bytes, sizeof bytes, (off_t) (number % SEGMENT_RECORDS) * HUB_KEY_RECORD);
    close(fd);
    if (got != (ssize_t) sizeof bytes || !decode(bytes, ret_record)) {
        errno = got < 0 ? errno : EIO;
        return -1;
    }
    return 0;
}

/* The slot of a subject, NULL when there is none or it cannot be read (*ret_result tells). */
static struct slot *slot_of(const struct hub_key_files *self, struct hub_ulid subject,
                            struct hub_key_record *ret_record, int *ret_result)
{
    uint32_t hash = (uint32_t) (hash_of(subject) >> 32);
    *ret_result = HUB_ERROR_not_found;
    for (uint32_t at = hash & self->mask; self->slots[at].place != 0; at = (at + 1) & self->mask) {
        struct slot *slot = &self->slots[at];
        if (slot->hash != hash || slot->place == UINT32_MAX) {
            continue;
        }
        if (read_record(self, slot->place, ret_record) < 0) {
            *ret_result = -1;
            return NULL;
        }
        if (hub_ulid_is(ret_record->subject, subject)) {
            *ret_result = 0;
            return slot;
        }
    }
    return NULL;
}

int hub_key_files_find(const struct hub_key_files *self, struct hub_ulid subject, struct hub_key_record *ret_record)
{
    int result;
    slot_of(self, subject, ret_record, &result);
    return result;
}

static int close_segment(struct hub_key_files *self)
{
    int fd = self->fd;
    self->fd = -1;
    if (fd >= 0 && fdatasync(fd) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd >= 0 ? close(fd) : 0;
}

/* Open the last segment for appending, or begin the next one when it is full. */
static int prepare(struct hub_key_files *self)
{
    if (self->records == SEGMENT_RECORDS) {
        if (close_segment(self) < 0) {
            return -1;
        }
        self->segment++;
        self->records = 0;
    }
    if (self->fd >= 0) {
        return 0;
    }
    self->fd = open_segment(self, self->segment, O_WRONLY | O_CREAT | O_APPEND);
    return self->fd < 0 ? -1 : hub_dir_sync(self->dir);
}

int hub_key_files_append(struct hub_key_files *self, const struct hub_key_record *record)
{
    uint8_t bytes[HUB_KEY_RECORD];
    if (prepare(self) < 0) {
        return -1;
    }
    encode(record, bytes);
    if (hub_write_all(self->fd, hub_span_of(bytes, sizeof bytes)) < 0) {
        return -1;
    }
    self->records++;
    index_put(self, record->subject, self->segment * SEGMENT_RECORDS + self->records);
    return 0;
}

int hub_key_files_sync(struct hub_key_files *self)
{
    return self->fd < 0 ? 0 : fdatasync(self->fd);
}

int hub_key_files_erase(struct hub_key_files *self, struct hub_ulid subject)
{
    struct hub_key_record record;
    int result;
    struct slot *slot = slot_of(self, subject, &record, &result);
    if (slot == NULL) {
        return result;
    }
    uint32_t number = slot->place - 1;
    char name[NAME];
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    segment_name(number / SEGMENT_RECORDS, name);
    result = hub_file_read(self->dir, name, (size_t) SEGMENT_RECORDS * HUB_KEY_RECORD, &bytes);
    if (result == 0) {
        memset(bytes.at + (size_t) (number % SEGMENT_RECORDS) * HUB_KEY_RECORD, 0, HUB_KEY_RECORD);
        result = close_segment(self) < 0 ? -1 : hub_file_replace(self->dir, name, hub_buf_span(&bytes));
    }
    if (result == 0) {
        slot->place = UINT32_MAX;
    }
    hub_buf_done(&bytes);
    return result == 0 ? 0 : -1;
}

/* --- Opening --- */

/* Make a record that was never acknowledged an erased one, lest it be damage when its segment is no longer the last. */
static int erase_unfinished(const struct hub_key_files *self, uint32_t number)
{
    static const uint8_t zeros[HUB_KEY_RECORD];
    if (!self->is_writer) {
        return 0;
    }
    int fd = open_segment(self, self->segment, O_WRONLY);
    ssize_t wrote = fd < 0 ? -1 : pwrite(fd, zeros, sizeof zeros, (off_t) number * HUB_KEY_RECORD);
    int result = wrote == (ssize_t) sizeof zeros && fdatasync(fd) == 0 ? 0 : -1;
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

/* Take the records of a segment into the index. Returns false at a damaged one that is not excused. */
static bool take_records(struct hub_key_files *self, struct hub_span bytes, bool is_last, uint32_t *ret_bad)
{
    struct hub_key_record record;
    for (uint32_t i = 0; i < self->records; i++) {
        const uint8_t *at = (const uint8_t *) bytes.at + (size_t) i * HUB_KEY_RECORD;
        if (is_erased(at)) {
            continue;
        }
        if (decode(at, &record)) {
            index_put(self, record.subject, self->segment * SEGMENT_RECORDS + i + 1);
        } else if (!is_last || erase_unfinished(self, i) < 0) {
            *ret_bad = i;
            return false;
        }
    }
    return true;
}

static int cut_tail(const struct hub_key_files *self, size_t len)
{
    if (!self->is_writer || len % HUB_KEY_RECORD == 0) {
        return 0;
    }
    int fd = open_segment(self, self->segment, O_WRONLY);
    int result = fd < 0 ? -1 : ftruncate(fd, (off_t) (len - len % HUB_KEY_RECORD));
    if (fd >= 0 && (result != 0 || fdatasync(fd) != 0)) {
        result = -1;
    }
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

static int read_segment(struct hub_key_files *self, bool is_last, char *ret_why, size_t why_size)
{
    char name[NAME];
    struct hub_buf bytes;
    uint32_t bad = 0;
    segment_name(self->segment, name);
    hub_buf_init(&bytes);
    int result = hub_file_read(self->dir, name, (size_t) SEGMENT_RECORDS * HUB_KEY_RECORD, &bytes);
    if (result == 0 && is_last) {
        result = cut_tail(self, bytes.len);
    }
    if (result != 0) {
        snprintf(ret_why, why_size, "The keys %s/%s cannot be read: %s.", self->dir, name, strerror(errno));
        result = -1;
    } else {
        self->records = (uint32_t) (bytes.len / HUB_KEY_RECORD);
        bool whole = is_last || self->records == SEGMENT_RECORDS;
        if (!whole || !take_records(self, hub_buf_span(&bytes), is_last, &bad)) {
            bad = whole ? bad : self->records;
            snprintf(ret_why, why_size, "The keys %s/%s are damaged at record %u; restore keys/ from its backup.",
                     self->dir, name, bad);
            result = -1;
        }
    }
    hub_buf_done(&bytes);
    return result;
}

static bool has_segment(const struct hub_key_files *self, uint32_t segment)
{
    char name[NAME];
    segment_name(segment, name);
    char *path = hub_path(self->dir, name);
    bool has = access(path, F_OK) == 0;
    free(path);
    return has;
}

int hub_key_files_open(const char *dir, bool is_writer, struct hub_key_files **ret_files, char *ret_why,
                       size_t why_size)
{
    struct hub_key_files *self = hub_memory_new(sizeof *self);
    *self = (struct hub_key_files){ .dir = strdup(dir), .fd = -1, .is_writer = is_writer };
    index_new(self, SLOTS);
    bool more = has_segment(self, 0);
    for (uint32_t segment = 0; more && segment < SEGMENTS_MAX; segment++) {
        more = has_segment(self, segment + 1);
        self->segment = segment;
        if (read_segment(self, !more, ret_why, why_size) < 0) {
            hub_key_files_close(&self);
            return -1;
        }
    }
    *ret_files = self;
    return 0;
}

void hub_key_files_close(struct hub_key_files **self_p)
{
    struct hub_key_files *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    if (self->fd >= 0) {
        close(self->fd);
    }
    free(self->slots);
    free(self->dir);
    free(self);
    *self_p = NULL;
}
