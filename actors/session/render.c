/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A session as clients see it, and the ids of its parts. */
#include "actors/session/render.h"

/* The client's own id when there is one, else ours. */
static hub_sealed name_of(bool has, const hub_sealed *own, struct hub_ulid ours, struct hub_arena *arena)
{
    if (has) {
        return *own;
    }
    char *text = hub_arena_get(arena, HUB_ULID_TEXT);
    hub_ulid_print(ours, text);
    return (hub_sealed){ .clear = hub_span_of(text, HUB_ULID_TEXT) };
}

hub_sealed hub_session_name(const struct session_state *state, struct hub_ulid session, struct hub_arena *arena)
{
    return name_of(HUB_HAS(session_state, state, session_id), &state->session_id, session, arena);
}

void hub_session_render(const struct session_state *state, struct hub_ulid session, struct hub_arena *arena,
                        struct unified_session *ret_shown)
{
    struct unified_session *shown = ret_shown;
    bool has_customer_id = HUB_HAS(session_state, state, customer_id);
    HUB_SET(unified_session, shown, session_id, hub_session_name(state, session, arena));
    HUB_SET(unified_session, shown, customer_id, name_of(has_customer_id, &state->customer_id, state->customer, arena));
    HUB_SET(unified_session, shown, status, state->status);
    HUB_SET(unified_session, shown, channel, state->channel);
    HUB_SET(unified_session, shown, channels, state->channels);
    HUB_SET(unified_session, shown, priority, state->priority);
    HUB_COPY(unified_session, shown, session_state, state, page_id);
    HUB_COPY(unified_session, shown, session_state, state, labels);
    HUB_COPY(unified_session, shown, session_state, state, metadata);
    HUB_SET(unified_session, shown, message_count, (uint32_t) state->message_ranks.len);
    HUB_SET(unified_session, shown, transfer_count, state->transfers.count);
    HUB_SET(unified_session, shown, created_at, state->created_at);
    HUB_SET(unified_session, shown, last_activity_at, state->last_activity_at);
    HUB_COPY(unified_session, shown, session_state, state, waiting_since);
    HUB_COPY(unified_session, shown, session_state, state, ended_at);
    HUB_COPY(unified_session, shown, session_state, state, end_reason);
    HUB_COPY(unified_session, shown, session_state, state, snoozed_until);
    HUB_COPY(unified_session, shown, session_state, state, satisfaction);
    HUB_SET(unified_session, shown, version, state->version);
    if (HUB_HAS(session_state, state, agent)) {
        HUB_SET(unified_session, shown, agent_id, state->agent);
    }
}

enum { DIGITS = 10 }; /* of the largest 32-bit number */

struct hub_span hub_part_id_print(struct hub_ulid session, char part, uint32_t number, struct hub_arena *arena)
{
    char digits[DIGITS];
    size_t first = DIGITS;
    do {
        digits[--first] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    size_t len = HUB_ULID_TEXT + 2 + DIGITS - first;
    char *text = hub_arena_get(arena, len);
    hub_ulid_print(session, text);
    text[HUB_ULID_TEXT] = '-';
    text[HUB_ULID_TEXT + 1] = part;
    memcpy(text + HUB_ULID_TEXT + 2, digits + first, DIGITS - first);
    return hub_span_of(text, len);
}

/* A number from 1, without leading zeros. */
static bool parse_number(struct hub_span text, uint32_t *ret_number)
{
    uint64_t number = 0;
    if (text.len < 1 || text.len > DIGITS || text.at[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t) (text.at[i] - '0');
    }
    *ret_number = (uint32_t) number;
    return number <= UINT32_MAX;
}

bool hub_part_id_parse(struct hub_span text, char part, struct hub_ulid *ret_session, uint32_t *ret_number)
{
    struct hub_ulid session;
    uint32_t number;
    if (text.len < HUB_ULID_TEXT + 2 || text.at[HUB_ULID_TEXT] != '-' || text.at[HUB_ULID_TEXT + 1] != part ||
        !hub_ulid_parse(hub_span_of(text.at, HUB_ULID_TEXT), &session) ||
        !parse_number(hub_span_of(text.at + HUB_ULID_TEXT + 2, text.len - HUB_ULID_TEXT - 2), &number)) {
        return false;
    }
    *ret_session = session;
    *ret_number = number;
    return true;
}
