/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What JSON costs: nanoseconds a call for a message of about 170 bytes and for a record of every kind, beside the
 * tokenizers that were considered (those that are installed). docs/decisions/001-json-tokenizer.md has the figures.
 *
 * Each line is the best of several rounds, so that other work on the machine shows as little as it can. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <yajl/yajl_parse.h>
#ifdef HAVE_CJSON
#include <cjson/cJSON.h>
#endif
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

#include "tests/base/json_sample.h"

enum { ROUNDS = 7, CALLS = 50000 };

struct bench {
    struct hub_arena *arena; /* of what is made before */
    struct hub_arena *each;  /* emptied after every call */
    struct hub_buf out;
    struct hub_span message_text, all_text;
    struct message message;
    struct all *all;
    size_t sum; /* of something from each call, so that none is left out by the compiler */
};

#if defined(HAVE_CJSON) || defined(HAVE_JANSSON)
/* The four members that the libraries are asked for. */
static const char *const names[] = { "customer_id", "session_id", "channel", "content" };
#endif

static int on_text(void *ctx, const unsigned char *at, size_t len)
{
    struct bench *self = ctx;
    self->sum += len + at[0];
    return 1;
}

static int on_event(void *ctx)
{
    struct bench *self = ctx;
    self->sum++;
    return 1;
}

static void yajl_alone(struct bench *self)
{
    static const yajl_callbacks callbacks = {
        .yajl_string = on_text, .yajl_start_map = on_event, .yajl_map_key = on_text, .yajl_end_map = on_event
    };
    yajl_handle handle = yajl_alloc(&callbacks, NULL, self);
    self->sum += (size_t) yajl_parse(handle, (const unsigned char *) self->message_text.at, self->message_text.len);
    self->sum += (size_t) yajl_complete_parse(handle);
    yajl_free(handle);
}

#ifdef HAVE_CJSON
static void cjson_tree(struct bench *self)
{
    cJSON *tree = cJSON_ParseWithLength(self->message_text.at, self->message_text.len);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        self->sum += (size_t) cJSON_GetObjectItemCaseSensitive(tree, names[i])->valuestring[0];
    }
    cJSON_Delete(tree);
}
#endif

#ifdef HAVE_JANSSON
static void jansson_tree(struct bench *self)
{
    json_error_t error;
    json_t *tree = json_loadb(self->message_text.at, self->message_text.len, JSON_REJECT_DUPLICATES, &error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        self->sum += (size_t) json_string_value(json_object_get(tree, names[i]))[0];
    }
    json_decref(tree);
}
#endif

static void read_message(struct bench *self)
{
    struct message message;
    struct hub_fault fault;
    self->sum += (size_t) hub_json_read(&message_shape, self->message_text, self->each, &message, &fault);
    hub_arena_reset(self->each);
}

static void write_message(struct bench *self)
{
    hub_buf_clear(&self->out);
    hub_json_write(&message_shape, &self->message, HUB_DIALECT_snake, &self->out);
    self->sum += self->out.len;
}

static void read_all(struct bench *self)
{
    struct all all;
    struct hub_fault fault;
    self->sum += (size_t) hub_json_read(&all_shape, self->all_text, self->each, &all, &fault);
    hub_arena_reset(self->each);
}

static void write_all(struct bench *self)
{
    hub_buf_clear(&self->out);
    hub_json_write(&all_shape, self->all, HUB_DIALECT_snake, &self->out);
    self->sum += self->out.len;
}

/* Ten fields of ten kinds. */
static void write_ten(struct bench *self)
{
    struct all ten = *self->all;
    ten.has &= UINT64_C(1) << all_at_yes | UINT64_C(1) << all_at_whole | UINT64_C(1) << all_at_small |
               UINT64_C(1) << all_at_price | UINT64_C(1) << all_at_title | UINT64_C(1) << all_at_channel |
               UINT64_C(1) << all_at_labels | UINT64_C(1) << all_at_moment | UINT64_C(1) << all_at_ident |
               UINT64_C(1) << all_at_secret;
    hub_buf_clear(&self->out);
    hub_json_write(&all_shape, &ten, HUB_DIALECT_snake, &self->out);
    self->sum += self->out.len;
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static void measure(struct bench *self, const char *what, void (*call)(struct bench *self))
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            call(self);
        }
        double each = (now_ns() - start) / CALLS;
        best = round == 0 || each < best ? each : best;
    }
    printf("%-44s %6.0f ns\n", what, best);
}

int main(void)
{
    struct bench bench = { .arena = hub_arena_new(0), .each = hub_arena_new(4096) };
    struct hub_fault fault;
    bench.message_text = hub_span(json_sample_message);
    bench.all_text = hub_span(json_sample_full);
    hub_buf_init(&bench.out);
    hub_json_read(&message_shape, bench.message_text, bench.arena, &bench.message, &fault);
    bench.all = json_sample_read(&all_shape, json_sample_full, bench.arena);
    printf("message: %zu bytes, record of every kind: %zu bytes\n", bench.message_text.len, bench.all_text.len);
    measure(&bench, "yajl: tokens of the message", yajl_alone);
#ifdef HAVE_CJSON
    measure(&bench, "cJSON: tree of the message, 4 look-ups", cjson_tree);
#endif
#ifdef HAVE_JANSSON
    measure(&bench, "jansson: tree of the message, 4 look-ups", jansson_tree);
#endif
    measure(&bench, "hub_json_read of the message", read_message);
    measure(&bench, "hub_json_write of the message", write_message);
    measure(&bench, "hub_json_write of ten fields", write_ten);
    measure(&bench, "hub_json_read of every kind", read_all);
    measure(&bench, "hub_json_write of every kind", write_all);
    hub_buf_done(&bench.out);
    hub_arena_destroy(&bench.arena);
    hub_arena_destroy(&bench.each);
    return bench.sum == 0;
}
