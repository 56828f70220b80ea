/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A client of a running hub's REST, over libcurl. */
#include "tools/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/memory.h"

enum { PATIENCE_S = 30, ANSWER_MAX = 1 << 26 /* bytes */ };

struct hub_http {
    CURL *curl;
    struct curl_slist *headers; /* of every request */
    struct hub_buf url;         /* without a slash at the end */
    struct hub_buf target;      /* url and path of the request at hand */
    char why[CURL_ERROR_SIZE];
};

static struct curl_slist *with_header(struct curl_slist *list, const char *name, const char *value)
{
    struct hub_buf line;
    hub_buf_init(&line);
    hub_buf_put_text(&line, name);
    hub_buf_put_text(&line, ": ");
    hub_buf_put_text(&line, value);
    hub_buf_put_byte(&line, 0);
    struct curl_slist *longer = curl_slist_append(list, line.at);
    hub_buf_done(&line);
    return longer ? longer : list;
}

struct hub_http *hub_http_new(const char *url, const char *key)
{
    return hub_http_new_for(url, key, "application/json");
}

struct hub_http *hub_http_new_for(const char *url, const char *key, const char *media)
{
    struct hub_http *self = hub_memory_new(sizeof *self);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *self = (struct hub_http){ .curl = curl_easy_init() };
    hub_buf_init(&self->url);
    hub_buf_init(&self->target);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    hub_buf_put(&self->url, url, len);
    self->headers = with_header(NULL, "Accept", "application/json");
    self->headers = with_header(self->headers, "Content-Type", media);
    if (key) {
        struct hub_buf bearer;
        hub_buf_init(&bearer);
        hub_buf_put_text(&bearer, "Bearer ");
        hub_buf_put(&bearer, key, strlen(key) + 1);
        self->headers = with_header(self->headers, "Authorization", bearer.at);
        hub_buf_done(&bearer);
    }
    return self;
}

void hub_http_destroy(struct hub_http **self_p)
{
    struct hub_http *self = *self_p;
    if (!self)
        return;
    curl_slist_free_all(self->headers);
    curl_easy_cleanup(self->curl);
    hub_buf_done(&self->url);
    hub_buf_done(&self->target);
    free(self);
    *self_p = NULL;
}

/* Whoever is asked may be anybody: what they answer is no more than is asked for. Taking less ends the request. */
static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
    struct hub_buf *body = arg;
    size_t len = size * count;
    if (len > ANSWER_MAX - body->len)
        return 0;
    hub_buf_put(body, at, len);
    return len;
}

static size_t on_header(char *at, size_t size, size_t count, void *arg)
{
    static const char name[] = "hub-position:";
    struct hub_http_answer *answer = arg;
    size_t len = size * count;
    if (len > sizeof name - 1 && strncasecmp(at, name, sizeof name - 1) == 0) {
        const char *from = at + sizeof name - 1, *end = at + len;
        while (from < end && *from == ' ')
            from++;
        while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
            end--;
        snprintf(answer->position, sizeof answer->position, "%.*s", (int) (end - from), from);
    }
    return len;
}

static void prepare(struct hub_http *self, const char *method, struct hub_span body)
{
    CURL *curl = self->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, self->target.at);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, self->headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, self->why);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long) PATIENCE_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (body.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at);
    }
}

int hub_http_ask(struct hub_http *self, const char *method, const char *path, struct hub_span body,
                 struct hub_http_answer *ret_answer)
{
    if (!self->curl)
        return snprintf(self->why, sizeof self->why, "the HTTP client could not be made"), -1;
    hub_buf_clear(&self->target);
    hub_buf_put(&self->target, self->url.at, self->url.len);
    hub_buf_put(&self->target, path, strlen(path) + 1);
    hub_buf_clear(&ret_answer->body);
    ret_answer->position[0] = 0;
    ret_answer->status = 0;
    self->why[0] = 0;
    prepare(self, method, body);
    curl_easy_setopt(self->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(self->curl, CURLOPT_WRITEDATA, &ret_answer->body);
    curl_easy_setopt(self->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(self->curl, CURLOPT_HEADERDATA, ret_answer);
    CURLcode result = curl_easy_perform(self->curl);
    if (result == CURLE_WRITE_ERROR) {
        snprintf(self->why, sizeof self->why, "the answer is longer than %d MiB", ANSWER_MAX >> 20);
        return -1;
    }
    if (result != CURLE_OK) {
        if (!self->why[0])
            snprintf(self->why, sizeof self->why, "%s", curl_easy_strerror(result));
        return -1;
    }
    curl_easy_getinfo(self->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
    return 0;
}

const char *hub_http_why(const struct hub_http *self)
{
    return self->why;
}

void hub_http_answer_init(struct hub_http_answer *self)
{
    *self = (struct hub_http_answer){ .status = 0 };
    hub_buf_init(&self->body);
}

void hub_http_answer_done(struct hub_http_answer *self)
{
    hub_buf_done(&self->body);
}
