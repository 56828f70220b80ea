/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Puts load on an HTTP/1.1 server from one thread: many keep-alive connections, one request at a time on each.
 *
 * Closed loop (no rate): a connection asks again as soon as it was answered; what is measured is how many
 * requests the server can take. Open loop (a rate): request number k is due at start + k / rate, whatever
 * the server does; it goes out on the connection that has been idle longest, and its latency counts from when
 * it was due, not from when a connection was free. So a stall is charged to every request that it delayed
 * (no "coordinated omission"). */
#ifndef HUB_TOOLS_BENCH_LOAD_H
#define HUB_TOOLS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct hub_load_result;
struct hub_request;
struct hub_rows;
struct hub_world;

#define HUB_LOAD_CONNECTIONS_MAX 16384

/* What to do. Everything is borrowed for the time of the run. */
struct hub_load_plan {
    const struct hub_world *world; /* its monotone clock is what everything is timed with */
    struct sockaddr_storage address;
    socklen_t address_len;
    const struct hub_request *request;
    const struct hub_rows *rows; /* NULL when the template has no columns */
    bool is_head;                /* the method is HEAD */
    unsigned connections;        /* 1 to HUB_LOAD_CONNECTIONS_MAX */
    int64_t warmup_us;           /* before anything is counted */
    int64_t duration_us;         /* what is counted */
    int64_t drain_us;            /* how long to wait for answers after that */
    bool is_once;                /* stop when each row was asked about once, if that is before the time */
    uint64_t first_counter;      /* of the first request's `{n}` */
    double rate;                 /* requests per second of all connections together; 0: closed loop */
};

/* Run one plan to its end. Blocks the calling thread; signals end it early only by ending the process.
 *
 * The rows are dealt out to the connections, each walks its own in order and starts over at their end, so a
 * row is never asked about twice at the same time unless there are fewer rows than connections. With
 * `is_once` the next row goes to whoever asks next. A broken connection is made again after 10 ms.
 *
 * ret   filled on success, then the caller calls hub_load_result_done
 *
 * Returns 0, or a negative errno: -ECONNREFUSED when no connection at all could be made within 2 s, else what
 * epoll or memory said. Errors once the load is under way are counted, not returned. */
int hub_load_run(const struct hub_load_plan *plan, struct hub_load_result *ret);

#endif
