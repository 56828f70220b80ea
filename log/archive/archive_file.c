/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The bytes of an archive.
 *
 * Rows go into blocks of some 8 KiB, so that one row costs one small read; the index has a fixed size for each block, so that the
 * block is found by halving. Every byte is covered twice: blocks by the index, head and index by the check behind them, all of it by the
 * digest at the end, which the log's registry repeats. */
#include "log/archive/archive_file.h"

#include <assert.h>
#include <string.h>

#include "log/keys.h"

enum { MAGIC = 8, ROW_HEAD = 12, BLOCK = 8 * 1024, ROW_MAX = 1024 * 1024 };

static const char magic[] = "HUBARCH1";

static void check_of(const struct hub_span *parts, size_t count, uint8_t ret_check[HUB_ARCHIVE_CHECK])
{
    struct hub_digest digest = hub_sha256_of(parts, count);
    memcpy(ret_check, digest.b, HUB_ARCHIVE_CHECK);
}

/* --- Writing --- */

void hub_archive_start(struct hub_archive_writer *self, const uint8_t log_id[16])
{
    *self = (struct hub_archive_writer){ .block_at = HUB_ARCHIVE_HEAD };
    hub_buf_init(&self->bytes);
    hub_buf_init(&self->index);
    memcpy(self->head.log_id, log_id, sizeof self->head.log_id);
    hub_buf_reserve(&self->bytes, HUB_ARCHIVE_HEAD);
    self->bytes.len = HUB_ARCHIVE_HEAD;
}

void hub_archive_done(struct hub_archive_writer *self)
{
    hub_buf_done(&self->bytes);
    hub_buf_done(&self->index);
}

bool hub_archive_is_full(const struct hub_archive_writer *self)
{
    return self->head.rows >= HUB_ARCHIVE_ROWS || self->bytes.len >= HUB_ARCHIVE_PAYLOADS;
}

/* The entry is complete but for the check when a block begins. */
static void end_block(struct hub_archive_writer *self)
{
    struct hub_span block = hub_span_of(self->bytes.at + self->block_at, self->bytes.len - self->block_at);
    uint8_t check[HUB_ARCHIVE_CHECK];
    if (block.len > 0) {
        check_of(&block, 1, check);
        hub_buf_put(&self->index, check, sizeof check);
        self->head.blocks++;
    }
    self->block_at = self->bytes.len;
}

void hub_archive_add(struct hub_archive_writer *self, uint64_t sequence, struct hub_span payload)
{
    uint8_t row[ROW_HEAD];
    assert(sequence > self->head.last && payload.len <= ROW_MAX);
    if (self->bytes.len - self->block_at >= BLOCK) {
        end_block(self);
    }
    if (self->bytes.len == self->block_at) {
        hub_buf_put_be64(&self->index, sequence);
        hub_buf_put_be64(&self->index, self->bytes.len);
    }
    hub_put_be64(row, sequence);
    hub_put_be32(row + 8, (uint32_t) payload.len);
    hub_buf_put(&self->bytes, row, sizeof row);
    hub_buf_put(&self->bytes, payload.at, payload.len);
    self->head.first = self->head.rows == 0 ? sequence : self->head.first;
    self->head.last = sequence;
    self->head.rows++;
}

static void put_head(const struct hub_archive_head *head, char *at)
{
    memcpy(at, magic, MAGIC);
    memcpy(at + 8, head->log_id, 16);
    hub_put_be64(at + 24, head->first);
    hub_put_be64(at + 32, head->last);
    hub_put_be64(at + 40, head->rows);
    hub_put_be64(at + 48, head->blocks);
    hub_put_be64(at + 56, head->index_at);
}

struct hub_span hub_archive_finish(struct hub_archive_writer *self)
{
    uint8_t check[HUB_ARCHIVE_CHECK];
    assert(self->head.rows > 0);
    end_block(self);
    self->head.index_at = self->bytes.len;
    put_head(&self->head, self->bytes.at);
    const struct hub_span parts[] = { hub_span_of(self->bytes.at, HUB_ARCHIVE_HEAD), hub_buf_span(&self->index) };
    check_of(parts, 2, check);
    hub_buf_put(&self->bytes, self->index.at, self->index.len);
    hub_buf_put(&self->bytes, check, sizeof check);
    struct hub_digest digest = hub_sha256(hub_buf_span(&self->bytes));
    hub_buf_put(&self->bytes, digest.b, HUB_DIGEST);
    return hub_buf_span(&self->bytes);
}

/* --- Reading --- */

int hub_archive_head_decode(struct hub_span bytes, uint64_t file_size, struct hub_archive_head *ret_head)
{
    if (bytes.len != HUB_ARCHIVE_HEAD || memcmp(bytes.at, magic, MAGIC) != 0 || file_size > HUB_ARCHIVE_MAX ||
        file_size < HUB_ARCHIVE_HEAD + HUB_ARCHIVE_END) {
        return -1;
    }
    struct hub_archive_head head = { .first = hub_get_be64(bytes.at + 24),
                                     .last = hub_get_be64(bytes.at + 32),
                                     .rows = hub_get_be64(bytes.at + 40),
                                     .index_at = hub_get_be64(bytes.at + 56) };
    uint64_t blocks = hub_get_be64(bytes.at + 48), room = file_size - HUB_ARCHIVE_HEAD - HUB_ARCHIVE_END;
    memcpy(head.log_id, bytes.at + 8, sizeof head.log_id);
    if (blocks == 0 || blocks > room / HUB_ARCHIVE_ENTRY || head.rows < blocks || head.first == 0 ||
        head.last < head.first || head.last - head.first < head.rows - 1 ||
        head.index_at != HUB_ARCHIVE_HEAD + room - blocks * HUB_ARCHIVE_ENTRY) {
        return -1;
    }
    head.blocks = (uint32_t) blocks;
    *ret_head = head;
    return 0;
}

/* Blocks lie one after the other, and their first positions ascend. */
static bool takes_entry(const struct hub_archive_head *head, const struct hub_archive_entry *before, const char *at,
                        struct hub_archive_entry *ret_entry)
{
    uint64_t from = hub_get_be64(at + 8);
    ret_entry->first = hub_get_be64(at);
    if (before == NULL ? from != HUB_ARCHIVE_HEAD || ret_entry->first != head->first
                       : from <= before->at || ret_entry->first <= before->first) {
        return false;
    }
    if (from >= head->index_at || ret_entry->first > head->last) {
        return false;
    }
    ret_entry->at = (uint32_t) from;
    memcpy(ret_entry->check, at + 16, HUB_ARCHIVE_CHECK);
    return true;
}

int hub_archive_index_decode(const struct hub_archive_head *head, struct hub_span head_bytes, struct hub_span index,
                             struct hub_archive_entry *ret_entries)
{
    size_t len = (size_t) head->blocks * HUB_ARCHIVE_ENTRY;
    uint8_t check[HUB_ARCHIVE_CHECK];
    if (index.len != len + HUB_ARCHIVE_CHECK) {
        return -1;
    }
    const struct hub_span parts[] = { head_bytes, hub_span_of(index.at, len) };
    check_of(parts, 2, check);
    if (memcmp(check, index.at + len, HUB_ARCHIVE_CHECK) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < head->blocks; i++) {
        struct hub_archive_entry *before = i == 0 ? NULL : &ret_entries[i - 1];
        if (!takes_entry(head, before, index.at + (size_t) i * HUB_ARCHIVE_ENTRY, &ret_entries[i])) {
            return -1;
        }
        if (before != NULL) {
            before->len = ret_entries[i].at - before->at;
        }
    }
    struct hub_archive_entry *last = &ret_entries[head->blocks - 1];
    last->len = (uint32_t) head->index_at - last->at;
    return 0;
}

int64_t hub_archive_block_of(const struct hub_archive_entry *entries, uint32_t count, uint64_t sequence)
{
    uint32_t below = 0, above = count; /* blocks before `below` begin at or before it */
    while (below < above) {
        uint32_t middle = below + (above - below) / 2;
        if (entries[middle].first <= sequence) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return (int64_t) below - 1;
}

bool hub_archive_block_is_sound(const struct hub_archive_entry *entry, struct hub_span block)
{
    uint8_t check[HUB_ARCHIVE_CHECK];
    check_of(&block, 1, check);
    return memcmp(check, entry->check, HUB_ARCHIVE_CHECK) == 0;
}

int hub_archive_row_next(struct hub_span *block_p, uint64_t *ret_sequence, struct hub_span *ret_payload)
{
    struct hub_span block = *block_p;
    if (block.len == 0) {
        return 0;
    }
    if (block.len < ROW_HEAD) {
        return -1;
    }
    uint32_t len = hub_get_be32(block.at + 8);
    if (len > block.len - ROW_HEAD || len > ROW_MAX) {
        return -1;
    }
    *ret_sequence = hub_get_be64(block.at);
    *ret_payload = hub_span_of(block.at + ROW_HEAD, len);
    *block_p = hub_span_of(block.at + ROW_HEAD + len, block.len - ROW_HEAD - len);
    return 1;
}

bool hub_archive_is_whole(struct hub_span file, struct hub_digest *ret_digest)
{
    if (file.len <= HUB_DIGEST) {
        return false;
    }
    struct hub_digest found = hub_sha256(hub_span_of(file.at, file.len - HUB_DIGEST));
    memcpy(ret_digest->b, file.at + file.len - HUB_DIGEST, HUB_DIGEST);
    return hub_digest_is(&found, ret_digest);
}
