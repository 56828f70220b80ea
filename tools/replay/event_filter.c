/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Payloads have fields of their own type, so the text is compiled once for each type of event, against a shape whose
 * payload is of that type. */
#include "tools/replay/event_filter.h"

#include <stddef.h>

#include "actors/kind.h"
#include "base/pack.h"

#include "actors/company/company.h"

#include "base/def/structs.h"
#include "tools/replay/event_filter.def"
#include "base/def/indexes.h"
#include "tools/replay/event_filter.def"
#include "base/def/shapes.h"
#include "tools/replay/event_filter.def"
#include "base/def/heads.h"
#include "tools/replay/event_filter.def"
#include "base/def/none.h"

/* The filter as it is for one type of event. */
struct of_type {
    const struct hub_shape *payload;
    const struct hub_field *channel; /* of the payload; NULL: it has none */
    unsigned channel_index;
    const struct hub_filter *filter;
};

struct hub_event_filter {
    struct of_type *types;
    size_t count;
};

/* event_fact with a payload of this shape. */
static const struct hub_shape *fact_of(const struct hub_shape *payload, struct hub_arena *arena)
{
    struct hub_shape *shape = HUB_NEW(arena, struct hub_shape);
    struct hub_field *fields = HUB_NEW_ARRAY(arena, struct hub_field, event_fact_shape.count);
    memcpy(fields, event_fact_shape.fields, event_fact_shape.count * sizeof *fields);
    fields[event_fact_at_payload].shape = payload;
    *shape = event_fact_shape;
    shape->fields = fields;
    return shape;
}

static void find_channel(struct of_type *type)
{
    for (unsigned i = 0; i < type->payload->count; i++) {
        const struct hub_field *field = &type->payload->fields[i];
        if (field->kind == HUB_KIND_enum && field->vocab == &channel_vocab && strcmp(field->name, "channel") == 0) {
            type->channel = field;
            type->channel_index = i;
        }
    }
}

struct hub_event_filter *hub_event_filter_new(struct hub_span text, struct hub_arena *arena,
                                              struct hub_filter_fault *ret_fault)
{
    const struct hub_registry *registry = hub_records();
    struct hub_event_filter *self = HUB_NEW(arena, struct hub_event_filter);
    self->types = HUB_NEW_ARRAY(arena, struct of_type, registry->count);
    ret_fault->at = 0;
    ret_fault->reason[0] = '\0';
    for (size_t i = 0; i < registry->count; i++) {
        struct of_type type = { .payload = registry->shapes[i] };
        struct hub_filter_fault fault;
        if (type.payload->category != HUB_CATEGORY_event) {
            continue;
        }
        if (hub_filter_compile(text, fact_of(type.payload, arena), arena, &type.filter, &fault) == 0) {
            find_channel(&type);
            self->types[self->count++] = type;
        } else if (fault.at > ret_fault->at || ret_fault->reason[0] == '\0') {
            *ret_fault = fault;
        }
    }
    return self->count > 0 ? self : NULL;
}

static const struct of_type *find_type(const struct hub_event_filter *self, uint32_t type)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->types[i].payload->id == type) {
            return &self->types[i];
        }
    }
    return NULL;
}

static void fill(const struct hub_stored *event, const struct of_type *type, void *payload, struct event_fact *fact)
{
    const struct event_header *header = &event->header;
    const struct hub_kind_info *kind = hub_kind_find((uint8_t) header->kind);
    HUB_SET(event_fact, fact, sequence, header->sequence);
    HUB_SET(event_fact, fact, time, header->time);
    HUB_SET(event_fact, fact, decided_at, header->decided_at);
    HUB_SET(event_fact, fact, type, hub_span(type->payload->name));
    HUB_SET(event_fact, fact, kind, hub_span(kind == NULL ? "?" : kind->name));
    HUB_SET(event_fact, fact, company, header->company);
    HUB_SET(event_fact, fact, entity, header->entity);
    HUB_SET(event_fact, fact, version, header->version);
    HUB_COPY(event_fact, fact, event_header, header, subject);
    HUB_COPY(event_fact, fact, event_header, header, session);
    HUB_COPY(event_fact, fact, event_header, header, principal);
    HUB_COPY(event_fact, fact, event_header, header, credential);
    HUB_COPY(event_fact, fact, event_header, header, cause);
    if (type->channel != NULL && hub_record_has(payload, type->channel_index)) {
        hub_enum channel;
        memcpy(&channel, hub_record_field_const(payload, type->channel), sizeof channel);
        HUB_SET(event_fact, fact, channel, channel);
    }
    HUB_SET(event_fact, fact, payload, payload);
}

bool hub_event_filter_holds(const struct hub_event_filter *self, const struct hub_stored *event,
                            struct hub_arena *scratch, int64_t now_us)
{
    const struct of_type *type = find_type(self, event->header.type);
    if (type == NULL) {
        return false;
    }
    void *payload = hub_arena_get(scratch, type->payload->size);
    struct event_fact fact = { .has = 0 };
    if (hub_unpack(type->payload, event->payload, scratch, payload, NULL) != 0) {
        return false;
    }
    fill(event, type, payload, &fact);
    return hub_filter_holds(type->filter, &fact, now_us);
}
