/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What queries have in common: names, rows, states, cursors. */
#ifndef HUB_REPLAY_READING_H
#define HUB_REPLAY_READING_H

#include "actors/session/render.h"
#include "replay/query.h"
#include "replay/row_key.h"

/* Refuse a query: fill the reading's fault and return the error. reason: printf-like, one sentence. */
int hub_reading_refuse(const struct hub_reading *self, int error, const char *pointer, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

/* Our id of the entity of `kind` that the query names. Whether it existed at the reading's position is another question.
 * Returns 0, HUB_ERROR_not_found with the fault filled, or < 0. */
int hub_reading_named(const struct hub_reading *self, uint8_t kind, struct hub_ulid *ret_id);

/* Find functions of queries that name a session or a customer (hub_query_find_fn). */
int hub_reading_find_session(const struct hub_reading *self, const void *params, struct hub_ulid *ret_session);
int hub_reading_find_customer(const struct hub_reading *self, const void *params, struct hub_ulid *ret_customer);

/* The session and number in the id of a message ('m') or transfer ('t').
 * Returns 0, or HUB_ERROR_not_found with the fault filled. */
int hub_reading_part(const struct hub_reading *self, struct hub_span text, char part, struct hub_ulid *ret_session,
                     uint32_t *ret_number);

/* Read a row into a record of its shape; what it points to is in the reading's arena.
 * Returns 0, HUB_ERROR_not_found, or < 0. */
int hub_reading_row(const struct hub_reading *self, const struct hub_row_key *key, const struct hub_shape *shape,
                    void *ret_record);

/* Decode a row that a scan shows, in the same way. Returns 0 or < 0. */
int hub_reading_take(const struct hub_reading *self, struct hub_span value, const struct hub_shape *shape,
                     void *ret_record);

/* Read an entity's state. Returns 0, HUB_ERROR_not_found (it had no event at the reading's position), or < 0. */
int hub_reading_state(const struct hub_reading *self, const struct hub_kind_info *kind, struct hub_ulid entity,
                      void **ret_state);

/* The same for what a query is about: not_found fills the fault. */
int hub_reading_session(const struct hub_reading *self, struct hub_ulid session, struct session_state **ret_state);
int hub_reading_customer(const struct hub_reading *self, struct hub_ulid customer, struct customer_state **ret_state);

/* What clients call a customer: their own id, or ours. */
hub_sealed hub_reading_customer_name(const struct hub_reading *self, const struct customer_state *state,
                                     struct hub_ulid customer);

/* A cursor: the number of the last entry shown, as an opaque text in the reading's arena. */
struct hub_span hub_reading_cursor_print(const struct hub_reading *self, uint64_t number);

/* Read it back; absent (empty) gives 0. Returns 0, or invalid_query or position_gone with the fault filled. */
int hub_reading_cursor_parse(const struct hub_reading *self, struct hub_span text, uint64_t *ret_number);

#endif
