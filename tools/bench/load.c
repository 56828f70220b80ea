/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Puts load on an HTTP/1.1 server from one thread: many keep-alive connections, one request at a time on each.
 *
 * The machine is shared with the server, so a request costs one write, one read and its part of an epoll_wait:
 * sockets are edge triggered and registered once, for both directions; requests are written into one buffer
 * and answers read into another that all connections share and that stay in the cache. Only what did not fit
 * through (a partial write, a head in two pieces) is kept per connection, in room set aside at the start. */
#include "tools/bench/load.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/world.h"
#include "tools/bench/histogram.h"
#include "tools/bench/load_result.h"
#include "tools/bench/pace.h"
#include "tools/bench/request.h"
#include "tools/bench/response.h"
#include "tools/bench/rows.h"

enum {
    IN_BYTES = 64 * 1024,   /* read at once */
    HELD_BYTES = 16 * 1024, /* the longest head */
    EVENTS = 256,
    RETRY_US = 10 * 1000,
    CONNECT_US = 2 * 1000 * 1000,
};

enum conn_state { DOWN, CONNECTING, IDLE, BUSY };

struct conn {
    int fd; /* -1 when down */
    enum conn_state state;
    int64_t started_us; /* from when the latency of the request under way counts */
    size_t row;         /* the next of its own rows */
    struct hub_response response;
    char *held; /* answer bytes not used yet; HELD_BYTES of room */
    size_t held_len;
    char *rest; /* request bytes not written yet; a request's bound of room */
    size_t rest_at, rest_len;
};

struct load {
    const struct hub_load_plan *plan;
    struct hub_load_result *result;
    int epoll_fd;
    struct conn *conns;
    unsigned busy, down, connecting; /* how many are in these states */
    struct hub_pace *pace;           /* NULL in a closed loop */
    char *in, *out;                  /* shared buffers */
    char *room;                      /* what the connections' `held` and `rest` point into */
    uint64_t counter;                /* of the next `{n}` */
    size_t row_next;                 /* with is_once: the next row */
    bool is_started;                 /* requests may be sent */
    int64_t retry_us;                /* when the connections that are down are tried again */
    int64_t measure_us;              /* the warm-up is over */
    int64_t end_us;                  /* nothing is sent any more */
    int64_t last_us;                 /* the last answer */
};

static int64_t tick(const struct load *self)
{
    return hub_tick_us(self->plan->world);
}

/* Every change of a connection's state goes through here, so that the numbers agree. */
static void move(struct load *self, struct conn *conn, enum conn_state to)
{
    self->busy += (to == BUSY) - (conn->state == BUSY);
    self->down += (to == DOWN) - (conn->state == DOWN);
    self->connecting += (to == CONNECTING) - (conn->state == CONNECTING);
    conn->state = to;
}

static void drop(struct load *self, struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    if (self->pace)
        hub_pace_leave(self->pace, (unsigned) (conn - self->conns));
    if (self->down == 0)
        self->retry_us = tick(self) + RETRY_US;
    move(self, conn, DOWN);
}

static void fail(struct load *self, struct conn *conn, uint64_t *count)
{
    ++*count;
    drop(self, conn);
}

static int dial(struct load *self, struct conn *conn)
{
    int on = 1;
    const struct hub_load_plan *plan = self->plan;
    conn->fd = socket(plan->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return -errno;
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(conn->fd, (const struct sockaddr *) &plan->address, plan->address_len) < 0 && errno != EINPROGRESS)
        return -errno;
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = conn };
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) < 0 ? -errno : 0;
}

static void open_conn(struct load *self, struct conn *conn)
{
    move(self, conn, CONNECTING);
    conn->held_len = conn->rest_len = 0;
    if (dial(self, conn) < 0)
        fail(self, conn, &self->result->connect_errors);
}

/* Chooses the row for a connection's next request. Returns false when all were asked about and that is all. */
static bool next_row(struct load *self, struct conn *conn, const struct hub_row **ret_row)
{
    const struct hub_rows *rows = self->plan->rows;
    if (!rows)
        return true;
    size_t count = hub_rows_count(rows);
    if (self->plan->is_once) {
        if (self->row_next >= count)
            return false;
        *ret_row = hub_rows_at(rows, self->row_next++);
        return true;
    }
    *ret_row = hub_rows_at(rows, conn->row);
    conn->row += self->plan->connections;
    if (conn->row >= count)
        conn->row = (size_t) (conn - self->conns) % count;
    return true;
}

/* Writes what the socket takes and keeps the rest for its next EPOLLOUT. */
static void push(struct load *self, struct conn *conn, const char *at, size_t len)
{
    ssize_t done = send(conn->fd, at, len, MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        fail(self, conn, &self->result->write_errors);
        return;
    }
    size_t gone = done > 0 ? (size_t) done : 0;
    if (at == self->out) { /* a fresh request */
        memcpy(conn->rest, at + gone, len - gone);
        conn->rest_at = 0;
    } else {
        conn->rest_at += gone;
    }
    conn->rest_len = len - gone;
}

static void ask(struct load *self, struct conn *conn, int64_t started_us)
{
    const struct hub_row *row = NULL;
    if (!next_row(self, conn, &row))
        return;
    size_t len = hub_request_write(self->plan->request, row, self->counter++, self->out);
    conn->started_us = started_us;
    hub_response_init(&conn->response, self->plan->is_head);
    move(self, conn, BUSY);
    self->result->sent++;
    push(self, conn, self->out, len);
}

/* Open loop: sends what is due, as long as connections are idle. */
static void pump(struct load *self, int64_t now_us)
{
    unsigned number;
    int64_t due_us;
    while (hub_pace_take(self->pace, now_us, &number, &due_us))
        ask(self, &self->conns[number], due_us);
}

/* A connection can take a request. */
static void on_free(struct load *self, struct conn *conn, int64_t now_us)
{
    move(self, conn, IDLE);
    if (!self->is_started || now_us >= self->end_us)
        return;
    if (!self->pace) {
        ask(self, conn, now_us);
        return;
    }
    hub_pace_wait(self->pace, (unsigned) (conn - self->conns));
    pump(self, now_us);
}

static void count(struct load *self, const struct conn *conn, int64_t now_us)
{
    struct hub_load_result *result = self->result;
    self->last_us = now_us;
    if (now_us < self->measure_us)
        return;
    if (now_us < self->end_us)
        result->completed++;
    else
        result->drained++;
    result->statuses[conn->response.status]++;
    result->body_bytes += conn->response.body_bytes;
    hub_histogram_record(result->latency, now_us - conn->started_us);
}

static void on_answer(struct load *self, struct conn *conn)
{
    int64_t now_us = tick(self);
    count(self, conn, now_us);
    if (conn->response.keep_alive) {
        on_free(self, conn, now_us);
        return;
    }
    self->result->reconnects++;
    close(conn->fd);
    conn->fd = -1;
    open_conn(self, conn);
}

/* Keeps what the parser did not use in front of what comes next. Returns false when it does not fit. */
static bool hold(struct conn *conn, const char *at, size_t len)
{
    if (len >= HELD_BYTES)
        return false;
    memmove(conn->held, at, len);
    conn->held_len = len;
    return true;
}

/* Reads once. Returns true when the socket may have more for the same answer. */
static bool read_some(struct load *self, struct conn *conn)
{
    char *at = conn->held_len ? conn->held : self->in;
    size_t room = conn->held_len ? HELD_BYTES - conn->held_len : IN_BYTES;
    size_t used = 0;
    ssize_t got = recv(conn->fd, at + conn->held_len, room, 0);
    if (got < 0 && errno == EINTR)
        return true;
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        fail(self, conn, &self->result->read_errors);
        return false;
    }
    size_t len = conn->held_len + (size_t) got;
    int outcome = hub_response_read(&conn->response, at, len, &used);
    bool is_sound = outcome == HUB_RESPONSE_DONE ? used == len
                                                 : outcome == HUB_RESPONSE_MORE && hold(conn, at + used, len - used);
    if (!is_sound) {
        fail(self, conn, &self->result->malformed);
        return false;
    }
    if (outcome == HUB_RESPONSE_MORE)
        return (size_t) got == room;
    conn->held_len = 0;
    on_answer(self, conn);
    return false;
}

static void on_connected(struct load *self, struct conn *conn, uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP)) {
        fail(self, conn, &self->result->connect_errors);
        return;
    }
    if (events & EPOLLOUT)
        on_free(self, conn, tick(self));
}

static void on_ready(struct load *self, struct conn *conn, uint32_t events)
{
    const uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    switch (conn->state) {
    case DOWN: return;
    case CONNECTING: on_connected(self, conn, events); return;
    case IDLE: /* nothing was asked: the server closes */
        if (events & readable)
            fail(self, conn, &self->result->reconnects);
        return;
    case BUSY:
        if ((events & EPOLLOUT) && conn->rest_len)
            push(self, conn, conn->rest + conn->rest_at, conn->rest_len);
        if ((events & readable) == 0)
            return;
        while (conn->state == BUSY && read_some(self, conn))
            continue;
        return;
    }
}

/* Sleeps until a socket is ready or `until_us`, and handles what came. */
static int turn(struct load *self, int64_t until_us)
{
    struct epoll_event events[EVENTS];
    if (self->down && self->retry_us < until_us)
        until_us = self->retry_us;
    int64_t wait_us = until_us - tick(self);
    if (wait_us < 0)
        wait_us = 0;
    struct timespec wait = { .tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000 };
    int ready = epoll_pwait2(self->epoll_fd, events, EVENTS, &wait, NULL);
    if (ready < 0 && errno != EINTR)
        return -errno;
    for (int i = 0; i < ready; i++)
        on_ready(self, events[i].data.ptr, events[i].events);
    if (self->down == 0 || tick(self) < self->retry_us)
        return 0;
    self->retry_us = tick(self) + RETRY_US;
    for (unsigned i = 0; i < self->plan->connections; i++)
        if (self->conns[i].state == DOWN)
            open_conn(self, &self->conns[i]);
    return 0;
}

static int connect_all(struct load *self)
{
    int rc = 0;
    int64_t give_up_us = tick(self) + CONNECT_US;
    for (unsigned i = 0; i < self->plan->connections; i++)
        open_conn(self, &self->conns[i]);
    while (rc == 0 && self->connecting + self->down > 0 && tick(self) < give_up_us)
        rc = turn(self, give_up_us);
    bool is_nobody_there = self->connecting + self->down == self->plan->connections;
    return rc == 0 && is_nobody_there ? -ECONNREFUSED : rc;
}

static bool is_over(const struct load *self, int64_t now_us)
{
    if (now_us >= self->end_us)
        return true;
    return self->plan->is_once && self->busy == 0 && self->row_next >= hub_rows_count(self->plan->rows);
}

static int put_load(struct load *self)
{
    int rc = 0;
    int64_t now_us = tick(self);
    self->last_us = now_us;
    self->measure_us = now_us + self->plan->warmup_us;
    self->end_us = self->measure_us + self->plan->duration_us;
    self->is_started = true;
    if (self->pace)
        hub_pace_start(self->pace, now_us, self->end_us);
    for (unsigned i = 0; i < self->plan->connections; i++)
        if (self->conns[i].state == IDLE)
            on_free(self, &self->conns[i], now_us);
    while (rc == 0 && !is_over(self, now_us)) {
        int64_t due_us = self->pace ? hub_pace_next_us(self->pace) : self->end_us;
        rc = turn(self, due_us < self->end_us ? due_us : self->end_us);
        now_us = tick(self);
        if (self->pace)
            pump(self, now_us);
    }
    while (rc == 0 && self->busy > 0 && tick(self) < self->end_us + self->plan->drain_us)
        rc = turn(self, self->end_us + self->plan->drain_us);
    return rc;
}

static void sum_up(struct load *self)
{
    struct hub_load_result *result = self->result;
    struct rusage usage = { 0 };
    const struct hub_load_plan *plan = self->plan;
    getrusage(RUSAGE_SELF, &usage);
    result->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
                     usage.ru_stime.tv_usec;
    result->elapsed_us = plan->is_once && self->last_us < self->end_us ? self->last_us - self->measure_us
                                                                       : plan->duration_us;
    result->unanswered = self->busy;
    if (self->pace && !plan->is_once)
        result->unsent = hub_pace_left(self->pace);
}

static int prepare(struct load *self)
{
    unsigned connections = self->plan->connections;
    size_t bound = hub_request_bound(self->plan->request);
    size_t rows = self->plan->rows ? hub_rows_count(self->plan->rows) : 1;
    self->conns = calloc(connections, sizeof *self->conns);
    self->pace = self->plan->rate > 0 ? hub_pace_new(self->plan->rate, connections) : NULL;
    self->room = malloc(connections * (HELD_BYTES + bound));
    self->in = malloc(IN_BYTES);
    self->out = malloc(bound);
    self->result->latency = hub_histogram_new();
    if (!self->conns || !self->room || !self->in || !self->out || !self->result->latency)
        return -ENOMEM;
    if (self->plan->rate > 0 && !self->pace)
        return -ENOMEM;
    for (unsigned i = 0; i < connections; i++) {
        char *room = self->room + i * (HELD_BYTES + bound);
        self->conns[i] = (struct conn){ .fd = -1, .row = i % rows, .held = room, .rest = room + HELD_BYTES };
    }
    self->down = connections;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return self->epoll_fd < 0 ? -errno : 0;
}

static void release(struct load *self)
{
    for (unsigned i = 0; self->conns && i < self->plan->connections; i++)
        if (self->conns[i].fd >= 0)
            close(self->conns[i].fd);
    if (self->epoll_fd >= 0)
        close(self->epoll_fd);
    free(self->conns);
    hub_pace_destroy(&self->pace);
    free(self->room);
    free(self->in);
    free(self->out);
}

int hub_load_run(const struct hub_load_plan *plan, struct hub_load_result *ret)
{
    struct hub_load_result result = { 0 };
    struct load self = { .plan = plan, .result = &result, .epoll_fd = -1, .counter = plan->first_counter };
    assert(plan->connections >= 1 && plan->connections <= HUB_LOAD_CONNECTIONS_MAX);
    assert(!plan->is_once || plan->rows);
    int rc = prepare(&self);
    if (rc == 0)
        rc = connect_all(&self);
    if (rc == 0)
        rc = put_load(&self);
    if (rc == 0) {
        sum_up(&self);
        *ret = result;
    } else {
        hub_load_result_done(&result);
    }
    release(&self);
    return rc;
}
