/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A tool that reads personal data notes it first, in DATA/access/, as the API does (docs/decisions/018-accesses.md). */
#ifndef HUB_TOOLS_NOTING_H
#define HUB_TOOLS_NOTING_H

#include "base/sealed.h"
#include "log/keyring/keyring.h"
#include "log/log.h"
#include "tools/tool.h"

struct hub_noting;

/* Everything is borrowed. Never NULL. */
struct hub_noting *hub_noting_new(const char *data_dir, struct hub_log *log, struct hub_keyring *keys);
void hub_noting_destroy(struct hub_noting **self_p);

/* Which tool it is, and why it is run (--reason). Returns an exit status: a reason that is none was said on stderr. */
int hub_noting_tell(struct hub_noting *self, const struct hub_tool_call *call);

/* The ring's keys. Before a customer's key is given for the first time, the reading is noted durably; from the ninth customer on
 * it is noted once, as a reading of everybody. What cannot be noted finds no key, so it stays sealed; that is said on stderr. */
struct hub_key_source hub_noting_keys(struct hub_noting *self);

/* Whether something could not be noted. */
bool hub_noting_has_failed(const struct hub_noting *self);

#endif
