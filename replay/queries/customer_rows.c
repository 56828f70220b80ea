/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer's row as agents see it. Times are as of the reading's moment, so that the past is shown as it was. */
#include "replay/queries/customer_rows.h"

#include <stdio.h>

#include "actors/agent/render.h"
#include "actors/session/apply.h"
#include "base/error.h"
#include "replay/views/waiting.h"

enum { PLACES = 1000, MEASURED = 3, WORDS = 32 };

static const int64_t second_us = 1000000;
static const hub_sealed empty = { .clear = { "", 0 } };

/* --- queues --- */

int hub_reading_queue(const struct hub_reading *reading, struct hub_span page_id, struct waiting_page *ret_counts)
{
    struct hub_row_key key = hub_waiting_key(reading->company, 'p', page_id);
    *ret_counts = (struct waiting_page){ 0 };
    int done = hub_reading_row(reading, &key, &waiting_page_shape, ret_counts);
    return done == HUB_ERROR_not_found ? 0 : done;
}

static uint64_t mean_us(const struct waiting_page *counts)
{
    uint64_t sum_us = 0;
    for (uint32_t i = 0; i < counts->recent.count; i++) {
        sum_us += (uint64_t) ((const int64_t *) counts->recent.at)[i];
    }
    return counts->recent.count == 0 ? 0 : sum_us / counts->recent.count;
}

bool hub_queue_average(const struct waiting_page *counts, uint64_t *ret_seconds)
{
    *ret_seconds = mean_us(counts) / (uint64_t) second_us;
    return counts->recent.count > 0;
}

bool hub_queue_estimate(const struct waiting_page *counts, uint32_t place, uint64_t *ret_seconds)
{
    uint64_t beside = counts->assigned > 0 ? counts->assigned : 1;
    *ret_seconds = mean_us(counts) / (uint64_t) second_us * place / beside;
    return counts->recent.count >= MEASURED;
}

int hub_reading_waiting(const struct hub_reading *reading, struct hub_span value, struct waiting_row *ret_help)
{
    struct index_row place;
    struct hub_row_key key = { 0 };
    int done = hub_reading_take(reading, value, &index_row_shape, &place);
    if (done != 0 || place.digest.len > HUB_ROW_KEY) {
        return -1;
    }
    hub_row_key_add(&key, place.digest.at, (uint8_t) place.digest.len);
    done = hub_reading_row(reading, &key, &waiting_row_shape, ret_help);
    return done == 0 ? 0 : -1;
}

/* Counting a place: how many stand before a customer. */
struct search {
    struct hub_ulid customer;
    uint32_t place;
    bool found;
};

static bool look(void *arg, struct hub_span key, struct hub_span value)
{
    struct search *search = arg;
    (void) value;
    search->place++;
    search->found = memcmp(key.at + key.len - sizeof search->customer, search->customer.b, sizeof search->customer) ==
                    0;
    return !search->found && search->place < PLACES;
}

/* Returns the place, 0 when it is too far behind, or < 0. */
static int count_place(const struct hub_reading *reading, const struct waiting_row *help)
{
    static const struct hub_span from_first = { NULL, 0 };
    struct search search = { .customer = help->customer };
    struct hub_row_key queue = hub_waiting_key(reading->company, 'q', help->page_id);
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(&queue), from_first, look, &search);
    return done != 0 ? -1 : search.found ? (int) search.place : 0;
}

/* --- words --- */

static struct hub_span words_for(uint64_t seconds, struct hub_arena *arena)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };
    char words[WORDS] = "less than a minute";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (seconds >= units[i].seconds) {
            uint64_t count = seconds / units[i].seconds;
            snprintf(words, sizeof words, "%llu %s%s", (unsigned long long) count, units[i].name, count > 1 ? "s" : "");
            break;
        }
    }
    return hub_arena_copy(arena, hub_span(words));
}

static uint64_t seconds_since(const struct hub_reading *reading, int64_t then_us)
{
    return reading->now_us > then_us ? (uint64_t) ((reading->now_us - then_us) / second_us) : 0;
}

static void show_passed(const struct hub_reading *reading, int64_t then_us, struct customer_row *row)
{
    uint64_t seconds = seconds_since(reading, then_us);
    HUB_SET(customer_row, row, time_since_last_conversation, words_for(seconds, reading->arena));
    HUB_SET(customer_row, row, time_since_last_conversation_seconds, seconds);
}

/* --- the row --- */

static int show_customer(const struct hub_reading *reading, struct hub_ulid customer, struct customer_row *row,
                         struct customer_state **ret_state)
{
    int done = hub_reading_customer(reading, customer, ret_state);
    if (done != 0) {
        return done;
    }
    const struct customer_state *state = *ret_state;
    bool has_name = HUB_HAS(customer_state, state, profile) && HUB_HAS(customer_profile, state->profile, name);
    HUB_SET(customer_row, row, customer_id, hub_reading_customer_name(reading, state, customer));
    HUB_SET(customer_row, row, customer_name, has_name ? state->profile->name : row->customer_id);
    return 0;
}

/* The number of the customer's last message; 0: none. */
static uint32_t last_inbound(const struct session_state *session)
{
    for (size_t i = session->message_ranks.len; i > 0; i--) {
        if (((uint8_t) session->message_ranks.at[i - 1] & HUB_MESSAGE_OUTBOUND) == 0) {
            return (uint32_t) i;
        }
    }
    return 0;
}

static int show_session(const struct hub_reading *reading, struct hub_ulid session, struct customer_row *row)
{
    void *state_ = NULL;
    int done = hub_reading_state(reading, &hub_kind_session, session, &state_);
    if (done != 0) {
        return done == HUB_ERROR_not_found ? 0 : done; /* it is being opened */
    }
    const struct session_state *state = state_;
    uint32_t index = last_inbound(state);
    HUB_SET(customer_row, row, session_id, hub_session_name(state, session, reading->arena));
    HUB_COPY(customer_row, row, session_state, state, channel);
    HUB_COPY(customer_row, row, session_state, state, priority);
    show_passed(reading, state->last_activity_at, row);
    if (index == 0) {
        return 0;
    }
    struct hub_row_key key = hub_row_key_of_part(HUB_VIEW_messages, reading->company, session, index);
    struct message_row message;
    done = hub_reading_row(reading, &key, &message_row_shape, &message);
    if (done == 0) {
        HUB_SET(customer_row, row, last_message, message.content);
    }
    return done == HUB_ERROR_not_found ? 0 : done;
}

static int show_agent(const struct hub_reading *reading, const struct waiting_row *help, struct customer_row *row)
{
    void *state = NULL;
    HUB_SET(customer_row, row, agent_id, help->agent);
    HUB_SET(customer_row, row, is_assigned, true);
    HUB_SET(customer_row, row, is_assigned_to_me, hub_ulid_is(help->agent, reading->viewer));
    HUB_COPY(customer_row, row, waiting_row, help, assigned_at);
    int done = hub_reading_state(reading, &hub_kind_agent, help->agent, &state);
    if (done == 0) {
        HUB_SET(customer_row, row, agent_name, *hub_agent_name(state));
    }
    return done == HUB_ERROR_not_found ? 0 : done;
}

static int show_wait(const struct hub_reading *reading, const struct waiting_row *help, uint32_t place,
                     struct customer_row *row)
{
    struct waiting_page counts;
    uint64_t seconds;
    int found = place > 0 ? (int) place : count_place(reading, help);
    int done = found < 0 ? found : hub_reading_queue(reading, help->page_id, &counts);
    if (done != 0) {
        return done;
    }
    show_passed(reading, help->waiting_since, row);
    HUB_SET(customer_row, row, waiting_seconds, seconds_since(reading, help->waiting_since));
    if (found > 0) {
        HUB_SET(customer_row, row, queue_position, (uint32_t) found);
        if (hub_queue_estimate(&counts, (uint32_t) found, &seconds)) {
            HUB_SET(customer_row, row, estimated_wait_seconds, seconds);
        }
    }
    return 0;
}

static void begin_row(const struct hub_reading *reading, struct hub_span page_id, struct customer_row *ret_row)
{
    struct customer_row *row = ret_row;
    *row = (struct customer_row){ 0 };
    HUB_SET(customer_row, row, page_id, page_id);
    HUB_SET(customer_row, row, last_message, empty);
    HUB_SET(customer_row, row, agent_name, empty);
    HUB_SET(customer_row, row, is_assigned, false);
    HUB_SET(customer_row, row, is_assigned_to_me, false);
    HUB_SET(customer_row, row, stop, false);
    show_passed(reading, reading->now_us, row);
}

int hub_show_waiting(const struct hub_reading *reading, const struct waiting_row *help, uint32_t place,
                     struct customer_row *ret_row)
{
    struct customer_state *state;
    struct customer_row *row = ret_row;
    begin_row(reading, help->page_id, row);
    HUB_SET(customer_row, row, channel, help->channel);
    HUB_SET(customer_row, row, stop, true);
    HUB_COPY(customer_row, row, waiting_row, help, status);
    HUB_COPY(customer_row, row, waiting_row, help, cause);
    HUB_COPY(customer_row, row, waiting_row, help, reason);
    HUB_COPY(customer_row, row, waiting_row, help, waiting_since);
    int done = show_customer(reading, help->customer, row, &state);
    done = done == 0 ? show_session(reading, help->session, row) : done;
    if (done != 0) {
        return done;
    }
    return HUB_HAS(waiting_row, help, agent) ? show_agent(reading, help, row) : show_wait(reading, help, place, row);
}

int hub_show_customer_row(const struct hub_reading *reading, struct hub_ulid customer, struct hub_span page_id,
                          struct customer_row *ret_row)
{
    struct hub_row_key key = hub_waiting_key_of(reading->company, customer, page_id);
    struct waiting_row help;
    int done = hub_reading_row(reading, &key, &waiting_row_shape, &help);
    if (done != HUB_ERROR_not_found) {
        return done == 0 ? hub_show_waiting(reading, &help, 0, ret_row) : done;
    }
    struct customer_state *state;
    begin_row(reading, page_id, ret_row);
    done = show_customer(reading, customer, ret_row, &state);
    bool has_session = done == 0 && state->sessions.count > 0;
    return has_session ? show_session(reading, state->sessions.at[state->sessions.count - 1].session, ret_row) : done;
}
