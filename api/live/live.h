/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The live part of one loop: its sockets, who of them hears what, and the batches that the feed leaves.
 *
 * A live socket gets every batch as it comes. Any other one is behind: it waits until a batch continues exactly where it is,
 * or until a job has read from the log what it missed. So each event comes once and in order, however a socket came to be
 * where it is: fresh, resumed, or after a pause. */
#ifndef HUB_API_LIVE_LIVE_H
#define HUB_API_LIVE_LIVE_H

#include "api/live/delivery.h"
#include "api/live/socket.h"

enum { HUB_LIVE_RECENT = 64 };

/* Those who hear the same. */
struct hub_live_ear {
    struct hub_live_entry entry; /* key: hub_lens_lane or hub_lens_topic */
    struct hub_live_socket *first;
};

/* A batch on its way to one loop. */
struct hub_live_note {
    struct hub_live_note *next;
    struct hub_batch *batch; /* held */
};

struct hub_live {
    struct hub_loop *loop;
    struct hub_live_socket *first;             /* all sockets */
    struct hub_live_socket *behind;            /* those that are */
    struct hub_live_table ears;                /* of live ones, by lane and by topic */
    unsigned unknown;                          /* sockets of which nobody said who they are for */
    size_t by_topic;                           /* live ones that hear one topic only */
    struct hub_batch *recent[HUB_LIVE_RECENT]; /* held; a ring of those that came last, without a gap */
    unsigned recent_first, recent_count;
    bool has_at;
    uint64_t at, epoch; /* where the last batch ended, and whom it was rendered for */
    struct hub_ref *ping;
    int64_t ping_us;                             /* of silence, before a ping */
    int64_t now_us, next_tick_us, look_again_us; /* look_again: at all credentials */
    uint64_t credentials_epoch, erasures;        /* as they were looked at last */

    struct hub_delivery delivery;          /* of the batch under way */
    atomic_uint under_way;                 /* batches that are left or begun, and not sent to all */
    struct hub_live_note *waiting;         /* batches that wait for it, oldest first */
    _Atomic(struct hub_live_note *) notes; /* left by the feed, newest first */

    /* Figures for /metrics, read by any thread. */
    atomic_size_t sockets;
    atomic_ullong opened, slow, resumed, reloaded, said, refused;
};

/* On the loop's thread, before and after everything else. Never NULL. */
struct hub_live *hub_live_new(struct hub_loop *loop);
void hub_live_destroy(struct hub_live **self_p);

/* Leave a batch for this loop; the loop must be stirred then. Any thread. */
void hub_live_leave_batch(struct hub_live *self, struct hub_batch *batch);

/* Take in what was left, and send some of it on. Returns whether there is more to send: call again soon. */
bool hub_live_take(struct hub_live *self);

/* What time brings, about once a second, or more often while the server drains. */
void hub_live_tick(struct hub_live *self);

/* The server stops: close all with 1001. */
void hub_live_close_all(struct hub_live *self);

/* --- for sockets --- */

/* A socket knows who it is for: it begins to listen, from a position on (0: from now). Sends `connected`. */
void hub_live_join(struct hub_live_socket *socket, uint64_t since);

/* Send what came from a position on, too, but nothing twice. Returns false when what an earlier call asked for is still being
 * sent. */
bool hub_live_rewind(struct hub_live_socket *socket, uint64_t since);

/* Begin afresh with a picture of now. */
void hub_live_reload(struct hub_live_socket *socket);

/* Nothing more is held back: the client has spoken. */
void hub_live_release(struct hub_live_socket *socket);

/* Bring a socket that is behind to where the batches are, or one step nearer. */
void hub_live_catch_up(struct hub_live_socket *socket);

/* It listens no more, but is there. */
void hub_live_leave(struct hub_live_socket *socket);

/* It goes away. */
void hub_live_forget(struct hub_live_socket *socket);

/* Send the frame of a row that says something by itself. payload: of the row's shape, opened. sequence: 0 for none. */
void hub_live_say(struct hub_live_socket *socket, const char *type, const void *payload, uint64_t sequence);

#endif
