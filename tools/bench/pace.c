/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When the next request of an open loop is due, and which connection takes it. */
#include "tools/bench/pace.h"

#include <assert.h>
#include <stdlib.h>

enum place { OUTSIDE, WAITING, GONE }; /* GONE: still in the ring, to be passed over */

struct hub_pace {
    double rate;
    int64_t start_us, end_us;
    uint64_t next;         /* number of the next request */
    uint64_t total;        /* how many are due before end_us */
    unsigned *ring;        /* connections, longest idle first; each at most once */
    unsigned char *places; /* of each connection, an enum place */
    unsigned size, at, len;
    unsigned waiting; /* those in the ring that are not GONE */
};

struct hub_pace *hub_pace_new(double rate, unsigned connections)
{
    assert(rate > 0);
    struct hub_pace *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->rate = rate;
    self->size = connections;
    self->ring = calloc(connections, sizeof *self->ring);
    self->places = calloc(connections, sizeof *self->places);
    if (!self->ring || !self->places)
        hub_pace_destroy(&self);
    return self;
}

void hub_pace_destroy(struct hub_pace **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->ring);
    free((*self_p)->places);
    free(*self_p);
    *self_p = NULL;
}

static int64_t due_us(const struct hub_pace *self, uint64_t number)
{
    return self->start_us + (int64_t) ((double) number * 1e6 / self->rate);
}

void hub_pace_start(struct hub_pace *self, int64_t start_us, int64_t end_us)
{
    self->start_us = start_us;
    self->end_us = end_us;
    self->next = 0;
    self->total = (uint64_t) ((double) (end_us - start_us) * self->rate / 1e6);
    while (due_us(self, self->total) < end_us)
        self->total++;
    while (self->total > 0 && due_us(self, self->total - 1) >= end_us)
        self->total--;
}

void hub_pace_wait(struct hub_pace *self, unsigned connection)
{
    assert(connection < self->size);
    if (self->places[connection] == WAITING)
        return;
    if (self->places[connection] == OUTSIDE)
        self->ring[(self->at + self->len++) % self->size] = connection;
    self->places[connection] = WAITING;
    self->waiting++;
}

void hub_pace_leave(struct hub_pace *self, unsigned connection)
{
    assert(connection < self->size);
    if (self->places[connection] != WAITING)
        return;
    self->places[connection] = GONE;
    self->waiting--;
}

static unsigned pop(struct hub_pace *self)
{
    unsigned connection = self->ring[self->at];
    self->at = (self->at + 1) % self->size;
    self->len--;
    return connection;
}

bool hub_pace_take(struct hub_pace *self, int64_t now_us, unsigned *ret_connection, int64_t *ret_due_us)
{
    if (hub_pace_next_us(self) > now_us)
        return false;
    unsigned connection = pop(self);
    while (self->places[connection] == GONE) {
        self->places[connection] = OUTSIDE;
        connection = pop(self);
    }
    self->places[connection] = OUTSIDE;
    self->waiting--;
    *ret_connection = connection;
    *ret_due_us = due_us(self, self->next++);
    return true;
}

int64_t hub_pace_next_us(const struct hub_pace *self)
{
    return self->waiting > 0 && self->next < self->total ? due_us(self, self->next) : INT64_MAX;
}

uint64_t hub_pace_left(const struct hub_pace *self)
{
    return self->total - self->next;
}
