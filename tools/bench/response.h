/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finds the end of one HTTP/1.1 response in a stream of bytes (RFC 9112 §6), and its status. */
#ifndef HUB_TOOLS_BENCH_RESPONSE_H
#define HUB_TOOLS_BENCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hub_response_outcome {
    HUB_RESPONSE_MALFORMED = -1, /* not HTTP/1.x, or a length that cannot be read */
    HUB_RESPONSE_DONE = 0,       /* the response ended; what follows belongs to the next one */
    HUB_RESPONSE_MORE = 1,       /* bytes are missing */
};

/* What is being read; make it with hub_response_init, look only at the first four fields. */
struct hub_response {
    int status;          /* 100-599 */
    bool keep_alive;     /* the server will take another request on this connection */
    bool is_head_done;   /* before this, status and keep_alive mean nothing */
    uint64_t body_bytes; /* body bytes seen so far, chunk framing not counted */
    bool has_no_body;    /* the request was a HEAD */
    uint8_t state;
    uint64_t left_bytes; /* of the body or of the current chunk */
};

/* Make ready for the next response.
 *
 * is_head   the request was a HEAD: no body follows, whatever the head says */
void hub_response_init(struct hub_response *self, bool is_head);

/* Read on.
 *
 * at, len    the bytes that were not used by the call before, with new ones behind them
 * ret_used   how many of them are done with; the caller keeps the rest and gives them again in front of new
 *            ones (a head and a chunk-size line are used as a whole, body bytes as they come)
 *
 * Returns an enum hub_response_outcome; *ret_used is set except when malformed. A response with neither
 * Content-Length nor chunks is malformed here: its end would be the end of the connection. An interim 1xx is
 * skipped. Any thread, one at a time. */
int hub_response_read(struct hub_response *self, const char *at, size_t len, size_t *ret_used);

#endif
