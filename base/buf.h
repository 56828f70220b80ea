/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A growing buffer of bytes. */
#ifndef HUB_BASE_BUF_H
#define HUB_BASE_BUF_H

#include "base/span.h"

struct hub_buf {
    char *at;    /* owned; NULL while room is 0 */
    size_t len;  /* bytes in use */
    size_t room; /* bytes allocated */
};

/* Start empty, without memory. */
void hub_buf_init(struct hub_buf *self);

/* Free the memory; the buffer is empty again. Takes NULL. */
void hub_buf_done(struct hub_buf *self);

/* Forget the content, keep the memory. */
static inline void hub_buf_clear(struct hub_buf *self)
{
    self->len = 0;
}

/* Make room for `bytes` more and return where they start; the caller fills them and adds to `len`. Never NULL. */
char *hub_buf_reserve(struct hub_buf *self, size_t bytes);

/* Append bytes (copied), one byte, a terminated string, or a decimal number. */
void hub_buf_put(struct hub_buf *self, const void *at, size_t len);
void hub_buf_put_byte(struct hub_buf *self, uint8_t byte);
void hub_buf_put_text(struct hub_buf *self, const char *text);
void hub_buf_put_i64(struct hub_buf *self, int64_t value);
void hub_buf_put_u64(struct hub_buf *self, uint64_t value);

/* Append an unsigned number as 2 or 8 bytes, big-endian. */
void hub_buf_put_be16(struct hub_buf *self, uint16_t value);
void hub_buf_put_be64(struct hub_buf *self, uint64_t value);

/* The content, valid until the next change. */
static inline struct hub_span hub_buf_span(const struct hub_buf *self)
{
    return (struct hub_span){ self->at, self->len };
}

#endif
