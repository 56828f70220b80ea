/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Values from plain text: path parts and query parameters. */
#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/json_canonical.h"
#include "base/utf8.h"
#include "base/value.h"

/* What a text would be as a token of JSON if the field wants that kind. */
static struct hub_token token_for(const struct hub_field *field, struct hub_span text)
{
    switch (field->kind) {
    case HUB_KIND_bool: {
        bool is_word = hub_span_is(text, HUB_SPAN("true")) || hub_span_is(text, HUB_SPAN("false"));
        return (struct hub_token){ is_word ? HUB_TOKEN_bool : HUB_TOKEN_text, text };
    }
    case HUB_KIND_i64:
    case HUB_KIND_u32:
    case HUB_KIND_u64:
    case HUB_KIND_decimal: return (struct hub_token){ HUB_TOKEN_number, text };
    default: return (struct hub_token){ HUB_TOKEN_text, text };
    }
}

static bool take_free(const struct hub_field *field, struct hub_span text, struct hub_arena *arena, void *at,
                      struct hub_fault *fault)
{
    struct hub_span canonical;
    if (hub_json_canonical(text, arena, &canonical, fault) != 0) {
        return false;
    }
    if (field->kind == HUB_KIND_sealed) {
        *(struct hub_sealed *) at = (struct hub_sealed){ .clear = canonical };
    } else {
        *(struct hub_span *) at = canonical;
    }
    return hub_value_check(field, at, fault);
}

/* The part up to the next comma; the rest stays in *text. */
static struct hub_span next_part(struct hub_span *text)
{
    const char *comma = text->len > 0 ? memchr(text->at, ',', text->len) : NULL;
    struct hub_span part = *text;
    if (comma == NULL) {
        *text = (struct hub_span){ NULL, 0 };
        return part;
    }
    part.len = (size_t) (comma - text->at);
    *text = (struct hub_span){ comma + 1, text->len - part.len - 1 };
    return part;
}

static bool take_set(const struct hub_field *field, struct hub_span text, uint64_t *bits, struct hub_fault *fault)
{
    const struct hub_field item = hub_value_item(field);
    *bits = 0;
    text.at = text.len > 0 ? text.at : NULL;
    while (text.at != NULL) {
        const struct hub_word *word = hub_vocab_by_name(field->vocab, next_part(&text));
        if (word == NULL) {
            hub_value_expected(&item, fault);
            return false;
        }
        if ((*bits >> word->code & 1) != 0) {
            hub_fault_reason(fault, "must not name a word twice");
            return false;
        }
        *bits |= UINT64_C(1) << word->code;
    }
    return hub_value_check(field, bits, fault);
}

static bool take_list(const struct hub_field *field, struct hub_span text, struct hub_arena *arena,
                      struct hub_list *list, struct hub_fault *fault)
{
    const struct hub_field item = hub_value_item(field);
    const size_t size = hub_kind_size(item.kind);
    size_t count = text.len > 0 ? 1 : 0;
    for (size_t i = 0; i < text.len; i++) {
        count += text.at[i] == ',' ? 1 : 0;
    }
    *list = (struct hub_list){ .count = count < UINT32_MAX ? (uint32_t) count : UINT32_MAX };
    if (!hub_value_check(field, list, fault)) {
        return false;
    }
    list->at = hub_arena_get(arena, count * size);
    list->room = list->count;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        struct hub_token token = token_for(&item, next_part(&text));
        ok = hub_value_take(&item, token, arena, (char *) list->at + i * size, fault);
    }
    return ok;
}

static bool take(const struct hub_field *field, struct hub_span text, struct hub_arena *arena, void *at,
                 struct hub_fault *fault)
{
    const bool is_sealed_json = field->kind == HUB_KIND_sealed && field->of == HUB_KIND_json;
    if (!hub_utf8_is_valid(text)) {
        hub_fault_reason(fault, "is not valid UTF-8");
        return false;
    }
    if (field->kind == HUB_KIND_json || is_sealed_json) {
        return take_free(field, text, arena, at, fault);
    }
    if (field->kind == HUB_KIND_set) {
        return take_set(field, text, at, fault);
    }
    if (field->kind == HUB_KIND_list && field->of != HUB_KIND_record) {
        return take_list(field, text, arena, at, fault);
    }
    return hub_value_take(field, token_for(field, text), arena, at, fault);
}

int hub_field_read_text(const struct hub_field *field, struct hub_span text, struct hub_arena *arena, void *value,
                        struct hub_fault *ret_fault)
{
    struct hub_fault fault;
    hub_fault_init(&fault, HUB_ERROR_invalid_field);
    if (!take(field, text, arena, value, &fault)) {
        fault.error = HUB_ERROR_invalid_field;
        fault.pointer[0] = '\0';
        hub_fault_step(&fault, hub_span(field->name));
        *ret_fault = fault;
        return fault.error;
    }
    return 0;
}
