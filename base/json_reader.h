/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the parts of the JSON reader share; nobody else includes this.
 *
 *     text --yajl--> json_tokens.c --tokens--> json_read.c   places values in records
 *                    strictness                json_free.c   or in canonical text, or nowhere
 *
 * Every open object or array has a frame. A fault of a field is kept, and the rest is only checked for being JSON,
 * because text that is not JSON is refused as that, whatever else is wrong with it. */
#ifndef HUB_BASE_JSON_READER_H
#define HUB_BASE_JSON_READER_H

#include <yajl/yajl_parse.h>

#include "base/json.h"
#include "base/value.h"

enum frame_kind {
    FRAME_record,  /* an object that is a record */
    FRAME_records, /* an array of records */
    FRAME_scalars, /* an array of scalars */
    FRAME_set,     /* an array of words */
    FRAME_object,  /* free, or skipped */
    FRAME_array,
};

struct frame {
    enum frame_kind kind;
    bool is_union;                 /* record: has a member "type" beside its fields */
    bool type_seen;                /* record: that member was there */
    unsigned next;                 /* record: the field after the one found last */
    size_t index;                  /* members or items that are complete */
    size_t names;                  /* how many names were remembered when the object began */
    const struct hub_shape *shape; /* record */
    void *at;                      /* the record, the list or the set */
    uint64_t seen;                 /* record: fields that were named */
    const struct hub_field *field; /* record: the member being read, NULL to skip it; otherwise the list or set */
    struct hub_span key;           /* object: the member being read, NULL between members */
};

enum { READER_NAMES = 16, READER_WORK = 4096 };

struct reader {
    struct hub_span text;
    struct hub_arena *arena;
    const struct hub_shape *shape; /* what the whole is; NULL: free */
    void *record;
    yajl_handle yajl;
    bool is_malformed;
    bool is_finishing;      /* yajl has seen all of the text */
    size_t end;             /* the offset behind the whole */
    struct hub_fault fault; /* .error is 0 while there is none */

    struct hub_field item; /* what an open list of scalars or a set consists of */
    bool keep;             /* inside of free JSON that is kept: it goes to `canon` */
    size_t free_depth;     /* frames around it */
    struct hub_buf canon;

    size_t depth; /* frames in use */
    struct frame frames[HUB_JSON_DEPTH];

    struct hub_span *names; /* of all open objects but fields of records: to find duplicates */
    size_t name_count, name_room;
    struct hub_span first_names[READER_NAMES];

    size_t work_used; /* the tokenizer's memory; it goes on in the arena */
    _Alignas(16) char work[READER_WORK];
};

/* json_tokens.c */

/* Run the tokenizer over the reader's text with the reader as the callbacks' context. Afterwards is_malformed and fault
 * say whether it is JSON. Nothing is left to be freed. */
void hub_reader_run(struct reader *self, const yajl_callbacks *callbacks);

/* What yajl lets pass in a text or name: bad UTF-8, half a surrogate pair. Returns false when refused as malformed. */
bool hub_reader_text_is_clean(struct reader *self, struct hub_span text);

/* True when yajl had to undo escapes, so that the text lies in its buffer and is gone with the next one. */
bool hub_reader_is_decoded(const struct reader *self, struct hub_span text);

/* The whole is complete here. */
void hub_reader_note_end(struct reader *self);

/* Refuse the whole text; the pointer is where the reader stands. Returns 0, which ends the tokenizer. */
int hub_reader_malformed(struct reader *self, const char *reason);

/* Set error and pointer of the fault, with the steps of the first `depth` frames. Returns false where the pointer had no
 * room for all of them. */
bool hub_reader_point(struct reader *self, int error, size_t depth);

/* json_free.c */

/* Remember the name of a member of an object; and at the object's end, look for duplicates and forget them. The check
 * returns false when refused as malformed. */
void hub_reader_add_name(struct reader *self, struct hub_span name);
bool hub_reader_names_are_unique(struct reader *self, struct frame *object);

/* Append tokens of free JSON to `canon`, if it is kept. */
void hub_reader_free_scalar(struct reader *self, struct hub_token token);
void hub_reader_free_name(struct reader *self, struct hub_span name);
void hub_reader_free_begin(struct reader *self, char bracket);
void hub_reader_free_end(struct reader *self, char bracket);

/* json_place.c */

/* Where the next value goes. Without a field, or with `at` NULL, it goes nowhere. */
struct place {
    const struct hub_field *field;
    void *at;
    struct frame *record; /* whose field it is; NULL for an item */
};

/* The place of a value as a field of the record or as an item of the list of scalars that is open. */
struct place hub_reader_find_place(struct reader *self);

/* The field of that place is present. */
void hub_place_mark(const struct place *place);

/* Open a frame; there is room (at most HUB_JSON_DEPTH). */
struct frame *hub_reader_push(struct reader *self, enum frame_kind kind);
struct frame *hub_reader_push_record(struct reader *self, const struct hub_shape *shape, void *record);

/* Room for one more item of the list of an open frame; NULL, and refused, when the list is full. */
void *hub_reader_next_item(struct reader *self, struct frame *frame, size_t size);

/* Refuse a field's value, the first one only: the reason stands already, the pointer gets the steps of the first `depth`
 * frames. The second form sets the reason too. */
void hub_reader_refuse(struct reader *self, size_t depth);
void hub_reader_refuse_expected(struct reader *self, const struct hub_field *field);

/* A scalar as a word of the open set, or as the value of a field or item. */
void hub_reader_take_word(struct reader *self, struct frame *frame, struct hub_token token);
void hub_reader_take_value(struct reader *self, struct hub_token token);

/* Free JSON: whether a field holds it, its start, and its end, which stores it. */
bool hub_reader_is_free(const struct hub_field *field);
void hub_reader_start_free(struct reader *self);
void hub_reader_store_free(struct reader *self);

/* The innermost open frame, NULL outside of the whole. */
static inline struct frame *hub_reader_top(struct reader *self)
{
    return self->depth > 0 ? &self->frames[self->depth - 1] : NULL;
}

/* True once there is a fault: the rest is only checked for being JSON. */
static inline bool hub_reader_is_refused(const struct reader *self)
{
    return self->fault.error != 0;
}

/* json_read.c */

/* The callbacks for hub_reader_run. */
extern const yajl_callbacks hub_reader_callbacks;

/* Start a reader; `record` is NULL where `shape` is. The big arrays are left as they are. */
void hub_reader_init(struct reader *self, struct hub_span text, struct hub_arena *arena, const struct hub_shape *shape,
                     void *record);

/* json_case.c */

/* Look ahead for the "type" of a union.
 *
 * rest      the text behind the object's brace, not checked yet
 * ret_case  the shape of that name, NULL when there is none
 *
 * Returns true when there is a member "type", of whatever value. Text that is not JSON gives any answer. */
bool hub_reader_find_case(struct hub_span rest, const struct hub_shape *const *cases,
                          const struct hub_shape **ret_case);

#endif
