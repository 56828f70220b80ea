/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a session, one per command, and what they share. Only session/ includes this. */
#ifndef HUB_ACTORS_SESSION_DECIDE_H
#define HUB_ACTORS_SESSION_DECIDE_H

#include "actors/session/apply.h"

/* Decide one command each; see hub_decide_fn. State: session_state or NULL. */
hub_decide_fn hub_session_decide_open;
hub_decide_fn hub_session_decide_get;
hub_decide_fn hub_session_decide_update;
hub_decide_fn hub_session_decide_end;
hub_decide_fn hub_session_decide_timer;
hub_timers_fn hub_session_timers;
hub_decide_fn hub_session_decide_help;
hub_decide_fn hub_session_decide_process;
hub_decide_fn hub_session_decide_respond;
hub_decide_fn hub_session_decide_message;
hub_decide_fn hub_session_decide_transfer;
hub_decide_fn hub_session_decide_attempt;
hub_decide_fn hub_session_decide_notice;
hub_decide_fn hub_session_decide_letter;

/* Refuse with not_found: nobody opened this session. */
void hub_session_refuse_unknown(struct hub_decision *decision);

/* True when the command names no customer, or this session's. Else the decision is refused with conflict. */
bool hub_session_is_of_named(const struct session_state *state, struct hub_decision *decision);

/* Decide a message to the customer: the event, and the effect that sends it. `sent` is in the decision's arena. */
void hub_session_send(struct hub_ulid customer, struct message_sent *sent, struct hub_decision *decision);

/* A new session ends after idle_s seconds without activity; 0: never. */
void hub_session_start_idle(uint32_t idle_s, struct hub_decision *decision);

/* True when message `index` is the last attempt of the session's campaign. */
bool hub_session_is_attempt(const struct session_state *state, uint32_t index);

/* Tell the customer what became of that attempt. */
void hub_session_report_attempt(const struct session_state *state, const struct update_message *report, bool delivered,
                                struct hub_decision *decision);

/* Heed what a message of the customer means beyond the session: STOP, START, HELP, or an answer to a campaign. Called when
 * message_received is decided. */
void hub_session_heed(const struct session_state *state, const struct process_message *command,
                      struct hub_decision *decision);

/* The same of a message that the session refuses: STOP and START count all the same. */
void hub_session_heed_refused(const struct session_state *state, const struct process_message *command,
                              struct hub_decision *decision);

#endif
