/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Streams that a view could not go on with: the bad event and all that follow in its stream wait, nothing is skipped. */
#ifndef HUB_REPLAY_PARK_H
#define HUB_REPLAY_PARK_H

#include "replay/fold.h"

struct hub_park {
    uint16_t view; /* number */
    struct hub_stream stream;
    uint64_t version;  /* of the first event that is not folded in */
    uint64_t sequence; /* its position */
    uint64_t events;   /* set aside so far */
    int64_t since_us;  /* log time of the first of them */
    char reason[120];  /* what was wrong with it */
    bool is_changed;   /* since it was last stored */
};

struct hub_parks {
    struct hub_park *at; /* owned; in the order of their keys */
    size_t count, room;
};

/* Start empty, free. */
void hub_parks_init(struct hub_parks *self);
void hub_parks_done(struct hub_parks *self);

/* The park of a stream in a view, or NULL. Valid until the next add or remove. */
struct hub_park *hub_parks_find(const struct hub_parks *self, uint16_t view, const struct hub_stream *stream);

/* Set a stream aside from this event on. It must not be there yet. */
void hub_parks_add(struct hub_parks *self, uint16_t view, const struct event_header *header, const char *reason);

/* Let a stream go; its row is dropped too. */
void hub_parks_remove(struct hub_parks *self, struct hub_park *park, struct hub_view_fold *fold);

/* Read those of a view from its rows. Returns 0 or < 0. */
int hub_parks_load(struct hub_parks *self, uint16_t view, const struct hub_rows *rows);

/* Hand those that changed to the fold, to be stored with its next flush. */
void hub_parks_store(struct hub_parks *self, struct hub_view_fold *fold);

/* How many streams and events of a view wait. */
void hub_parks_count(const struct hub_parks *self, uint16_t view, uint64_t *ret_streams, uint64_t *ret_events);

#endif
