/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading what the query `events` wants: each part that cannot be is refused with what it should be. */
#include "replay/queries/log_queries.h"

#include "actors/company/company.h"
#include "base/error.h"
#include "base/json.h"

static int read_type(const struct hub_reading *reading, struct hub_span name, struct hub_events_wanted *wanted)
{
    const struct hub_registry *registry = hub_records();
    for (size_t i = 0; i < registry->count; i++) {
        const struct hub_shape *shape = registry->shapes[i];
        if (shape->category == HUB_CATEGORY_event && hub_span_is(hub_span(shape->name), name)) {
            wanted->type = shape->id;
            return 0;
        }
    }
    return hub_reading_refuse(reading, HUB_ERROR_invalid_query, "/type", "There is no event of this type.");
}

struct hub_span hub_events_stream_kind(struct hub_span stream)
{
    const char *slash = stream.len == 0 ? NULL : memchr(stream.at, '/', stream.len);
    return hub_span_of(stream.at, slash == NULL ? 0 : (size_t) (slash - stream.at));
}

static int read_stream(const struct hub_reading *reading, struct hub_span text, struct hub_events_wanted *wanted)
{
    const struct hub_kind_info *kind = hub_kind_by_name(hub_events_stream_kind(text));
    if (kind == NULL) {
        return hub_reading_refuse(reading, HUB_ERROR_invalid_query, "/stream",
                                  "A stream is KIND/ID, like session/omni_session_001.");
    }
    wanted->stream = (struct hub_stream){ .company = reading->company, .kind = kind->number };
    return hub_reading_named(reading, kind->number, &wanted->stream.entity);
}

/* A position that is reached, or the first event at or after a time. */
static int read_from(const struct hub_reading *reading, struct hub_span text, uint64_t *ret_from)
{
    struct hub_position at = { 0 };
    int64_t time_us;
    if (hub_time_parse(text, &time_us)) {
        int done = hub_log_at_time(reading->log, time_us - 1, &at);
        *ret_from = at.sequence + 1;
        return done;
    }
    int done = hub_position_parse(text, hub_log_identity(reading->log), &at);
    *ret_from = at.sequence;
    return done <= 0 ? done
                     : hub_reading_refuse(reading, done, "/from", "%s",
                                          done == HUB_ERROR_position_gone
                                              ? "It belongs to another incarnation of the log."
                                              : "It must be a position of this hub or a time as in RFC 3339.");
}

static int read_consumer(const struct hub_reading *reading, struct hub_span name, uint64_t *ret_from)
{
    struct company_state *state = NULL;
    int done = hub_reading_state(reading, &hub_kind_company, reading->company, (void **) &state);
    for (uint32_t i = 0; done == 0 && i < state->consumers.count; i++) {
        if (hub_span_is(state->consumers.at[i].consumer, name)) {
            *ret_from = state->consumers.at[i].sequence + 1;
            return 0;
        }
    }
    return done < 0 ? done
                    : hub_reading_refuse(reading, HUB_ERROR_not_found, "/consumer",
                                         "There is no such consumer; PUT /events/consumers/{consumer} makes one.");
}

static int read_beginning(const struct hub_reading *reading, const struct events_query *query, uint64_t *ret_from)
{
    uint64_t after = 0;
    if (query->cursor.len > 0) {
        int done = hub_reading_cursor_parse(reading, query->cursor, &after);
        *ret_from = after + 1;
        return done;
    }
    if (HUB_HAS(events_query, query, from)) {
        return read_from(reading, query->from, ret_from);
    }
    return HUB_HAS(events_query, query, consumer) ? read_consumer(reading, query->consumer, ret_from) : 0;
}

int hub_events_wanted_read(const struct hub_reading *reading, const struct events_query *query,
                           struct hub_events_wanted *ret_wanted)
{
    *ret_wanted = (struct hub_events_wanted){ .from = 1 };
    int done = 0;
    if (HUB_HAS(events_query, query, type)) {
        done = read_type(reading, query->type, ret_wanted);
    }
    if (done == 0 && HUB_HAS(events_query, query, stream)) {
        done = read_stream(reading, query->stream, ret_wanted);
    }
    if (done == 0 && HUB_HAS(events_query, query, customer_id)) {
        done = hub_reading_named(reading, KIND_customer, &ret_wanted->customer);
    }
    done = done == 0 ? read_beginning(reading, query, &ret_wanted->from) : done;
    if (HUB_HAS(events_query, query, from)) { /* a time to come holds behind a cursor, too */
        (void) hub_time_parse(query->from, &ret_wanted->from_us);
    }
    ret_wanted->from = ret_wanted->from == 0 ? 1 : ret_wanted->from;
    return done;
}
