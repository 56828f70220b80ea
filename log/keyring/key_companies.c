/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The master key, and the keys of companies that it wraps.
 *
 * The file `companies` is a row of 140-byte records, only appended to:
 *
 *     company (16) | nonce (12) wrapped key (32) tag (16) | nonce (12) wrapped index key (32) tag (16) | CRC-32C be32
 *
 * The associated data of the two boxes are company and "key", company and "index". A record that is cut or has a wrong
 * CRC at the end of the file was never used, as it is synced before it is. */
#include "log/keyring/key_companies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "log/keyring/key_files.h"
#include "log/table.h"

enum {
    BOX = HUB_NONCE + HUB_WRAPPED,
    RECORD = 16 + 2 * BOX + 4,
    AT_CRC = RECORD - 4,
    MASTER_HEX = 2 * HUB_KEY,
    FILE_MAX = 64 * 1024 * 1024,
    AAD = 16 + 8,
};

struct hub_key_companies {
    char *dir; /* owned */
    const struct hub_world *world;
    struct hub_key master;
    struct hub_table at;           /* company to its place */
    struct hub_company_keys *keys; /* owned */
    uint32_t count, room;
};

static const char file_name[] = "companies";

/* --- The master key --- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* 32 raw bytes, or 64 hexadecimal digits with or without a line end. */
static bool decode_master(struct hub_span text, struct hub_key *ret_master)
{
    if (text.len == HUB_KEY) {
        memcpy(ret_master->b, text.at, HUB_KEY);
        return true;
    }
    if (text.len == MASTER_HEX + 1 && text.at[MASTER_HEX] == '\n') {
        text.len--;
    }
    if (text.len != MASTER_HEX) {
        return false;
    }
    for (int i = 0; i < HUB_KEY; i++) {
        int high = hex_value(text.at[2 * i]), low = hex_value(text.at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_master->b[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

static int make_master(struct hub_key_companies *self, const char *dir, const char *name)
{
    static const char digits[] = "0123456789abcdef";
    char text[MASTER_HEX + 1];
    self->world->random(self->world->self, self->master.b, HUB_KEY);
    for (int i = 0; i < HUB_KEY; i++) {
        text[2 * i] = digits[self->master.b[i] >> 4];
        text[2 * i + 1] = digits[self->master.b[i] & 15];
    }
    text[MASTER_HEX] = '\n';
    int result = hub_file_replace(dir, name, hub_span_of(text, sizeof text));
    explicit_bzero(text, sizeof text);
    return result;
}

static bool has_companies(const struct hub_key_companies *self)
{
    struct stat info;
    char *path = hub_path(self->dir, file_name);
    bool has = stat(path, &info) == 0 && info.st_size >= RECORD;
    free(path);
    return has;
}

/* Where the master key lies: a directory and a name in it. */
struct place {
    char *dir, *name; /* owned */
};

static struct place place_of(const struct hub_key_master_options *options)
{
    const char *path = options->master_path, *slash = path == NULL ? NULL : strrchr(path, '/');
    if (path == NULL) {
        return (struct place){ strdup(options->dir), strdup("master") };
    }
    return (struct place){ slash == NULL ? strdup(".") : strndup(path, (size_t) (slash - path) + 1),
                           strdup(slash == NULL ? path : slash + 1) };
}

/* What is wrong with the bytes of a master key that was read, NULL when nothing is. */
static const char *fault_of_master(struct hub_key_companies *self, const char *path, struct hub_span text)
{
    struct stat info;
    if (!decode_master(text, &self->master)) {
        return "it is neither 32 bytes nor 64 hexadecimal digits";
    }
    return stat(path, &info) == 0 && (info.st_mode & 077) != 0 ? "others can read it; make its mode 600" : NULL;
}

/* Read or make the key. Returns 0, HUB_ERROR_not_found, or with what is wrong in ret_fault < 0, or
 * HUB_ERROR_unauthenticated: what is there is no such key. */
static int take_master(struct hub_key_companies *self, const struct place *place, bool create, const char **ret_fault)
{
    struct hub_buf text;
    char *path = hub_path(place->dir, place->name);
    int failed = -1;
    hub_buf_init(&text);
    int result = hub_file_read(place->dir, place->name, MASTER_HEX + 1, &text);
    *ret_fault = NULL;
    if (result == HUB_ERROR_not_found && create && has_companies(self)) {
        *ret_fault = "it is missing, and without it the keys cannot be opened";
    } else if (result == HUB_ERROR_not_found && create) {
        result = make_master(self, place->dir, place->name);
        *ret_fault = result < 0 ? strerror(errno) : NULL;
    } else if (result == 0 || (result < 0 && errno == EFBIG)) {
        *ret_fault = fault_of_master(self, path, result == 0 ? hub_buf_span(&text) : hub_span(NULL));
        failed = HUB_ERROR_unauthenticated;
    } else if (result < 0) {
        *ret_fault = strerror(errno);
    }
    if (text.len > 0) {
        explicit_bzero(text.at, text.len);
    }
    hub_buf_done(&text);
    free(path);
    return *ret_fault == NULL ? result : failed;
}

static int open_master(struct hub_key_companies *self, const struct hub_key_master_options *options, char *ret_why,
                       size_t why_size)
{
    const char *fault;
    struct place place = place_of(options);
    int result = take_master(self, &place, options->create, &fault);
    if (fault != NULL) {
        snprintf(ret_why, why_size, "The master key %s/%s cannot be used: %s.", place.dir, place.name, fault);
    }
    free(place.dir);
    free(place.name);
    return result;
}

/* --- Records --- */

static struct hub_span associate(struct hub_ulid company, struct hub_span what, char ret_aad[AAD])
{
    memcpy(ret_aad, company.b, 16);
    memcpy(ret_aad + 16, what.at, what.len);
    return hub_span_of(ret_aad, 16 + what.len);
}

static void wrap(const struct hub_key_companies *self, struct hub_ulid company, struct hub_span what,
                 const struct hub_key *key, uint8_t ret_box[BOX])
{
    char aad[AAD];
    self->world->random(self->world->self, ret_box, HUB_NONCE);
    hub_seal(&self->master, ret_box, associate(company, what, aad), hub_span_of(key->b, HUB_KEY), ret_box + HUB_NONCE);
}

static bool unwrap(const struct hub_key_companies *self, struct hub_ulid company, struct hub_span what,
                   const uint8_t box[BOX], struct hub_key *ret_key)
{
    char aad[AAD];
    return hub_unseal(&self->master, box, associate(company, what, aad), hub_span_of(box + HUB_NONCE, HUB_WRAPPED),
                      (char *) ret_key->b);
}

static void remember(struct hub_key_companies *self, const struct hub_company_keys *keys)
{
    bool is_new;
    if (self->count == self->room) {
        self->room = self->room == 0 ? 8 : 2 * self->room;
        self->keys = hub_memory_resize(self->keys, self->room * sizeof *self->keys);
    }
    struct hub_name name = hub_name(&keys->company, 0, keys->company.b);
    *hub_table_put(&self->at, &name, &is_new) = self->count;
    self->keys[self->count] = *keys;
    self->keys[self->count++].index = hub_mac_of(&keys->index_key);
}

/* Take records in. Returns how many are whole, or UINT32_MAX when one does not open. */
static uint32_t take_records(struct hub_key_companies *self, struct hub_span bytes)
{
    uint32_t count = (uint32_t) (bytes.len / RECORD);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *) bytes.at + (size_t) i * RECORD;
        struct hub_company_keys keys;
        if (hub_crc32c(at, AT_CRC) != hub_get_be32(at + AT_CRC)) {
            return i;
        }
        memcpy(keys.company.b, at, 16);
        if (!unwrap(self, keys.company, HUB_SPAN("key"), at + 16, &keys.key) ||
            !unwrap(self, keys.company, HUB_SPAN("index"), at + 16 + BOX, &keys.index_key)) {
            return UINT32_MAX;
        }
        remember(self, &keys);
    }
    return count;
}

static int cut(const struct hub_key_companies *self, off_t len)
{
    char *path = hub_path(self->dir, file_name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    free(path);
    int result = fd < 0 || ftruncate(fd, len) != 0 || fdatasync(fd) != 0 ? -1 : 0;
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

static int read_records(struct hub_key_companies *self, bool create, char *ret_why, size_t why_size)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    int result = hub_file_read(self->dir, file_name, FILE_MAX, &bytes);
    if (result == 0) {
        uint32_t count = take_records(self, hub_buf_span(&bytes));
        size_t whole = (size_t) count * RECORD;
        if (count == UINT32_MAX) {
            snprintf(ret_why, why_size, "The master key does not open the keys in %s.", self->dir);
            result = HUB_ERROR_unauthenticated;
        } else if (bytes.len - whole > RECORD) {
            snprintf(ret_why, why_size, "The file %s/%s is damaged at record %u; restore keys/ from its backup.",
                     self->dir, file_name, count);
            result = -1;
        } else if (create && bytes.len > whole && cut(self, (off_t) whole) < 0) {
            snprintf(ret_why, why_size, "The file %s/%s cannot be cut: %s.", self->dir, file_name, strerror(errno));
            result = -1;
        }
    } else if (result < 0) {
        snprintf(ret_why, why_size, "The file %s/%s cannot be read: %s.", self->dir, file_name, strerror(errno));
    }
    hub_buf_done(&bytes);
    return result == HUB_ERROR_not_found ? 0 : result;
}

int hub_key_companies_open(const struct hub_key_master_options *options, struct hub_key_companies **ret_companies,
                           char *ret_why, size_t why_size)
{
    struct hub_key_companies *self = hub_memory_new(sizeof *self);
    *self = (struct hub_key_companies){ .dir = strdup(options->dir), .world = options->world };
    hub_table_init(&self->at, 64);
    int result = open_master(self, options, ret_why, why_size);
    if (result == 0) {
        result = read_records(self, options->create, ret_why, why_size);
    }
    if (result != 0) {
        hub_key_companies_close(&self);
        return result;
    }
    *ret_companies = self;
    return 0;
}

void hub_key_companies_close(struct hub_key_companies **self_p)
{
    struct hub_key_companies *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    if (self->keys != NULL) {
        explicit_bzero(self->keys, self->room * sizeof *self->keys);
    }
    free(self->keys);
    hub_table_done(&self->at);
    free(self->dir);
    explicit_bzero(self, sizeof *self);
    free(self);
    *self_p = NULL;
}

const struct hub_company_keys *hub_key_companies_find(struct hub_key_companies *self, struct hub_ulid company)
{
    struct hub_name name = hub_name(&company, 0, company.b);
    const uint64_t *at = hub_table_find(&self->at, &name);
    return at == NULL ? NULL : &self->keys[*at];
}

static int append_record(const struct hub_key_companies *self, const uint8_t bytes[RECORD])
{
    char *path = hub_path(self->dir, file_name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    free(path);
    if (fd < 0) {
        return -1;
    }
    int result = hub_write_all(fd, hub_span_of(bytes, RECORD));
    if (result == 0) {
        result = fdatasync(fd);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return result < 0 ? result : hub_dir_sync(self->dir);
}

int hub_key_companies_add(struct hub_key_companies *self, struct hub_ulid company)
{
    if (hub_key_companies_find(self, company) != NULL) {
        return 0;
    }
    struct hub_company_keys keys = { .company = company };
    uint8_t bytes[RECORD];
    self->world->random(self->world->self, keys.key.b, HUB_KEY);
    self->world->random(self->world->self, keys.index_key.b, HUB_KEY);
    memcpy(bytes, company.b, 16);
    wrap(self, company, HUB_SPAN("key"), &keys.key, bytes + 16);
    wrap(self, company, HUB_SPAN("index"), &keys.index_key, bytes + 16 + BOX);
    hub_put_be32(bytes + AT_CRC, hub_crc32c(bytes, AT_CRC));
    int result = append_record(self, bytes);
    if (result == 0) {
        remember(self, &keys);
    }
    explicit_bzero(&keys, sizeof keys);
    return result;
}
