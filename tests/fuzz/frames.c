/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as WebSocket frames of a client (libFuzzer): whole, and cut into pieces.
 *
 * However they are cut, the same messages come, and the reader closes, falls silent or goes on in the same way. Its context is
 * there only while something is incomplete. The first bytes choose the pieces. */
#include <stdlib.h>

#include "api/live/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 4 };

/* What a reader made of the bytes. */
struct outcome {
    struct hub_buf messages; /* opcode and bytes of each */
    struct hub_buf answers;
    uint64_t frames;
    bool is_deaf, closes, is_incomplete;
};

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void on_frame(void *arg, uint8_t opcode, uint64_t len)
{
    struct outcome *outcome = arg;
    (void) len;
    must(opcode < 16);
    outcome->frames++;
}

static void on_message(void *arg, uint8_t opcode, struct hub_span message)
{
    struct outcome *outcome = arg;
    must(opcode == WSLAY_TEXT_FRAME || opcode == WSLAY_BINARY_FRAME);
    must(message.len <= HUB_READER_MESSAGE_MAX);
    hub_buf_put_byte(&outcome->messages, opcode);
    hub_buf_put_be64(&outcome->messages, message.len);
    if (message.len > 0) {
        hub_buf_put(&outcome->messages, message.at, message.len);
    }
}

static void take(struct hub_reader *reader, struct hub_span bytes, struct outcome *outcome)
{
    static const struct hub_reader_calls calls = { .on_frame = on_frame, .on_message = on_message };
    const struct hub_read read = hub_reader_take(reader, bytes, &calls, outcome, &outcome->answers);
    outcome->closes = outcome->closes || read.closes || !read.is_sound;
    outcome->is_deaf = reader->is_deaf;
    must(!read.closes || reader->is_deaf); /* after a close nothing is heard */
    must(reader->ws != NULL || reader->is_deaf || reader->fed == reader->framed);
    must(reader->ws == NULL || reader->fed != reader->framed || reader->in_message);
}

/* Read in pieces: the cuts say how long each is, again and again; one cut of 0 is all at once. */
static struct outcome read_all(struct hub_span bytes, const uint8_t *cuts, size_t count)
{
    struct outcome outcome = { .frames = 0 };
    struct hub_reader reader = { .ws = NULL };
    hub_buf_init(&outcome.messages);
    hub_buf_init(&outcome.answers);
    for (size_t at = 0, i = 0; at < bytes.len; i++) {
        size_t left = bytes.len - at, len = cuts[i % count] == 0 ? left : cuts[i % count];
        len = len < left ? len : left;
        take(&reader, hub_span_of(bytes.at + at, len), &outcome);
        at += len;
    }
    outcome.is_incomplete = reader.ws != NULL;
    hub_reader_done(&reader);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t whole[] = { 0 };
    if (size < CUTS) {
        return 0;
    }
    const struct hub_span bytes = hub_span_of(data + CUTS, size - CUTS);
    struct outcome one = read_all(bytes, whole, 1), two = read_all(bytes, data, CUTS);
    must(hub_span_is(hub_buf_span(&one.messages), hub_buf_span(&two.messages)));
    /* What is wrong with a frame may be seen before its end, and sooner when more of it comes at once. */
    bool is_same = one.is_deaf == two.is_deaf && one.closes == two.closes;
    must(is_same || one.is_incomplete || two.is_incomplete);
    hub_buf_done(&one.messages);
    hub_buf_done(&one.answers);
    hub_buf_done(&two.messages);
    hub_buf_done(&two.answers);
    return 0;
}
