/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A program for the crash tests: appends events in a loop and says which of them were acknowledged.
 *
 *     append_driver run DIR COUNT [HOW]   append COUNT events (0: until killed) through the log actor; for each one that
 *                                         was acknowledged a line "ack POSITION DIGEST" on stdout, at once. HOW: no-sync,
 *                                         or small-memory, with which the WAL goes to another file again and again
 *     append_driver check DIR             open (which recovers), verify, and print "event POSITION DIGEST" for each
 *                                         event and "head POSITION" at last
 *
 * DIGEST is the SHA-256 of the payload. Exit: 0; 2 usage; 3 refused to open; 4 verification found a fault; 5 a key or a
 * command row of an event is missing; 70 a fatal write error (by the log actor itself). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <czmq.h>

#include "log/keyring/keyring.h"
#include "log/log.h"
#include "log/verify.h"
#include "log/writer.h"

enum {
    STREAMS = 8,
    PAYLOAD = 3000,
    CUSTOMER = 2,
    TYPE = 0x0200,
    LINE = 128,
    SMALL_BYTES = 256 * 1024,
    REFUSED = 3,
    FAULTY = 4,
    INCOMPLETE = 5
};

struct slot {
    struct hub_append append;
    struct hub_new_event event;
    struct hub_new_key key;
    struct hub_command_row row;
    struct hub_alias alias;
    uint64_t version;
    char payload[PAYLOAD];
};

struct driver {
    struct hub_keyring *ring;
    struct hub_log *log;
    struct slot slots[STREAMS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned back; /* slots that came back */
};

static struct hub_ulid id_of(uint8_t what, uint64_t number)
{
    struct hub_ulid id = { { what } };
    memcpy(id.b + 8, &number, sizeof number);
    return id;
}

static struct hub_stream stream_of(unsigned slot)
{
    return (struct hub_stream){ .company = id_of(1, 1), .kind = CUSTOMER, .entity = id_of(2, slot) };
}

static void print_line(const char *word, uint64_t position, struct hub_span payload)
{
    char line[LINE];
    struct hub_digest digest = hub_sha256(payload);
    int len = snprintf(line, sizeof line, "%s %llu ", word, (unsigned long long) position);
    for (int i = 0; i < HUB_DIGEST; i++) {
        len += snprintf(line + len, sizeof line - (size_t) len, "%02x", digest.b[i]);
    }
    line[len++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t) len) != len) {
        _exit(1);
    }
}

static void on_written(void *arg, struct hub_append *const *appends, size_t count)
{
    struct driver *self = arg;
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = appends[i]->owner;
        if (appends[i]->result != HUB_APPENDED) {
            fprintf(stderr, "append_driver: result %d\n", appends[i]->result);
            _exit(1);
        }
        print_line("ack", appends[i]->first.sequence, slot->event.payload);
    }
    pthread_mutex_lock(&self->lock);
    self->back += (unsigned) count;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* An event on the slot's stream: a payload of another length each time, a new subject now and then, a command id. */
static void prepare(struct driver *self, unsigned index)
{
    struct slot *slot = &self->slots[index];
    const struct hub_world *world = hub_world_real();
    uint16_t len;
    world->random(world->self, &len, sizeof len);
    len = (uint16_t) (1 + len % (PAYLOAD - 1));
    world->random(world->self, slot->payload, len);
    world->random(world->self, slot->row.id, sizeof slot->row.id);
    struct hub_ulid subject = id_of(3, index << 16 | slot->version / 4);
    slot->event = (struct hub_new_event){
        .type = TYPE, .schema = 1, .subject = subject, .payload = hub_span_of(slot->payload, len)
    };
    slot->append = (struct hub_append){ .stream = stream_of(index),
                                        .expected_version = slot->version++,
                                        .decided_at_us = hub_now_us(world),
                                        .events = &slot->event,
                                        .event_count = 1,
                                        .command_row = &slot->row,
                                        .aliases = &slot->alias,
                                        .alias_count = 1,
                                        .keys = &slot->key,
                                        .owner = slot };
    memcpy(slot->append.command, slot->row.id, sizeof slot->row.id);
    memcpy(slot->alias.digest, slot->row.id, sizeof slot->alias.digest);
    if (slot->append.expected_version % 4 == 0) {
        hub_keyring_make(self->ring, slot->append.stream.company, subject, &slot->key);
        slot->append.key_count = 1;
    }
}

static int run(struct driver *self, uint64_t count)
{
    struct hub_writer_options options = { .sink = hub_log_sink(self->log), .on_written = on_written, .arg = self };
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct hub_stream stream = stream_of(i);
        if (hub_log_stream_version(self->log, &stream, &self->slots[i].version) != 0) {
            return FAULTY;
        }
    }
    for (uint64_t sent = 0; count == 0 || sent < count; sent += STREAMS) {
        for (unsigned i = 0; i < STREAMS; i++) {
            struct hub_append *one = &self->slots[i].append;
            prepare(self, i);
            hub_writer_send(port, &one, 1);
        }
        pthread_mutex_lock(&self->lock);
        while (self->back < STREAMS) {
            pthread_cond_wait(&self->changed, &self->lock);
        }
        self->back = 0;
        pthread_mutex_unlock(&self->lock);
    }
    hub_writer_port_destroy(&port);
    hub_writer_destroy(&writer);
    return 0;
}

/* Whether what was written with an event is there. */
static bool is_complete(struct driver *self, const struct hub_stored *event, struct hub_arena *arena)
{
    struct hub_key key;
    struct hub_command_row row;
    const struct event_header *header = &event->header;
    hub_arena_reset(arena);
    return hub_keyring_find(self->ring, header->company, header->subject, &key) &&
           hub_log_command(self->log, (const uint8_t *) header->command.at, arena, &row) == 0 &&
           row.position.sequence == header->sequence;
}

static int check(struct driver *self)
{
    struct hub_verify_options options = { 0 };
    struct hub_verify_report report;
    uint64_t events;
    if (hub_log_verify(self->log, &options, &report, &events) != HUB_VERDICT_sound) {
        fprintf(stderr, "append_driver: position %llu: %s\n", (unsigned long long) report.sequence, report.what);
        return FAULTY;
    }
    struct hub_scan *scan = hub_scan_all(self->log, 1, 0);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    int result = 0;
    while (result == 0 && hub_scan_next(scan, &event) == 1) {
        print_line("event", event.header.sequence, event.payload);
        result = is_complete(self, &event, arena) ? 0 : INCOMPLETE;
    }
    printf("head %llu\n", (unsigned long long) hub_log_commit(self->log).sequence);
    fflush(stdout);
    hub_arena_destroy(&arena);
    hub_scan_close(&scan);
    return result;
}

static int open_all(struct driver *self, const char *dir, const char *how)
{
    char why[512] = "";
    struct hub_log_options options = {
        .data_dir = dir, .world = hub_world_real(), .mode = HUB_LOG_WRITE, .reserve_bytes = 1
    };
    options.no_sync = how != NULL && strcmp(how, "no-sync") == 0;
    options.memory_bytes = how != NULL && strcmp(how, "small-memory") == 0 ? SMALL_BYTES : 0;
    const struct hub_keyring_options ring = { .data_dir = dir, .create = true, .world = options.world };
    int result = hub_keyring_open(&ring, &self->ring, why, sizeof why);
    options.keyring = self->ring;
    if (result == 0) {
        result = hub_log_open(&options, &self->log, why, sizeof why);
    }
    if (result != 0) {
        fprintf(stderr, "append_driver: %s\n", why);
    }
    return result;
}

int main(int argc, char **argv)
{
    bool is_run = argc >= 4 && strcmp(argv[1], "run") == 0, is_check = argc == 3 && strcmp(argv[1], "check") == 0;
    if (!is_run && !is_check) {
        fprintf(stderr, "usage: append_driver run DIR COUNT [no-sync|small-memory] | append_driver check DIR\n");
        return 2;
    }
    zsys_handler_set(NULL);
    struct driver *self = calloc(1, sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    int result = REFUSED;
    if (open_all(self, argv[2], argc == 5 ? argv[4] : NULL) == 0) {
        result = is_run ? run(self, strtoull(argv[3], NULL, 10)) : check(self);
    }
    hub_log_close(&self->log);
    hub_keyring_close(&self->ring);
    free(self);
    return result;
}
