/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* People who may log in: where a password is hashed before a command is sent. */
#ifndef HUB_API_AGENTS_H
#define HUB_API_AGENTS_H

struct hub_call;
struct hub_answer;

/* POST /agents: hash the password, or one that is made and shown; then the company adds the person. */
void hub_agents_add(struct hub_call *call);
void hub_agents_finish(struct hub_call *call, struct hub_answer *answer);

/* PUT /agents/{agent_id}/password: an admin sets anybody's, everybody the own one who knows it. */
void hub_agents_password(struct hub_call *call);

#endif
