/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events written straight to a real log, and questions about them; for the tests of replay/. */
#ifndef HUB_TESTS_REPLAY_HISTORY_H
#define HUB_TESTS_REPLAY_HISTORY_H

#include "replay/query.h"
#include "tests/log/fixture.h"

/* Events in the order of one customer's life, plus a second customer and a second company with the same numbers. */
struct history {
    struct fixture *log; /* the log and its keys; its world's clock moves 10 ms with every event */
    struct hub_views *views;
    struct hub_ulid company, other_company;
    struct hub_ulid customer, other_customer;
    struct hub_ulid first, second; /* the customer's sessions */
    bool follow;                   /* for the next open */
    uint64_t list_every;
    const struct hub_view_info *const *infos; /* for the next open; NULL: all */
    size_t info_count;
    struct hub_position moved_to; /* what on_moved said last; only without a thread */
    bool went_back;
    char why[512];
};

/* For cmocka: *state becomes a history with an empty log and open views without a thread. */
int history_setup(void **state);
int history_teardown(void **state);

/* Open and close the views. history_open must succeed. */
void history_open(struct history *self);
void history_close(struct history *self);

/* Remove DATA/views; the views must be closed. */
void history_delete_views(struct history *self);

/* Append one event; sealed values are sealed for the subject. Returns its position. */
uint64_t put_event(struct history *self, struct hub_stream stream, const struct hub_shape *shape, void *record,
                   struct hub_ulid subject);

/* Streams of the first company. */
struct hub_stream session_stream(const struct history *self, struct hub_ulid session);
struct hub_stream customer_stream(const struct history *self, struct hub_ulid customer);

/* Short ways to write one event of a session of the first company. */
void open_session(struct history *self, struct hub_ulid session, struct hub_ulid customer, enum channel channel);
void receive(struct history *self, struct hub_ulid session, struct hub_ulid customer, uint32_t index,
             const char *words);
void end(struct history *self, struct hub_ulid session, struct hub_ulid customer);

/* Write the scripted history, one event at a time; after each, `step` is called. Returns how many events there were. */
unsigned write_script(struct history *self, void (*step)(struct history *self, void *arg), void *arg);

/* Let the views fold what there is; must succeed. */
void catch_up(struct history *self);

/* A question, and how to ask it. */
struct question {
    const char *label;
    const struct hub_query_info *query;
    const void *params;
    struct hub_ulid company;
    struct hub_name names[HUB_KINDS];
};

/* Everything that can be asked about the script, `count` of them; valid as long as the history. */
const struct question *all_questions(struct history *self, size_t *ret_count);

/* Ask, and write the answer as JSON with its values opened, or "error CODE: REASON". The caller frees the text.
 * at 0: the live views. */
char *ask_json(struct history *self, const struct question *question, uint64_t at);

#endif
