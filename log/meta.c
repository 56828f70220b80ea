/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the log's meta family:
 *
 *     "identity" -> format be16, log id (16), incarnation be32
 *     "epoch"    -> be32
 *     "verified" -> sequence be64, chain hash (32)
 *     "loose"    -> be64
 *     "rows"     -> sums; check be64
 *     "forgot"   -> sums; check be64
 *     "rows" or "forgot", number of a sample (1) -> its powers be64 each; check be64
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
    POWERS = 8 * HUB_SUM_POWERS,
    SUMS_MAX = 2 + HUB_VARINT * HUB_SUM_COUNT + POWERS,
    CHECK = 8,
    SAMPLE_KEY_MAX = 7,
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

/* What the check of the sums covers besides them: the two numbers. */
static struct hub_span numbers_of(uint32_t epoch, uint64_t loose, uint8_t ret_numbers[EPOCH + LOOSE])
{
    hub_put_be32(ret_numbers, epoch);
    hub_put_be64(ret_numbers + EPOCH, loose);
    return hub_span_of(ret_numbers, EPOCH + LOOSE);
}

/* Take the check off a row. Returns whether it is right, of the row and what it covers besides. */
static bool take_check(struct hub_span besides, struct hub_span *row)
{
    if (row->len < CHECK) {
        return false;
    }
    row->len -= CHECK;
    return hub_get_be64(row->at + row->len) == hub_row_hash(besides, *row);
}

/* Write a check behind a row of `len` bytes. Returns the row with it. */
static struct hub_span put_check(struct hub_span besides, uint8_t *row, size_t len)
{
    hub_put_be64(row + len, hub_row_hash(besides, hub_span_of(row, len)));
    return hub_span_of(row, len + CHECK);
}

/* The name of a sample, from 0. */
static struct hub_span key_of_sample(struct hub_span sums, unsigned sample, uint8_t ret_key[SAMPLE_KEY_MAX])
{
    memcpy(ret_key, sums.at, sums.len);
    ret_key[sums.len] = (uint8_t) (sample + 1);
    return hub_span_of(ret_key, sums.len + 1);
}

static uint8_t *put_powers(const struct hub_powers *powers, uint8_t *at)
{
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++, at += 8) {
        hub_put_be64(at, powers->sums[i]);
    }
    return at;
}

/* Write sums as they lie on the disk. Returns how many bytes they take. */
static size_t put_sums(const struct hub_sums *sums, uint8_t ret_bytes[SUMS_MAX])
{
    uint8_t *at = ret_bytes;
    *at++ = HUB_SUM_SAMPLES;
    *at++ = HUB_SUM_POWERS;
    for (unsigned kind = 0; kind < HUB_SUM_COUNT; kind++) {
        at += hub_varint_put(at, sums->rows[kind]);
    }
    return (size_t) (put_powers(&sums->powers, at) - ret_bytes);
}

/* Put the samples of some sums that are chosen by bits. */
static void put_samples(struct hub_rocks_batch *batch, struct hub_span name, const struct hub_sums *sums,
                        uint32_t which)
{
    for (unsigned i = 0; i < HUB_SUM_SAMPLES; i++) {
        if ((which >> i & 1) != 0) {
            uint8_t key_bytes[SAMPLE_KEY_MAX], row[POWERS + CHECK];
            struct hub_span key = key_of_sample(name, i, key_bytes);
            (void) put_powers(&sums->samples[i], row);
            hub_rocks_put(batch, HUB_FAMILY_meta, key, put_check(key, row, POWERS));
        }
    }
}

/* Sums begin with how many samples they have, before there were any with how many powers, and before that with a zero. */
static enum hub_sums_kept kept_in(struct hub_span sums)
{
    uint8_t first = sums.len > 2 ? (uint8_t) sums.at[0] : 0;
    return first == HUB_SUM_SAMPLES ? HUB_KEPT_samples : first == HUB_SUM_POWERS ? HUB_KEPT_powers : HUB_KEPT_hashes;
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

static int get_powers(const uint8_t *at, struct hub_powers *ret_powers)
{
    bool is_whole = true;
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++, at += 8) {
        ret_powers->sums[i] = hub_get_be64(at);
        is_whole = is_whole && ret_powers->sums[i] < HUB_FIELD_PRIME;
    }
    return is_whole ? 0 : -1;
}

static int get_sums(struct hub_span bytes, struct hub_sums *ret_sums)
{
    const uint8_t *at = (const uint8_t *) bytes.at, *end = at + bytes.len;
    enum hub_sums_kept kept = kept_in(bytes);
    if (kept == HUB_KEPT_hashes) {
        return get_old_sums(bytes, ret_sums);
    }
    at += kept == HUB_KEPT_samples;
    bool is_whole = *at++ == HUB_SUM_POWERS;
    for (unsigned kind = 0; is_whole && kind < HUB_SUM_COUNT; kind++) {
        is_whole = hub_varint_get(&at, end, &ret_sums->rows[kind]);
    }
    return is_whole && end - at == POWERS ? get_powers(at, &ret_sums->powers) : -1;
}

/* All samples of some sums. Returns 0, or < 0; *checked becomes false when one is missing or not as it was put. */
static int read_samples(struct hub_rocks *db, struct hub_span name, struct hub_sums *sums, bool *checked)
{
    struct hub_buf row;
    int result = 0;
    hub_buf_init(&row);
    for (unsigned i = 0; i < HUB_SUM_SAMPLES && result == 0; i++) {
        uint8_t key_bytes[SAMPLE_KEY_MAX];
        struct hub_span key = key_of_sample(name, i, key_bytes);
        result = hub_rocks_get(db, HUB_FAMILY_meta, NULL, key, &row);
        struct hub_span powers = hub_buf_span(&row);
        if (result == HUB_ERROR_not_found || (result == 0 && row.len != POWERS + CHECK)) {
            *checked = false;
            result = 0;
        } else if (result == 0) {
            *checked = take_check(key, &powers) && *checked;
            *checked = get_powers((const uint8_t *) powers.at, &sums->samples[i]) == 0 && *checked;
        }
    }
    hub_buf_done(&row);
    return result;
}

/* The row of some sums, with what its check covers besides; meta->kept tells what is in it. Returns 0, or < 0. */
static int read_sums_row(struct hub_rocks *db, struct hub_span name, struct hub_span besides, struct hub_meta *meta,
                         struct hub_sums *ret_sums)
{
    struct hub_buf row;
    hub_buf_init(&row);
    int result = hub_rocks_get(db, HUB_FAMILY_meta, NULL, name, &row);
    struct hub_span sums = hub_buf_span(&row);
    if (result == 0 && (besides.len > 0 || kept_in(sums) == HUB_KEPT_samples)) {
        meta->is_checked = take_check(besides.len > 0 ? besides : name, &sums) && meta->is_checked;
    }
    meta->kept = result == 0 ? kept_in(sums) : HUB_KEPT_none;
    result = result == 0 ? get_sums(sums, ret_sums) : result;
    hub_buf_done(&row);
    return result < 0 ? -1 : 0;
}

static int read_sums(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    uint8_t numbers[EPOCH + LOOSE];
    struct hub_span besides = numbers_of(ret_meta->epoch, ret_meta->loose, numbers);
    ret_meta->is_checked = true;
    if (read_sums_row(db, forgot_key, hub_span(NULL), ret_meta, &ret_meta->forgot) < 0) {
        return -1;
    }
    enum hub_sums_kept of_forgot = ret_meta->kept;
    if (read_sums_row(db, rows_key, besides, ret_meta, &ret_meta->sums) < 0) {
        return -1;
    }
    if (ret_meta->kept != HUB_KEPT_samples) {
        return 0;
    }
    ret_meta->is_checked = ret_meta->is_checked && of_forgot == HUB_KEPT_samples;
    return read_samples(db, rows_key, &ret_meta->sums, &ret_meta->is_checked) < 0
               ? -1
               : read_samples(db, forgot_key, &ret_meta->forgot, &ret_meta->is_checked);
}

int hub_meta_read(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    *ret_meta = (struct hub_meta){ 0 };
    if (read_identity(db, ret_meta) < 0 || read_mark(db, ret_meta) < 0) {
        return -1;
    }
    return read_numbers(db, ret_meta) < 0 ? -1 : read_sums(db, ret_meta);
}

/* Whether a row is one of the samples of some sums. */
static bool is_sample(struct hub_span key, struct hub_span sums)
{
    return key.len == sums.len + 1 && hub_span_starts(key, sums) && (uint8_t) key.at[sums.len] >= 1 &&
           (uint8_t) key.at[sums.len] <= HUB_SUM_SAMPLES;
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
    return is_sample(key, rows_key) || is_sample(key, forgot_key) || hub_meta_is_archive(key);
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

void hub_meta_put_sums(struct hub_rocks_batch *batch, struct hub_sums *sums, uint32_t epoch, uint64_t loose)
{
    uint8_t row[SUMS_MAX + CHECK], numbers[EPOCH + LOOSE];
    struct hub_span besides = numbers_of(epoch, loose, numbers);
    hub_rocks_put(batch, HUB_FAMILY_meta, rows_key, put_check(besides, row, put_sums(sums, row)));
    put_samples(batch, rows_key, sums, sums->changed);
    sums->changed = 0;
}

void hub_meta_put_forgot(struct hub_rocks_batch *batch, const struct hub_sums *forgot)
{
    uint8_t row[SUMS_MAX + CHECK];
    hub_rocks_put(batch, HUB_FAMILY_meta, forgot_key, put_check(forgot_key, row, put_sums(forgot, row)));
    put_samples(batch, forgot_key, forgot, hub_all_samples);
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
