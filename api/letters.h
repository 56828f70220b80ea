/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What was given up or set aside, for people to decide on: dead letters, and inputs that the process died of. Functions of
 * routes. A dead letter is named by its session and the key of its row, so that a repeated request finds its actor too. */
#ifndef HUB_API_LETTERS_H
#define HUB_API_LETTERS_H

struct hub_answer;
struct hub_call;

/* Each answers one route of routes.def. */
void hub_letters_list(struct hub_call *call);
void hub_letters_show(struct hub_call *call);
void hub_inputs_list(struct hub_call *call);

/* Complete the command of a letter that is there; answer 404 otherwise. */
void hub_letters_prepare_retry(struct hub_call *call);
void hub_letters_prepare_drop(struct hub_call *call);

/* Find the input; and let it go, once that is in the log. */
void hub_inputs_prepare(struct hub_call *call);
void hub_inputs_finish(struct hub_call *call, struct hub_answer *answer);

#endif
