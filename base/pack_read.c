/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The msgpack walker, inward: each tag is first compared with that of the next declared field, which it nearly always is.
 *
 * Nothing is copied: texts and boxes point into the bytes, nested records and lists lie in the arena. A fault is noted
 * where it is found, from the path of steps that led there, and then everything returns. */
#include "base/pack.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/msgpack.h"
#include "base/sealed.h"
#include "base/utf8.h"

/* What is done for every field of every event: worth it, as a call for each is a third of the time. */
#define INLINE inline __attribute__((always_inline))

/* One step of the path to what is being read. */
struct step {
    const struct hub_field *field; /* of a record; NULL in a list, and in a record before its first field */
    uint32_t index;                /* of a list's item; OF_RECORD in a record */
};

#define OF_RECORD UINT32_MAX

struct reader {
    struct hub_msgpack_reader bytes;
    struct hub_arena *arena;
    struct hub_fault *ret_fault;      /* may be NULL */
    unsigned depth;                   /* records and lists around what is being read */
    struct step path[HUB_PACK_DEPTH]; /* a step in each of them, the outermost first */
};

static bool read_record(struct reader *self, const struct hub_shape *shape, void *record);

/* Note what is wrong with the value that is being read. Returns false, for the caller to return. */
static __attribute__((cold, noinline)) bool refuse(struct reader *self, const char *reason)
{
    if (self->ret_fault == NULL) {
        return false;
    }
    hub_fault_init(self->ret_fault, HUB_ERROR_invalid_field);
    hub_fault_reason(self->ret_fault, "%s", reason);
    bool room = true;
    for (unsigned i = 0; room && i < self->depth; i++) {
        const struct step *step = &self->path[i];
        if (step->index != OF_RECORD) {
            room = hub_fault_step_index(self->ret_fault, step->index);
        } else if (step->field != NULL) {
            room = hub_fault_step(self->ret_fault, hub_span(step->field->name));
        }
    }
    return false;
}

/* The step of a record or list that begins here; NULL when it lies too deep. */
static inline struct step *enter(struct reader *self)
{
    if (self->depth == HUB_PACK_DEPTH) {
        refuse(self, "The values lie too deep in one another.");
        return NULL;
    }
    struct step *step = &self->path[self->depth++];
    *step = (struct step){ .index = OF_RECORD };
    return step;
}

static INLINE bool read_unsigned(struct reader *self, uint64_t max, uint64_t *ret_value)
{
    bool negative;
    if (!hub_msgpack_take_integer(&self->bytes, &negative, ret_value)) {
        return refuse(self, "This is not an integer, or it is cut off.");
    }
    return (!negative && *ret_value <= max) || refuse(self, "The number is out of range.");
}

static INLINE bool read_signed(struct reader *self, int64_t *ret_value)
{
    bool negative;
    uint64_t bits;
    if (!hub_msgpack_take_integer(&self->bytes, &negative, &bits)) {
        return refuse(self, "This is not an integer, or it is cut off.");
    }
    *ret_value = (int64_t) bits;
    return negative || bits <= INT64_MAX || refuse(self, "The number is out of range.");
}

static inline bool read_str(struct reader *self, struct hub_span *ret_text)
{
    if (!hub_msgpack_take_str(&self->bytes, ret_text)) {
        return refuse(self, "This is not a text, or it is cut off.");
    }
    return hub_utf8_is_valid(*ret_text) || refuse(self, "The text is not valid UTF-8.");
}

static INLINE bool read_bin(struct reader *self, size_t min, size_t max, struct hub_span *ret_bytes)
{
    if (!hub_msgpack_take_bin(&self->bytes, ret_bytes)) {
        return refuse(self, "These are not bytes, or they are cut off.");
    }
    return (ret_bytes->len >= min && ret_bytes->len <= max) || refuse(self, "The bytes are too few or too many.");
}

/* Numbers whose C type is narrower than what is read. */
static INLINE bool read_narrow(struct reader *self, unsigned kind, void *ret_value)
{
    uint64_t max = kind == HUB_KIND_bool ? 1 : kind == HUB_KIND_enum ? UINT16_MAX : UINT32_MAX;
    uint64_t value;
    if (!read_unsigned(self, max, &value)) {
        return false;
    }
    if (kind == HUB_KIND_bool) {
        *(hub_bool *) ret_value = value != 0;
    } else if (kind == HUB_KIND_enum) {
        *(hub_enum *) ret_value = (hub_enum) value;
    } else {
        *(hub_u32 *) ret_value = (hub_u32) value;
    }
    return true;
}

static INLINE bool read_id(struct reader *self, hub_id *ret_id)
{
    struct hub_span bytes;
    if (!read_bin(self, sizeof *ret_id, sizeof *ret_id, &bytes)) {
        return false;
    }
    memcpy(ret_id, bytes.at, sizeof *ret_id);
    return true;
}

/* A value that holds no other: `ret_value` points to the kind's C type. */
static INLINE bool read_scalar(struct reader *self, unsigned kind, void *ret_value)
{
    switch (kind) {
    case HUB_KIND_bool:
    case HUB_KIND_enum:
    case HUB_KIND_u32: return read_narrow(self, kind, ret_value);
    case HUB_KIND_u64:
    case HUB_KIND_set: return read_unsigned(self, UINT64_MAX, ret_value);
    case HUB_KIND_i64:
    case HUB_KIND_decimal:
    case HUB_KIND_time: return read_signed(self, ret_value);
    case HUB_KIND_text:
    case HUB_KIND_json: return read_str(self, ret_value);
    case HUB_KIND_bytes: return read_bin(self, 0, UINT32_MAX, ret_value);
    case HUB_KIND_id: return read_id(self, ret_value);
    case HUB_KIND_sealed: return read_bin(self, HUB_BOX_OVERHEAD, UINT32_MAX, &((hub_sealed *) ret_value)->box);
    default: return refuse(self, "The schema names a kind that does not exist.");
    }
}

static void *new_record(struct reader *self, const struct hub_shape *shape, size_t count)
{
    return hub_arena_get(self->arena, shape->size * count);
}

/* The fewest bytes that an item can have, so that a short text cannot ask for much memory. */
static size_t least_bytes(const struct hub_field *list)
{
    size_t bytes = 1;
    for (unsigned i = 0; list->of == HUB_KIND_record && i < list->shape->count; i++) {
        bytes += list->shape->fields[i].required ? 2 : 0;
    }
    return bytes;
}

static bool read_list(struct reader *self, const struct hub_field *field, hub_list *ret_list)
{
    uint32_t count;
    if (!hub_msgpack_take_array(&self->bytes, &count) ||
        count > hub_msgpack_remains(&self->bytes) / least_bytes(field)) {
        return refuse(self, "This is not a list, or it is cut off.");
    }
    struct step *here = enter(self);
    if (here == NULL) {
        return false;
    }
    bool of_records = field->of == HUB_KIND_record;
    size_t size = of_records ? field->shape->size : hub_kind_size(field->of);
    char *item = count > 0 ? hub_arena_get(self->arena, size * count) : NULL;
    *ret_list = (hub_list){ .at = item, .count = count, .room = count };
    for (here->index = 0; here->index < count; here->index++, item += size) {
        bool fine = of_records ? read_record(self, field->shape, item) : read_scalar(self, field->of, item);
        if (!fine) {
            return false;
        }
    }
    self->depth--;
    return true;
}

static const struct hub_shape *find_case(const struct hub_field *field, uint64_t id)
{
    for (const struct hub_shape *const *shape = field->cases; *shape != NULL; shape++) {
        if ((*shape)->id == id) {
            return *shape;
        }
    }
    return NULL;
}

static bool read_union(struct reader *self, const struct hub_field *field, hub_union *ret_union)
{
    uint32_t count;
    uint64_t id;
    if (!hub_msgpack_take_array(&self->bytes, &count) || count != 2) {
        return refuse(self, "This is not a pair of type and record, or it is cut off.");
    }
    if (!read_unsigned(self, UINT16_MAX, &id)) {
        return false;
    }
    const struct hub_shape *shape = find_case(field, id);
    if (shape == NULL) {
        return refuse(self, "The type is none of those that may stand here.");
    }
    *ret_union = (hub_union){ .shape = shape, .at = new_record(self, shape, 1) };
    return read_record(self, shape, ret_union->at);
}

static INLINE bool read_value(struct reader *self, const struct hub_field *field, void *ret_value)
{
    switch (field->kind) {
    case HUB_KIND_record:
        *(void **) ret_value = new_record(self, field->shape, 1);
        return read_record(self, field->shape, *(void **) ret_value);
    case HUB_KIND_list: return read_list(self, field, ret_value);
    case HUB_KIND_union: return read_union(self, field, ret_value);
    default: return read_scalar(self, field->kind, ret_value);
    }
}

/* The index of the field with a tag, looked for from `next` on and then from the start; shape->count for none. */
static inline unsigned find_field(const struct hub_shape *shape, unsigned next, uint64_t tag)
{
    for (unsigned i = next; i < shape->count; i++) {
        if (shape->fields[i].tag == tag) {
            return i;
        }
    }
    for (unsigned i = 0; i < next; i++) {
        if (shape->fields[i].tag == tag) {
            return i;
        }
    }
    return shape->count;
}

/* Refuse the first field that is required and not among those that are there. */
static bool have_all(struct reader *self, struct step *here, const struct hub_shape *shape, uint64_t has)
{
    for (uint64_t missing = ~has & hub_shape_mask(shape); missing != 0; missing &= missing - 1) {
        const struct hub_field *field = &shape->fields[__builtin_ctzll(missing)];
        if (field->required) {
            here->field = field;
            return refuse(self, "A required field is missing.");
        }
    }
    return true;
}

static bool skip_unknown(struct reader *self)
{
    return hub_msgpack_skip(&self->bytes, HUB_PACK_DEPTH - self->depth) ||
           refuse(self, "An unknown field is cut off, too deep or no msgpack.");
}

/* `record` is zeroed. */
static bool read_record(struct reader *self, const struct hub_shape *shape, void *record)
{
    uint32_t pairs;
    if (!hub_msgpack_take_map(&self->bytes, &pairs)) {
        return refuse(self, "This is not a record, or it is cut off.");
    }
    struct step *here = enter(self);
    if (here == NULL) {
        return false;
    }
    uint64_t has = 0;
    for (unsigned next = 0; pairs > 0; pairs--) {
        uint64_t tag;
        here->field = NULL;
        if (!read_unsigned(self, UINT64_MAX, &tag)) {
            return false;
        }
        unsigned i = find_field(shape, next, tag);
        if (i == shape->count) {
            if (!skip_unknown(self)) {
                return false;
            }
            continue;
        }
        here->field = &shape->fields[i];
        if (has >> i & 1) {
            return refuse(self, "The field is there twice.");
        }
        if (!read_value(self, here->field, hub_record_field(record, here->field))) {
            return false;
        }
        has |= UINT64_C(1) << i;
        next = i + 1;
    }
    memcpy(record, &has, sizeof has);
    bool fine = have_all(self, here, shape, has);
    self->depth--;
    return fine;
}

int hub_unpack(const struct hub_shape *shape, struct hub_span bytes, struct hub_arena *arena, void *record,
               struct hub_fault *ret_fault)
{
    const uint8_t *at = (const uint8_t *) (bytes.len > 0 ? bytes.at : "");
    struct reader self; /* the path is filled as it is walked */
    self.bytes = (struct hub_msgpack_reader){ at, at + bytes.len };
    self.arena = arena;
    self.ret_fault = ret_fault;
    self.depth = 0;
    memset(record, 0, shape->size);
    bool fine = read_record(&self, shape, record);
    if (fine && hub_msgpack_remains(&self.bytes) > 0) {
        fine = refuse(&self, "Bytes follow behind the record.");
    }
    return fine ? 0 : HUB_ERROR_invalid_field;
}
