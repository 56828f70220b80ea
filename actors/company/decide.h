/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a company, one per command. Only company/ includes this. Who may ask is the API's to check; tokens and
 * passwords come digested, so no decision ever sees one. */
#ifndef HUB_ACTORS_COMPANY_DECIDE_H
#define HUB_ACTORS_COMPANY_DECIDE_H

#include "actors/company/apply.h"

/* Decide one command each; see hub_decide_fn. State: company_state or NULL. */
hub_decide_fn hub_company_decide_create;
hub_decide_fn hub_company_decide_settings;
hub_decide_fn hub_company_decide_page;
hub_decide_fn hub_company_decide_add_key;
hub_decide_fn hub_company_decide_list_keys;
hub_decide_fn hub_company_decide_remove_key;
hub_decide_fn hub_company_decide_first_key;
hub_decide_fn hub_company_decide_add_login;
hub_decide_fn hub_company_decide_remove_login;
hub_decide_fn hub_company_decide_add_agent;
hub_decide_fn hub_company_decide_role;
hub_decide_fn hub_company_decide_remove_agent;
hub_decide_fn hub_company_decide_password;
hub_decide_fn hub_company_decide_get_settings;
hub_decide_fn hub_company_decide_list_pages;
hub_decide_fn hub_company_decide_move_consumer;
hub_decide_fn hub_company_decide_remove_consumer;
hub_decide_fn hub_company_decide_list_consumers;
hub_decide_fn hub_company_decide_release;

/* Decide company_key_added. expires_at 0: never. Returns the key's record, in the decision's arena. */
struct company_key *hub_company_add_key(struct hub_decision *decision, struct hub_span name, unsigned role,
                                        int64_t expires_at, struct hub_span digest);

/* Decide the first key, which belongs to whoever runs the hub for this company: an admin's. */
void hub_company_add_first_key(struct hub_decision *decision, struct hub_span digest);

/* Let a person have an agent's stream, where there is none yet. */
void hub_company_begin_agent(struct hub_decision *decision, struct hub_ulid user, unsigned role,
                             const hub_sealed *email);

/* Refuse with not_found unless the company exists. Returns whether it does. */
bool hub_company_is_there(const struct company_state *state, struct hub_decision *decision);

/* Answer "done". */
void hub_company_answer_done(struct hub_decision *decision);

#endif
