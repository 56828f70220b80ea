/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Checking records: what is required is there, and what is there keeps to its bounds. */
#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/json_canonical.h"
#include "base/utf8.h"
#include "base/value.h"

/* The way to the record being checked; it becomes a pointer only for a fault. */
struct way {
    const struct way *up;
    const char *name; /* NULL: an item */
    size_t index;
};

struct check {
    bool values; /* check values too, not only that they are there */
    struct hub_fault *fault;
};

static bool point(struct hub_fault *fault, const struct way *way)
{
    if (way == NULL) {
        return true;
    }
    if (!point(fault, way->up)) {
        return false;
    }
    return way->name != NULL ? hub_fault_step(fault, hub_span(way->name)) : hub_fault_step_index(fault, way->index);
}

/* Always false. The reason stands already, or is given. */
static bool refuse(const struct check *check, const struct way *way, const char *reason)
{
    check->fault->error = HUB_ERROR_invalid_field;
    check->fault->pointer[0] = '\0';
    point(check->fault, way);
    if (reason != NULL) {
        hub_fault_reason(check->fault, "%s", reason);
    }
    return false;
}

static bool check_record(const struct check *check, const struct hub_shape *shape, const void *record,
                         const struct way *way);

/* Canonical as the reader leaves it, so that what is written is what was checked. */
static bool is_canonical(struct hub_span text)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault;
    struct hub_span canonical;
    bool ok = hub_json_canonical(text, arena, &canonical, &fault) == 0 && hub_span_is(text, canonical);
    hub_arena_destroy(&arena);
    return ok;
}

static bool check_text(const struct check *check, const struct way *way, unsigned kind, struct hub_span text)
{
    if (kind == HUB_KIND_text && !hub_utf8_is_valid(text)) {
        return refuse(check, way, "is not valid UTF-8");
    }
    if (kind == HUB_KIND_json && !is_canonical(text)) {
        return refuse(check, way, "is not canonical JSON");
    }
    return true;
}

static bool check_scalar(const struct check *check, const struct hub_field *field, const void *at,
                         const struct way *way)
{
    if (!hub_value_check(field, at, check->fault)) {
        return refuse(check, way, NULL);
    }
    if (field->kind == HUB_KIND_sealed) {
        const struct hub_sealed *value = at;
        return value->clear.at == NULL || check_text(check, way, field->of, value->clear);
    }
    if (field->kind == HUB_KIND_text || field->kind == HUB_KIND_json) {
        return check_text(check, way, field->kind, *(const struct hub_span *) at);
    }
    return true;
}

static bool check_list(const struct check *check, const struct hub_field *field, const struct hub_list *list,
                       const struct way *way)
{
    const struct hub_field item = hub_value_item(field);
    const bool records = field->of == HUB_KIND_record;
    const size_t size = records ? field->shape->size : hub_kind_size(field->of);
    if (check->values && !hub_value_check(field, list, check->fault)) {
        return refuse(check, way, NULL);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < list->count && (records || check->values); i++) {
        const struct way here = { way, NULL, i };
        const void *at = (const char *) list->at + i * size;
        ok = records ? check_record(check, field->shape, at, &here) : check_scalar(check, &item, at, &here);
    }
    return ok;
}

static bool check_union(const struct check *check, const struct hub_field *field, const struct hub_union *value,
                        const struct way *way)
{
    const struct hub_shape *const *known = field->cases;
    while (*known != NULL && *known != value->shape) {
        known++;
    }
    if (*known == NULL) {
        hub_value_expected_case(field, check->fault);
        return refuse(check, &(struct way){ way, "type", 0 }, NULL);
    }
    return check_record(check, value->shape, value->at, way);
}

static bool check_field(const struct check *check, const struct hub_field *field, const void *at, const struct way *way)
{
    switch (field->kind) {
    case HUB_KIND_record: {
        const void *record;
        memcpy(&record, at, sizeof record);
        return check_record(check, field->shape, record, way);
    }
    case HUB_KIND_list: return check_list(check, field, at, way);
    case HUB_KIND_union: return check_union(check, field, at, way);
    default: return !check->values || check_scalar(check, field, at, way);
    }
}

static bool check_record(const struct check *check, const struct hub_shape *shape, const void *record,
                         const struct way *way)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        const struct way here = { way, field->name, 0 };
        if (hub_record_has(record, i)) {
            ok = check_field(check, field, hub_record_field_const(record, field), &here);
        } else if (field->required) {
            ok = refuse(check, &here, "is required");
        }
    }
    return ok;
}

bool hub_record_is_complete(const struct hub_shape *shape, const void *record, struct hub_fault *ret_fault)
{
    const struct check check = { .values = false, .fault = ret_fault };
    return check_record(&check, shape, record, NULL);
}

int hub_validate(const struct hub_shape *shape, const void *record, struct hub_fault *ret_fault)
{
    const struct check check = { .values = true, .fault = ret_fault };
    return check_record(&check, shape, record, NULL) ? 0 : ret_fault->error;
}
