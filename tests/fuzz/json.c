/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as each record of json_sample.def (libFuzzer).
 *
 * What is accepted must keep to its schema, and written it must be accepted again and be written the same. Whether it is
 * JSON may not depend on the shape: what is no JSON for one is none for the others, and none as free JSON, except that a
 * record must be an object. The first byte chooses the shape. */
#include <stdlib.h>

#include "base/error.h"
#include "base/json_canonical.h"
#include "tests/base/json_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hub_shape *const shapes[] = { &all_shape,     &message_shape, &customer_shape, &branch_shape,
                                                  &by_mail_shape, &nest_shape,    &lenient_shape };

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void check_fault(int error, const struct hub_fault *fault)
{
    must(error == HUB_ERROR_malformed_json || error == HUB_ERROR_invalid_field);
    must(error == fault->error && fault->reason[0] != '\0');
    must(memchr(fault->pointer, '\0', sizeof fault->pointer) != NULL);
    must(memchr(fault->reason, '\0', sizeof fault->reason) != NULL);
    must(fault->pointer[0] == '\0' || fault->pointer[0] == '/');
}

static void check_record(const struct hub_shape *shape, const void *record, struct hub_arena *arena)
{
    struct hub_buf first, second;
    struct hub_fault fault;
    hub_buf_init(&first);
    hub_buf_init(&second);
    must(hub_validate(shape, record, &fault) == 0);
    hub_json_write(shape, record, HUB_DIALECT_camel, &first);
    hub_buf_clear(&first);
    hub_json_write(shape, record, HUB_DIALECT_snake, &first);
    void *back = hub_arena_get(arena, shape->size);
    must(hub_json_read(shape, hub_buf_span(&first), arena, back, &fault) == 0);
    hub_json_write(shape, back, HUB_DIALECT_snake, &second);
    must(hub_span_is(hub_buf_span(&first), hub_buf_span(&second)));
    hub_buf_done(&first);
    hub_buf_done(&second);
}

/* The canonical text of free JSON, at NULL when it is none. */
static struct hub_span check_free(struct hub_span text, struct hub_arena *arena)
{
    struct hub_span canonical = { NULL, 0 };
    struct hub_span again = { NULL, 0 };
    struct hub_fault fault;
    int error = hub_json_canonical(text, arena, &canonical, &fault);
    if (error != 0) {
        check_fault(error, &fault);
        must(error == HUB_ERROR_malformed_json);
        return (struct hub_span){ NULL, 0 };
    }
    must(canonical.len <= text.len);
    must(hub_json_canonical(canonical, arena, &again, &fault) == 0 && hub_span_is(canonical, again));
    return canonical;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct hub_shape *shape = shapes[data[0] % (sizeof shapes / sizeof shapes[0])];
    const struct hub_span text = hub_span_of(data + 1, size - 1);
    struct hub_arena *arena = hub_arena_new(0);
    void *record = hub_arena_get(arena, shape->size);
    struct hub_fault fault = { 0 };
    int error = hub_json_read(shape, text, arena, record, &fault);
    if (error == 0) {
        check_record(shape, record, arena);
    } else {
        check_fault(error, &fault);
    }
    struct hub_span canonical = check_free(text, arena);
    bool is_object = canonical.at != NULL && canonical.at[0] == '{';
    must(is_object == (error != HUB_ERROR_malformed_json));
    hub_arena_destroy(&arena);
    return 0;
}
