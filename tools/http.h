/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A client of a running hub's REST, for the commands that go through it. */
#ifndef HUB_TOOLS_HTTP_H
#define HUB_TOOLS_HTTP_H

#include "base/buf.h"

struct hub_http;

struct hub_http_answer {
    long status;         /* HTTP status; 0 when none came */
    struct hub_buf body; /* owned; hub_http_answer_done frees it */
    char position[64];   /* Hub-Position, "" without */
};

/* A client of one hub. url: "http://127.0.0.1:8302"; key: NULL for none. Both are copied. Never NULL. One thread. */
struct hub_http *hub_http_new(const char *url, const char *key);
/* The same, for bodies that are no JSON: `media` is their media type. */
struct hub_http *hub_http_new_for(const char *url, const char *key, const char *media);
void hub_http_destroy(struct hub_http **self_p);

/* Ask, and wait for the answer.
 *
 * path  begins with a slash; "": the url alone
 * body  of the media type that it was made for; empty: none
 *
 * Returns 0 and ret_answer, whatever its status; or < 0 with a sentence from hub_http_why: none within 30 s, or one of more
 * than 64 MiB. */
int hub_http_ask(struct hub_http *self, const char *method, const char *path, struct hub_span body,
                 struct hub_http_answer *ret_answer);
const char *hub_http_why(const struct hub_http *self);

void hub_http_answer_init(struct hub_http_answer *self);
void hub_http_answer_done(struct hub_http_answer *self);

#endif
