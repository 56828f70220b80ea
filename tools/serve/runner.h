/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The campaigns' runner: one thread that walks audiences, finds whose turn it is, and sends each customer's actor the
 * command to decide on it. It decides nothing itself and keeps nothing that a crash could take: how far an audience was walked
 * is in the campaign's stream, who was contacted in the customers'. So whatever it sends twice is done once. */
#ifndef HUB_TOOLS_SERVE_RUNNER_H
#define HUB_TOOLS_SERVE_RUNNER_H

#include "replay/views.h"

struct hub_runner;
struct hub_zones;

/* Tickets with this loop are the runner's; their answers go to hub_runner_on_answer. */
enum { HUB_RUNNER_LOOP = UINT32_MAX - 1 };

enum {
    HUB_RUNNER_BATCH = 512,   /* commands under way at a time */
    HUB_RUNNER_WINDOW = 2048, /* attempts of one campaign that are under way: what still goes out after a pause */
};

struct hub_runner_options {
    struct hub_runtime *runtime;
    struct hub_views *views;
    const struct hub_world *world;
    struct hub_zones *zones;
    const char *hold; /* nothing is sent while this file is there; NULL: none */
};

/* Start it; the parts must outlive it. Returns 0, or < 0 when there is no thread for it. */
int hub_runner_start(const struct hub_runner_options *options, struct hub_runner **ret_runner);

/* An answer to one of its commands; takes it over. Any thread, never blocks for long. */
void hub_runner_on_answer(struct hub_runner *self, struct hub_answer *answer);

/* Stop it; what it sent may still be under way, and its answers must not come any more when it is freed. */
void hub_runner_stop(struct hub_runner *self);
void hub_runner_destroy(struct hub_runner **self_p);

#endif
