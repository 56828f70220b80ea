/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One question to a running hub's REST, for commands that go through it. */
#ifndef HUB_TOOLS_ASKING_H
#define HUB_TOOLS_ASKING_H

#include "base/arena.h"
#include "base/schema.h"
#include "base/span.h"
#include "tools/settings.h"

/* What is asked, and where the answer goes. */
struct hub_asking {
    const char *whose; /* key that is needed, for who gave none: "the key of ..." */
    const char *method, *path;
    struct hub_span body;          /* JSON; empty: none */
    const struct hub_shape *shape; /* of the answer */
    struct hub_arena *arena;
    void *record; /* zeroed; its spans are in the arena */
};

/* Ask the hub that --url and --key name. Says on stderr what went wrong. Returns an exit status. */
int hub_asking_do(const struct hub_settings *settings, const struct hub_asking *asking);

/* The text of a path or a body's member in the form that a URL's part has; in the arena, terminated. */
const char *hub_asking_part(const char *text, struct hub_arena *arena);

#endif
