/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Entities in the past: as they were, what changed between two moments, where a value comes from. */
#ifndef HUB_TOOLS_REPLAY_REPLAY_ENTITY_H
#define HUB_TOOLS_REPLAY_REPLAY_ENTITY_H

#include "tools/replay/replay_events.h"

/* Each prints in the format of the query, opens its data directory and returns an exit status; what went wrong was said on stderr.
 * Moments are positions or times, as texts; personal values are shown where there are keys. */

/* An entity (KIND/ID) as of a moment; NULL: now. Table and json: one JSON document; csv and msgpack: a row for each value. */
int hub_replay_state(const struct hub_replay_query *query, const char *name, const char *at);

/* What is different between two moments, by path, and which events did it: of `name`, or, when it is NULL, of all entities that an
 * event of the query touched between them. */
int hub_replay_diff(const struct hub_replay_query *query, const char *name, const char *a, const char *b);

/* The events that made a value of an entity, up to a moment (NULL: now), oldest first. */
int hub_replay_lineage(const struct hub_replay_query *query, const char *name, const char *field, const char *at);

#endif
