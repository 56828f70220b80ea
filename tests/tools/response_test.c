/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of tools/bench/response.h. */
#include "tools/bench/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One answer and what is to be found in it. */
struct sample {
    const char *text;
    int status;
    bool keep_alive;
    uint64_t body_bytes;
};

static const struct sample samples[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true, 5 },
    { "HTTP/1.1 201 Created\r\ncontent-length:0\r\nConnection: keep-alive\r\n\r\n", 201, true, 0 },
    { "HTTP/1.1 200 \r\nCONTENT-LENGTH: \t3 \r\nConnection: Close\r\n\r\n{1}", 200, false, 3 },
    { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, false, 2 },
    { "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", 200, true, 2 },
    { "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", 204, true, 0 },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, true, 0 },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1A;a=b\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
      200, true, 31 },
    { "HTTP/1.1 500 Oh\r\ntransfer-encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", 500, true, 0 },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, true, 1 },
    { "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, true, 2 },
    { "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nCache: no\r\nTrailer: t\r\nContent-Length: 2\r\n\r\nok", 200, true,
      2 },
};

enum { SAMPLES = sizeof samples / sizeof *samples };

static void assert_found(const struct hub_response *response, const struct sample *sample)
{
    assert_int_equal(response->status, sample->status);
    assert_int_equal(response->keep_alive, sample->keep_alive);
    assert_int_equal(response->body_bytes, sample->body_bytes);
}

/* Gives the parser exactly `len` bytes in memory of their own, so that reading too far is noticed. */
static int read_exactly(struct hub_response *response, const char *at, size_t len, size_t *ret_used)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, at, len);
    int outcome = hub_response_read(response, copy, len, ret_used);
    free(copy);
    return outcome;
}

static int read_whole(const char *text, size_t *ret_used)
{
    struct hub_response response;
    hub_response_init(&response, false);
    return read_exactly(&response, text, strlen(text), ret_used);
}

static void a_whole_answer_is_read_at_once(void **state)
{
    (void) state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct hub_response response;
        size_t used = 0, len = strlen(samples[i].text);
        hub_response_init(&response, false);
        assert_int_equal(read_exactly(&response, samples[i].text, len, &used), HUB_RESPONSE_DONE);
        assert_int_equal(used, len);
        assert_found(&response, &samples[i]);
    }
}

static void an_answer_may_be_cut_at_every_byte(void **state)
{
    (void) state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t len = strlen(samples[i].text);
        for (size_t cut = 0; cut < len; cut++) {
            struct hub_response response;
            size_t used = 0, more = 0;
            hub_response_init(&response, false);
            assert_int_equal(read_exactly(&response, samples[i].text, cut, &used), HUB_RESPONSE_MORE);
            assert_true(used <= cut);
            assert_int_equal(read_exactly(&response, samples[i].text + used, len - used, &more), HUB_RESPONSE_DONE);
            assert_int_equal(used + more, len);
            assert_found(&response, &samples[i]);
        }
    }
}

static void an_answer_may_come_byte_by_byte(void **state)
{
    (void) state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct hub_response response;
        size_t from = 0, used = 0, len = strlen(samples[i].text);
        hub_response_init(&response, false);
        for (size_t to = 1; to <= len; to++) {
            int expected = to < len ? HUB_RESPONSE_MORE : HUB_RESPONSE_DONE;
            assert_int_equal(read_exactly(&response, samples[i].text + from, to - from, &used), expected);
            from += used;
        }
        assert_int_equal(from, len);
        assert_found(&response, &samples[i]);
    }
}

static void what_follows_an_answer_is_not_used(void **state)
{
    (void) state;
    for (size_t i = 0; i < SAMPLES; i++) {
        char text[512];
        struct hub_response response;
        size_t used = 0, len = strlen(samples[i].text);
        assert_true(snprintf(text, sizeof text, "%sHTTP/1.1 2", samples[i].text) < (int) sizeof text);
        hub_response_init(&response, false);
        assert_int_equal(read_exactly(&response, text, len + 10, &used), HUB_RESPONSE_DONE);
        assert_int_equal(used, len);
    }
}

static void the_answer_to_a_head_has_no_body(void **state)
{
    (void) state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    struct hub_response response;
    size_t used = 0;
    hub_response_init(&response, true);
    assert_int_equal(read_exactly(&response, text, sizeof text - 1, &used), HUB_RESPONSE_DONE);
    assert_int_equal(used, sizeof text - 1);
}

static void what_is_not_an_answer_is_refused(void **state)
{
    (void) state;
    static const char *const wrong[] = {
        "\r\n",
        "nonsense\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t used = 0;
        assert_int_equal(read_whole(wrong[i], &used), HUB_RESPONSE_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_is_read_at_once),   cmocka_unit_test(an_answer_may_be_cut_at_every_byte),
        cmocka_unit_test(an_answer_may_come_byte_by_byte),  cmocka_unit_test(what_follows_an_answer_is_not_used),
        cmocka_unit_test(the_answer_to_a_head_has_no_body), cmocka_unit_test(what_is_not_an_answer_is_refused),
    };
    return cmocka_run_group_tests_name("tools/bench/response", tests, NULL, NULL);
}
