/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as each record of sample.def (libFuzzer).
 *
 * What is read must hold together: written, it reads back as the same record, the bytes are the same from then on, and a
 * copy hashes alike. The first byte chooses the shape. */
#include <stdlib.h>

#include "base/pack.h"
#include "tests/base/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void check(const struct hub_shape *shape, const void *record, struct hub_arena *arena)
{
    struct hub_buf first;
    struct hub_buf second;
    hub_buf_init(&first);
    hub_buf_init(&second);
    hub_pack(shape, record, &first);
    void *back = hub_arena_get(arena, shape->size);
    must(hub_unpack(shape, hub_buf_span(&first), arena, back, NULL) == 0);
    must(sample_is(shape, record, back));
    hub_pack(shape, hub_record_copy(shape, back, arena), &second);
    must(hub_span_is(hub_buf_span(&first), hub_buf_span(&second)));
    hub_buf_done(&first);
    hub_buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct hub_shape *shape = sample_registry.shapes[data[0] % sample_registry.count];
    struct hub_arena *arena = hub_arena_new(0);
    void *record = hub_arena_get(arena, shape->size);
    struct hub_fault fault;
    if (hub_unpack(shape, hub_span_of(data + 1, size - 1), arena, record, &fault) == 0) {
        check(shape, record, arena);
    }
    hub_arena_destroy(&arena);
    return 0;
}
