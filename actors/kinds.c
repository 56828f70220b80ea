/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The kinds of entity: finding one, its decisions, and keeping values in a state. */
#include "actors/kind.h"

#include "actors/agent/agent.h"
#include "actors/campaign/campaign.h"
#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "actors/routing/routing.h"
#include "actors/session/session.h"

static const struct hub_kind_info *const kinds[HUB_KINDS] = {
#define KIND(name, number, ...) [number] = &hub_kind_##name,
#include "actors/kinds.def"
#undef KIND
};

const struct hub_kind_info *hub_kind_find(uint8_t number)
{
    return number < HUB_KINDS ? kinds[number] : NULL;
}

const struct hub_kind_info *hub_kind_by_name(struct hub_span name)
{
    for (unsigned i = 0; i < HUB_KINDS; i++) {
        if (kinds[i] != NULL && hub_span_is(hub_span(kinds[i]->name), name)) {
            return kinds[i];
        }
    }
    return NULL;
}

hub_decide_fn *hub_kind_decider(const struct hub_kind_info *kind, const struct hub_shape *command)
{
    for (size_t i = 0; i < kind->decider_count; i++) {
        if (kind->deciders[i].command == command) {
            return kind->deciders[i].decide;
        }
    }
    return NULL;
}

void hub_fold_decided(const struct hub_decision *decision, hub_apply_fn *apply, void *after, uint64_t version)
{
    const struct hub_decided *decided = hub_decision_result(decision);
    for (size_t i = 0; i < decided->event_count; i++) {
        const struct hub_event event = {
            .shape = decided->events[i].shape,
            .record = decided->events[i].record,
            .version = version + 1 + i,
            .decided_at_us = hub_decision_now(decision),
            .entity = hub_decision_self(decision),
            .subject = decided->events[i].subject,
        };
        apply(after, &event, hub_decision_arena(decision));
    }
}

void hub_keep_text(struct hub_arena *arena, struct hub_span *ret_to, struct hub_span from)
{
    *ret_to = hub_arena_copy(arena, from);
}

/* Events bring no clear part; it is kept for a decision that shows what its own events will make of a state. */
void hub_keep_sealed(struct hub_arena *arena, hub_sealed *ret_to, const hub_sealed *from)
{
    static const struct hub_span none;
    ret_to->box = from->box.len > 0 ? hub_arena_copy(arena, from->box) : none;
    ret_to->clear = from->clear.len > 0 ? hub_arena_copy(arena, from->clear) : none;
}

void hub_keep_texts(struct hub_arena *arena, hub_list *ret_to, const hub_list *from)
{
    struct hub_span *kept = HUB_NEW_ARRAY(arena, struct hub_span, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        hub_keep_text(arena, &kept[i], ((const struct hub_span *) from->at)[i]);
    }
    *ret_to = (hub_list){ .at = kept, .count = from->count, .room = from->count };
}
