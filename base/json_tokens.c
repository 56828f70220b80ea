/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tokenizer: yajl, and what it lacks in strictness. docs/decisions/001-json-tokenizer.md says why yajl.
 *
 * yajl takes lead bytes of UTF-8 at their word, so it accepts overlong forms and surrogates; its check is off and ours is
 * on. It writes "?" for half a surrogate pair, so the escapes of every text that had any are looked at again. It skips
 * vertical tabs and form feeds like blanks, and a text without end behind the end of the whole. It has no limit of depth and knows no duplicate names: json_read.c and
 * json_free.c do. */
#include "base/error.h"
#include "base/fault.h"
#include "base/json_reader.h"
#include "base/utf8.h"

/* The tokenizer's memory: from the reader itself, then from the arena. The size stands in front of each piece. */

enum { PIECE_HEAD = 16 };

static void *piece_new(void *ctx, size_t bytes)
{
    struct reader *self = ctx;
    if (bytes > PTRDIFF_MAX - 2 * PIECE_HEAD) {
        return NULL;
    }
    size_t total = PIECE_HEAD + (bytes + PIECE_HEAD - 1) / PIECE_HEAD * PIECE_HEAD;
    char *piece = self->work + self->work_used;
    if (total <= READER_WORK - self->work_used) {
        self->work_used += total;
    } else {
        piece = hub_arena_get(self->arena, total);
    }
    memcpy(piece, &bytes, sizeof bytes);
    return piece + PIECE_HEAD;
}

static void *piece_resize(void *ctx, void *at, size_t bytes)
{
    size_t old = 0;
    if (at != NULL) {
        memcpy(&old, (char *) at - PIECE_HEAD, sizeof old);
    }
    if (at != NULL && bytes <= old) {
        return at;
    }
    void *piece = piece_new(ctx, bytes);
    if (piece != NULL && at != NULL) {
        memcpy(piece, at, old);
    }
    return piece;
}

static void piece_free(void *ctx, void *at)
{
    (void) ctx;
    (void) at;
}

bool hub_reader_point(struct reader *self, int error, size_t depth)
{
    bool fits = true;
    self->fault.error = error;
    self->fault.pointer[0] = '\0';
    for (size_t i = 0; fits && i < depth; i++) {
        const struct frame *frame = &self->frames[i];
        if (frame->kind != FRAME_record && frame->kind != FRAME_object) {
            fits = hub_fault_step_index(&self->fault, frame->index);
        } else if (frame->key.at != NULL) {
            fits = hub_fault_step(&self->fault, frame->key);
        }
    }
    self->keep = false;
    return fits;
}

int hub_reader_malformed(struct reader *self, const char *reason)
{
    hub_reader_point(self, HUB_ERROR_malformed_json, self->depth);
    hub_fault_reason(&self->fault, "%s", reason);
    self->is_malformed = true;
    return 0;
}

bool hub_reader_is_decoded(const struct reader *self, struct hub_span text)
{
    uintptr_t at = (uintptr_t) text.at;
    uintptr_t start = (uintptr_t) self->text.at;
    return at < start || at >= start + self->text.len;
}

/* The four hexadecimal digits of an escape that yajl has accepted. */
static unsigned hex4(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned sign = (unsigned char) at[i];
        value = value << 4 | (sign <= '9' ? sign - '0' : (sign | 0x20) - 'a' + 10);
    }
    return value;
}

/* The text before `end`, a closing quote, back to its opening quote: the nearest one behind an even number of
 * backslashes, since every quote inside is escaped. */
static struct hub_span raw_text(const char *start, const char *end)
{
    const char *at = end;
    for (size_t backslashes = 1; backslashes % 2 != 0;) {
        for (at--; at > start && *at != '"';) {
            at--;
        }
        backslashes = 0;
        while (at - backslashes > start && at[-1 - (ptrdiff_t) backslashes] == '\\') {
            backslashes++;
        }
    }
    return (struct hub_span){ at + 1, (size_t) (end - at - 1) };
}

/* Every high surrogate is followed by a low one, and no low one stands alone. */
static bool surrogates_are_paired(struct hub_span raw)
{
    for (size_t i = 0; i + 1 < raw.len; i++) {
        if (raw.at[i] != '\\') {
            continue;
        }
        i++;
        if (raw.at[i] != 'u') {
            continue;
        }
        unsigned unit = hex4(raw.at + i + 1);
        i += 4;
        if (unit < 0xd800 || unit > 0xdfff) {
            continue;
        }
        bool another = i + 6 < raw.len && raw.at[i + 1] == '\\' && raw.at[i + 2] == 'u';
        if (unit > 0xdbff || !another || (hex4(raw.at + i + 3) & 0xfc00) != 0xdc00) {
            return false;
        }
        i += 6;
    }
    return true;
}

bool hub_reader_text_is_clean(struct reader *self, struct hub_span text)
{
    if (text.len > 0 && hub_reader_is_decoded(self, text)) {
        size_t end = yajl_get_bytes_consumed(self->yajl) - 1;
        if (!surrogates_are_paired(raw_text(self->text.at, self->text.at + end))) {
            hub_reader_malformed(self, "has half a surrogate pair");
            return false;
        }
    }
    if (!hub_utf8_is_valid(text)) {
        hub_reader_malformed(self, "is not valid UTF-8");
        return false;
    }
    return true;
}

void hub_reader_note_end(struct reader *self)
{
    self->end = self->is_finishing ? self->text.len : yajl_get_bytes_consumed(self->yajl);
}

/* yajl takes a text that nobody closes, behind the end of the whole, for the end of the input. */
static bool only_blanks_follow(const struct reader *self)
{
    size_t i = self->end;
    while (i < self->text.len) {
        char sign = self->text.at[i];
        if (sign != ' ' && sign != '\t' && sign != '\n' && sign != '\r') {
            return false;
        }
        i++;
    }
    return true;
}

/* What the tokenizer stumbled over, as a sentence of ours. */
static void explain(struct reader *self)
{
    char *said = (char *) yajl_get_error(self->yajl, 0, NULL, 0);
    struct hub_span what = hub_span(said);
    const char *colon = what.len > 0 ? memchr(what.at, ':', what.len) : NULL;
    if (colon != NULL && (size_t) (colon - what.at) + 2 < what.len) {
        what = (struct hub_span){ colon + 2, what.len - (size_t) (colon - what.at) - 2 };
    }
    while (what.len > 0 && (what.at[what.len - 1] == '\n' || what.at[what.len - 1] == '.')) {
        what.len--;
    }
    hub_reader_malformed(self, "");
    hub_fault_reason(&self->fault, "is not JSON at byte %zu: %.*s", yajl_get_bytes_consumed(self->yajl), (int) what.len,
                     what.at);
}

/* Up to the first form feed or vertical tab. yajl skips these two like blanks; RFC 8259 has them nowhere. */
static size_t length_without_odd_blanks(struct hub_span text)
{
    const char *tab = memchr(text.at, '\v', text.len);
    size_t len = tab == NULL ? text.len : (size_t) (tab - text.at);
    const char *feed = memchr(text.at, '\f', len);
    return feed == NULL ? len : (size_t) (feed - text.at);
}

static void finish(struct reader *self)
{
    self->is_finishing = true;
    yajl_status status = yajl_complete_parse(self->yajl);
    if (status == yajl_status_error) {
        hub_reader_malformed(self, "ends too early");
    } else if (status == yajl_status_ok && !only_blanks_follow(self)) {
        hub_reader_malformed(self, "");
        hub_fault_reason(&self->fault, "is not JSON at byte %zu: trailing garbage", self->end + 1);
    }
}

void hub_reader_run(struct reader *self, const yajl_callbacks *callbacks)
{
    yajl_alloc_funcs memory = { piece_new, piece_resize, piece_free, self };
    if (self->text.len >= 3 && memcmp(self->text.at, "\xef\xbb\xbf", 3) == 0) {
        hub_reader_malformed(self, "must not start with a byte order mark");
        return;
    }
    if (self->text.len == 0) {
        hub_reader_malformed(self, "is empty");
        return;
    }
    size_t len = length_without_odd_blanks(self->text);
    self->yajl = yajl_alloc(callbacks, &memory, self);
    yajl_config(self->yajl, yajl_dont_validate_strings, 1);
    yajl_status status = yajl_parse(self->yajl, (const unsigned char *) self->text.at, len);
    if (status == yajl_status_error) {
        explain(self);
    } else if (status == yajl_status_ok && len < self->text.len) {
        hub_reader_malformed(self, "");
        hub_fault_reason(&self->fault, "is not JSON at byte %zu: a form feed or vertical tab", len + 1);
    } else if (status == yajl_status_ok) {
        finish(self);
    }
    yajl_free(self->yajl);
}
