/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a record to JSON text. */
#include <assert.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/value.h"

#define EVERY_BYTE (~UINT64_C(0) / 255)
#define HIGH_BITS (EVERY_BYTE * 0x80)

/* High bits where one of eight bytes is zero; exact for the lowest one, which is all that is asked. */
static uint64_t zeros(uint64_t word)
{
    return (word - EVERY_BYTE) & ~word & HIGH_BITS;
}

/* True when one of eight bytes must be escaped: a control character, a quote, a backslash. */
static bool has_special(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t control = (word - EVERY_BYTE * 0x20) & ~word & HIGH_BITS;
    return (control | zeros(word ^ EVERY_BYTE * '"') | zeros(word ^ EVERY_BYTE * '\\')) != 0;
}

static bool is_special(unsigned char sign)
{
    return sign < 0x20 || sign == '"' || sign == '\\';
}

/* How many bytes from `at` on can stand as they are. */
static size_t plain_length(const char *at, size_t len)
{
    size_t i = 0;
    while (i + 8 <= len && !has_special(at + i)) {
        i += 8;
    }
    while (i < len && !is_special((unsigned char) at[i])) {
        i++;
    }
    return i;
}

static void write_escape(unsigned char sign, struct hub_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = "btn?fr"; /* from U+0008 on */
    char escape[] = { '\\', (char) sign, '0', '0', 0, 0 };
    if (sign == '"' || sign == '\\') {
        hub_buf_put(out, escape, 2);
    } else if (sign >= 8 && sign <= 13 && sign != 11) {
        escape[1] = letters[sign - 8];
        hub_buf_put(out, escape, 2);
    } else {
        escape[1] = 'u';
        escape[4] = digits[sign >> 4];
        escape[5] = digits[sign & 15];
        hub_buf_put(out, escape, 6);
    }
}

void hub_json_write_text(struct hub_span text, struct hub_buf *out)
{
    char *to = hub_buf_reserve(out, text.len + 2);
    size_t plain = plain_length(text.at, text.len);
    to[0] = '"';
    if (plain > 0) {
        memcpy(to + 1, text.at, plain);
    }
    out->len += plain + 1;
    for (size_t i = plain; i < text.len; i += plain) {
        write_escape((unsigned char) text.at[i++], out);
        plain = plain_length(text.at + i, text.len - i);
        hub_buf_put(out, text.at + i, plain);
    }
    hub_buf_put_byte(out, '"');
}

static void write_record(const struct hub_shape *shape, const void *record, enum hub_dialect dialect, bool is_case,
                         struct hub_buf *out);

static void write_quoted(const char *at, size_t len, struct hub_buf *out)
{
    char *to = hub_buf_reserve(out, len + 2);
    to[0] = '"';
    memcpy(to + 1, at, len);
    to[len + 1] = '"';
    out->len += len + 2;
}

static void write_bytes(struct hub_span bytes, struct hub_buf *out)
{
    hub_buf_put_byte(out, '"');
    hub_base64_print(bytes, out);
    hub_buf_put_byte(out, '"');
}

static void write_time(int64_t time_us, struct hub_buf *out)
{
    hub_buf_put_byte(out, '"');
    hub_time_print(time_us, out);
    hub_buf_put_byte(out, '"');
}

static void write_id(struct hub_ulid id, struct hub_buf *out)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    write_quoted(text, sizeof text, out);
}

static void write_decimal(int64_t value, unsigned scale, struct hub_buf *out)
{
    char text[HUB_DECIMAL_TEXT];
    hub_buf_put(out, text, hub_decimal_print(value, scale, text));
}

static void write_word(const struct hub_field *field, uint16_t code, struct hub_buf *out)
{
    const char *name = hub_vocab_name(field->vocab, code);
    write_quoted(name, strlen(name), out);
}

static void write_set(const struct hub_field *field, uint64_t bits, struct hub_buf *out)
{
    hub_buf_put_byte(out, '[');
    for (uint64_t left = bits; left != 0; left &= left - 1) {
        if (left != bits) {
            hub_buf_put_byte(out, ',');
        }
        write_word(field, (uint16_t) __builtin_ctzll(left), out);
    }
    hub_buf_put_byte(out, ']');
}

/* Free JSON as it is; nothing is no JSON, so that is null. */
static void write_free(struct hub_span text, struct hub_buf *out)
{
    text = text.len > 0 ? text : HUB_SPAN("null");
    hub_buf_put(out, text.at, text.len);
}

static void write_sealed(const struct hub_field *field, const struct hub_sealed *value, struct hub_buf *out)
{
    if (value->clear.at == NULL && value->box.len > 0) {
        write_quoted(HUB_ERASED, sizeof HUB_ERASED - 1, out);
    } else if (field->of == HUB_KIND_json) {
        write_free(value->clear, out);
    } else {
        hub_json_write_text(value->clear, out);
    }
}

static void write_value(const struct hub_field *field, const void *at, enum hub_dialect dialect, struct hub_buf *out);

static void write_list(const struct hub_field *field, const struct hub_list *list, enum hub_dialect dialect,
                       struct hub_buf *out)
{
    const bool records = field->of == HUB_KIND_record;
    const struct hub_field item = hub_value_item(field);
    const size_t size = records ? field->shape->size : hub_kind_size(field->of);
    hub_buf_put_byte(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        const void *at = (const char *) list->at + i * size;
        if (i > 0) {
            hub_buf_put_byte(out, ',');
        }
        if (records) {
            write_record(field->shape, at, dialect, false, out);
        } else {
            write_value(&item, at, dialect, out);
        }
    }
    hub_buf_put_byte(out, ']');
}

static void write_nested(const struct hub_field *field, const void *at, enum hub_dialect dialect, struct hub_buf *out)
{
    const void *record;
    memcpy(&record, at, sizeof record);
    write_record(field->shape, record, dialect, false, out);
}

static void write_value(const struct hub_field *field, const void *at, enum hub_dialect dialect, struct hub_buf *out)
{
    switch (field->kind) {
    case HUB_KIND_bool: hub_buf_put_text(out, *(const bool *) at ? "true" : "false"); break;
    case HUB_KIND_i64: hub_buf_put_i64(out, *(const int64_t *) at); break;
    case HUB_KIND_u32: hub_buf_put_u64(out, *(const uint32_t *) at); break;
    case HUB_KIND_u64: hub_buf_put_u64(out, *(const uint64_t *) at); break;
    case HUB_KIND_decimal: write_decimal(*(const int64_t *) at, field->scale, out); break;
    case HUB_KIND_text: hub_json_write_text(*(const struct hub_span *) at, out); break;
    case HUB_KIND_bytes: write_bytes(*(const struct hub_span *) at, out); break;
    case HUB_KIND_enum: write_word(field, *(const uint16_t *) at, out); break;
    case HUB_KIND_set: write_set(field, *(const uint64_t *) at, out); break;
    case HUB_KIND_time: write_time(*(const int64_t *) at, out); break;
    case HUB_KIND_id: write_id(*(const struct hub_ulid *) at, out); break;
    case HUB_KIND_json: write_free(*(const struct hub_span *) at, out); break;
    case HUB_KIND_sealed: write_sealed(field, at, out); break;
    case HUB_KIND_record: write_nested(field, at, dialect, out); break;
    case HUB_KIND_list: write_list(field, at, dialect, out); break;
    case HUB_KIND_union: {
        const struct hub_union *value = at;
        write_record(value->shape, value->at, dialect, true, out);
        break;
    }
    default: assert(!"a kind of schema.h");
    }
}

/* The separator, the name and the colon of a member. Names need no escapes. */
static void write_name(const char *name, char separator, struct hub_buf *out)
{
    const struct hub_span text = hub_span(name);
    char *to = hub_buf_reserve(out, text.len + 4);
    to[0] = separator;
    to[1] = '"';
    memcpy(to + 2, text.at, text.len);
    to[text.len + 2] = '"';
    to[text.len + 3] = ':';
    out->len += text.len + 4;
}

static void write_record(const struct hub_shape *shape, const void *record, enum hub_dialect dialect, bool is_case,
                         struct hub_buf *out)
{
    char separator = '{';
    if (is_case) {
        write_name("type", separator, out);
        write_quoted(shape->name, strlen(shape->name), out);
        separator = ',';
    }
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (!hub_record_has(record, i)) {
            continue;
        }
        bool is_camel = dialect == HUB_DIALECT_camel && field->camel != NULL;
        write_name(is_camel ? field->camel : field->name, separator, out);
        write_value(field, hub_record_field_const(record, field), dialect, out);
        separator = ',';
    }
    if (separator == '{') {
        hub_buf_put_byte(out, '{');
    }
    hub_buf_put_byte(out, '}');
}

void hub_json_write(const struct hub_shape *shape, const void *record, enum hub_dialect dialect, struct hub_buf *out)
{
    write_record(shape, record, dialect, false, out);
}

void hub_json_write_array(const struct hub_shape *shape, const void *records, size_t count, struct hub_buf *out)
{
    hub_buf_put_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            hub_buf_put_byte(out, ',');
        }
        write_record(shape, (const char *) records + i * shape->size, HUB_DIALECT_snake, false, out);
    }
    hub_buf_put_byte(out, ']');
}
