/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the walkers cost: nanoseconds a call on a usual event of twelve fields, beside libmsgpack's object tree.
 *
 * Each line is the best of several rounds, so that other work on the machine shows as little as it can. */
#include <msgpack.h>
#include <stdio.h>

#include "base/pack.h"
#include "base/sealed.h"
#include "base/world.h"
#include "tests/base/sample.h"

enum { ROUNDS = 7, CALLS = 100000 };

struct bench {
    struct hub_arena *arena; /* of what is made before */
    struct hub_arena *each;  /* emptied after every call */
    struct hub_buf out;
    struct hub_span bytes; /* the packed event */
    struct twelve event;
    struct hub_key key;
    uint64_t sum; /* of something from each call, so that none is left out by the compiler */
};

static void pack_event(struct bench *self)
{
    hub_buf_clear(&self->out);
    hub_pack(&twelve_shape, &self->event, &self->out);
    self->sum += self->out.len;
}

static void unpack_event(struct bench *self)
{
    struct twelve event;
    self->sum += (uint64_t) hub_unpack(&twelve_shape, self->bytes, self->each, &event, NULL) + event.index;
}

/* The tree alone: nothing has been put into a record yet. */
static void unpack_tree(struct bench *self)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    self->sum += (uint64_t) msgpack_unpack_next(&unpacked, self->bytes.at, self->bytes.len, NULL);
    msgpack_unpacked_destroy(&unpacked);
}

/* The tree with its zone kept for the next call, which is the cheapest that libmsgpack offers. */
static void unpack_tree_in_kept_zone(struct bench *self)
{
    static msgpack_zone *zone;
    if (zone == NULL) {
        zone = msgpack_zone_new(4096);
    }
    size_t at = 0;
    msgpack_object object;
    self->sum += (uint64_t) msgpack_unpack(self->bytes.at, self->bytes.len, &at, zone, &object);
    msgpack_zone_clear(zone);
}

static void pack_with_library(struct bench *self)
{
    static msgpack_sbuffer buffer;
    msgpack_packer packer;
    buffer.size = 0;
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    const struct twelve *event = &self->event;
    msgpack_pack_map(&packer, 12);
    const struct hub_ulid *ids[] = { &event->session, &event->customer, &event->message };
    for (unsigned i = 0; i < 3; i++) {
        msgpack_pack_uint16(&packer, (uint16_t) (i + 1));
        msgpack_pack_bin_with_body(&packer, ids[i]->b, 16);
    }
    const int64_t numbers[] = { event->channel, event->direction, event->index, event->moment, event->offset, 1 };
    for (unsigned i = 0; i < 6; i++) {
        msgpack_pack_uint16(&packer, (uint16_t) (i + 4));
        msgpack_pack_int64(&packer, numbers[i]);
    }
    msgpack_pack_uint16(&packer, 10);
    msgpack_pack_bin_with_body(&packer, event->content.box.at, event->content.box.len);
    const struct hub_span texts[] = { event->language, event->campaign };
    for (unsigned i = 0; i < 2; i++) {
        msgpack_pack_uint16(&packer, (uint16_t) (i + 11));
        msgpack_pack_str_with_body(&packer, texts[i].at, texts[i].len);
    }
    self->sum += buffer.size;
}

static void copy_event(struct bench *self)
{
    self->sum += ((struct twelve *) hub_record_copy(&twelve_shape, &self->event, self->each))->index;
}

static void hash_event(struct bench *self)
{
    self->sum += hub_record_hash(&twelve_shape, &self->event).b[0];
}

static void hash_64(struct bench *self)
{
    self->sum += hub_sha256(hub_span_of(self->bytes.at, 64)).b[0];
}

static void hash_300(struct bench *self)
{
    self->sum += hub_sha256(self->bytes).b[0];
}

static void hmac_32(struct bench *self)
{
    struct hub_span part = hub_span_of(self->bytes.at, 32);
    self->sum += hub_hmac(&self->key, &part, 1).b[0];
}

static void seal_event(struct bench *self)
{
    self->event.content.clear = HUB_SPAN("I was charged twice for my subscription this month, can you help me?");
    const struct hub_sealing with = { .company = self->event.customer,
                                      .subject = self->event.customer,
                                      .key = &self->key,
                                      .world = hub_world_real(),
                                      .arena = self->each };
    hub_record_seal(&twelve_shape, &self->event, &with);
    self->sum += self->event.content.box.len;
}

static bool find_key(void *self, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    (void) company;
    (void) subject;
    *ret_key = *(struct hub_key *) self;
    return true;
}

static void open_event(struct bench *self)
{
    const struct hub_key_source keys = { find_key, &self->key };
    struct hub_span clear;
    self->sum += hub_box_open(self->event.content.box, self->event.customer, &keys, self->each, &clear);
}

static void new_ulid(struct bench *self)
{
    self->sum += hub_world_ulid(hub_world_real()).b[15];
}

static void print_and_parse_ulid(struct bench *self)
{
    char text[HUB_ULID_TEXT];
    struct hub_ulid id;
    hub_ulid_print(self->event.session, text);
    self->sum += hub_ulid_parse(hub_span_of(text, sizeof text), &id);
}

static void new_arena(struct bench *self)
{
    struct hub_arena *arena = hub_arena_new(0);
    self->sum += *(char *) hub_arena_get(arena, 200);
    hub_arena_destroy(&arena);
}

static double best_ns(struct bench *bench, void (*call)(struct bench *self))
{
    int64_t best = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = hub_tick_us(hub_world_real());
        for (int i = 0; i < CALLS; i++) {
            call(bench);
            hub_arena_reset(bench->each);
        }
        int64_t took = hub_tick_us(hub_world_real()) - start;
        best = took < best ? took : best;
    }
    return (double) best * 1000 / CALLS;
}

static void fill_event(struct bench *self)
{
    sample_fill(&twelve_shape, &self->event, FILL_MOST, 1, self->arena);
    HUB_SET(twelve, &self->event, moment, INT64_C(1790000000000000));
    HUB_SET(twelve, &self->event, index, 1234);
    HUB_SET(twelve, &self->event, offset, -70000);
    HUB_SET(twelve, &self->event, language, HUB_SPAN("en"));
    HUB_SET(twelve, &self->event, campaign, HUB_SPAN("spring-2026"));
    seal_event(self);
    self->event.content.box = hub_arena_copy(self->arena, self->event.content.box);
    hub_pack(&twelve_shape, &self->event, &self->out);
    self->bytes = hub_arena_copy(self->arena, hub_buf_span(&self->out));
}

int main(void)
{
    struct bench bench = { .arena = hub_arena_new(0), .each = hub_arena_new(0), .key = { "a key" } };
    static const struct {
        const char *name;
        void (*call)(struct bench *self);
    } lines[] = {
        { "pack, 12 fields", pack_event },
        { "pack, libmsgpack, 12 values", pack_with_library },
        { "unpack, 12 fields", unpack_event },
        { "unpack, libmsgpack's tree only", unpack_tree },
        { "unpack, libmsgpack's tree only, kept zone", unpack_tree_in_kept_zone },
        { "copy, 12 fields", copy_event },
        { "pack and SHA-256, 12 fields", hash_event },
        { "SHA-256, 64 bytes", hash_64 },
        { "SHA-256, the packed event", hash_300 },
        { "HMAC, 32 bytes", hmac_32 },
        { "open, 68 bytes", open_event },
        { "new ULID", new_ulid },
        { "ULID to text and back", print_and_parse_ulid },
        { "new arena, one piece, gone", new_arena },
        { "seal, 68 bytes", seal_event },
    };
    fill_event(&bench);
    printf("the packed event has %zu bytes\n", bench.bytes.len);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        printf("%8.0f ns  %s\n", best_ns(&bench, lines[i].call), lines[i].name);
    }
    hub_buf_done(&bench.out);
    hub_arena_destroy(&bench.arena);
    hub_arena_destroy(&bench.each);
    return bench.sum == 0;
}
