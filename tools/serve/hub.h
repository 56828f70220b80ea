/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The whole hub in one process: keyring, log, views, gateway, runtime and server, opened in order, closed in reverse. */
#ifndef HUB_TOOLS_SERVE_HUB_H
#define HUB_TOOLS_SERVE_HUB_H

#include "api/server.h"

struct hub_hub;

struct hub_hub_options {
    const char *data_dir;        /* made when it is not there */
    const char *master_key;      /* file of the master key; NULL: in the data directory */
    uint64_t access_bytes;       /* that accesses to personal data may take on disk; 0: 256 MiB */
    uint64_t reserve_bytes;      /* 0: the log's own default */
    unsigned loopback_failures;  /* percent of deliveries that fail; for tests */
    bool loopback_gives_up;      /* a failure is the last attempt's; for tests */
    const char *loopback_record; /* file that deliveries are recorded in; for tests; NULL: none */
    uint64_t memory_bytes;       /* what it may take in memory, about; 0: 512 MiB */
    bool no_sync;
    bool
        is_silent; /* nothing goes out and no campaign goes on: for a command that changes one thing in a directory at rest */
    unsigned workers;                 /* 0: by the number of cores */
    int64_t checkpoint_us;            /* between two signed checkpoints; 0: the notary's own default */
    const char *checkpoint_copy;      /* a file that gets each of them too; NULL: none */
    struct hub_server_options server; /* its pointers to parts are filled here */
};

/* Open everything up to the runtime; nobody is served yet.
 *
 * options  borrowed until the close, with what it points to
 *
 * Returns 0; with a sentence in ret_why, and nothing left open, < 0; HUB_ERROR_unauthenticated: the master key is not that of
 * the data; HUB_ERROR_conflict: another process has the directory. */
int hub_hub_open(const struct hub_hub_options *options, struct hub_hub **ret_hub, char *ret_why, size_t why_size);

/* Begin to serve. Returns 0, or < 0 with a sentence in ret_why. */
int hub_hub_serve(struct hub_hub *self, char *ret_why, size_t why_size);

/* Answer what is under way (at most patience_us), then close everything. *self_p becomes NULL. Takes NULL. */
void hub_hub_close(struct hub_hub **self_p, int64_t patience_us);

/* The port that is listened on. */
uint16_t hub_hub_port(const struct hub_hub *self);

/* Its parts, for commands that the program itself gives. Borrowed. */
struct hub_log *hub_hub_log(struct hub_hub *self);
struct hub_keyring *hub_hub_keys(struct hub_hub *self);
struct hub_views *hub_hub_views(struct hub_hub *self);

/* Send a command as the hub itself and wait for its answer. One thread at a time. *command_p becomes NULL.
 * Returns the answer, owned by the caller. */
struct hub_answer *hub_hub_ask(struct hub_hub *self, struct hub_command **command_p);

#endif
