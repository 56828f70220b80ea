/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key layout of the log's column families. */
#include "log/keys.h"

#include <assert.h>

#include "log/log.h"

const char *const hub_log_families[] = {
    [HUB_FAMILY_meta] = "default",  [HUB_FAMILY_header] = "header",   [HUB_FAMILY_payload] = "payload",
    [HUB_FAMILY_stream] = "stream", [HUB_FAMILY_tag] = "tag",         [HUB_FAMILY_command] = "command",
    [HUB_FAMILY_alias] = "alias",   [HUB_FAMILY_pending] = "pending", [HUB_FAMILY_COUNT] = NULL,
};

struct hub_pending_key hub_pending_key_make(uint8_t kind, int64_t due_us, uint64_t number, uint16_t index)
{
    assert(due_us >= 0);
    struct hub_pending_key key;
    key.b[0] = kind;
    hub_put_be64(key.b + 1, (uint64_t) due_us);
    hub_put_be64(key.b + 9, number);
    key.b[17] = (uint8_t) (index >> 8);
    key.b[18] = (uint8_t) index;
    return key;
}

uint64_t hub_pending_key_number(const struct hub_pending_key *key)
{
    return hub_get_be64(key->b + 9);
}

uint64_t hub_pending_key_sequence(const struct hub_pending_key *key, bool *ret_loose)
{
    uint64_t number = hub_pending_key_number(key);
    *ret_loose = (number & HUB_PENDING_LOOSE) != 0;
    return number & ((UINT64_C(1) << HUB_PENDING_RESTORES) - 1);
}

struct hub_ulid hub_tag_of_type(uint16_t type)
{
    struct hub_ulid id = { { 0 } };
    id.b[14] = (uint8_t) (type >> 8);
    id.b[15] = (uint8_t) type;
    return id;
}

unsigned hub_event_tags(const struct event_header *header, struct hub_name ret_tags[HUB_EVENT_TAGS])
{
    unsigned count = 0;
    struct hub_ulid type = hub_tag_of_type((uint16_t) header->type);
    ret_tags[count++] = hub_name(&header->company, HUB_TAG_type, type.b);
    if (HUB_HAS(event_header, header, subject)) {
        ret_tags[count++] = hub_name(&header->company, HUB_TAG_subject, header->subject.b);
    }
    bool own_stream = header->kind == HUB_STREAM_SESSION && hub_ulid_is(header->entity, header->session);
    if (HUB_HAS(event_header, header, session) && !own_stream) {
        ret_tags[count++] = hub_name(&header->company, HUB_TAG_session, header->session.b);
    }
    return count;
}

size_t hub_varint_put(uint8_t *at, uint64_t value)
{
    size_t len = 0;
    while (value >= 0x80) {
        at[len++] = (uint8_t) (value | 0x80);
        value >>= 7;
    }
    at[len++] = (uint8_t) value;
    return len;
}

bool hub_varint_get(const uint8_t **at_p, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    const uint8_t *at = *at_p;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1) {
            return false;
        }
        value |= (uint64_t) (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *at_p = at;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

int hub_tag_row_decode(struct hub_span key, struct hub_span value, struct hub_buf *ret_sequences)
{
    if (key.len != HUB_NAMED_KEY) {
        return -1;
    }
    uint64_t sequence = hub_get_be64(key.at + HUB_NAME), delta;
    const uint8_t *at = (const uint8_t *) value.at, *end = at + value.len;
    hub_buf_clear(ret_sequences);
    hub_buf_put(ret_sequences, &sequence, sizeof sequence);
    while (at < end) {
        if (!hub_varint_get(&at, end, &delta) || delta == 0 || delta > UINT64_MAX - sequence) {
            return -1;
        }
        sequence += delta;
        hub_buf_put(ret_sequences, &sequence, sizeof sequence);
    }
    return 0;
}
