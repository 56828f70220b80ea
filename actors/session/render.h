/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How a session is shown: one function for live answers, lists and the past, so that they cannot differ. */
#ifndef HUB_ACTORS_SESSION_RENDER_H
#define HUB_ACTORS_SESSION_RENDER_H

#include "actors/session/session.h"

/* Fill the client's picture of a session. Spans and boxes are borrowed from the state; ids without a client's own id are
 * printed into the arena. */
void hub_session_render(const struct session_state *state, struct hub_ulid session, struct hub_arena *arena,
                        struct unified_session *ret_shown);

/* What a client calls a session: its own id, borrowed from the state, or ours, printed into the arena. */
hub_sealed hub_session_name(const struct session_state *state, struct hub_ulid session, struct hub_arena *arena);

/* Ids of parts of a session: "<session ulid>-m12", "<session ulid>-t3". They say where the part is, so no directory is
 * needed to find it. print: text in the arena. parse: returns false for text that is none. */
struct hub_span hub_part_id_print(struct hub_ulid session, char part, uint32_t number, struct hub_arena *arena);
bool hub_part_id_parse(struct hub_span text, char part, struct hub_ulid *ret_session, uint32_t *ret_number);

#endif
