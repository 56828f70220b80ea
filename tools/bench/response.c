/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finds the end of one HTTP/1.1 response in a stream of bytes (RFC 9112 §6), and its status.
 *
 * A load generator shares the machine with the server, so this reads as little as it can: memchr walks from
 * line to line, and only lines that start with the first letters of the three fields that frame a response
 * are looked at. */
#include "tools/bench/response.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/span.h"

enum state { HEAD, BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER };

/* What the fields of one head say about its framing. */
struct framing {
    bool has_length;
    bool is_chunked;
    uint64_t length_bytes;
};

void hub_response_init(struct hub_response *self, bool is_head)
{
    *self = (struct hub_response){ .has_no_body = is_head, .state = HEAD };
}

/* Cuts the next line off `*rest`, without its CRLF. Returns false when its end is not there yet. */
static bool next_line(struct hub_span *rest, struct hub_span *ret_line)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    if (!end)
        return false;
    size_t taken = (size_t) (end - rest->at) + 1;
    size_t len = taken - 1;
    if (len > 0 && rest->at[len - 1] == '\r')
        len--;
    *ret_line = (struct hub_span){ rest->at, len };
    rest->at += taken;
    rest->len -= taken;
    return true;
}

static struct hub_span trimmed(struct hub_span text)
{
    while (text.len > 0 && (*text.at == ' ' || *text.at == '\t'))
        text.at++, text.len--;
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* If the line is the named field, gives its value. */
static bool is_field(struct hub_span line, const char *name, size_t name_len, struct hub_span *ret_value)
{
    if (line.len <= name_len || line.at[name_len] != ':' || strncasecmp(line.at, name, name_len) != 0)
        return false;
    *ret_value = trimmed((struct hub_span){ line.at + name_len + 1, line.len - name_len - 1 });
    return true;
}

static bool is_text(struct hub_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

static int digit_of(char c, int base)
{
    int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
    return value < base ? value : -1;
}

/* At least one digit, at most 15 of them, nothing else. */
static bool read_number(struct hub_span text, int base, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 15)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.at[i], base);
        if (digit < 0)
            return false;
        value = value * (uint64_t) base + (uint64_t) digit;
    }
    *ret_value = value;
    return true;
}

static bool read_status(struct hub_response *self, struct hub_span line)
{
    uint64_t status;
    if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ')
        return false;
    if (!read_number((struct hub_span){ line.at + 9, 3 }, 10, &status) || status < 100 || status > 599)
        return false;
    self->status = (int) status;
    self->keep_alive = line.at[7] == '1';
    return true;
}

static bool read_field(struct hub_response *self, struct hub_span line, struct framing *framing)
{
    struct hub_span value;
    char first = (char) (line.at[0] | 32);
    if (first != 'c' && first != 't')
        return true;
    if (is_field(line, "content-length", 14, &value)) {
        framing->has_length = true;
        return read_number(value, 10, &framing->length_bytes);
    }
    if (is_field(line, "transfer-encoding", 17, &value))
        return framing->is_chunked = is_text(value, "chunked");
    if (is_field(line, "connection", 10, &value))
        self->keep_alive = is_text(value, "keep-alive") || (self->keep_alive && !is_text(value, "close"));
    return true;
}

/* The head is complete: what comes next? */
static int after_head(struct hub_response *self, struct framing framing)
{
    if (self->status < 200) { /* interim: the real head follows */
        self->state = HEAD;
        return HUB_RESPONSE_MORE;
    }
    self->is_head_done = true;
    if (self->has_no_body || self->status == 204 || self->status == 304)
        return HUB_RESPONSE_DONE;
    if (framing.is_chunked) {
        self->state = CHUNK_SIZE;
        return HUB_RESPONSE_MORE;
    }
    if (!framing.has_length)
        return HUB_RESPONSE_MALFORMED;
    self->state = BODY;
    self->left_bytes = framing.length_bytes;
    return framing.length_bytes ? HUB_RESPONSE_MORE : HUB_RESPONSE_DONE;
}

/* Takes a head as a whole or nothing of it: `rest` moves only when the empty line was found. */
static int read_head(struct hub_response *self, struct hub_span *rest)
{
    struct hub_span ahead = *rest, line;
    struct framing framing = { 0 };
    if (!next_line(&ahead, &line))
        return HUB_RESPONSE_MORE;
    if (!read_status(self, line))
        return HUB_RESPONSE_MALFORMED;
    while (next_line(&ahead, &line)) {
        if (line.len == 0) {
            *rest = ahead;
            return after_head(self, framing);
        }
        if (!read_field(self, line, &framing))
            return HUB_RESPONSE_MALFORMED;
    }
    return HUB_RESPONSE_MORE;
}

/* Passes over body bytes; DONE when `left_bytes` came to 0. */
static int read_bytes(struct hub_response *self, struct hub_span *rest)
{
    size_t taken = rest->len < self->left_bytes ? rest->len : (size_t) self->left_bytes;
    rest->at += taken;
    rest->len -= taken;
    self->left_bytes -= taken;
    self->body_bytes += taken;
    return self->left_bytes ? HUB_RESPONSE_MORE : HUB_RESPONSE_DONE;
}

static int read_chunk_size(struct hub_response *self, struct hub_span *rest)
{
    struct hub_span line;
    if (!next_line(rest, &line))
        return HUB_RESPONSE_MORE;
    const char *extension = memchr(line.at, ';', line.len);
    if (extension)
        line.len = (size_t) (extension - line.at);
    if (!read_number(trimmed(line), 16, &self->left_bytes))
        return HUB_RESPONSE_MALFORMED;
    self->state = self->left_bytes ? CHUNK_DATA : TRAILER;
    return HUB_RESPONSE_MORE;
}

static int read_chunk_end(struct hub_response *self, struct hub_span *rest)
{
    struct hub_span line;
    if (!next_line(rest, &line))
        return HUB_RESPONSE_MORE;
    self->state = CHUNK_SIZE;
    return line.len == 0 ? HUB_RESPONSE_MORE : HUB_RESPONSE_MALFORMED;
}

static int read_trailer(struct hub_span *rest)
{
    struct hub_span line;
    if (!next_line(rest, &line))
        return HUB_RESPONSE_MORE;
    return line.len == 0 ? HUB_RESPONSE_DONE : HUB_RESPONSE_MORE;
}

static int step(struct hub_response *self, struct hub_span *rest)
{
    int outcome;
    switch ((enum state) self->state) {
    case HEAD: return read_head(self, rest);
    case BODY: return read_bytes(self, rest);
    case CHUNK_SIZE: return read_chunk_size(self, rest);
    case CHUNK_DATA:
        outcome = read_bytes(self, rest);
        if (outcome == HUB_RESPONSE_DONE)
            self->state = CHUNK_END;
        return HUB_RESPONSE_MORE;
    case CHUNK_END: return read_chunk_end(self, rest);
    case TRAILER: return read_trailer(rest);
    }
    assert(!"a state that does not exist");
    return HUB_RESPONSE_MALFORMED;
}

int hub_response_read(struct hub_response *self, const char *at, size_t len, size_t *ret_used)
{
    struct hub_span rest = { at, len };
    int outcome = HUB_RESPONSE_MORE;
    size_t before;
    do {
        before = rest.len;
        outcome = step(self, &rest);
    } while (outcome == HUB_RESPONSE_MORE && rest.len > 0 && rest.len < before);
    if (outcome != HUB_RESPONSE_MALFORMED)
        *ret_used = len - rest.len;
    return outcome;
}
