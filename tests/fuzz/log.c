/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as a position's text, a header row or a tag row (libFuzzer). The first byte chooses.
 *
 * What is read must hold together: a position prints as the text it came from, a header packs to what it was read from
 * as far as it is known, the sequences of a tag row ascend. */
#include <stdlib.h>

#include "base/error.h"
#include "base/pack.h"
#include "log/keys.h"
#include "log/stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void read_position(struct hub_span text)
{
    static const struct hub_log_identity identity = { .log_id = { 1, 2, 3, 4 }, .incarnation = 1 };
    struct hub_position at;
    int result = hub_position_parse(text, &identity, &at);
    if (result == 0) {
        char again[HUB_POSITION_TEXT];
        hub_position_print(at, &identity, again);
        must(hub_span_is(text, hub_span(again)));
    } else {
        must(result == HUB_ERROR_invalid_query || result == HUB_ERROR_position_gone);
    }
}

static void read_header(struct hub_span row)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event, back;
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    uint64_t sequence = row.len > 40 ? (uint8_t) row.at[40] : 1;
    if (hub_stored_decode(row, sequence, arena, &event) == 0) {
        hub_buf_put(&bytes, row.at, HUB_DIGEST);
        hub_pack(&event_header_shape, &event.header, &bytes);
        must(hub_stored_decode(hub_buf_span(&bytes), sequence, arena, &back) == 0);
        must(back.header.has == event.header.has && back.header.version == event.header.version);
        struct hub_name tags[HUB_EVENT_TAGS];
        must(hub_event_tags(&event.header, tags) <= HUB_EVENT_TAGS);
    }
    hub_buf_done(&bytes);
    hub_arena_destroy(&arena);
}

static void read_tag_row(struct hub_span bytes)
{
    struct hub_buf sequences;
    hub_buf_init(&sequences);
    size_t key = bytes.len < HUB_NAMED_KEY ? bytes.len : HUB_NAMED_KEY;
    struct hub_span value = hub_span_of(bytes.at + key, bytes.len - key);
    if (hub_tag_row_decode(hub_span_of(bytes.at, key), value, &sequences) == 0) {
        must(sequences.len >= sizeof(uint64_t) && sequences.len <= (1 + value.len) * sizeof(uint64_t));
        const uint64_t *at = (const uint64_t *) (const void *) sequences.at;
        for (size_t i = 1; i < sequences.len / sizeof *at; i++) {
            must(at[i] > at[i - 1]);
        }
    }
    hub_buf_done(&sequences);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct hub_span) = { read_position, read_header, read_tag_row };
    if (size > 0) {
        readers[data[0] % 3](hub_span_of(data + 1, size - 1));
    }
    return 0;
}
