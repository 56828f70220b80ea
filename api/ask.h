/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Queries: the views as they are now, at least as new as asked for, or as they were. */
#ifndef HUB_API_ASK_H
#define HUB_API_ASK_H

#include "api/call.h"

/* Do what a route with .query asks for; one that has a .command too performs that unless a position is asked for. */
void hub_ask(struct hub_call *call);

/* Complete a command: when the views have reached the reply's position, answer with what route->then makes of it. Takes
 * the reply over. */
void hub_ask_then(struct hub_call *call, struct hub_answer *reply);

/* --- between ask and ask_apart --- */

/* The question as the views take it. */
struct hub_ask hub_ask_of(struct hub_call *call);

/* Answer with what a query came to: opened, noted, with its headers. */
void hub_ask_answer(struct hub_call *call, void *record, struct hub_arena *arena);

/* Ask on a helper's thread: of a moment of the past (call->at), or what takes longer than some row reads. */
void hub_ask_apart(struct hub_call *call);

/* The same for a moment of the past, when the views are far enough for it. */
void hub_ask_past(struct hub_call *call);

#endif
