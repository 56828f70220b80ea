/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One WebSocket: bytes in, messages out; frames in, bytes out; its end.
 *
 * What costs memory is there only while it is needed: the reader's context while a message is incomplete, h2o's buffer while there are
 * bytes in it, a queue while something is unsent. What is to be sent is not copied: pieces of shared chunks wait until the
 * socket takes them, at most HUB_SOCKET_BYTES of them; beyond that the client is too slow and is told so by the close.
 *
 * Only its loop's thread touches it. It is freed from the callbacks of h2o and by the tick, never while somebody calls it. */
#ifndef HUB_API_LIVE_SOCKET_H
#define HUB_API_LIVE_SOCKET_H

#include "api/live/interest.h"
#include "api/live/reader.h"
#include "api/serving.h"
#include "base/ref.h"

enum {
    HUB_SOCKET_BYTES = 1024 * 1024, /* unsent, beyond what the kernel took */
    HUB_SOCKET_PIECES = 4096,
};

/* Close codes: RFC 6455 §7.4.1, and ours from 4000 on. */
enum hub_close_code {
    HUB_CLOSE_going_away = 1001,
    HUB_CLOSE_protocol = 1002,
    HUB_CLOSE_unsupported = 1003, /* binary */
    HUB_CLOSE_policy = 1008,      /* too much at once */
    HUB_CLOSE_try_again = 1013,   /* too slow: resume from the last position */
    HUB_CLOSE_unauthenticated = 4401,
    HUB_CLOSE_forbidden = 4403,
    HUB_CLOSE_not_found = 4404,
};

enum hub_socket_state {
    HUB_SOCKET_new = 0, /* waits for who it is */
    HUB_SOCKET_behind,  /* what came before the batches at hand is still to be sent */
    HUB_SOCKET_live,    /* gets every batch */
    HUB_SOCKET_closing, /* the close is sent; waits for the other side's */
};

struct hub_live;
struct hub_live_ear;
struct hub_live_ask;

/* What a socket was opened with, kept until it is known who it is for. */
struct hub_live_wish {
    char name[520]; /* of the session, customer or agent, as the client has it; terminated */
};

struct hub_piece {
    struct hub_ref *chunk; /* held */
    uint32_t at, len;
};

struct hub_live_socket {
    struct hub_live *live;
    h2o_socket_t *sock;
    struct hub_live_socket *before, *after; /* all sockets of the loop */

    /* Who listens to what, and how far. */
    struct hub_lens lens;
    struct hub_caller caller;
    struct hub_digest token; /* of the credential, to look at it again */
    uint8_t state;           /* enum hub_socket_state */
    bool is_counted;         /* as an ear in the interest */
    bool is_unknown;         /* nobody said who it is for */
    bool reloads;            /* a picture of now comes first */
    bool is_asking;          /* a job reads what it missed */
    uint64_t since;          /* asked for, before it is known who it is for */
    uint64_t at, epoch;
    uint64_t begin; /* what came behind this was sent, or will be */
    uint64_t missed_to,
        goes_on;           /* asked for late: up to missed_to comes what was missed, then what follows goes_on; 0: no */
    int64_t hold_until_us; /* nothing is sent before, unless the client speaks: it may want to resume */
    struct hub_live_wish *wish;
    struct hub_expect expect;                       /* of the job */
    struct hub_live_ear *ear;                       /* where it listens while it is live */
    struct hub_live_socket *ear_before, *ear_after; /* or in the list of those behind */
    struct hub_live_ask *asks;                      /* commands under way */
    uint32_t ask_count;

    /* Writing. */
    struct hub_piece *queue;
    uint32_t queued, writing, room; /* the first `writing` of `queued` are on their way */
    size_t unsent;                  /* bytes of all in the queue */
    int64_t writing_since_us;

    /* Reading. */
    struct hub_reader reader;
    bool close_sent, close_received, is_over;
    uint8_t pings;                                   /* unanswered */
    int64_t opened_us, heard_us, pinged_us, late_us; /* late: when a closing one is over */
    int64_t said_full_us;                            /* bucket of messages: when it is full again */
};

/* Take over a socket that was upgraded; reading begins. Never NULL. */
struct hub_live_socket *hub_live_socket_new(struct hub_live *live, h2o_socket_t *sock);

/* Read what came with the request already. It may be gone afterwards. */
void hub_live_socket_begin(struct hub_live_socket *self);

/* Close it hard and free it; *self_p becomes NULL. */
void hub_live_socket_destroy(struct hub_live_socket **self_p);

/* Send a part of a chunk, which is held as long as needed. A closing socket takes nothing; one that is too slow is closed. */
void hub_live_socket_send(struct hub_live_socket *self, struct hub_ref *chunk, size_t at, size_t len);

/* Send frames that are for this socket alone (copied). */
void hub_live_socket_send_bytes(struct hub_live_socket *self, struct hub_span frames);

/* Send a close frame and wait for the other side's, for a while. What is unsent and not on its way is forgotten.
 * reason: at most 123 bytes. */
void hub_live_socket_close(struct hub_live_socket *self, enum hub_close_code code, const char *reason);

/* What time brings: pings, patience. Returns false when it is over and must be destroyed. */
bool hub_live_socket_tick(struct hub_live_socket *self, int64_t now_us);

#endif
