/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The bounds of one value, and the sentences for what breaks them. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"

size_t hub_decimal_print(int64_t value, unsigned scale, char ret_text[HUB_DECIMAL_TEXT])
{
    assert(scale <= HUB_DECIMAL_SCALE);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t) value : (uint64_t) value;
    char reversed[HUB_DECIMAL_TEXT];
    size_t len = 0;
    for (unsigned digits = 0; magnitude > 0 || digits <= scale; digits++) {
        if (scale > 0 && digits == scale) {
            reversed[len++] = '.';
        }
        reversed[len++] = (char) ('0' + magnitude % 10);
        magnitude /= 10;
    }
    if (value < 0) {
        reversed[len++] = '-';
    }
    for (size_t i = 0; i < len; i++) {
        ret_text[i] = reversed[len - 1 - i];
    }
    return len;
}

uint64_t hub_value_u64_max(const struct hub_field *field)
{
    int64_t max = hub_field_max(field);
    return field->max == 0 && max == INT64_MAX ? UINT64_MAX : (uint64_t) max;
}

struct hub_field hub_value_item(const struct hub_field *list)
{
    return (struct hub_field){ .name = list->name,
                               .kind = list->kind == HUB_KIND_set ? HUB_KIND_enum : list->of,
                               .scale = list->scale,
                               .vocab = list->vocab,
                               .min = list->each > 0,
                               .max = list->each,
                               .refers = list->refers };
}

/* "must be one of a, b, c", a name at a time, with "..." where the reason has no more room. */
static bool add_choice(struct hub_fault *fault, const char *name)
{
    static const char more[] = ", ...";
    static const char start[] = "must be one of";
    size_t len = strlen(fault->reason);
    size_t room = sizeof fault->reason - len;
    bool fits = strlen(name) + 2 + sizeof more <= room;
    const char *comma = len == sizeof start - 1 ? " " : ", ";
    snprintf(fault->reason + len, room, "%s%s", fits ? comma : more, fits ? name : "");
    return fits;
}

static void expect_word(const struct hub_vocab *vocab, struct hub_fault *fault)
{
    hub_fault_reason(fault, "must be one of");
    bool fits = true;
    for (size_t i = 0; fits && i < vocab->count; i++) {
        fits = add_choice(fault, vocab->words[i].name);
    }
}

void hub_value_expected_case(const struct hub_field *field, struct hub_fault *ret_fault)
{
    hub_fault_reason(ret_fault, "must be one of");
    bool fits = true;
    for (size_t i = 0; fits && field->cases[i] != NULL; i++) {
        fits = add_choice(ret_fault, field->cases[i]->name);
    }
}

static void expect_decimal(const struct hub_field *field, struct hub_fault *fault)
{
    char least[HUB_DECIMAL_TEXT], most[HUB_DECIMAL_TEXT];
    int least_len = (int) hub_decimal_print(hub_field_min(field), field->scale, least);
    int most_len = (int) hub_decimal_print(hub_field_max(field), field->scale, most);
    hub_fault_reason(fault, "must be a number with at most %u digit%s behind the point, from %.*s to %.*s",
                     field->scale, field->scale == 1 ? "" : "s", least_len, least, most_len, most);
}

static bool has_bounds(const struct hub_field *field)
{
    return field->min != 0 || field->max != 0;
}

static int64_t latest(const struct hub_field *field)
{
    int64_t max = hub_field_max(field);
    return max < HUB_TIME_MAX_US ? max : HUB_TIME_MAX_US;
}

static int64_t earliest(const struct hub_field *field)
{
    int64_t min = hub_field_min(field);
    return min > HUB_TIME_MIN_US ? min : HUB_TIME_MIN_US;
}

static void expect_time(const struct hub_field *field, struct hub_fault *fault)
{
    if (!has_bounds(field)) {
        hub_fault_reason(fault, "must be a time like 2026-01-01T00:00:00Z");
        return;
    }
    struct hub_buf bounds;
    hub_buf_init(&bounds);
    hub_time_print(earliest(field), &bounds);
    hub_buf_put_text(&bounds, " to ");
    hub_time_print(latest(field), &bounds);
    hub_fault_reason(fault, "must be a time like 2026-01-01T00:00:00Z from %.*s", (int) bounds.len, bounds.at);
    hub_buf_done(&bounds);
}

void hub_value_expected(const struct hub_field *field, struct hub_fault *ret_fault)
{
    switch (field->kind) {
    case HUB_KIND_bool: hub_fault_reason(ret_fault, "must be true or false"); break;
    case HUB_KIND_i64:
    case HUB_KIND_u32:
        hub_fault_reason(ret_fault, "must be a whole number from %" PRId64 " to %" PRId64, hub_field_min(field),
                         hub_field_max(field));
        break;
    case HUB_KIND_u64:
        hub_fault_reason(ret_fault, "must be a whole number from %" PRId64 " to %" PRIu64, hub_field_min(field),
                         hub_value_u64_max(field));
        break;
    case HUB_KIND_decimal: expect_decimal(field, ret_fault); break;
    case HUB_KIND_text: hub_fault_reason(ret_fault, "must be text"); break;
    case HUB_KIND_bytes: hub_fault_reason(ret_fault, "must be base64 text"); break;
    case HUB_KIND_enum: expect_word(field->vocab, ret_fault); break;
    case HUB_KIND_time: expect_time(field, ret_fault); break;
    case HUB_KIND_id: hub_fault_reason(ret_fault, "must be an id of 26 characters"); break;
    case HUB_KIND_json: hub_fault_reason(ret_fault, "must be JSON"); break;
    case HUB_KIND_sealed:
        hub_fault_reason(ret_fault, field->of == HUB_KIND_json ? "must be JSON" : "must be text");
        break;
    case HUB_KIND_set:
    case HUB_KIND_list: hub_fault_reason(ret_fault, "must be a list"); break;
    default: hub_fault_reason(ret_fault, "must be an object"); break;
    }
}

/* Compare a count with a field's bounds: "must be at most 64 characters", "must have at least 1 item". */
static bool count_fits(const struct hub_field *field, uint64_t count, const char *unit, struct hub_fault *fault)
{
    const uint64_t max = (uint64_t) hub_field_max(field);
    const uint64_t min = (uint64_t) hub_field_min(field);
    if (count >= min && count <= max) {
        return true;
    }
    uint64_t bound = count > max ? max : min;
    hub_fault_reason(fault, "must %s at %s %" PRIu64 " %s%s", strcmp(unit, "item") == 0 ? "have" : "be",
                     count > max ? "most" : "least", bound, unit, bound == 1 ? "" : "s");
    return false;
}

/* Characters are counted only where their number of bytes does not answer already. */
static bool text_fits(const struct hub_field *field, struct hub_span text, struct hub_fault *fault)
{
    bool short_enough = text.len <= (uint64_t) hub_field_max(field);
    int64_t min = hub_field_min(field);
    bool long_enough = min == 0 || (min == 1 && text.len > 0);
    return (short_enough && long_enough) || count_fits(field, hub_utf8_count(text), "character", fault);
}

static bool sealed_fits(const struct hub_field *field, const struct hub_sealed *value, struct hub_fault *fault)
{
    if (value->clear.at == NULL && value->box.len > 0) {
        return true;
    }
    return field->of == HUB_KIND_json ? count_fits(field, value->clear.len, "byte", fault)
                                      : text_fits(field, value->clear, fault);
}

/* Every bit a word, and as many as the field allows. */
static bool set_fits(const struct hub_field *field, uint64_t bits, struct hub_fault *fault)
{
    uint64_t known = 0;
    for (size_t i = 0; i < field->vocab->count; i++) {
        assert(field->vocab->words[i].code < 64);
        known |= UINT64_C(1) << field->vocab->words[i].code;
    }
    if ((bits & ~known) != 0) {
        expect_word(field->vocab, fault);
        return false;
    }
    return count_fits(field, (uint64_t) __builtin_popcountll(bits), "item", fault);
}

static bool number_fits(const struct hub_field *field, const void *at)
{
    switch (field->kind) {
    case HUB_KIND_u32: {
        int64_t value = *(const uint32_t *) at;
        return value >= hub_field_min(field) && value <= hub_field_max(field);
    }
    case HUB_KIND_u64: {
        uint64_t value = *(const uint64_t *) at;
        return value >= (uint64_t) hub_field_min(field) && value <= hub_value_u64_max(field);
    }
    case HUB_KIND_time: {
        int64_t value = *(const int64_t *) at;
        return value >= earliest(field) && value <= latest(field);
    }
    default: {
        int64_t value = *(const int64_t *) at;
        return value >= hub_field_min(field) && value <= hub_field_max(field);
    }
    }
}

bool hub_value_check(const struct hub_field *field, const void *at, struct hub_fault *ret_fault)
{
    bool ok = true;
    switch (field->kind) {
    case HUB_KIND_i64:
    case HUB_KIND_u32:
    case HUB_KIND_u64:
    case HUB_KIND_decimal:
    case HUB_KIND_time: ok = number_fits(field, at); break;
    case HUB_KIND_enum: ok = hub_vocab_by_code(field->vocab, *(const uint16_t *) at) != NULL; break;
    case HUB_KIND_text: return text_fits(field, *(const struct hub_span *) at, ret_fault);
    case HUB_KIND_bytes:
    case HUB_KIND_json: return count_fits(field, ((const struct hub_span *) at)->len, "byte", ret_fault);
    case HUB_KIND_sealed: return sealed_fits(field, at, ret_fault);
    case HUB_KIND_set: return set_fits(field, *(const uint64_t *) at, ret_fault);
    case HUB_KIND_list: return count_fits(field, ((const struct hub_list *) at)->count, "item", ret_fault);
    default: break;
    }
    if (!ok) {
        hub_value_expected(field, ret_fault);
    }
    return ok;
}
