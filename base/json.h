/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The JSON walkers: text to record in one pass, record to text. RFC 8259, strictly. */
#ifndef HUB_BASE_JSON_H
#define HUB_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/schema.h"

enum { HUB_JSON_DEPTH = 32 };

/* Read one JSON object into a record, checking everything the schema says (the same rules as hub_validate).
 *
 * text       borrowed for the call; everything kept is copied into the arena
 * record     shape->size bytes, zeroed first
 * ret_fault  filled on refusal: where (JSON Pointer) and why
 *
 * Refused as malformed_json: not RFC 8259, bad UTF-8 (lone surrogate escapes too), duplicate member names, depth > 32,
 * trailing bytes, not an object. Refused as invalid_field: unknown member (unless shape->keep_unknown), missing required
 * field, wrong type, out of range, too long. null stands for absent where the field is optional.
 * Integers must be written without fraction and exponent; decimals are read exactly; free JSON keeps number texts.
 * A sealed value arrives in `clear`. Free JSON is kept without blanks, its members in the order they came.
 *
 * Text that is not JSON is told before any field; otherwise the first wrong value of the text, and only then what is
 * missing, in order of declaration. Returns 0 or the fault's error. Any thread. */
int hub_json_read(const struct hub_shape *shape, struct hub_span text, struct hub_arena *arena, void *record,
                  struct hub_fault *ret_fault);

/* Read one field's value from plain text (a path part or a query parameter) into `value`, which the caller marks present
 * in its record: "5", "true", "voice", "2026-01-01T00:00:00Z"; sets and lists of scalars as "voice,video". The same
 * checks. Returns 0, or invalid_field with the fault's pointer "/name". */
int hub_field_read_text(const struct hub_field *field, struct hub_span text, struct hub_arena *arena, void *value,
                        struct hub_fault *ret_fault);

/* Check a record that did not come through JSON. Returns 0 or the first fault. */
int hub_validate(const struct hub_shape *shape, const void *record, struct hub_fault *ret_fault);

/* Spelling of names. */
enum hub_dialect { HUB_DIALECT_snake, HUB_DIALECT_camel };

/* What stands where a sealed value can no longer be opened. */
#define HUB_ERASED "[erased]"

/* Append a record as one JSON object: present fields in order of declaration, no blanks. Sealed values are written from
 * `clear`; a box alone gives HUB_ERASED (open records first, base/sealed.h). 64-bit integers are plain numbers.
 * Strings escape only what RFC 8259 demands. The output is a function of the record alone. */
void hub_json_write(const struct hub_shape *shape, const void *record, enum hub_dialect dialect, struct hub_buf *out);

/* Append a bare JSON array of `count` records that lie `shape->size` apart. */
void hub_json_write_array(const struct hub_shape *shape, const void *records, size_t count, struct hub_buf *out);

/* Append a JSON string. */
void hub_json_write_text(struct hub_span text, struct hub_buf *out);

/* The first and the last moment that RFC 3339 can write: the years 0000 to 9999 in UTC. */
#define HUB_TIME_MIN_US (INT64_C(-62167219200) * 1000000)
#define HUB_TIME_MAX_US (INT64_C(253402300800) * 1000000 - 1)

/* RFC 3339 in UTC with microseconds, "2026-01-01T00:00:00.000000Z"; reads any offset and 0-9 digits of fraction. What
 * is finer than a microsecond is dropped; a moment outside the bounds above is refused, or printed as the nearer bound. */
void hub_time_print(int64_t time_us, struct hub_buf *out);
bool hub_time_parse(struct hub_span text, int64_t *ret_time_us);

/* Append the JSON Schema (2020-12) of a shape (properties, required, bounds, docs, examples), of one field, of a
 * vocabulary. Nested shapes and vocabularies are referred to as "#/components/schemas/NAME". */
void hub_describe(const struct hub_shape *shape, struct hub_buf *out);
void hub_describe_field(const struct hub_field *field, struct hub_buf *out);
void hub_describe_vocab(const struct hub_vocab *vocab, struct hub_buf *out);

#endif
