/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A store of rows that adds up what is in it: to see whether two sets of rows are the same without putting them in order. Values lie
 * in a file, so memory goes by the number of rows alone. */
#ifndef HUB_REPLAY_TALLY_H
#define HUB_REPLAY_TALLY_H

#include "replay/row_key.h"
#include "replay/rows.h"

struct hub_tally;

/* The rows of a view, each as a number that depends on key and value, added up modulo 2^64: equal for equal sets of rows, in
 * whatever order they came. The numbers depend on a seed that nobody knows beforehand, so other rows have the same sum with
 * a probability of 2^-64. */
struct hub_tally_sum {
    uint64_t rows, sum;
};

struct hub_tally_options {
    const char *scratch_dir; /* for a file of values, which has no name */
    uint64_t seed[2];        /* random; the same for what is to be compared */
    size_t rows;             /* that are expected */
    size_t rows_max;         /* more are refused */
};

/* Never NULL; what does not work out shows in hub_tally_error. One thread at a time. */
struct hub_tally *hub_tally_new(const struct hub_tally_options *options);

/* Free all; *self_p becomes NULL. Takes NULL. */
void hub_tally_destroy(struct hub_tally **self_p);

/* The store as views see it, without `scan`. Rows of parked streams are not kept. */
struct hub_rows hub_tally_rows(struct hub_tally *self);

/* 0; HUB_ERROR_limit_reached when there were too many rows; < 0 when the file failed, with errno's number in ret_errno. */
int hub_tally_error(struct hub_tally *self, int *ret_errno);

/* The sum of a view's rows so far. */
struct hub_tally_sum hub_tally_sum_of(struct hub_tally *self, uint16_t view);

/* Add a row of another store to a sum. */
void hub_tally_add(const uint64_t seed[2], struct hub_span key, struct hub_span value, struct hub_tally_sum *sum);

/* What a row of another store is beside those in here. */
enum hub_tally_finding {
    HUB_TALLY_SAME = 1, /* it is here, too */
    HUB_TALLY_OTHER,    /* here is another value */
    HUB_TALLY_UNKNOWN,  /* no such row is here */
};
/* Look for a row. What was found counts as seen. */
enum hub_tally_finding hub_tally_find(struct hub_tally *self, struct hub_span key, struct hub_span value);

/* Visit the rows of a view that were not seen, in no order, until `visit` returns false. Returns 0 or < 0: the file failed. */
int hub_tally_unseen(struct hub_tally *self, uint16_t view, bool (*visit)(void *arg, struct hub_span key), void *arg);

#endif
