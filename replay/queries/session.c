/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `session`: a session as it was. */
#include "replay/reading.h"

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    (void) params;
    struct hub_ulid session;
    struct session_state *state;
    int done = hub_reading_named(reading, KIND_session, &session);
    done = done == 0 ? hub_reading_session(reading, session, &state) : done;
    if (done == 0) {
        hub_session_render(state, session, reading->arena, ret_answer);
    }
    return done;
}

const struct hub_query_info hub_query_session = {
    .name = "session",
    .params = &session_at_query_shape,
    .answer = &unified_session_shape,
    .scope = HUB_SCOPE_session,
    .find_fn = hub_reading_find_session,
    .answer_fn = answer,
};
