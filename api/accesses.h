/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reads of personal data by people are noted: whose sealed values were opened for an answer, before it is given. Which routes
 * count is their row's `personal`; docs/decisions/018-accesses.md says who is a person. */
#ifndef HUB_API_ACCESSES_H
#define HUB_API_ACCESSES_H

#include "api/call.h"
#include "api/live/interest.h"

/* Whose values were opened with its keys. */
struct hub_shown;

/* In the arena. Never NULL. */
struct hub_shown *hub_shown_new(struct hub_keyring *keys, struct hub_arena *arena);

/* The ring's keys; whoever's is found is remembered. For one thread at a time. */
struct hub_key_source hub_shown_source(struct hub_shown *self);

/* Whether what this call reads is to be noted. */
bool hub_accesses_count(const struct hub_call *call);

/* The keys to open an answer with, which remember whose they were when the call counts. */
struct hub_key_source hub_accesses_keys(struct hub_call *call);

/* Note what was opened for an answer that is complete; call before it is sent. Does nothing for a call that does not count, or
 * that showed nothing personal. False when the call is answered: it could not be noted, so it is not shown. */
bool hub_accesses_note(struct hub_call *call);

/* The same for who begins to listen to a socket. */
struct hub_listener {
    const struct hub_lens *lens;
    const struct hub_caller *caller;
    bool is_login;
    struct hub_span purpose;
};

/* False when it could not be noted. */
bool hub_accesses_note_listener(const struct hub_server *server, const struct hub_listener *listener);

#endif
