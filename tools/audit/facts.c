/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A walk over a record: the name of a value is the way to it. */
#include "tools/audit/facts.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"

struct walk {
    hub_fact_fn *tell;
    void *arg;
    struct hub_buf name, text;
};

static void tell_record(struct walk *self, const struct hub_shape *shape, const void *record);

static void put_decimal(struct hub_buf *out, int64_t value, unsigned scale)
{
    char digits[32];
    int64_t unit = 1;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    int len = scale == 0 ? snprintf(digits, sizeof digits, "%lld", (long long) value)
                         : snprintf(digits, sizeof digits, "%s%lld.%0*lld", value < 0 ? "-" : "",
                                    (long long) (value < 0 ? -(value / unit) : value / unit), (int) scale,
                                    (long long) (value < 0 ? -(value % unit) : value % unit));
    hub_buf_put(out, digits, (size_t) len);
}

static void put_words(struct hub_buf *out, const struct hub_vocab *vocab, hub_set set)
{
    const char *between = "";
    for (unsigned code = 0; code < 64; code++)
        if (set >> code & 1) {
            hub_buf_put_text(out, between);
            hub_buf_put_text(out, hub_vocab_name(vocab, (uint16_t) code));
            between = ", ";
        }
}

static void put_id(struct hub_buf *out, struct hub_ulid id)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    hub_buf_put(out, text, sizeof text);
}

/* One value of a kind that is no record and no list. Returns false for what is not told. */
static bool put_value(struct hub_buf *out, const struct hub_field *field, unsigned kind, const void *at)
{
    switch (kind) {
    case HUB_KIND_bool: hub_buf_put_text(out, *(const hub_bool *) at ? "yes" : "no"); return true;
    case HUB_KIND_i64: hub_buf_put_i64(out, *(const hub_i64 *) at); return true;
    case HUB_KIND_u32: hub_buf_put_u64(out, *(const hub_u32 *) at); return true;
    case HUB_KIND_u64: hub_buf_put_u64(out, *(const hub_u64 *) at); return true;
    case HUB_KIND_decimal: put_decimal(out, *(const hub_decimal *) at, field->scale); return true;
    case HUB_KIND_enum: hub_buf_put_text(out, hub_vocab_name(field->vocab, *(const hub_enum *) at)); return true;
    case HUB_KIND_set: put_words(out, field->vocab, *(const hub_set *) at); return true;
    case HUB_KIND_time: hub_time_print(*(const hub_time *) at, out); return true;
    case HUB_KIND_id: put_id(out, *(const hub_id *) at); return true;
    case HUB_KIND_text:
    case HUB_KIND_json: hub_buf_put(out, ((const hub_text *) at)->at, ((const hub_text *) at)->len); return true;
    case HUB_KIND_sealed:
        hub_buf_put(out, ((const hub_sealed *) at)->clear.at, ((const hub_sealed *) at)->clear.len);
        return true;
    default: return false;
    }
}

static void tell_list(struct walk *self, const struct hub_field *field, const hub_list *list)
{
    size_t len = self->name.len;
    for (uint32_t i = 0; field->shape && i < list->count; i++) {
        hub_buf_put_byte(&self->name, '[');
        hub_buf_put_u64(&self->name, i);
        hub_buf_put_text(&self->name, "].");
        tell_record(self, field->shape, (const char *) list->at + (size_t) i * field->shape->size);
        self->name.len = len;
    }
    hub_buf_clear(&self->text);
    for (uint32_t i = 0; !field->shape && i < list->count; i++) {
        hub_buf_put_text(&self->text, i > 0 ? ", " : "");
        (void) put_value(&self->text, field, field->of,
                         (const char *) list->at + (size_t) i * hub_kind_size(field->of));
    }
    if (!field->shape && list->count > 0)
        self->tell(self->arg, hub_buf_span(&self->name), hub_buf_span(&self->text));
}

static void tell_field(struct walk *self, const struct hub_field *field, const void *at)
{
    if (field->kind == HUB_KIND_record || field->kind == HUB_KIND_union) {
        const hub_union *one = at;
        bool is_union = field->kind == HUB_KIND_union;
        hub_buf_put_byte(&self->name, '.');
        tell_record(self, is_union ? one->shape : field->shape, is_union ? one->at : *(void *const *) at);
    } else if (field->kind == HUB_KIND_list) {
        tell_list(self, field, at);
    } else {
        hub_buf_clear(&self->text);
        if (put_value(&self->text, field, field->kind, at))
            self->tell(self->arg, hub_buf_span(&self->name), hub_buf_span(&self->text));
    }
}

static void tell_record(struct walk *self, const struct hub_shape *shape, const void *record)
{
    size_t len = self->name.len;
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (!hub_record_has(record, i))
            continue;
        hub_buf_put_text(&self->name, field->name);
        tell_field(self, field, hub_record_field_const(record, field));
        self->name.len = len;
    }
}

void hub_facts_tell(const struct hub_shape *shape, const void *record, hub_fact_fn *tell, void *arg)
{
    struct walk walk = { .tell = tell, .arg = arg };
    hub_buf_init(&walk.name);
    hub_buf_init(&walk.text);
    tell_record(&walk, shape, record);
    hub_buf_done(&walk.name);
    hub_buf_done(&walk.text);
}
