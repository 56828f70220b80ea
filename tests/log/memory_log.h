/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log in memory behind the append seam. It checks versions and command ids like the real one, and answers conflict,
 * unknown, full or a fatal error on demand. */
#ifndef HUB_TESTS_LOG_MEMORY_LOG_H
#define HUB_TESTS_LOG_MEMORY_LOG_H

#include "log/append.h"

struct memory_log;

/* Never NULL. Owned by the caller. */
struct memory_log *memory_log_new(void);
void memory_log_destroy(struct memory_log **self_p);

/* The seam. Any one thread at a time; the functions below may run beside it. */
struct hub_log_sink memory_log_sink(struct memory_log *self);

/* Answer the next `count` appends with this result (enum hub_append_result), whatever they are. Of those answered
 * HUB_APPEND_UNKNOWN, `written` says whether they are there nevertheless. */
void memory_log_answer(struct memory_log *self, int result, unsigned count, bool written);

/* From the next batch on: a fatal error, with this sentence. */
void memory_log_fail(struct memory_log *self, const char *why);

/* What was written. Events are numbered from 1 by their sequence; spans live as long as the log. */
struct memory_event {
    struct hub_stream stream;
    uint64_t version;
    uint16_t type;
    struct hub_ulid subject, session;
    uint8_t command[HUB_COMMAND_ID];
    struct hub_span payload;
};

uint64_t memory_log_head(struct memory_log *self);
unsigned memory_log_batches(struct memory_log *self);
struct memory_event memory_log_event(struct memory_log *self, uint64_t sequence);

/* The pending rows that are not settled, in no order; false from the end on. Copies the key, borrows the value. */
bool memory_log_pending(struct memory_log *self, unsigned index, struct hub_pending_key *ret_key,
                        struct hub_span *ret_value);

#endif
