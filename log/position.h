/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A position in the log: opaque on the wire, comparable inside. */
#ifndef HUB_LOG_POSITION_H
#define HUB_LOG_POSITION_H

#include "base/span.h"

/* Partition 0 of the running incarnation; 0 is "before the first event". */
struct hub_position {
    uint64_t sequence;
};

/* What makes a log this log. */
struct hub_log_identity {
    uint8_t log_id[16];   /* random, made with the log */
    uint32_t incarnation; /* 1 for a fresh log, one more after each restore */
};

enum { HUB_POSITION_TEXT = 32 };

/* Write the opaque text of a position (terminated; base64url of log id prefix, incarnation, partition, sequence, check byte). */
void hub_position_print(struct hub_position at, const struct hub_log_identity *identity,
                        char ret_text[HUB_POSITION_TEXT]);

/* Read it back. Returns 0; HUB_ERROR_invalid_query for text that is none; HUB_ERROR_position_gone for another log or
 * incarnation. */
int hub_position_parse(struct hub_span text, const struct hub_log_identity *identity, struct hub_position *ret_at);

#endif
