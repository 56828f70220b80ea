/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTTP/1.1 requests from a template that is cut up once, so that making one is a few copies. */
#ifndef HUB_TOOLS_BENCH_REQUEST_H
#define HUB_TOOLS_BENCH_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct hub_row;
struct hub_rows;

/* What `{n}` is written as: so many digits, zeros in front. */
#define HUB_REQUEST_COUNTER_DIGITS 10

/* What the requests look like. In `path`, `headers` and `body`, `{n}` stands for a counter and `{1}` to `{4}`
 * for the columns of the row that is being asked about; any other brace is itself. All borrowed. */
struct hub_request_spec {
    const char *method;         /* "GET", "POST", ... */
    const char *host;           /* for the Host field, "127.0.0.1:8302" */
    const char *path;           /* "/session/{1}" */
    const char *const *headers; /* "Name: value", no CRLF */
    size_t header_count;
    const char *body; /* NULL for none; then there is no Content-Length either */
    size_t body_len;
};

struct hub_request;

/* Cut a template up.
 *
 * rows       the rows that will be written, to know the longest; NULL when the template has no columns
 * ret_self   the template, owned by the caller; `spec` may go
 *
 * Returns 0; -EINVAL when columns are used and `rows` is NULL; -ENOMEM. */
int hub_request_new(const struct hub_request_spec *spec, const struct hub_rows *rows, struct hub_request **ret_self);

/* Free a template and set the caller's pointer to NULL; takes NULL and a pointer to NULL. */
void hub_request_destroy(struct hub_request **self_p);

/* An upper bound of the bytes that one request takes. */
size_t hub_request_bound(const struct hub_request *self);

/* Write one request.
 *
 * row        for the columns; NULL when the template was made without rows
 * counter    for `{n}`; digits beyond HUB_REQUEST_COUNTER_DIGITS are cut off in front
 * into       room for hub_request_bound() bytes
 *
 * Returns the bytes written. Cannot fail, allocates nothing. */
size_t hub_request_write(const struct hub_request *self, const struct hub_row *row, uint64_t counter, char *into);

#endif
