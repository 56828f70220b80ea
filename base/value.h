/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One value against its field: what a text stands for, what the bounds allow, and the sentence when they do not. */
#ifndef HUB_BASE_VALUE_H
#define HUB_BASE_VALUE_H

#include "base/arena.h"
#include "base/schema.h"

/* A scalar as JSON has it. */
enum hub_token_kind { HUB_TOKEN_null, HUB_TOKEN_bool, HUB_TOKEN_number, HUB_TOKEN_text };

struct hub_token {
    enum hub_token_kind kind;
    struct hub_span text; /* "true" or "false"; the number as written; the text without quotes and escapes */
};

/* Take a scalar as the value of a field of a scalar kind (bool to id, or sealed text) and check its bounds.
 *
 * token      borrowed; text is valid UTF-8
 * arena      what is kept is copied here
 * at         where the value goes, of the field's C type; written even on refusal
 * ret_fault  only its reason is set
 *
 * Returns false when the type or the bounds are wrong. A null is of the wrong type for every kind. */
bool hub_value_take(const struct hub_field *field, struct hub_token token, struct hub_arena *arena, void *at,
                    struct hub_fault *ret_fault);

/* Check the bounds of a value that is there: scalars, sealed ones by their clear part if there is one, the length of
 * free JSON, the number of items of a list. Only the reason of ret_fault is set. Returns false when they are broken. */
bool hub_value_check(const struct hub_field *field, const void *at, struct hub_fault *ret_fault);

/* Set the reason to what a field wants: "must be text", "must be one of voice, video", ... */
void hub_value_expected(const struct hub_field *field, struct hub_fault *ret_fault);

/* Set the reason to what the "type" of a union may be. */
void hub_value_expected_case(const struct hub_field *field, struct hub_fault *ret_fault);

/* Look for a required field that is missing, in order of declaration, nested records included.
 * Returns false with ret_fault filled when there is one. */
bool hub_record_is_complete(const struct hub_shape *shape, const void *record, struct hub_fault *ret_fault);

/* The upper bound of a u64 field: the top half of the range has no room in hub_field_max. */
uint64_t hub_value_u64_max(const struct hub_field *field);

/* A field for the items of a set or list of scalars: its kind, vocabulary and scale, and the list's bound for each. */
struct hub_field hub_value_item(const struct hub_field *list);

enum { HUB_DECIMAL_TEXT = 32, HUB_DECIMAL_SCALE = 18 };

/* Write a decimal with exactly `scale` (at most HUB_DECIMAL_SCALE) digits behind the point, not terminated: "-0.50".
 * Returns its length. */
size_t hub_decimal_print(int64_t value, unsigned scale, char ret_text[HUB_DECIMAL_TEXT]);

#endif
