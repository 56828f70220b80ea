/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a decision to an append: sealed, packed, and with everything that happens once it is durable. */
#ifndef HUB_ACTORS_OUTCOME_H
#define HUB_ACTORS_OUTCOME_H

#include "actors/decision.h"
#include "actors/entity.h"
#include "log/append.h"
#include "log/keyring/keyring.h"

/* A command whose append is under way. Lies in the command's arena. */
struct hub_outcome {
    struct hub_append append;    /* owner is this outcome */
    struct hub_command *command; /* owns the memory */
    struct hub_entity *entity;
    unsigned worker;
    bool keyed;                    /* lies in the worker's table of staged commands */
    struct hub_answer *own;        /* the command's answer, NULL when another entity gives it */
    struct hub_answer *dependents; /* answers to later commands that saw what this wrote */
    struct hub_command *joined;    /* repetitions of the same keyed command */
    struct hub_command *after;     /* follow-ups and forwards, in order of dispatch */
    struct hub_command **after_end;
    unsigned follows; /* so many of the first are follow-ups of this append */
    int64_t sent_tick_us;
    struct hub_outcome *same_key; /* next in the table of staged commands */
    struct hub_outcome *next;     /* in a piece of mail */
};

struct hub_outcome_context {
    const struct hub_world *world;
    struct hub_keyring *keys;
    struct hub_log *log;
    struct hub_buf *scratch; /* the worker's, cleared by each use */
};

/* What an append is built from. */
struct hub_outcome_parts {
    const struct hub_decided *decided;
    struct hub_command *command; /* moves into the outcome */
    struct hub_entity *entity;
    struct hub_answer
        *answer; /* the command's, or NULL; its record is kept packed in the command row of a keyed command */
};

/* Build the append for a decision. Events are sealed and packed; follow-ups are ready to be dispatched but for their settle keys.
 * Returns 0 and ret_outcome; or an enum hub_error with ret_fault when a subject's key is gone or an event is too large: nothing
 * happened, the command is still the caller's. */
int hub_outcome_build(const struct hub_outcome_context *context, const struct hub_outcome_parts *parts,
                      struct hub_outcome **ret_outcome, struct hub_fault *ret_fault);

/* An outcome that writes no event: it settles a pending row whose command was refused or had nothing to do. */
struct hub_outcome *hub_outcome_settle_only(struct hub_command *command, struct hub_entity *entity);

/* Append a command to what is dispatched when the outcome is durable. Takes it over. */
void hub_outcome_then(struct hub_outcome *self, struct hub_command *command);

/* Fill the settle keys of follow-ups from the number the log gave. */
void hub_outcome_number(struct hub_outcome *self);

/* The greatest key below this one: to look from there on. */
struct hub_pending_key hub_pending_key_before(const struct hub_pending_key *key);

/* A command from a pending row, ready to be sent: a follow-up, a timer's. Returns NULL for a row that this program cannot read. */
struct hub_command *hub_command_from_pending(const struct hub_pending_key *key, struct hub_span value);

/* An effect from a pending row, or NULL. */
struct hub_effect *hub_effect_from_pending(const struct hub_pending_key *key, struct hub_span value);

#endif
