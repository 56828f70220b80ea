/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The msgpack walker, outward: one pass over the present fields, in the order of declaration. */
#include "base/pack.h"

#include <assert.h>

#include "base/msgpack.h"

static void write_record(const struct hub_shape *shape, const void *record, unsigned depth, struct hub_buf *out);

/* Room for a head and `bytes` more; `end_at` tells how much of it was used. */
static inline char *room(struct hub_buf *out, size_t bytes)
{
    bytes += HUB_MSGPACK_HEAD_MAX;
    return out->room - out->len >= bytes ? out->at + out->len : hub_buf_reserve(out, bytes);
}

static inline void end_at(struct hub_buf *out, const char *end)
{
    out->len = (size_t) (end - out->at);
}

static inline void write_unsigned(uint64_t value, struct hub_buf *out)
{
    end_at(out, hub_msgpack_put_unsigned(room(out, 0), value));
}

static inline void write_signed(int64_t value, struct hub_buf *out)
{
    end_at(out, hub_msgpack_put_signed(room(out, 0), value));
}

static void write_str(struct hub_span text, struct hub_buf *out)
{
    assert(text.len <= UINT32_MAX);
    char *at = hub_msgpack_put_str(room(out, text.len), text.len);
    if (text.len > 0) {
        memcpy(at, text.at, text.len);
    }
    end_at(out, at + text.len);
}

static void write_bin(struct hub_span bytes, struct hub_buf *out)
{
    assert(bytes.len <= UINT32_MAX);
    char *at = hub_msgpack_put_bin(room(out, bytes.len), bytes.len);
    if (bytes.len > 0) {
        memcpy(at, bytes.at, bytes.len);
    }
    end_at(out, at + bytes.len);
}

/* A value that holds no other: `value` points to the kind's C type. */
static void write_scalar(unsigned kind, const void *value, struct hub_buf *out)
{
    switch (kind) {
    case HUB_KIND_bool: write_unsigned(*(const hub_bool *) value, out); break;
    case HUB_KIND_u32: write_unsigned(*(const hub_u32 *) value, out); break;
    case HUB_KIND_enum: write_unsigned(*(const hub_enum *) value, out); break;
    case HUB_KIND_u64:
    case HUB_KIND_set: write_unsigned(*(const uint64_t *) value, out); break;
    case HUB_KIND_i64:
    case HUB_KIND_decimal:
    case HUB_KIND_time: write_signed(*(const int64_t *) value, out); break;
    case HUB_KIND_text:
    case HUB_KIND_json: write_str(*(const struct hub_span *) value, out); break;
    case HUB_KIND_bytes: write_bin(*(const struct hub_span *) value, out); break;
    case HUB_KIND_id: write_bin(hub_span_of(((const hub_id *) value)->b, sizeof(hub_id)), out); break;
    case HUB_KIND_sealed:
        assert(((const hub_sealed *) value)->box.len > 0);
        write_bin(((const hub_sealed *) value)->box, out);
        break;
    default: assert(!"a kind that the walker does not know");
    }
}

static void write_list(const struct hub_field *field, const hub_list *list, unsigned depth, struct hub_buf *out)
{
    assert(depth <= HUB_PACK_DEPTH);
    end_at(out, hub_msgpack_put_array(room(out, 0), list->count));
    const char *item = list->at;
    if (field->of == HUB_KIND_record) {
        for (uint32_t i = 0; i < list->count; i++, item += field->shape->size) {
            write_record(field->shape, item, depth + 1, out);
        }
        return;
    }
    size_t size = hub_kind_size(field->of);
    for (uint32_t i = 0; i < list->count; i++, item += size) {
        write_scalar(field->of, item, out);
    }
}

static void write_union(const hub_union *value, unsigned depth, struct hub_buf *out)
{
    assert(value->shape != NULL && value->at != NULL);
    end_at(out, hub_msgpack_put_array(room(out, 0), 2));
    write_unsigned(value->shape->id, out);
    write_record(value->shape, value->at, depth, out);
}

static void write_value(const struct hub_field *field, const void *value, unsigned depth, struct hub_buf *out)
{
    switch (field->kind) {
    case HUB_KIND_record: write_record(field->shape, *(void *const *) value, depth + 1, out); break;
    case HUB_KIND_list: write_list(field, value, depth + 1, out); break;
    case HUB_KIND_union: write_union(value, depth + 1, out); break;
    default: write_scalar(field->kind, value, out);
    }
}

static void write_record(const struct hub_shape *shape, const void *record, unsigned depth, struct hub_buf *out)
{
    assert(record != NULL && depth <= HUB_PACK_DEPTH);
    uint64_t present = hub_record_present(shape, record);
    end_at(out, hub_msgpack_put_map(room(out, 0), (size_t) __builtin_popcountll(present)));
    for (; present != 0; present &= present - 1) {
        const struct hub_field *field = &shape->fields[__builtin_ctzll(present)];
        write_unsigned(field->tag, out);
        write_value(field, hub_record_field_const(record, field), depth, out);
    }
}

void hub_pack(const struct hub_shape *shape, const void *record, struct hub_buf *out)
{
    write_record(shape, record, 1, out);
}

struct hub_digest hub_record_hash(const struct hub_shape *shape, const void *record)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    hub_pack(shape, record, &bytes);
    struct hub_digest digest = hub_sha256(hub_buf_span(&bytes));
    hub_buf_done(&bytes);
    return digest;
}
