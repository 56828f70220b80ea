/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether keys/ holds what the log needs: the key of every subject that was not erased. */
#ifndef HUB_TOOLS_AUDIT_AUDIT_KEYS_H
#define HUB_TOOLS_AUDIT_AUDIT_KEYS_H

#include "tools/datadir.h"

/* Whether a subject's key is there, or an event says that it was erased. arg: a struct hub_datadir whose keys can be read. */
bool hub_audit_has_key(void *arg, struct hub_ulid company, struct hub_ulid subject);

/* Whether there is a key store beside the log without the master key that opens it. */
bool hub_audit_lacks_master(const struct hub_datadir *reader, const char *data);

#endif
