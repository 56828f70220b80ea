/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writing answers: a head that all answers have, and a record, bytes or a problem document. Each ends the call. */
#ifndef HUB_API_RESPOND_H
#define HUB_API_RESPOND_H

#include "api/call.h"

/* The type of JSON answers. */
#define HUB_MEDIA_JSON "application/json"

/* The text of the position that the call's answer depends on, in the request's memory; call->position must be final. */
struct hub_span hub_respond_position(struct hub_call *call);

/* Answer with bytes, which are copied.
 *
 * media  a literal; NULL: no body, no type */
void hub_respond_bytes(struct hub_call *call, int status, const char *media, struct hub_span body);

/* Answer with a record as JSON (opened). */
void hub_respond_record(struct hub_call *call, int status, const struct hub_shape *shape, const void *record);

/* Answer with a problem document. fault->error: enum hub_error, or < 0 for internal. */
void hub_respond_fault(struct hub_call *call, const struct hub_fault *fault);

/* The same, with the reason as printf has it. pointer: JSON Pointer or "". */
void hub_respond_problem(struct hub_call *call, int error, const char *pointer, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

#endif
