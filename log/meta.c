/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the log's meta family:
 *
 *     "identity" -> format be16, log id (16), incarnation be32
 *     "epoch"    -> be32
 *     "verified" -> sequence be64, chain hash (32)
 *     "loose"    -> be64
 */
#include "log/meta.h"

#include "base/error.h"
#include "log/keys.h"

enum { IDENTITY = 22, EPOCH = 4, VERIFIED = 8 + HUB_DIGEST, LOOSE = 8 };

static const struct hub_span identity_key = { "identity", 8 };
static const struct hub_span epoch_key = { "epoch", 5 };
static const struct hub_span verified_key = { "verified", 8 };
static const struct hub_span loose_key = { "loose", 5 };

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

int hub_meta_read(struct hub_rocks *db, struct hub_meta *ret_meta)
{
    *ret_meta = (struct hub_meta){ 0 };
    if (read_identity(db, ret_meta) < 0 || read_mark(db, ret_meta) < 0) {
        return -1;
    }
    return read_numbers(db, ret_meta);
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
