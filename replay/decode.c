/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Decoding events for projections. */
#include "replay/decode.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/pack.h"

const struct hub_shape *hub_view_shape(uint32_t type)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) type);
    return shape != NULL && shape->category == HUB_CATEGORY_event ? shape : NULL;
}

int hub_view_decode(const struct hub_stored *stored, const struct hub_shape *shape, struct hub_arena *arena,
                    struct hub_view_event *ret, struct hub_fault *ret_why)
{
    const struct event_header *header = &stored->header;
    *ret = (struct hub_view_event){ .stored = stored, .arena = arena };
    if (shape == NULL) {
        hub_fault_init(ret_why, HUB_ERROR_internal);
        hub_fault_reason(ret_why, "event type 0x%04x is not known to this program", header->type);
        return HUB_ERROR_internal;
    }
    ret->shape = shape;
    if (header->schema > shape->version) {
        hub_fault_init(ret_why, HUB_ERROR_internal);
        hub_fault_reason(ret_why, "%s version %u is later than this program's", shape->name, header->schema);
        return HUB_ERROR_internal;
    }
    void *record = hub_arena_room(arena, shape->size); /* hub_unpack zeroes it */
    if (hub_unpack(shape, stored->payload, arena, record, ret_why) != 0) {
        ret_why->error = HUB_ERROR_internal;
        return HUB_ERROR_internal;
    }
    ret->record = record;
    return 0;
}
