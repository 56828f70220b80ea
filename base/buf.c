/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A growing buffer of bytes: room doubles, so appending costs the same on average however long it gets. */
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_ROOM = 256, DECIMAL_MAX = 20 };

void hub_buf_init(struct hub_buf *self)
{
    *self = (struct hub_buf){ 0 };
}

void hub_buf_done(struct hub_buf *self)
{
    if (self == NULL) {
        return;
    }
    free(self->at);
    hub_buf_init(self);
}

static void grow(struct hub_buf *self, size_t bytes)
{
    assert(bytes <= PTRDIFF_MAX - self->len);
    size_t room = self->room > 0 ? self->room : FIRST_ROOM;
    while (room - self->len < bytes) {
        room *= 2;
    }
    self->at = hub_memory_resize(self->at, room);
    self->room = room;
}

char *hub_buf_reserve(struct hub_buf *self, size_t bytes)
{
    if (self->room - self->len < bytes || self->at == NULL) {
        grow(self, bytes);
    }
    return self->at + self->len;
}

void hub_buf_put(struct hub_buf *self, const void *at, size_t len)
{
    if (len > 0) {
        memcpy(hub_buf_reserve(self, len), at, len);
        self->len += len;
    }
}

void hub_buf_put_byte(struct hub_buf *self, uint8_t byte)
{
    *hub_buf_reserve(self, 1) = (char) byte;
    self->len++;
}

void hub_buf_put_text(struct hub_buf *self, const char *text)
{
    hub_buf_put(self, text, strlen(text));
}

void hub_buf_put_u64(struct hub_buf *self, uint64_t value)
{
    char digits[DECIMAL_MAX];
    size_t first = DECIMAL_MAX;
    do {
        digits[--first] = (char) ('0' + value % 10);
        value /= 10;
    } while (value > 0);
    hub_buf_put(self, digits + first, DECIMAL_MAX - first);
}

void hub_buf_put_i64(struct hub_buf *self, int64_t value)
{
    if (value < 0) {
        hub_buf_put_byte(self, '-');
        hub_buf_put_u64(self, 0 - (uint64_t) value);
    } else {
        hub_buf_put_u64(self, (uint64_t) value);
    }
}

void hub_buf_put_be16(struct hub_buf *self, uint16_t value)
{
    value = __builtin_bswap16(value);
    hub_buf_put(self, &value, sizeof value);
}

void hub_buf_put_be64(struct hub_buf *self, uint64_t value)
{
    value = __builtin_bswap64(value);
    hub_buf_put(self, &value, sizeof value);
}
