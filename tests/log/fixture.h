/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log in a fresh directory, and short ways to write to it; for the tests of log/. */
#ifndef HUB_TESTS_LOG_FIXTURE_H
#define HUB_TESTS_LOG_FIXTURE_H

#include "log/keyring/keyring.h"
#include "log/log.h"

enum { FIXTURE_DIR = 64 };

struct fixture {
    char dir[FIXTURE_DIR];
    struct hub_world *world; /* fake: time stands until moved */
    struct hub_keyring *ring;
    struct hub_log *log;
    struct hub_arena *arena;
    uint64_t reserve_bytes; /* for the next fixture_open */
    char why[512];          /* of the last refused open or write */
};

/* For cmocka: *state becomes a fixture with an open, empty log. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Close and open again. fixture_open returns what hub_log_open does; the others must succeed. */
void fixture_close(struct fixture *self);
int fixture_open(struct fixture *self);
void fixture_reopen(struct fixture *self);

/* An id made of one number. */
struct hub_ulid fixture_id(uint64_t number);
struct hub_stream fixture_stream(uint64_t company, uint8_t kind, uint64_t entity);

/* Write appends as one batch; must succeed. */
void fixture_write(struct fixture *self, struct hub_append *const *appends, size_t count);

/* Write one event of type 0x0200 to a stream; must be appended. Returns its position. */
uint64_t fixture_event(struct fixture *self, struct hub_stream stream, uint64_t version_before, const char *payload);

/* The last path part in the log's directory whose name ends so; must exist. */
void fixture_file(const struct fixture *self, const char *folder, const char *suffix, char *ret_path, size_t size);

/* Remove a directory and all in it. */
void fixture_remove(const char *dir);

/* Change single bytes of the store behind the log's back: family, key, and what the value becomes (NULL: deleted).
 * The log must be closed. */
void fixture_poke(struct fixture *self, unsigned family, struct hub_span key, const struct hub_span *value);

#endif
