/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Gathers the tags of one batch, so that each tag costs one row and not one per event. */
#ifndef HUB_LOG_TAGS_H
#define HUB_LOG_TAGS_H

#include "base/buf.h"
#include "log/rocks.h"
#include "log/table.h"

struct hub_tag_group {
    struct hub_name name;
    uint64_t first, last; /* sequences */
    uint32_t head, tail;  /* links of the further ones; 0: none */
};

struct hub_tag_link {
    uint64_t delta; /* to the sequence before */
    uint32_t next;  /* 0: none */
};

struct hub_tags {
    struct hub_table names;       /* to the index of the group */
    struct hub_tag_group *groups; /* owned */
    struct hub_tag_link *links;   /* owned; index 0 is not used */
    uint32_t group_count, group_room;
    uint32_t link_count, link_room;
    struct hub_buf row;
};

/* Start empty. */
void hub_tags_init(struct hub_tags *self);

/* Free the memory. */
void hub_tags_done(struct hub_tags *self);

/* Note that the event at `sequence` has this tag. Sequences never decrease. */
void hub_tags_add(struct hub_tags *self, const struct hub_name *name, uint64_t sequence);

/* Put the rows into the batch and start over. */
void hub_tags_flush(struct hub_tags *self, struct hub_rocks_batch *batch);

#endif
