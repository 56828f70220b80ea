/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sealed values: personal data that only the holder of the subject's data key can read.
 *
 * A box is: version (1 byte, 1), subject = key id (16), nonce (12), ciphertext, tag (16). Associated data: company (16),
 * subject (16). So a box can be carried from event to state to view unopened, and opened knowing only the company. */
#ifndef HUB_BASE_SEALED_H
#define HUB_BASE_SEALED_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/opened.h"
#include "base/schema.h"
#include "base/world.h"

enum { HUB_BOX_OVERHEAD = 1 + 16 + HUB_NONCE + HUB_TAG };

/* Where keys come from at the edge. Returns false when the key is gone (erased) or unknown. Must be thread-safe. */
struct hub_key_source {
    bool (*find)(void *self, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key);
    void *self;
    struct hub_opened *opened; /* what a record's ids were opened to, used and filled; NULL: none is remembered */
};

/* What boxes are made with. */
struct hub_sealing {
    struct hub_ulid company, subject;
    const struct hub_key *key;     /* the subject's */
    const struct hub_world *world; /* for nonces */
    struct hub_arena *arena;       /* for boxes */
};

/* Seal every sealed value of a record that has a clear part: box filled, clear emptied. Nested ones too.
 * A present value without a box is sealed even when its clear part is empty; one with a box and no clear part stays. */
void hub_record_seal(const struct hub_shape *shape, void *record, const struct hub_sealing *with);

/* True when a record has a sealed value that hub_record_seal would seal: one without a box, or with a clear part. */
bool hub_record_is_open(const struct hub_shape *shape, void *record);

/* How many boxes a record has. */
size_t hub_record_boxes(const struct hub_shape *shape, void *record);

/* The clear bytes of one box, in the arena. Returns false when the box is damaged or its key is gone. */
bool hub_box_open(struct hub_span box, struct hub_ulid company, const struct hub_key_source *keys,
                  struct hub_arena *arena, struct hub_span *ret_clear);

/* Open every box of a record in place: clear filled where the key is there. Boxes stay. */
void hub_record_open(const struct hub_shape *shape, void *record, struct hub_ulid company,
                     const struct hub_key_source *keys, struct hub_arena *arena);

#endif
