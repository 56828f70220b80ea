/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Waiting queries: a ring in the order of their coming. */
#include "api/waits.h"

void hub_waits_init(struct hub_waits *self)
{
    *self = (struct hub_waits){ .anchor = { .before = &self->anchor, .after = &self->anchor } };
}

int hub_waits_add(struct hub_waits *self, struct hub_wait *wait)
{
    if (self->count == HUB_WAITS_MAX) {
        return 1;
    }
    wait->before = self->anchor.before;
    wait->after = &self->anchor;
    wait->before->after = wait;
    self->anchor.before = wait;
    self->count++;
    return 0;
}

void hub_waits_drop(struct hub_waits *self, struct hub_wait *wait)
{
    if (wait->after == NULL) {
        return;
    }
    wait->before->after = wait->after;
    wait->after->before = wait->before;
    wait->before = wait->after = NULL;
    self->count--;
}

/* Whoever goes on may add to the ring or drop from it. So those that are due are first taken into a ring of their own:
 * dropping one of them there is as good as dropping it here. */
void hub_waits_run(struct hub_waits *self, uint64_t reached, int64_t tick_us)
{
    struct hub_waits due;
    hub_waits_init(&due);
    for (struct hub_wait *wait = self->anchor.after, *next; wait != &self->anchor; wait = next) {
        next = wait->after;
        if (wait->sequence <= reached || wait->late_tick_us <= tick_us) {
            hub_waits_drop(self, wait);
            hub_waits_add(&due, wait);
            self->count++;
        }
    }
    while (due.anchor.after != &due.anchor) {
        struct hub_wait *wait = due.anchor.after;
        hub_waits_drop(self, wait);
        wait->on_ready(wait, wait->sequence <= reached);
    }
}
