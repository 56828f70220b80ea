/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tree grows in small steps, so that a checkpoint never has much to read. */
#include "log/proof/notary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/proof/checkpoint.h"
#include "log/chore.h"
#include "log/file.h"

enum { GROUPS_A_STEP = 32, FAR_EVENTS = 50000 };
static const int64_t ten_minutes_us = INT64_C(600) * 1000 * 1000, soon_us = 50 * 1000, later_us = 1000 * 1000;

struct hub_notary {
    struct hub_notary_options options;
    struct hub_chore *chore;
    struct hub_tree *tree;
    struct hub_note_key key;
    uint64_t signed_size;
    int64_t signed_tick_us;
};

static void sign(struct hub_notary *self)
{
    const struct hub_notary_options *options = &self->options;
    uint64_t size = hub_log_commit(options->log).sequence;
    self->signed_tick_us = hub_tick_us(options->world);
    if (size == self->signed_size) {
        return;
    }
    struct hub_buf note;
    hub_buf_init(&note);
    errno = EIO;
    int result = hub_checkpoint_sign(self->tree, options->log, size, &self->key, &note);
    if (result == 0) {
        result = hub_checkpoint_keep(options->data_dir, hub_buf_span(&note));
    }
    if (result == 0 && options->copy_to != NULL) {
        result = hub_checkpoint_hand(options->copy_to, hub_buf_span(&note));
    }
    if (result == 0) {
        self->signed_size = size;
    } else {
        options->on_fault(options->arg, strerror(errno));
    }
    hub_buf_done(&note);
}

static uint64_t behind(const struct hub_notary *self)
{
    return hub_log_commit(self->options.log).sequence - hub_tree_size(self->tree);
}

static int64_t work(void *arg)
{
    struct hub_notary *self = arg;
    int grown = hub_tree_grow(self->tree, GROUPS_A_STEP);
    if (grown < 0) {
        self->options.on_fault(self->options.arg, strerror(errno));
        return ten_minutes_us;
    }
    if (grown == GROUPS_A_STEP) {
        return behind(self) > self->options.far_events ? 0 : soon_us;
    }
    if (hub_tick_us(self->options.world) - self->signed_tick_us >= self->options.every_us) {
        sign(self);
    }
    return later_us;
}

int hub_notary_start(const struct hub_notary_options *options, struct hub_notary **ret_notary, char *ret_why,
                     size_t why_size)
{
    struct hub_notary *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    self->options.every_us = options->every_us == 0 ? ten_minutes_us : options->every_us;
    self->options.far_events = options->far_events == 0 ? FAR_EVENTS : options->far_events;
    self->signed_tick_us = hub_tick_us(options->world);
    const char *bad = NULL;
    if (hub_checkpoint_key(options->log, options->data_dir, options->world, &self->key) != 0) {
        bad = "checkpoint.key";
    } else if (hub_tree_open(options->log, options->data_dir, true, &self->tree) != 0) {
        bad = "tree";
    }
    if (bad != NULL) {
        snprintf(ret_why, why_size, "The file %s/%s cannot be used: %s.", options->data_dir, bad, strerror(errno));
        free(self);
        return -1;
    }
    self->chore = hub_chore_start(work, self, options->first_us == 0 ? soon_us : options->first_us, HUB_CHORE_PATIENT);
    *ret_notary = self;
    return 0;
}

void hub_notary_stop(struct hub_notary **self_p)
{
    struct hub_notary *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_chore_stop(&self->chore);
    /* Messages in bulk come faster than the tree grows, and a stop must not take long. */
    uint64_t far = self->options.far_events, enough = hub_tree_size(self->tree) + far;
    while (hub_tree_size(self->tree) < enough && hub_tree_grow(self->tree, 1) == 1) {
    }
    if (behind(self) <= far) {
        sign(self);
    }
    hub_tree_close(&self->tree);
    free(self);
    *self_p = NULL;
}
