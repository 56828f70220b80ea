/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer's row as agents see it, wherever it is shown: in lists, in answers, in what is pushed to them. */
#ifndef HUB_REPLAY_QUERIES_CUSTOMER_ROWS_H
#define HUB_REPLAY_QUERIES_CUSTOMER_ROWS_H

#include "replay/reading.h"

/* Fill the row of a customer on an inbox, whether a person is wanted there or not; for the reading's viewer.
 * Returns 0, HUB_ERROR_not_found with the fault filled, or < 0. */
int hub_show_customer_row(const struct hub_reading *reading, struct hub_ulid customer, struct hub_span page_id,
                          struct customer_row *ret_row);

/* The same from the row of the view `waiting`. place: in the queue, from 1; 0: to be counted. */
int hub_show_waiting(const struct hub_reading *reading, const struct waiting_row *help, uint32_t place,
                     struct customer_row *ret_row);

/* What is counted for the queue of an inbox, all zero where nobody ever waited. Returns 0 or < 0. */
int hub_reading_queue(const struct hub_reading *reading, struct hub_span page_id, struct waiting_page *ret_counts);

/* How long whoever has this place waits until an agent has time, in seconds: the mean length of the recent conversations, times
 * the place, by the number of conversations that run side by side. False while fewer than three were measured. */
bool hub_queue_estimate(const struct waiting_page *counts, uint32_t place, uint64_t *ret_seconds);

/* The mean length of the recent conversations in seconds. False when there is none. */
bool hub_queue_average(const struct waiting_page *counts, uint64_t *ret_seconds);

/* What a place in the index of the view `waiting` stands for. Returns 0 or < 0. */
int hub_reading_waiting(const struct hub_reading *reading, struct hub_span value, struct waiting_row *ret_help);

#endif
