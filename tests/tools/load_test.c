/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of tools/bench/load.h against a server that answers as each test wants. */
#include "tools/bench/load.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/world.h"
#include "tools/bench/histogram.h"
#include "tools/bench/load_result.h"
#include "tools/bench/request.h"
#include "tools/bench/rows.h"

enum { CLIENTS = 8, ROWS = 24, REQUEST_BYTES = 65536 };

/* How the server answers; it speaks to every client in turn, one thread. */
struct script {
    const char *answer;
    size_t piece;   /* bytes of one write; 0: all at once */
    bool closes;    /* after each answer */
    unsigned mutes; /* so many requests get no answer, only a close */
};

struct server {
    struct script script;
    struct sockaddr_in address;
    int listener, stop[2];
    pthread_t thread;
    struct {
        int fd;
        char text[REQUEST_BYTES];
        size_t len;
    } clients[CLIENTS];
    unsigned requests;
    unsigned asked[ROWS]; /* by the number in the path */
};

static void hang_up(struct server *self, int i)
{
    close(self->clients[i].fd);
    self->clients[i].fd = -1;
}

static void answer(struct server *self, int i)
{
    const char *at = self->script.answer;
    size_t left = strlen(at), piece = self->script.piece ? self->script.piece : left;
    unsigned row = 0;
    if (sscanf(self->clients[i].text, "%*s /%u", &row) == 1 && row < ROWS)
        self->asked[row]++;
    self->requests++;
    self->clients[i].len = 0;
    if (self->script.mutes > 0) {
        self->script.mutes--;
        hang_up(self, i);
        return;
    }
    while (left > 0) {
        ssize_t done = send(self->clients[i].fd, at, left < piece ? left : piece, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        at += done;
        left -= (size_t) done;
    }
    if (self->script.closes)
        hang_up(self, i);
}

/* Requests of these tests have no body, or one that ends with '!'. */
static bool is_whole(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    return end && (!memmem(text, len, "Content-Length", 14) || text[len - 1] == '!');
}

static void hear(struct server *self, int i)
{
    size_t room = REQUEST_BYTES - self->clients[i].len;
    ssize_t got = recv(self->clients[i].fd, self->clients[i].text + self->clients[i].len, room, 0);
    if (got <= 0) {
        hang_up(self, i);
        return;
    }
    self->clients[i].len += (size_t) got;
    if (is_whole(self->clients[i].text, self->clients[i].len))
        answer(self, i);
    else if (self->clients[i].len == REQUEST_BYTES) /* a long body: the head, and room for its end */
        self->clients[i].len = REQUEST_BYTES / 2;
}

static void take_client(struct server *self)
{
    int fd = accept(self->listener, NULL, NULL);
    for (int i = 0; fd >= 0 && i < CLIENTS; i++)
        if (self->clients[i].fd < 0) {
            self->clients[i].fd = fd;
            self->clients[i].len = 0;
            return;
        }
    close(fd);
}

static void *serve(void *arg)
{
    struct server *self = arg;
    while (true) {
        struct pollfd polls[CLIENTS + 2];
        for (int i = 0; i < CLIENTS; i++)
            polls[i] = (struct pollfd){ self->clients[i].fd, POLLIN, 0 };
        polls[CLIENTS] = (struct pollfd){ self->listener, POLLIN, 0 };
        polls[CLIENTS + 1] = (struct pollfd){ self->stop[0], POLLIN, 0 };
        poll(polls, CLIENTS + 2, -1);
        if (polls[CLIENTS + 1].revents)
            return NULL;
        for (int i = 0; i < CLIENTS; i++)
            if (polls[i].revents)
                hear(self, i);
        if (polls[CLIENTS].revents)
            take_client(self);
    }
}

static struct server *server_new(struct script script)
{
    struct server *self = calloc(1, sizeof *self);
    socklen_t len = sizeof self->address;
    assert_non_null(self);
    self->script = script;
    self->address.sin_family = AF_INET;
    self->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < CLIENTS; i++)
        self->clients[i].fd = -1;
    self->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(self->listener, (struct sockaddr *) &self->address, len), 0);
    assert_int_equal(listen(self->listener, 64), 0);
    assert_int_equal(getsockname(self->listener, (struct sockaddr *) &self->address, &len), 0);
    assert_int_equal(pipe(self->stop), 0);
    assert_int_equal(pthread_create(&self->thread, NULL, serve, self), 0);
    return self;
}

/* Ends the thread; what it counted may be read after this. */
static void server_stop(struct server *self)
{
    assert_int_equal(write(self->stop[1], "x", 1), 1);
    pthread_join(self->thread, NULL);
    for (int i = 0; i < CLIENTS; i++)
        if (self->clients[i].fd >= 0)
            hang_up(self, i);
    close(self->listener);
    close(self->stop[0]);
    close(self->stop[1]);
}

static struct hub_rows *numbers(void)
{
    char path[] = "/tmp/hub-rows.XXXXXX";
    struct hub_rows *rows = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int i = 0; i < ROWS; i++)
        dprintf(fd, "%d\n", i);
    close(fd);
    assert_int_equal(hub_rows_open(path, &rows), 0);
    unlink(path);
    return rows;
}

/* Asks about every row once. */
static struct hub_load_result run_once(struct server *server, const char *body, double rate)
{
    struct hub_rows *rows = numbers();
    struct hub_request *request = NULL;
    struct hub_load_result result;
    const struct hub_request_spec spec = {
        .method = body ? "POST" : "GET", .host = "h", .path = "/{1}", .body = body, .body_len = body ? strlen(body) : 0
    };
    assert_int_equal(hub_request_new(&spec, rows, &request), 0);
    struct hub_load_plan plan = { .world = hub_world_real(),
                                  .address_len = sizeof server->address,
                                  .request = request,
                                  .rows = rows,
                                  .connections = 4,
                                  .duration_us = 20 * 1000000,
                                  .drain_us = 1000000,
                                  .is_once = true,
                                  .rate = rate };
    memcpy(&plan.address, &server->address, sizeof server->address);
    assert_int_equal(hub_load_run(&plan, &result), 0);
    server_stop(server);
    hub_request_destroy(&request);
    hub_rows_destroy(&rows);
    return result;
}

static void assert_all_answered(const struct server *server, const struct hub_load_result *result, int status)
{
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(server->asked[i], 1);
    assert_int_equal(result->sent, ROWS);
    assert_int_equal(result->completed, ROWS);
    assert_int_equal(result->statuses[status], ROWS);
    assert_int_equal(hub_histogram_count(result->latency), ROWS);
    assert_int_equal(result->unanswered + result->unsent, 0);
}

static void every_row_is_asked_about_once(void **state)
{
    (void) state;
    struct server *server = server_new((struct script){ .answer = "HTTP/1.1 201 C\r\nContent-Length: 2\r\n\r\nok" });
    struct hub_load_result result = run_once(server, NULL, 0);
    assert_all_answered(server, &result, 201);
    assert_int_equal(result.body_bytes, 2 * ROWS);
    assert_int_equal(hub_load_failures(&result), 0);
    assert_true(hub_load_rate(&result) > 0);
    hub_load_result_done(&result);
    free(server);
}

static void an_open_loop_asks_about_every_row_too(void **state)
{
    (void) state;
    struct server *server = server_new((struct script){ .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" });
    struct hub_load_result result = run_once(server, NULL, 2000);
    assert_all_answered(server, &result, 200);
    assert_true(result.elapsed_us >= (ROWS - 1) * 500);
    hub_load_result_done(&result);
    free(server);
}

static void answers_in_small_pieces_are_counted_whole(void **state)
{
    (void) state;
    struct server *server = server_new((struct script){
        .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        .piece = 7 });
    struct hub_load_result result = run_once(server, NULL, 0);
    assert_all_answered(server, &result, 200);
    assert_int_equal(result.body_bytes, 5 * ROWS);
    hub_load_result_done(&result);
    free(server);
}

static void a_body_larger_than_the_socket_is_sent_whole(void **state)
{
    (void) state;
    size_t len = 16 << 20; /* several times what Linux buffers for a socket */
    char *body = malloc(len + 1);
    assert_non_null(body);
    memset(body, 'x', len);
    memcpy(body + len - 1, "!", 2);
    struct server *server = server_new((struct script){ .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" });
    struct hub_load_result result = run_once(server, body, 0);
    assert_all_answered(server, &result, 200);
    hub_load_result_done(&result);
    free(body);
    free(server);
}

static void a_server_that_closes_after_an_answer_is_no_failure(void **state)
{
    (void) state;
    struct server *server = server_new((struct script){
        .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", .closes = true });
    struct hub_load_result result = run_once(server, NULL, 0);
    assert_all_answered(server, &result, 200);
    assert_int_equal(result.reconnects, ROWS);
    assert_int_equal(hub_load_failures(&result), 0);
    hub_load_result_done(&result);
    free(server);
}

static void a_request_without_an_answer_is_a_failure(void **state)
{
    (void) state;
    struct server *server = server_new(
        (struct script){ .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .mutes = 3 });
    struct hub_load_result result = run_once(server, NULL, 0);
    assert_int_equal(result.sent, ROWS);
    assert_int_equal(result.completed, ROWS - 3);
    assert_int_equal(result.read_errors, 3);
    assert_int_equal(hub_load_failures(&result), 3);
    hub_load_result_done(&result);
    free(server);
}

static void statuses_and_malformed_answers_are_told_apart(void **state)
{
    (void) state;
    struct server *server = server_new((struct script){ .answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" });
    struct hub_load_result result = run_once(server, NULL, 0);
    assert_all_answered(server, &result, 503);
    assert_int_equal(hub_load_failures(&result), ROWS);
    hub_load_result_done(&result);
    free(server);

    server = server_new((struct script){ .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore" });
    result = run_once(server, NULL, 0);
    assert_int_equal(result.malformed, ROWS);
    assert_int_equal(result.completed, 0);
    assert_int_equal(hub_load_failures(&result), ROWS);
    hub_load_result_done(&result);
    free(server);
}

static void a_port_where_nobody_listens_is_said(void **state)
{
    (void) state;
    struct hub_request *request = NULL;
    struct hub_load_result result;
    const struct hub_request_spec spec = { .method = "GET", .host = "h", .path = "/" };
    struct server *server = server_new((struct script){ .answer = "" });
    server_stop(server);
    assert_int_equal(hub_request_new(&spec, NULL, &request), 0);
    struct hub_load_plan plan = { .world = hub_world_real(),
                                  .address_len = sizeof server->address,
                                  .request = request,
                                  .connections = 2,
                                  .duration_us = 1000 };
    memcpy(&plan.address, &server->address, sizeof server->address);
    assert_int_equal(hub_load_run(&plan, &result), -ECONNREFUSED);
    hub_request_destroy(&request);
    free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_asked_about_once),
        cmocka_unit_test(an_open_loop_asks_about_every_row_too),
        cmocka_unit_test(answers_in_small_pieces_are_counted_whole),
        cmocka_unit_test(a_body_larger_than_the_socket_is_sent_whole),
        cmocka_unit_test(a_server_that_closes_after_an_answer_is_no_failure),
        cmocka_unit_test(a_request_without_an_answer_is_a_failure),
        cmocka_unit_test(statuses_and_malformed_answers_are_told_apart),
        cmocka_unit_test(a_port_where_nobody_listens_is_said),
    };
    return cmocka_run_group_tests_name("tools/bench/load", tests, NULL, NULL);
}
