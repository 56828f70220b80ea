/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The msgpack walker: a record as a map from tags to values, present fields only, in the order of declaration.
 *
 * bool (as 0 or 1), i64/u32/u64/decimal/enum/set/time: shortest integer, of the unsigned forms when it is not negative;
 * text and json: str; bytes, id (16) and sealed (its box): bin; record: map; list: array; union: array [shape id, map].
 * Lengths and tags take their shortest forms too. The encoding of a record is unique, so its SHA-256 is the state hash.
 * docs/log-format.md is normative. */
#ifndef HUB_BASE_PACK_H
#define HUB_BASE_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/schema.h"

enum { HUB_PACK_DEPTH = 32 };

/* Append the encoding of a record. A sealed value that is present must have its box, a nested record or union that is
 * present must be there, and records and lists lie at most HUB_PACK_DEPTH deep in one another (assert). */
void hub_pack(const struct hub_shape *shape, const void *record, struct hub_buf *out);

/* Decode into `record` (shape->size bytes, zeroed first). Unknown tags are skipped; a known tag of another type, a
 * number outside its C type, a box too short to be one, a repeated known tag, a missing required field, bad UTF-8, depth
 * > HUB_PACK_DEPTH or trailing bytes are faults. Fields may come in any order, integers in any of their forms. The
 * bounds of the schema (.min, .max, words of a vocabulary) are not checked again: see hub_validate.
 *
 * bytes      borrowed: text, bytes, json and boxes point into it, so it must live as long as the record
 * arena      holds nested records and lists
 * ret_fault  may be NULL
 *
 * Returns 0, or HUB_ERROR_invalid_field with ret_fault filled (the record is then of no use). Any thread. */
int hub_unpack(const struct hub_shape *shape, struct hub_span bytes, struct hub_arena *arena, void *record,
               struct hub_fault *ret_fault);

/* SHA-256 of hub_pack. */
struct hub_digest hub_record_hash(const struct hub_shape *shape, const void *record);

/* A deep copy of a record in an arena; nothing in it points to the original. */
void *hub_record_copy(const struct hub_shape *shape, const void *record, struct hub_arena *arena);

#endif
