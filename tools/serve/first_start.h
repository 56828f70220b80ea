/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The company that runs the hub: made at the first start, given the environment's key at later ones. */
#ifndef HUB_TOOLS_SERVE_FIRST_START_H
#define HUB_TOOLS_SERVE_FIRST_START_H

#include "tools/serve/hub.h"

struct hub_first_start {
    const char *key;      /* API key to use; NULL: make one at the first start, leave the keys alone later */
    const char *email;    /* of the first admin */
    const char *password; /* of the first admin; NULL: make one */
};

/* What was made and has to be shown, once. All empty when nothing was. */
struct hub_made_secrets {
    char key[48];
    char password[25];
    bool is_first; /* it was the first start */
};

/* See to it that the hub has its company, and that the given key works. Ends early when a signal comes.
 *
 * Returns 0 and ret_made; > 0, the number of a signal that came while waiting; < 0 with a sentence in ret_why. */
int hub_first_start(struct hub_hub *hub, const struct hub_first_start *wanted, struct hub_made_secrets *ret_made,
                    char *ret_why, size_t why_size);

#endif
