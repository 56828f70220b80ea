/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A shared, immutable blob: the bytes lie behind the count, in one allocation. */
#include "base/ref.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

struct hub_ref {
    atomic_size_t holders; /* at least 1 while anybody may look */
    size_t len;            /* of bytes */
    char bytes[];
};

struct hub_ref *hub_ref_new(struct hub_span bytes)
{
    assert(bytes.len <= PTRDIFF_MAX - sizeof(struct hub_ref));
    struct hub_ref *self = hub_memory_new(sizeof *self + bytes.len);
    atomic_init(&self->holders, 1);
    self->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(self->bytes, bytes.at, bytes.len);
    }
    return self;
}

struct hub_ref *hub_ref_hold(struct hub_ref *self)
{
    /* The caller holds it already, so nothing has to be ordered. */
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void hub_ref_drop(struct hub_ref **self_p)
{
    struct hub_ref *self = *self_p;
    *self_p = NULL;
    /* Everybody's reading comes before the last one's freeing. */
    if (self != NULL && atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) == 1) {
        free(self);
    }
}

struct hub_span hub_ref_bytes(const struct hub_ref *self)
{
    return hub_span_of(self->bytes, self->len);
}
