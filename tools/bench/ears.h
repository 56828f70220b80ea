/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Listens on many WebSockets from one thread while it sends messages over HTTP, and measures from one to the other.
 *
 * A message carries the time when it was due (open loop, as in load.h), and every frame that repeats that time is one latency: from
 * when the message should have gone out until this socket has read it. Some sockets may stop reading for the time of the
 * measurement; what they do to the others is seen in the others' latency, and how they are closed is counted. */
#ifndef HUB_TOOLS_BENCH_EARS_H
#define HUB_TOOLS_BENCH_EARS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct hub_histogram;
struct hub_texts;

#define HUB_EARS_MAX 100000

/* What to do. Everything is borrowed for the time of the run. */
struct hub_ears_plan {
    struct sockaddr_storage address;
    socklen_t address_len;
    const char *host, *path;         /* of the WebSocket */
    const char *post_path, *body;    /* of messages; {t} is when it was due, {n} a number below 100. NULL: none */
    const struct hub_texts *headers; /* of both */
    unsigned sockets;                /* 1 to HUB_EARS_MAX */
    unsigned stalled;                /* of them: those that stop reading */
    double rate;                     /* messages per second */
    int64_t duration_us, settle_us;
    bool waits_for_input; /* hold the sockets until a line comes on stdin, before anything is sent */
};

struct hub_ears_result {
    uint64_t opened, refused, frames, bytes, posts, posts_failed;
    uint64_t lost;                          /* sockets that read all the time and were closed all the same */
    uint64_t told_to_resume;                /* stalled ones that were closed with 1013 */
    uint64_t stalled_open;                  /* stalled ones that were not closed */
    int64_t open_us;                        /* how long opening took */
    struct hub_histogram *heard, *answered; /* owned: from due to frame, from due to HTTP answer */
};

/* Run one plan to its end. Returns 0, or a negative errno; ret is filled and its histograms are the caller's either way. */
int hub_ears_run(const struct hub_ears_plan *plan, struct hub_ears_result *ret);

#endif
