/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The record schema: what a .def file says about a record, as data that the walkers read.
 *
 * A record is declared once, in a .def file, and read several times:
 *
 *     EVENT(order_placed, 0x0101, .version = 1, .doc = "A customer placed an order.")
 *     FIELD(order_placed, u32,  quantity, 1, .required = true, .min = 1, .max = 1000, .unit = "items", .doc = "How many.")
 *     FIELD(order_placed, text, sku,      2, .required = true, .min = 1, .max = 64, .doc = "Which article.")
 *     FIELD(order_placed, enum, channel,  3, .vocab = &channel_vocab, .doc = "Where it came from.")
 *     FIELD(order_placed, sealed, note,   4, .of = HUB_KIND_text, .max = 500, .doc = "Free text, personal.")
 *     NEST(order_placed, address, ship_to, 5, .doc = "Where to.")       a record inside: struct address *ship_to
 *     LIST(order_placed, line,    lines,   6, .max = 100, .doc = "...") records in a row: lines.at[i], lines.count
 *     END(order_placed)
 *
 * Head rows: EVENT COMMAND STATE REPLY QUERY ROW PART (name, permanent id, attributes). A PART is only ever nested.
 * Vocabularies: VOCAB(channel, .doc = ...) WORD(channel, voice, 1, .doc = ...) END_VOCAB(channel) give `channel_voice`.
 *
 * Readings (base/def/): structs.h then indexes.h in a header; shapes.h then heads.h in one .c; none.h ends each.
 * Every struct starts with `uint64_t has`: bit i says that the i-th declared field is present. */
#ifndef HUB_BASE_SCHEMA_H
#define HUB_BASE_SCHEMA_H

#include "base/span.h"
#include "base/ulid.h"

enum hub_kind {
    HUB_KIND_bool = 1,
    HUB_KIND_i64,
    HUB_KIND_u32,
    HUB_KIND_u64,
    HUB_KIND_decimal, /* int64 in units of 10^-scale */
    HUB_KIND_text,    /* UTF-8; min and max count characters */
    HUB_KIND_bytes,   /* base64 in JSON; min and max count bytes */
    HUB_KIND_enum,    /* one word of .vocab, by code inside, by name in JSON */
    HUB_KIND_set,     /* words of .vocab with codes 0..63 as bits; a JSON array of names in code order */
    HUB_KIND_time,    /* microseconds since the epoch; RFC 3339 in UTC in JSON */
    HUB_KIND_id,      /* a ULID */
    HUB_KIND_json,    /* bounded free JSON, kept as canonical text; max counts bytes */
    HUB_KIND_sealed,  /* personal: .of says text or json; see hub_sealed */
    HUB_KIND_record,  /* a nested record of .shape (NEST) */
    HUB_KIND_list,    /* LIST: records of .shape; FIELD(.., list, ..): scalars of kind .of (text, id, u64, i64, enum) */
    HUB_KIND_union,   /* one record out of .cases; {"type": name, ...} in JSON */
};

/* What each kind is in C. */
typedef bool hub_bool;
typedef int64_t hub_i64;
typedef uint32_t hub_u32;
typedef uint64_t hub_u64;
typedef int64_t hub_decimal;
typedef struct hub_span hub_text;
typedef struct hub_span hub_bytes;
typedef uint16_t hub_enum;
typedef uint64_t hub_set;
typedef int64_t hub_time;
typedef struct hub_ulid hub_id;
typedef struct hub_span hub_json;

/* A personal value. In a command and at the edge `clear` is filled, in events, states and views only `box` is. A box
 * describes itself (base/sealed.h), so it is carried from record to record unopened. msgpack carries the box only. */
typedef struct hub_sealed {
    struct hub_span box;
    struct hub_span clear;
} hub_sealed;

/* Scalars in a row: `at` points to `count` values of the item's C type. LIST() has the same layout with a typed `at`. */
typedef struct hub_list {
    void *at;
    uint32_t count;
    uint32_t room; /* used by whoever appends; walkers ignore it */
} hub_list;

struct hub_shape;

typedef struct hub_union {
    const struct hub_shape *shape; /* one of .cases */
    void *at;                      /* the record */
} hub_union;

struct hub_word {
    const char *name; /* as on the wire */
    uint16_t code;    /* permanent */
    const char *doc;
};

struct hub_vocab {
    const char *name;
    const struct hub_word *words;
    uint16_t count;
    const char *doc;
};

struct hub_field {
    const char *name;  /* snake_case: REST, snapshots in JSON, documentation */
    const char *camel; /* spelling of the camelCase dialect; NULL: the same as name */
    uint16_t tag;      /* permanent, >= 1, unique within the record */
    uint8_t kind;      /* enum hub_kind */
    uint8_t of;        /* item kind of a list, inner kind of a sealed value */
    uint8_t scale;     /* decimal: digits behind the point */
    bool required;
    uint16_t offset;               /* of the value in the struct */
    int64_t min, max;              /* inclusive; both 0: the kind's own bounds (hub_field_max) */
    uint32_t each;                 /* list of texts: each has 1 to so many characters; 0: the kind's own bounds */
    const struct hub_shape *shape; /* nested record or list item */
    const struct hub_shape *const *cases; /* union: NULL-terminated */
    const struct hub_vocab *vocab;
    bool secret;    /* never shown, whoever has the keys: a password's hash, a token's digest */
    uint8_t refers; /* the kind of entity whose id this is (actors/kinds.def), 0 for none */
    const char *unit;
    const char *doc;
    const char *example; /* JSON text for the documentation */
};

enum hub_category {
    HUB_CATEGORY_event = 1,
    HUB_CATEGORY_command,
    HUB_CATEGORY_state,
    HUB_CATEGORY_reply,
    HUB_CATEGORY_query,
    HUB_CATEGORY_row,
    HUB_CATEGORY_part,
};

struct hub_shape {
    const char *name;
    uint16_t id;      /* permanent, unique over all records */
    uint8_t category; /* enum hub_category */
    uint16_t version; /* schema version, >= 1 */
    uint16_t size;    /* of the struct */
    uint16_t count;   /* fields, at most 64 */
    const struct hub_field *fields;
    bool keep_unknown; /* JSON in: skip unknown members instead of refusing them */
    const char *doc;
};

/* All records that a program knows, so that a type id read from the log finds its shape. */
struct hub_registry {
    const struct hub_shape *const *shapes;
    size_t count;
};

/* The shape with this id, or NULL. */
const struct hub_shape *hub_registry_find(const struct hub_registry *registry, uint16_t id);

/* The word with this code or this exact name, or NULL. */
const struct hub_word *hub_vocab_by_code(const struct hub_vocab *vocab, uint16_t code);
const struct hub_word *hub_vocab_by_name(const struct hub_vocab *vocab, struct hub_span name);

/* The name of a code, "?" when the vocabulary does not have it. */
const char *hub_vocab_name(const struct hub_vocab *vocab, uint16_t code);

/* Bytes of what a kind (enum hub_kind) is in C: the distance of a list's items. A record's is the pointer to it. */
size_t hub_kind_size(unsigned kind);

/* Bounds of a field, inclusive: its own, or the kind's default (text 4096 characters, bytes 64 KiB, json 16 KiB, list 1000
 * items, numbers their type's; u64 and set end at INT64_MAX, so that every bound fits; a sealed value is bounded like
 * what it holds). A field with only .min > 0 keeps the kind's upper bound. */
int64_t hub_field_max(const struct hub_field *field);
int64_t hub_field_min(const struct hub_field *field);

/* Presence: HUB_HAS(order_placed, order, sku), HUB_SET(order_placed, order, quantity, 3), HUB_CLEAR(...). */
#define HUB_HAS(rec, self, field) ((bool) ((self)->has >> rec##_at_##field & 1))
#define HUB_SET(rec, self, field, value) \
    ((self)->field = (value), (void) ((self)->has |= UINT64_C(1) << rec##_at_##field))
#define HUB_MARK(rec, self, field) ((void) ((self)->has |= UINT64_C(1) << rec##_at_##field))
#define HUB_CLEAR(rec, self, field) ((void) ((self)->has &= ~(UINT64_C(1) << rec##_at_##field)))
/* Copy a field of the same name, present or absent, from one record to another. */
#define HUB_COPY(to_rec, to, from_rec, from, field) \
    ((void) (HUB_HAS(from_rec, from, field) ? (HUB_SET(to_rec, to, field, (from)->field), 0) : 0))
/* The same for a LIST, whose items stay where they are. */
#define HUB_COPY_LIST(to_rec, to, from_rec, from, field)                                                              \
    ((void) (HUB_HAS(from_rec, from, field)                                                                           \
                 ? ((to)->field.at = (from)->field.at, (to)->field.count = (from)->field.count, (to)->field.room = 0, \
                    HUB_MARK(to_rec, to, field), 0)                                                                   \
                 : 0))

/* The same by index, for walkers. */
static inline bool hub_record_has(const void *record, unsigned index)
{
    uint64_t has;
    memcpy(&has, record, sizeof has);
    return has >> index & 1;
}

static inline void hub_record_mark(void *record, unsigned index)
{
    uint64_t has;
    memcpy(&has, record, sizeof has);
    has |= UINT64_C(1) << index;
    memcpy(record, &has, sizeof has);
}

/* The presence bits that a shape has fields for. */
static inline uint64_t hub_shape_mask(const struct hub_shape *shape)
{
    return shape->count < 64 ? (UINT64_C(1) << shape->count) - 1 : UINT64_MAX;
}

/* The presence bits of a record. */
static inline uint64_t hub_record_present(const struct hub_shape *shape, const void *record)
{
    uint64_t has;
    memcpy(&has, record, sizeof has);
    return has & hub_shape_mask(shape);
}

static inline void *hub_record_field(void *record, const struct hub_field *field)
{
    return (char *) record + field->offset;
}

static inline const void *hub_record_field_const(const void *record, const struct hub_field *field)
{
    return (const char *) record + field->offset;
}

/* What a walker found wrong, and where. */
struct hub_fault {
    int error;         /* enum hub_error */
    char pointer[128]; /* JSON Pointer of the value, "" for the whole */
    char reason[160];  /* one sentence */
};

#endif
