/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What queries have in common. */
#include "replay/reading.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/pack.h"

enum { POINTER_MAX = 32 };

int hub_reading_refuse(const struct hub_reading *self, int error, const char *pointer, const char *reason, ...)
{
    hub_fault_init(self->fault, error);
    snprintf(self->fault->pointer, sizeof self->fault->pointer, "%s", pointer);
    va_list list;
    va_start(list, reason);
    vsnprintf(self->fault->reason, sizeof self->fault->reason, reason, list);
    va_end(list);
    return error;
}

/* The same words as an actor has for it: what is asked as of a moment does not differ from what was live. */
static int no_such(const struct hub_reading *self, const char *what)
{
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/%s_id", what);
    return hub_reading_refuse(self, HUB_ERROR_not_found, pointer, "There is no such %s.", what);
}

int hub_reading_named(const struct hub_reading *self, uint8_t kind, struct hub_ulid *ret_id)
{
    const struct hub_name *name = &self->names[kind];
    if (name->given && name->known) {
        *ret_id = name->id;
        return 0;
    }
    int found = name->given ? hub_log_alias(self->log, self->company, kind, name->digest, ret_id) : HUB_ERROR_not_found;
    if (found == HUB_ERROR_not_found && name->given && name->is_ours) {
        *ret_id = name->id;
        return 0;
    }
    const struct hub_kind_info *info = hub_kind_find(kind);
    return found == HUB_ERROR_not_found ? no_such(self, info != NULL ? info->name : "thing") : found;
}

int hub_reading_find_session(const struct hub_reading *self, const void *params, struct hub_ulid *ret_session)
{
    (void) params;
    return hub_reading_named(self, KIND_session, ret_session);
}

int hub_reading_find_customer(const struct hub_reading *self, const void *params, struct hub_ulid *ret_customer)
{
    (void) params;
    return hub_reading_named(self, KIND_customer, ret_customer);
}

int hub_reading_part(const struct hub_reading *self, struct hub_span text, char part, struct hub_ulid *ret_session,
                     uint32_t *ret_number)
{
    if (hub_part_id_parse(text, part, ret_session, ret_number)) {
        return 0;
    }
    return no_such(self, part == 'm' ? "message" : "transfer");
}

int hub_reading_take(const struct hub_reading *self, struct hub_span value, const struct hub_shape *shape,
                     void *ret_record)
{
    struct hub_span bytes = hub_arena_copy(self->arena, value);
    return hub_unpack(shape, bytes, self->arena, ret_record, NULL) == 0 ? 0 : -1;
}

int hub_reading_row(const struct hub_reading *self, const struct hub_row_key *key, const struct hub_shape *shape,
                    void *ret_record)
{
    struct hub_buf value;
    hub_buf_init(&value);
    int done = self->rows.get(self->rows.self, hub_row_key_span(key), &value);
    if (done == 0) {
        done = hub_reading_take(self, hub_buf_span(&value), shape, ret_record);
    }
    hub_buf_done(&value);
    return done;
}

int hub_reading_state(const struct hub_reading *self, const struct hub_kind_info *kind, struct hub_ulid entity,
                      void **ret_state)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_entities, self->company, kind->number, entity);
    struct entity_row row;
    int done = hub_reading_row(self, &key, &entity_row_shape, &row);
    if (done != 0) {
        return done;
    }
    void *state = hub_arena_get(self->arena, kind->state->size);
    if (row.schema != kind->state->version || hub_unpack(kind->state, row.state, self->arena, state, NULL) != 0) {
        return -1;
    }
    *ret_state = state;
    return 0;
}

int hub_reading_session(const struct hub_reading *self, struct hub_ulid session, struct session_state **ret_state)
{
    void *state = NULL;
    int done = hub_reading_state(self, &hub_kind_session, session, &state);
    *ret_state = state;
    return done == HUB_ERROR_not_found ? no_such(self, "session") : done;
}

int hub_reading_customer(const struct hub_reading *self, struct hub_ulid customer, struct customer_state **ret_state)
{
    void *state = NULL;
    int done = hub_reading_state(self, &hub_kind_customer, customer, &state);
    *ret_state = state;
    return done == HUB_ERROR_not_found ? no_such(self, "customer") : done;
}

hub_sealed hub_reading_customer_name(const struct hub_reading *self, const struct customer_state *state,
                                     struct hub_ulid customer)
{
    if (HUB_HAS(customer_state, state, customer_id)) {
        return state->customer_id;
    }
    char *text = hub_arena_get(self->arena, HUB_ULID_TEXT);
    hub_ulid_print(customer, text);
    return (hub_sealed){ .clear = hub_span_of(text, HUB_ULID_TEXT) };
}

struct hub_span hub_reading_cursor_print(const struct hub_reading *self, uint64_t number)
{
    char *text = hub_arena_get(self->arena, HUB_POSITION_TEXT);
    hub_position_print((struct hub_position){ number }, hub_log_identity(self->log), text);
    return hub_span(text);
}

int hub_reading_cursor_parse(const struct hub_reading *self, struct hub_span text, uint64_t *ret_number)
{
    struct hub_position position = { 0 };
    int done = text.len > 0 ? hub_position_parse(text, hub_log_identity(self->log), &position) : 0;
    if (done > 0) {
        return hub_reading_refuse(self, done, "/cursor", "%s",
                                  done == HUB_ERROR_position_gone ? "it belongs to another incarnation of the log"
                                                                  : "it was not given by this hub");
    }
    *ret_number = position.sequence;
    return done;
}
