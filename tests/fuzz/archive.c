/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as an archive (libFuzzer): nothing is read beyond them, blocks lie where the index says, and what is written
 * again from its rows is the same file. The checks are mended first, so that what lies behind them is reached. */
#include <stdlib.h>

#include "log/archive/archive_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 4096 };

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

/* Make the check of head and index right. */
static void mend(struct hub_span file, const struct hub_archive_head *head)
{
    size_t len = (size_t) head->blocks * HUB_ARCHIVE_ENTRY;
    const struct hub_span parts[] = { hub_span_of(file.at, HUB_ARCHIVE_HEAD),
                                      hub_span_of(file.at + head->index_at, len) };
    struct hub_digest digest = hub_sha256_of(parts, 2);
    memcpy((char *) file.at + head->index_at + len, digest.b, HUB_ARCHIVE_CHECK);
}

/* Every row, into a file of our own. Returns false when they are not in order. */
static bool copy_rows(struct hub_span file, const struct hub_archive_head *head,
                      const struct hub_archive_entry *entries, struct hub_archive_writer *writer)
{
    uint64_t sequence = 0, last = 0;
    for (uint32_t i = 0; i < head->blocks; i++) {
        must(entries[i].at >= HUB_ARCHIVE_HEAD && entries[i].len > 0 &&
             entries[i].at + entries[i].len <= head->index_at);
        must(hub_archive_block_of(entries, head->blocks, entries[i].first) == (int64_t) i);
        struct hub_span rows = hub_span_of(file.at + entries[i].at, entries[i].len), payload;
        int result;
        while ((result = hub_archive_row_next(&rows, &sequence, &payload)) == 1) {
            must(payload.at >= file.at && payload.at + payload.len <= file.at + head->index_at);
            if (sequence <= last) {
                return false;
            }
            last = sequence;
            hub_archive_add(writer, sequence, payload);
        }
        if (result < 0) {
            return false;
        }
    }
    return writer->head.rows > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_archive_head head;
    struct hub_digest digest;
    struct hub_archive_writer writer;
    static struct hub_archive_entry entries[ENTRIES];
    char *bytes = malloc(size + 1);
    struct hub_span file = hub_span_of(bytes, size);
    must(bytes != NULL);
    memcpy(bytes, data, size);
    (void) hub_archive_is_whole(file, &digest);
    if (size >= HUB_ARCHIVE_HEAD && hub_archive_head_decode(hub_span_of(bytes, HUB_ARCHIVE_HEAD), size, &head) == 0 &&
        head.blocks <= ENTRIES) {
        mend(file, &head);
        struct hub_span index = hub_span_of(bytes + head.index_at, size - head.index_at - HUB_DIGEST);
        hub_archive_start(&writer, head.log_id);
        if (hub_archive_index_decode(&head, hub_span_of(bytes, HUB_ARCHIVE_HEAD), index, entries) == 0 &&
            copy_rows(file, &head, entries, &writer)) {
            struct hub_span again = hub_archive_finish(&writer);
            must(hub_archive_is_whole(again, &digest));
        }
        hub_archive_done(&writer);
    }
    free(bytes);
    return 0;
}
