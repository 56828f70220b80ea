/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ephemeral frames go the way of batches: lanes by role, to all loops, but without a position. */
#include "api/live/tell.h"

/* A batch of one frame, for those of its company who may see it. */
static void tell(struct hub_server *server, const struct hub_rendered *told)
{
    struct hub_hearers hearers;
    uint8_t contract = told->row->contract;
    if (!hub_interest_hearers(server->interest, told->company, contract, &hearers)) {
        return;
    }
    struct hub_batch *batch = hub_batch_new(0, 0, 0);
    hub_batch_add_to(batch, (hearers.all | hearers.some) & told->row->roles, told);
    hub_batch_seal(batch);
    hub_server_spread(server, batch);
}

static void say_to_all(struct hub_server *server, struct hub_rendered *told, const void *payload)
{
    const struct hub_say say = { .row = told->row, .payload = payload, .time_us = hub_now_us(server->options.world) };
    struct hub_buf out;
    hub_buf_init(&out);
    hub_render_said(&say, &out);
    told->frame = hub_buf_span(&out);
    tell(server, told);
    hub_buf_done(&out);
}

void hub_live_tell(const struct hub_live_socket *from, const char *type, const void *payload)
{
    struct hub_rendered told = { .row = hub_frame_said(HUB_CONTRACT_a, type),
                                 .company = from->lens.company,
                                 .session = from->lens.id };
    say_to_all(from->live->loop->server, &told, payload);
}

void hub_live_announce(struct hub_server *server, struct hub_ulid company, const char *type, const void *payload)
{
    for (unsigned contract = HUB_CONTRACT_a; contract <= HUB_CONTRACT_b; contract++) {
        struct hub_rendered told = { .row = hub_frame_said((uint8_t) contract, type), .company = company };
        if (told.row != NULL) {
            say_to_all(server, &told, payload);
        }
    }
}
