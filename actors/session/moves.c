/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table of a session's moves: looking one up, making one, printing all. */
#include "actors/session/moves.h"

#include "actors/customer/customer.h"
#include "actors/moves.h"

static const struct hub_move rows[] = {
#define MOVE(from_, to_, ...) { .from = session_status_##from_, .to = session_status_##to_, __VA_ARGS__ },
#include "actors/session/moves.def"
#undef MOVE
};

static const struct hub_moves moves = { .vocab = &session_status_vocab,
                                        .rows = rows,
                                        .count = sizeof rows / sizeof rows[0],
                                        .first = session_status_active,
                                        .begun = "opened" };

bool hub_session_may_move(unsigned from, unsigned to)
{
    return hub_moves_has(&moves, from, to);
}

void hub_session_tell_closed(struct hub_ulid customer, struct hub_decision *decision)
{
    struct close_customer_session *closing = HUB_NEW(hub_decision_arena(decision), struct close_customer_session);
    HUB_SET(close_customer_session, closing, session, hub_decision_self(decision));
    hub_decide_follow(decision, &(struct hub_follow){
                                    .kind = KIND_customer,
                                    .entity = customer,
                                    .shape = &close_customer_session_shape,
                                    .record = closing,
                                    .subject = customer,
                                });
}

bool hub_session_move(const struct session_state *state, struct session_moved *moved, struct hub_decision *decision)
{
    if (!hub_session_may_move(state->status, moved->status)) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "A session that is %s cannot become %s.",
                          hub_vocab_name(&session_status_vocab, state->status),
                          hub_vocab_name(&session_status_vocab, moved->status));
        return false;
    }
    static const struct hub_ulid none;
    hub_decide_event(decision, &session_moved_shape, moved, state->customer, none);
    if (moved->status == session_status_ended) {
        hub_session_tell_closed(state->customer, decision);
    }
    return true;
}

void hub_session_moves_print(struct hub_buf *out)
{
    hub_buf_put_text(out, "<!-- SPDX-License-Identifier: AGPL-3.0-or-later -->\n"
                          "# Where can a session stand, and where can it go from there?\n\n"
                          "Printed from the table in actors/session/moves.def; a test compares.\n"
                          "A move that is not drawn is refused with `illegal_transition`.\n\n");
    hub_moves_print(&moves, out);
}
