/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of json_sample.def, and what tests of JSON ask of them. */
#ifndef HUB_TESTS_BASE_JSON_SAMPLE_H
#define HUB_TESTS_BASE_JSON_SAMPLE_H

#include "base/json.h"
#include "base/schema.h"

extern const struct hub_shape *const way_cases[];

/* clang-format off */
#include "base/def/structs.h"
#include "tests/base/json_sample.def"
#include "base/def/indexes.h"
#include "tests/base/json_sample.def"
#include "base/def/none.h"
/* clang-format on */

/* The example message, about 170 bytes. */
extern const char json_sample_message[];

/* A text for `all` with every field in order of declaration, as hub_json_write writes it. */
extern const char json_sample_full[];

/* Read a text; the test fails unless it is accepted. The record lives in the arena. */
void *json_sample_read(const struct hub_shape *shape, const char *text, struct hub_arena *arena);

/* The text is accepted, and written again it is `expected`. */
void json_sample_becomes(const struct hub_shape *shape, const char *text, const char *expected);

/* The text is accepted and written again as it was. */
void json_sample_stays(const struct hub_shape *shape, const char *text);

/* The text is refused as invalid_field, there and for that reason. */
void json_sample_refused(const struct hub_shape *shape, const char *text, const char *pointer, const char *reason);

/* The text is refused as malformed_json, there and for that reason; a NULL reason is any. */
void json_sample_malformed(const struct hub_shape *shape, struct hub_span text, const char *pointer,
                           const char *reason);

#endif
