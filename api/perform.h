/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Commands: from a request's body and path to a record, to the actor, and its reply back. */
#ifndef HUB_API_PERFORM_H
#define HUB_API_PERFORM_H

#include "api/call.h"

/* Do what a route with .command asks for. */
void hub_perform(struct hub_call *call);

/* Read the body and the path's parts into a zeroed record of ready->record. False when the call is answered: refused. */
bool hub_read_body(struct hub_call *call, struct hub_arena *arena, void *record);

/* The values of the path's parts, decoded and checked, into fields of a record. False when the call is answered. */
bool hub_read_params(struct hub_call *call, const struct hub_shape *shape, const struct hub_field *const *fields,
                     struct hub_arena *arena, void *record);

/* The names that every command has: the company, its routing, and the agent that a person means who names none. */
void hub_names_own(const struct hub_caller *caller, struct hub_name *names);

/* Find the names that a record refers to by its fields' .refers. False when the company has no keys: answered. */
bool hub_read_names(struct hub_call *call, const struct hub_shape *shape, const void *record, struct hub_name *names);

/* The same without a call, after hub_names_own. False with the fault. */
bool hub_names_read(const struct hub_server *server, const struct hub_shape *shape, const void *record,
                    struct hub_name *names, struct hub_fault *ret_fault);

/* Find the session that a part's id names ("...-m12"), when the route has parts. False when it is none: answered 404. */
bool hub_read_part(struct hub_call *call, struct hub_arena *arena, struct hub_name *names);

/* A command with an empty record, and who asks, why and by which key filled in. Never NULL. */
struct hub_command *hub_make_command(struct hub_call *call, const struct hub_shape *shape, size_t arena_bytes);

/* Choose who decides, from the names. False when the request names nobody: answered. */
bool hub_choose_target(struct hub_call *call, struct hub_command *command);

/* Fill a command's id and body digest from the Idempotency-Key, when there is one. index: of an item in bulk, -1 for
 * none. False when the company has no keys: answered. */
bool hub_read_key(struct hub_call *call, struct hub_command *command, int index);

/* Send call->command; `on_answer` gets the reply of a command that was not refused. Everything else is answered here. */
void hub_send_command(struct hub_call *call, void (*on_answer)(struct hub_call *call, struct hub_answer *answer));

/* What happens with a reply: answered at once, or when the views show it, or as the route's query completes it. */
void hub_perform_done(struct hub_call *call, struct hub_answer *answer);

/* Answer with a reply's record, its sealed values opened. Takes the answer over. */
void hub_answer_call(struct hub_call *call, struct hub_answer *answer);

/* Write a reply's record as JSON, opened, with what the API adds to it. */
void hub_write_reply(const struct hub_server *server, struct hub_answer *answer, struct hub_buf *out);

#endif
