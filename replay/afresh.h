/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folding everything afresh, in bounded memory, to compare hashes (I5). */
#ifndef HUB_REPLAY_AFRESH_H
#define HUB_REPLAY_AFRESH_H

#include "replay/views.h"

struct hub_afresh_options {
    struct hub_log *log;
    const char *scratch_dir; /* the views go to a new directory in it, which is removed at the end */
    /* Called now and then with the position reached; may be NULL. */
    void (*on_moved)(void *arg, struct hub_position at);
    void *arg;
};

/* Fold the whole log up to its commit position into views of its own and leave them open, without a thread. Read their
 * hashes with hub_views_hash; then destroy.
 * Returns 0, or < 0 with a sentence in ret_why. */
struct hub_afresh;
int hub_afresh_fold(const struct hub_afresh_options *options, struct hub_afresh **ret_afresh, char *ret_why,
                    size_t why_size);

/* The views; they belong to it. */
struct hub_views *hub_afresh_views(const struct hub_afresh *self);

/* Close the views and remove their directory; *self_p becomes NULL. Takes NULL. */
void hub_afresh_destroy(struct hub_afresh **self_p);

#endif
