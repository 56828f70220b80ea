/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the log's meta family:
 *
 *     "identity" -> format be16, log id (16), incarnation be32
 *     "epoch"    -> be32
 *     "verified" -> sequence be64, chain hash (32)
 *     "loose"    -> be64
 *     "rows"     -> sums; check be64
 *     "forgot"   -> sums
 *     "archive" first be64 -> last be64, rows be64, bytes be64, digest (32), check be64
 */
#include "log/meta.h"

#include "base/error.h"
#include "log/field.h"
#include "log/keys.h"

enum {
    IDENTITY = 22,
    EPOCH = 4,
    VERIFIED = 8 + HUB_DIGEST,
    LOOSE = 8,
    SUMS_MAX = 1 + HUB_VARINT * HUB_SUM_COUNT + 8 * HUB_SUM_POWERS,
    CHECK = 8,
    OLD_SUM = 16, /* of a log from before there were powers: rows be64, hashes be64 */
    OLD_SUMS = OLD_SUM * HUB_SUM_COUNT,
    ARCHIVE_KEY = 15,
    ARCHIVE_CHECKED = 24 + HUB_DIGEST,
    ARCHIVE = ARCHIVE_CHECKED + 8,
};

static const struct hub_span identity_key = { "identity", 8 };
static const struct hub_span epoch_key = { "epoch", 5 };
static const struct hub_span verified_key = { "verified", 8 };
static const struct hub_span loose_key = { "loose", 5 };
static const struct hub_span rows_key = { "rows", 4 };
static const struct hub_span forgot_key = { "forgot", 6 };
static const struct hub_span archive_key = { "archive", 7 };

/* Read one row of exactly `len` bytes. Returns 0, HUB_ERROR_not_found, or < 0. */
static int read_row(struct hub_rocks *db, struct hub_span key, void *ret_bytes, size_t len)
{
    struct hub_buf value;
    hub_buf_init(&value);
    int result = hub_rocks_get(db, HUB_FAMILY_meta, NULL, key, &value);
    if (result == 0 && value.len != len) {
        result = -1;
    }
    if (result == 0) {
        memcpy(ret_bytes, value.at, len);
    }
    hub_buf_done(&value);
    return result;
}

static int read_identity(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    uint8_t row[IDENTITY];
    int result = read_row(db, identity_key, row, sizeof row);
    if (result == 0) {
        ret_meta->found = true;
        ret_meta->format = (uint16_t) (row[0] << 8 | row[1]);
        memcpy(ret_meta->identity.log_id, row + 2, 16);
        ret_meta->identity.incarnation = hub_get_be32(row + 18);
    }
    return result;
}

static int read_mark(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    uint8_t row[VERIFIED];
    int result = read_row(db, verified_key, row, sizeof row);
    ret_meta->has_mark = result == 0;
    if (result == 0) {
        ret_meta->mark.sequence = hub_get_be64(row);
        memcpy(ret_meta->mark.hash.b, row + 8, HUB_DIGEST);
    }
    return result;
}

static int read_numbers(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    uint8_t epoch[EPOCH] = { 0 }, loose[LOOSE] = { 0 };
    if (read_row(db, epoch_key, epoch, sizeof epoch) < 0 || read_row(db, loose_key, loose, sizeof loose) < 0) {
        return -1;
    }
    ret_meta->epoch = hub_get_be32(epoch);
    ret_meta->loose = hub_get_be64(loose);
    return 0;
}

/* Over the sums as they are written, and the two numbers. */
static uint64_t check_of(struct hub_span rows, uint32_t epoch, uint64_t loose)
{
    uint8_t numbers[EPOCH + LOOSE];
    hub_put_be32(numbers, epoch);
    hub_put_be64(numbers + EPOCH, loose);
    return hub_row_hash(hub_span_of(numbers, sizeof numbers), rows);
}

/* Write sums as they lie on the disk. Returns how many bytes they take. */
static size_t put_sums(const struct hub_sums *sums, uint8_t ret_bytes[SUMS_MAX])
{
    uint8_t *at = ret_bytes;
    *at++ = HUB_SUM_POWERS;
    for (unsigned kind = 0; kind < HUB_SUM_COUNT; kind++) {
        at += hub_varint_put(at, sums->rows[kind]);
    }
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++, at += 8) {
        hub_put_be64(at, sums->powers[i]);
    }
    return (size_t) (at - ret_bytes);
}

/* Sums of a log from before there were powers, which begin with a 0: of all kinds, or of the first. */
static int get_old_sums(struct hub_span bytes, struct hub_sums *sums)
{
    if (bytes.len != OLD_SUM && bytes.len != OLD_SUMS) {
        return -1;
    }
    for (size_t kind = 0; kind < bytes.len / OLD_SUM; kind++) {
        sums->rows[kind] = hub_get_be64(bytes.at + OLD_SUM * kind);
        sums->hashes[kind] = hub_get_be64(bytes.at + OLD_SUM * kind + 8);
    }
    return 0;
}

static int get_sums(struct hub_span bytes, bool *ret_powers, struct hub_sums *ret_sums)
{
    const uint8_t *at = (const uint8_t *) bytes.at, *end = at + bytes.len;
    *ret_powers = bytes.len > 0 && *at != 0;
    if (!*ret_powers) {
        return get_old_sums(bytes, ret_sums);
    }
    bool is_whole = *at++ == HUB_SUM_POWERS;
    for (unsigned kind = 0; is_whole && kind < HUB_SUM_COUNT; kind++) {
        is_whole = hub_varint_get(&at, end, &ret_sums->rows[kind]);
    }
    if (!is_whole || end - at != 8 * HUB_SUM_POWERS) {
        return -1;
    }
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++, at += 8) {
        ret_sums->powers[i] = hub_get_be64(at);
        is_whole = is_whole && ret_sums->powers[i] < HUB_FIELD_PRIME;
    }
    return is_whole ? 0 : -1;
}

/* The sums of the rows, whose row ends with a check. Returns 0, HUB_ERROR_not_found, or < 0. */
static int read_rows(struct hub_rocks *db, struct hub_buf *row, struct hub_meta *ret_meta)
{
    int result = hub_rocks_get(db, HUB_FAMILY_meta, NULL, rows_key, row);
    ret_meta->has_sums = result == 0;
    if (result != 0) {
        return result;
    }
    if (row->len < CHECK) {
        return -1;
    }
    struct hub_span sums = hub_span_of(row->at, row->len - CHECK);
    ret_meta->is_checked = hub_get_be64(sums.at + sums.len) == check_of(sums, ret_meta->epoch, ret_meta->loose);
    return get_sums(sums, &ret_meta->has_powers, &ret_meta->sums);
}

static int read_sums(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    struct hub_buf row;
    bool has_powers;
    hub_buf_init(&row);
    int result = read_rows(db, &row, ret_meta) < 0 ? -1 : hub_rocks_get(db, HUB_FAMILY_meta, NULL, forgot_key, &row);
    if (result == 0) {
        result = get_sums(hub_buf_span(&row), &has_powers, &ret_meta->forgot);
        result = has_powers == ret_meta->has_powers || !ret_meta->has_sums ? result : -1;
    }
    hub_buf_done(&row);
    return result < 0 ? -1 : 0;
}

int hub_meta_read(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    *ret_meta = (struct hub_meta){ 0 };
    if (read_identity(db, ret_meta) < 0 || read_mark(db, ret_meta) < 0) {
        return -1;
    }
    return read_numbers(db, ret_meta) < 0 ? -1 : read_sums(db, ret_meta);
}

bool hub_meta_is_name(struct hub_span key)
{
    const struct hub_span *const names[] = { &identity_key, &epoch_key, &verified_key,
                                             &loose_key,    &rows_key,  &forgot_key };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (hub_span_is(key, *names[i])) {
            return true;
        }
    }
    return hub_meta_is_archive(key);
}

void hub_meta_put_identity(struct hub_rocks_batch *batch, const struct hub_log_identity *identity)
{
    uint8_t row[IDENTITY] = { HUB_LOG_FORMAT >> 8, HUB_LOG_FORMAT & 0xff };
    memcpy(row + 2, identity->log_id, 16);
    hub_put_be32(row + 18, identity->incarnation);
    hub_rocks_put(batch, HUB_FAMILY_meta, identity_key, hub_span_of(row, sizeof row));
}

void hub_meta_put_epoch(struct hub_rocks_batch *batch, uint32_t epoch)
{
    uint8_t row[EPOCH];
    hub_put_be32(row, epoch);
    hub_rocks_put(batch, HUB_FAMILY_meta, epoch_key, hub_span_of(row, sizeof row));
}

void hub_meta_put_mark(struct hub_rocks_batch *batch, const struct hub_mark *mark)
{
    uint8_t row[VERIFIED];
    hub_put_be64(row, mark->sequence);
    memcpy(row + 8, mark->hash.b, HUB_DIGEST);
    hub_rocks_put(batch, HUB_FAMILY_meta, verified_key, hub_span_of(row, sizeof row));
}

void hub_meta_put_loose(struct hub_rocks_batch *batch, uint64_t loose)
{
    uint8_t row[LOOSE];
    hub_put_be64(row, loose);
    hub_rocks_put(batch, HUB_FAMILY_meta, loose_key, hub_span_of(row, sizeof row));
}

void hub_meta_put_sums(struct hub_rocks_batch *batch, const struct hub_sums *sums, uint32_t epoch, uint64_t loose)
{
    uint8_t row[SUMS_MAX + CHECK];
    size_t len = put_sums(sums, row);
    hub_put_be64(row + len, check_of(hub_span_of(row, len), epoch, loose));
    hub_rocks_put(batch, HUB_FAMILY_meta, rows_key, hub_span_of(row, len + CHECK));
}

void hub_meta_put_forgot(struct hub_rocks_batch *batch, const struct hub_sums *forgot)
{
    uint8_t row[SUMS_MAX];
    hub_rocks_put(batch, HUB_FAMILY_meta, forgot_key, hub_span_of(row, put_sums(forgot, row)));
}

/* --- Archives --- */

bool hub_meta_is_archive(struct hub_span key)
{
    return key.len == ARCHIVE_KEY && hub_span_starts(key, archive_key);
}

static struct hub_span key_of_archive(uint64_t first, uint8_t ret_key[ARCHIVE_KEY])
{
    memcpy(ret_key, archive_key.at, archive_key.len);
    hub_put_be64(ret_key + archive_key.len, first);
    return hub_span_of(ret_key, ARCHIVE_KEY);
}

void hub_meta_put_archive(struct hub_rocks_batch *batch, const struct hub_archive_row *archive)
{
    uint8_t name[ARCHIVE_KEY], row[ARCHIVE];
    struct hub_span key = key_of_archive(archive->first, name);
    hub_put_be64(row, archive->last);
    hub_put_be64(row + 8, archive->rows);
    hub_put_be64(row + 16, archive->bytes);
    memcpy(row + 24, archive->digest.b, HUB_DIGEST);
    hub_put_be64(row + ARCHIVE_CHECKED, hub_row_hash(key, hub_span_of(row, ARCHIVE_CHECKED)));
    hub_rocks_put(batch, HUB_FAMILY_meta, key, hub_span_of(row, sizeof row));
}

void hub_meta_delete_archive(struct hub_rocks_batch *batch, uint64_t first)
{
    uint8_t name[ARCHIVE_KEY];
    hub_rocks_delete(batch, HUB_FAMILY_meta, key_of_archive(first, name));
}

int hub_meta_archive_decode(struct hub_span key, struct hub_span value, struct hub_archive_row *ret_archive)
{
    if (!hub_meta_is_archive(key) || value.len != ARCHIVE ||
        hub_get_be64(value.at + ARCHIVE_CHECKED) != hub_row_hash(key, hub_span_of(value.at, ARCHIVE_CHECKED))) {
        return -1;
    }
    *ret_archive = (struct hub_archive_row){ .first = hub_get_be64(key.at + archive_key.len),
                                             .last = hub_get_be64(value.at),
                                             .rows = hub_get_be64(value.at + 8),
                                             .bytes = hub_get_be64(value.at + 16) };
    memcpy(ret_archive->digest.b, value.at + 24, HUB_DIGEST);
    return 0;
}

int hub_meta_archives(struct hub_rocks *db, int (*visit)(void *arg, const struct hub_archive_row *archive), void *arg)
{
    static const struct hub_span end = { "archivf", 7 };
    struct hub_rocks_iter *iter = hub_rocks_iter_new(db, HUB_FAMILY_meta, NULL, archive_key, end);
    struct hub_archive_row row;
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        result = hub_meta_archive_decode(hub_rocks_iter_key(iter), hub_rocks_iter_value(iter), &row);
        if (result == 0) {
            result = visit(arg, &row);
        }
    }
    if (result == 0) {
        result = hub_rocks_iter_error(iter, NULL, 0);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}
