/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libcurl makes the connection (with TLS where the address says so), the handshake is written by hand, wslay reads frames. */
#include "tools/live_client.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/world.h"

enum { PATIENCE_MS = 10000, READ_BYTES = 65536, MESSAGE_MAX = 16 * 1024 * 1024, NONCE = 16 };

struct hub_live_client {
    struct hub_buf url, key; /* terminated; url without a slash at the end */
    CURL *curl;
    curl_socket_t fd;
    wslay_event_context_ptr ws;
    struct hub_buf input;    /* read, not yet taken by wslay */
    size_t taken;            /* of it */
    struct hub_buf messages; /* that came, each with its length (8 bytes) before it */
    size_t given;            /* of these bytes */
    char why[256];
};

struct hub_live_client *hub_live_client_new(const char *url, const char *key)
{
    struct hub_live_client *self = hub_memory_zero(sizeof *self);
    size_t len = strlen(url);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    while (len > 0 && url[len - 1] == '/')
        len--;
    hub_buf_put(&self->url, url, len);
    hub_buf_put_byte(&self->url, 0);
    hub_buf_put_text(&self->key, key ? key : "");
    hub_buf_put_byte(&self->key, 0);
    return self;
}

static void close_socket(struct hub_live_client *self)
{
    if (self->ws)
        wslay_event_context_free(self->ws);
    if (self->curl)
        curl_easy_cleanup(self->curl);
    self->ws = NULL;
    self->curl = NULL;
    self->taken = 0;
    self->given = 0;
    hub_buf_clear(&self->input);
    hub_buf_clear(&self->messages);
}

void hub_live_client_destroy(struct hub_live_client **self_p)
{
    struct hub_live_client *self = *self_p;
    *self_p = NULL;
    if (!self)
        return;
    close_socket(self);
    hub_buf_done(&self->url);
    hub_buf_done(&self->key);
    hub_buf_done(&self->input);
    hub_buf_done(&self->messages);
    free(self);
}

const char *hub_live_client_why(const struct hub_live_client *self)
{
    return self->why;
}

/* --- bytes --- */

static int wait_for(const struct hub_live_client *self, short events, int patience_ms)
{
    struct pollfd on = { .fd = self->fd, .events = events };
    return poll(&on, 1, patience_ms);
}

static int send_all(struct hub_live_client *self, const char *at, size_t len)
{
    while (len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(self->curl, at, len, &sent);
        if (code == CURLE_AGAIN && wait_for(self, POLLOUT, PATIENCE_MS) > 0)
            continue;
        if (code != CURLE_OK)
            return snprintf(self->why, sizeof self->why, "%s", curl_easy_strerror(code)), -1;
        at += sent;
        len -= sent;
    }
    return 0;
}

/* Read what is there, behind what is there already. Returns 1, 0 when nothing came in time, < 0 at the end. */
static int receive(struct hub_live_client *self, int patience_ms)
{
    for (int tries = 0; tries < 2; tries++) {
        size_t got = 0;
        char *to = hub_buf_reserve(&self->input, READ_BYTES);
        CURLcode code = curl_easy_recv(self->curl, to, READ_BYTES, &got);
        if (code == CURLE_OK && got > 0) {
            self->input.len += got;
            return 1;
        }
        if (code != CURLE_AGAIN)
            return snprintf(self->why, sizeof self->why, "the connection is gone"), -1;
        if (wait_for(self, POLLIN, patience_ms) <= 0)
            return 0;
    }
    return 0;
}

/* --- wslay --- */

static ssize_t on_wants_bytes(wslay_event_context_ptr ws, uint8_t *to, size_t len, int flags, void *arg)
{
    struct hub_live_client *self = arg;
    size_t left = self->input.len - self->taken;
    (void) flags;
    if (left == 0) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = len < left ? len : left;
    memcpy(to, self->input.at + self->taken, len);
    self->taken += len;
    return (ssize_t) len;
}

static ssize_t on_has_bytes(wslay_event_context_ptr ws, const uint8_t *at, size_t len, int flags, void *arg)
{
    struct hub_live_client *self = arg;
    (void) flags;
    if (send_all(self, (const char *) at, len) < 0) {
        wslay_event_set_error(ws, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return (ssize_t) len;
}

static int on_wants_mask(wslay_event_context_ptr ws, uint8_t *to, size_t len, void *arg)
{
    const struct hub_world *world = hub_world_real();
    (void) ws;
    (void) arg;
    world->random(world->self, to, len);
    return 0;
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct hub_live_client *self = arg;
    (void) ws;
    if (message->opcode == WSLAY_TEXT_FRAME) {
        hub_buf_put_be64(&self->messages, message->msg_length);
        hub_buf_put(&self->messages, message->msg, message->msg_length);
    } else if (message->opcode == WSLAY_CONNECTION_CLOSE) {
        snprintf(self->why, sizeof self->why, "the hub closed: %u %.*s", message->status_code,
                 message->msg_length > 2 ? (int) (message->msg_length - 2) : 0, (const char *) message->msg + 2);
    }
}

/* --- the handshake --- */

static int connect_to(struct hub_live_client *self)
{
    char why[CURL_ERROR_SIZE] = "";
    self->curl = curl_easy_init();
    if (!self->curl)
        return snprintf(self->why, sizeof self->why, "the client could not be made"), -1;
    curl_easy_setopt(self->curl, CURLOPT_URL, self->url.at);
    curl_easy_setopt(self->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(self->curl, CURLOPT_CONNECTTIMEOUT_MS, (long) PATIENCE_MS);
    curl_easy_setopt(self->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(self->curl, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(self->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(self->curl, CURLOPT_ERRORBUFFER, why);
    CURLcode code = curl_easy_perform(self->curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(self->curl, CURLINFO_ACTIVESOCKET, &self->fd);
    curl_easy_setopt(self->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK)
        return snprintf(self->why, sizeof self->why, "%s", why[0] ? why : curl_easy_strerror(code)), -1;
    return 0;
}

static int send_request(struct hub_live_client *self, const char *path)
{
    const struct hub_world *world = hub_world_real();
    const char *host = strstr(self->url.at, "://");
    char nonce[NONCE];
    struct hub_buf request;
    world->random(world->self, nonce, sizeof nonce);
    hub_buf_init(&request);
    hub_buf_put_text(&request, "GET ");
    hub_buf_put_text(&request, path);
    hub_buf_put_text(&request, " HTTP/1.1\r\nHost: ");
    hub_buf_put_text(&request, host ? host + 3 : self->url.at);
    hub_buf_put_text(&request, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: ");
    hub_base64_print(hub_span_of(nonce, sizeof nonce), &request);
    if (self->key.at[0]) {
        hub_buf_put_text(&request, "\r\nAuthorization: Bearer ");
        hub_buf_put_text(&request, self->key.at);
    }
    hub_buf_put_text(&request, "\r\n\r\n");
    int done = send_all(self, request.at, request.len);
    hub_buf_done(&request);
    return done;
}

/* Returns the status, or < 0. */
static int read_response(struct hub_live_client *self)
{
    static const char end[] = "\r\n\r\n";
    const char *found = NULL;
    while (!found) {
        int got = receive(self, PATIENCE_MS);
        if (got <= 0)
            return got < 0 ? got : (snprintf(self->why, sizeof self->why, "no answer came in time"), -1);
        found = memmem(self->input.at, self->input.len, end, sizeof end - 1);
    }
    int status = self->input.len > 12 ? atoi(self->input.at + 9) : 0;
    self->taken = (size_t) (found - self->input.at) + sizeof end - 1;
    return status;
}

int hub_live_client_open(struct hub_live_client *self, const char *path)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_wants_bytes,
        .send_callback = on_has_bytes,
        .genmask_callback = on_wants_mask,
        .on_msg_recv_callback = on_message,
    };
    close_socket(self);
    if (connect_to(self) < 0 || send_request(self, path) < 0)
        return -1;
    int status = read_response(self);
    if (status != 101) {
        if (status > 0)
            snprintf(self->why, sizeof self->why, "the hub answered %d", status);
        return status < 400 ? -1 : status;
    }
    if (wslay_event_context_client_init(&self->ws, &callbacks, self) != 0)
        return snprintf(self->why, sizeof self->why, "there is no memory"), -1;
    wslay_event_config_set_max_recv_msg_length(self->ws, MESSAGE_MAX);
    return 0;
}

/* --- reading --- */

/* Forget what wslay has taken. */
static void shift(struct hub_live_client *self)
{
    memmove(self->input.at, self->input.at + self->taken, self->input.len - self->taken);
    self->input.len -= self->taken;
    self->taken = 0;
}

/* The next of the messages that came already. */
static bool give(struct hub_live_client *self, struct hub_span *ret_text)
{
    uint64_t len = 0;
    if (self->given == self->messages.len) {
        hub_buf_clear(&self->messages);
        self->given = 0;
        return false;
    }
    for (unsigned i = 0; i < sizeof len; i++)
        len = len << 8 | (uint8_t) self->messages.at[self->given++];
    *ret_text = hub_span_of(self->messages.at + self->given, len);
    self->given += len;
    return true;
}

int hub_live_client_read(struct hub_live_client *self, int patience_ms, struct hub_span *ret_text)
{
    while (!give(self, ret_text)) {
        wslay_event_context_ptr ws = self->ws;
        if (!ws || wslay_event_get_close_received(ws))
            return -1;
        if (wslay_event_recv(ws) != 0 || wslay_event_send(ws) != 0)
            return snprintf(self->why, sizeof self->why, "what the hub says makes no sense"), -1;
        shift(self);
        if (self->messages.len > 0 || wslay_event_get_close_received(ws))
            continue;
        int got = receive(self, patience_ms);
        if (got <= 0)
            return got;
    }
    return 1;
}
