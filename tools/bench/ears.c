/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One epoll, one buffer: a socket has memory of its own only while half a frame has come. */
#include "tools/bench/ears.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

enum {
    BUFFER = 1 << 20,
    OPENING_AT_ONCE = 128,
    MOUTHS = 32, /* connections that messages go out on */
    BODY_MAX = 4096,
    REQUEST_MAX = 8192,
    CLOSE_TRY_AGAIN = 1013,
    EVENTS = 512,
    REST_US = 500,
    STALLED_BUFFER = 4096, /* receive buffer of one that stops reading */
};

#define SECOND_US INT64_C(1000000)
#define LAST_WORDS_US (5 * SECOND_US)

struct ear {
    int fd; /* -1: closed */
    bool is_open, is_stalled, is_resumed;
    uint16_t code; /* it was closed with */
    char *rest;
    size_t rest_len;
};

struct mouth {
    int fd;
    bool is_busy;
    int64_t due_us;
};

struct ears {
    const struct hub_ears_plan *plan;
    struct hub_ears_result *result;
    int epoll;
    struct ear *ears;
    struct mouth mouths[MOUTHS];
    unsigned opening;
    int64_t start_us, posted_us; /* measured from; the next message is due */
    char *buffer;
    bool is_crowded; /* more has come than one look took */
};

static int64_t now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t) at.tv_sec * SECOND_US + at.tv_nsec / 1000;
}

/* --- frames --- */

static void close_ear(struct ears *self, struct ear *ear)
{
    close(ear->fd);
    ear->fd = -1;
    free(ear->rest);
    ear->rest = NULL;
    self->opening -= !ear->is_open;
    self->result->refused += !ear->is_open;
    ear->is_open = false;
}

/* What follows "@t", where there is one. */
static const char *find_mark(const char *at, size_t len)
{
    const char *end = at + len;
    while ((at = memchr(at, '@', (size_t) (end - at))) != NULL && at + 1 < end) {
        if (at[1] == 't')
            return at + 2;
        at++;
    }
    return NULL;
}

static void take_text(struct ears *self, const struct ear *ear, const char *at, size_t len, int64_t now)
{
    const char *found = find_mark(at, len);
    self->result->frames++;
    if (found == NULL || ear->is_stalled)
        return;
    int64_t due_us = strtoll(found, NULL, 10);
    if (self->start_us > 0 && due_us >= self->start_us)
        hub_histogram_record(self->result->heard, now - due_us);
}

static void answer_ping(const struct ear *ear)
{
    static const uint8_t pong[] = { 0x8a, 0x80, 0, 0, 0, 0 };
    (void) !write(ear->fd, pong, sizeof pong);
}

/* Take one frame. Returns its length, or 0 when it is not whole. */
static size_t take_frame(struct ears *self, struct ear *ear, const char *at, size_t len, int64_t now)
{
    const uint8_t *head = (const uint8_t *) at;
    size_t before = 2;
    if (len < before)
        return 0;
    uint64_t payload = head[1] & 0x7f;
    unsigned extra = payload == 126 ? 2 : payload == 127 ? 8 : 0;
    before += extra;
    if (len < before)
        return 0;
    for (unsigned i = 0; i < extra; i++)
        payload = (i == 0 ? 0 : payload << 8) | head[2 + i];
    if (len < before + payload)
        return 0;
    switch (head[0] & 0x0f) {
    case 1: take_text(self, ear, at + before, payload, now); break;
    case 8: ear->code = payload >= 2 ? (uint16_t) (head[before] << 8 | head[before + 1]) : 1005; break;
    case 9: answer_ping(ear); break;
    default: break;
    }
    return before + payload;
}

/* The end of the answer to the handshake. Returns how much it was, 0 when it is not whole, -1 when it is no 101. */
static ssize_t take_handshake(struct ears *self, struct ear *ear, const char *at, size_t len)
{
    const char *end = memmem(at, len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (len < 12 || memcmp(at + 9, "101", 3) != 0)
        return -1;
    ear->is_open = true;
    self->opening--;
    self->result->opened++;
    return end + 4 - at;
}

static void keep_rest(struct ear *ear, const char *at, size_t len)
{
    free(ear->rest);
    ear->rest = NULL;
    ear->rest_len = len;
    if (len > 0) {
        ear->rest = hub_memory_new(len);
        memcpy(ear->rest, at, len);
    }
}

static void on_ear(struct ears *self, struct ear *ear)
{
    size_t len = ear->rest_len, at = 0;
    if (len > 0)
        memcpy(self->buffer, ear->rest, len);
    ssize_t got = recv(ear->fd, self->buffer + len, BUFFER - len, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        close_ear(self, ear);
        return;
    }
    len += (size_t) got;
    self->result->bytes += (uint64_t) got;
    int64_t now = now_us();
    if (!ear->is_open) {
        ssize_t head = take_handshake(self, ear, self->buffer, len);
        if (head < 0) {
            close_ear(self, ear);
            return;
        }
        at = (size_t) head;
    }
    for (size_t taken = 1; ear->is_open && taken > 0 && at < len; at += taken)
        taken = take_frame(self, ear, self->buffer + at, len - at, now);
    keep_rest(ear, self->buffer + at, len - at);
    if (ear->code != 0)
        close_ear(self, ear);
}

/* --- sockets --- */

static int connect_one(const struct hub_ears_plan *plan, int receive_buffer)
{
    int on = 1, off = 0, fd = socket(plan->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd, (const struct sockaddr *) &plan->address, plan->address_len) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void watch(struct ears *self, int fd, uint64_t what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = what };
    epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event);
}

static size_t put_headers(const struct hub_ears_plan *plan, char *to, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < plan->headers->count; i++)
        len += (size_t) snprintf(to + len, room - len, "%s\r\n", plan->headers->at[i]);
    return len;
}

static int open_ear(struct ears *self, unsigned index)
{
    const struct hub_ears_plan *plan = self->plan;
    struct ear *ear = &self->ears[index];
    char request[REQUEST_MAX];
    ear->is_stalled = index < plan->stalled;
    ear->fd = connect_one(plan, ear->is_stalled ? STALLED_BUFFER : 0);
    if (ear->fd < 0)
        return ear->fd;
    size_t len = (size_t) snprintf(request, sizeof request,
                                   "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
                                   plan->path, plan->host);
    len += put_headers(plan, request + len, sizeof request - len);
    len += (size_t) snprintf(request + len, sizeof request - len, "\r\n");
    if (write(ear->fd, request, len) != (ssize_t) len)
        return -EIO;
    self->opening++;
    watch(self, ear->fd, index);
    return 0;
}

/* --- messages --- */

static size_t fill_body(const struct hub_ears_plan *plan, int64_t due_us, uint64_t number, char to[BODY_MAX])
{
    size_t len = 0;
    for (const char *at = plan->body; *at != '\0' && len < BODY_MAX - 32; at++) {
        if (strncmp(at, "{t}", 3) == 0 || strncmp(at, "{n}", 3) == 0) {
            len += at[1] == 't' ? (size_t) snprintf(to + len, BODY_MAX - len, "@t%lld@", (long long) due_us)
                                : (size_t) snprintf(to + len, BODY_MAX - len, "%u", (unsigned) (number % 100));
            at += 2;
        } else {
            to[len++] = *at;
        }
    }
    return len;
}

static void post(struct ears *self, struct mouth *mouth, int64_t due_us)
{
    const struct hub_ears_plan *plan = self->plan;
    char request[REQUEST_MAX], body[BODY_MAX];
    size_t body_len = fill_body(plan, due_us, self->result->posts, body);
    size_t len = (size_t) snprintf(request, sizeof request,
                                   "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                                   "Content-Length: %zu\r\n",
                                   plan->post_path, plan->host, body_len);
    len += put_headers(plan, request + len, sizeof request - len);
    len += (size_t) snprintf(request + len, sizeof request - len, "\r\n");
    memcpy(request + len, body, body_len);
    mouth->is_busy = true;
    mouth->due_us = due_us;
    self->result->posts++;
    self->result->posts_failed += write(mouth->fd, request, len + body_len) != (ssize_t) (len + body_len);
}

static void on_mouth(struct ears *self, struct mouth *mouth)
{
    ssize_t got = recv(mouth->fd, self->buffer, BUFFER, 0);
    if (got <= 0)
        return;
    self->result->posts_failed += got < 12 || self->buffer[9] != '2';
    hub_histogram_record(self->result->answered, now_us() - mouth->due_us);
    mouth->is_busy = false;
}

/* Send what is due, while connections are free. Returns when the next one is due. */
static int64_t post_due(struct ears *self, int64_t until_us)
{
    int64_t step_us = (int64_t) (1e6 / self->plan->rate), now = now_us();
    for (unsigned i = 0; i < MOUTHS && self->posted_us <= now && self->posted_us < until_us; i++) {
        if (!self->mouths[i].is_busy) {
            post(self, &self->mouths[i], self->posted_us);
            self->posted_us += step_us;
        }
    }
    return self->posted_us;
}

/* --- the run --- */

/* Whoever sleeps in epoll is woken by each socket's first byte, at the expense of the one that writes. */
static void rest(const struct ears *self)
{
    struct timespec pause = { .tv_nsec = REST_US * 1000 };
    if (!self->is_crowded && self->start_us > 0)
        nanosleep(&pause, NULL);
}

static void pump(struct ears *self, int64_t until_us)
{
    struct epoll_event events[EVENTS];
    rest(self);
    int64_t left_us = until_us - now_us();
    struct timespec wait = { .tv_sec = left_us > 0 ? left_us / SECOND_US : 0,
                             .tv_nsec = left_us > 0 ? left_us % SECOND_US * 1000 : 0 };
    int count = epoll_pwait2(self->epoll, events, EVENTS, &wait, NULL);
    self->is_crowded = count == EVENTS;
    for (int i = 0; i < count; i++) {
        uint64_t what = events[i].data.u64;
        if (what >= HUB_EARS_MAX)
            on_mouth(self, &self->mouths[what - HUB_EARS_MAX]);
        else if (self->ears[what].fd >= 0)
            on_ear(self, &self->ears[what]);
    }
}

static int open_all(struct ears *self)
{
    int64_t began_us = now_us();
    for (unsigned i = 0; i < self->plan->sockets; i++) {
        int rc = open_ear(self, i);
        if (rc < 0)
            return rc;
        while (self->opening >= OPENING_AT_ONCE)
            pump(self, now_us() + SECOND_US / 10);
    }
    while (self->opening > 0 && now_us() - began_us < 60 * SECOND_US)
        pump(self, now_us() + SECOND_US / 10);
    self->result->open_us = now_us() - began_us;
    for (unsigned i = 0; self->plan->body != NULL && i < MOUTHS; i++) {
        self->mouths[i].fd = connect_one(self->plan, 0);
        if (self->mouths[i].fd < 0)
            return self->mouths[i].fd;
        watch(self, self->mouths[i].fd, HUB_EARS_MAX + i);
    }
    return 0;
}

static void read_stalled(struct ears *self, bool again)
{
    for (unsigned i = 0; i < self->plan->stalled; i++) {
        if (again)
            watch(self, self->ears[i].fd, i);
        else
            epoll_ctl(self->epoll, EPOLL_CTL_DEL, self->ears[i].fd, NULL);
    }
}

static void wait_until(struct ears *self, int64_t until_us)
{
    while (now_us() < until_us)
        pump(self, until_us);
}

static void measure(struct ears *self)
{
    const struct hub_ears_plan *plan = self->plan;
    wait_until(self, now_us() + plan->settle_us);
    if (plan->waits_for_input) {
        puts("open");
        fflush(stdout);
        (void) !getchar();
    }
    read_stalled(self, false);
    self->start_us = self->posted_us = now_us();
    int64_t until_us = self->start_us + plan->duration_us;
    while (plan->body != NULL && now_us() < until_us) {
        int64_t next_us = post_due(self, until_us);
        int64_t soon_us = now_us() + 1000; /* all connections may be busy */
        pump(self, next_us > soon_us ? next_us : soon_us);
    }
    wait_until(self, until_us + SECOND_US);
    read_stalled(self, true);
    int64_t last_us = now_us() + (plan->stalled > 0 ? LAST_WORDS_US : 0);
    wait_until(self, last_us);
}

static void count(struct ears *self)
{
    for (unsigned i = 0; i < self->plan->sockets; i++) {
        const struct ear *ear = &self->ears[i];
        self->result->told_to_resume += ear->is_stalled && ear->code == CLOSE_TRY_AGAIN;
        self->result->stalled_open += ear->is_stalled && ear->fd >= 0;
        self->result->lost += !ear->is_stalled && ear->fd < 0;
    }
}

int hub_ears_run(const struct hub_ears_plan *plan, struct hub_ears_result *ret)
{
    struct ears self = { .plan = plan, .result = ret, .epoll = epoll_create1(EPOLL_CLOEXEC) };
    *ret = (struct hub_ears_result){ .heard = hub_histogram_new(), .answered = hub_histogram_new() };
    self.buffer = hub_memory_new(BUFFER);
    self.ears = hub_memory_zero(plan->sockets * sizeof *self.ears);
    for (unsigned i = 0; i < plan->sockets; i++)
        self.ears[i].fd = -1;
    int rc = open_all(&self);
    if (rc == 0) {
        measure(&self);
        count(&self);
    }
    for (unsigned i = 0; i < plan->sockets; i++) {
        if (self.ears[i].fd >= 0)
            close(self.ears[i].fd);
        free(self.ears[i].rest);
    }
    for (unsigned i = 0; i < MOUTHS; i++)
        if (self.mouths[i].fd > 0)
            close(self.mouths[i].fd);
    close(self.epoll);
    free(self.ears);
    free(self.buffer);
    return rc;
}
