/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of sessions. The index is read in small bites, and each session's state by key, so that a first page costs the same
 * however many sessions there are. */
#include "replay/queries/sessions.h"

#include "base/error.h"

enum { BITE = 64 };

struct bite {
    const struct hub_reading *reading;
    struct hub_ulid sessions[BITE];
    uint64_t opened[BITE];
    unsigned count;
    int error;
};

static bool take(void *arg, struct hub_span key, struct hub_span value)
{
    struct bite *bite = arg;
    struct index_row row;
    bite->error = hub_reading_take(bite->reading, value, &index_row_shape, &row);
    if (bite->error != 0) {
        return false;
    }
    bite->opened[bite->count] = hub_row_key_last_be64(key);
    bite->sessions[bite->count++] = row.session;
    return bite->count < BITE;
}

static int read_bite(const struct hub_reading *reading, const struct hub_row_key *prefix, uint64_t after,
                     struct bite *ret_bite)
{
    struct hub_row_key from = *prefix;
    hub_row_key_be64(&from, after + 1);
    ret_bite->reading = reading;
    ret_bite->count = 0;
    ret_bite->error = 0;
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(prefix), hub_row_key_span(&from), take,
                                  ret_bite);
    return done != 0 ? done : ret_bite->error;
}

/* The session's state when it is to be shown, else NULL. Returns 0 or < 0. */
static int choose(const struct hub_reading *reading, struct hub_ulid session, hub_enum channel,
                  struct session_state **ret_state)
{
    void *state = NULL;
    int done = hub_reading_state(reading, &hub_kind_session, session, &state);
    bool is_wanted = done == 0 && (channel == 0 || ((const struct session_state *) state)->channel == channel);
    *ret_state = is_wanted ? state : NULL;
    return done < 0 ? done : 0;
}

/* Show what a bite has. Returns 1 when the page is full and there is more, 0, or < 0. */
static int show_bite(const struct bite *bite, const struct hub_session_ask *ask, struct hub_session_page *page,
                     uint64_t *last)
{
    for (unsigned i = 0; i < bite->count; i++) {
        struct session_state *state;
        int done = choose(bite->reading, bite->sessions[i], ask->channel, &state);
        if (done < 0) {
            return done;
        }
        if (state == NULL) {
            continue;
        }
        if (page->count == ask->limit) {
            page->next_cursor = hub_reading_cursor_print(bite->reading, *last);
            return 1;
        }
        hub_session_render(state, bite->sessions[i], bite->reading->arena, &page->at[page->count++]);
        *last = bite->opened[i];
    }
    return 0;
}

int hub_show_sessions(const struct hub_reading *reading, const struct hub_session_ask *ask,
                      struct hub_session_page *ret_page)
{
    uint64_t after;
    int done = hub_reading_cursor_parse(reading, ask->cursor, &after);
    *ret_page = (struct hub_session_page){ 0 };
    if (done != 0 || after == UINT64_MAX) {
        return done;
    }
    ret_page->at = HUB_NEW_ARRAY(reading->arena, struct unified_session, ask->limit);
    struct bite bite = { .count = BITE };
    uint64_t last = after;
    while (done == 0 && bite.count == BITE) {
        done = read_bite(reading, &ask->prefix, after, &bite);
        done = done == 0 ? show_bite(&bite, ask, ret_page, &last) : done;
        after = bite.count > 0 ? bite.opened[bite.count - 1] : after;
    }
    return done < 0 ? done : 0;
}
