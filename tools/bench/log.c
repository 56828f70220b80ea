/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-log: how many single-event appends a second the log makes durable, and where its time goes.
 *
 * Each of N clients has one append under way: an event of one stream with a subject, a session, a command id and a
 * pending row that the append after it settles. As soon as it is answered the client sends the next one. */
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <czmq.h>

#include "base/world.h"
#include "log/keyring/keyring.h"
#include "log/log.h"
#include "log/writer.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

enum { CLIENTS_MAX = 4096, PAYLOAD_MAX = 65536, REPLY = 120, PENDING = 150 };

struct settings {
    const char *dir;
    uint64_t clients, events, payload, streams;
    bool is_unsynced, is_direct, is_bare;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tools/bench/log_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "bench-log --dir DIR [options]",
    .doc = "Append events to a fresh log from many clients, print the rate, the latency and where time goes.",
    .rows = rows,
};

struct client {
    struct hub_append append;
    struct hub_new_event event;
    struct hub_command_row row;
    struct hub_pending pending;
    struct hub_pending_key settles;
    int64_t sent_us;
};

struct bench {
    struct settings settings;
    const struct hub_world *world;
    struct hub_log *log;
    struct client *clients;
    uint64_t *versions; /* of the streams */
    uint64_t next;      /* event */
    char *bytes;
    struct hub_histogram *latency;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct hub_append **back; /* answered and not sent again yet */
    size_t back_count;
};

static struct hub_ulid id_of(uint8_t what, uint64_t number)
{
    struct hub_ulid id = { { 1, 0x99, what } };
    number *= UINT64_C(0x9e3779b97f4a7c15);
    memcpy(id.b + 8, &number, sizeof number);
    return id;
}

/* The client's next append. Stream i belongs to client i modulo the number of clients. */
static void prepare(struct bench *self, struct client *client)
{
    size_t index = (size_t) (client - self->clients);
    uint64_t step = self->next++ / self->settings.clients;
    uint64_t per_client = self->settings.streams / self->settings.clients;
    uint64_t stream = (step % per_client) * self->settings.clients + index;
    struct hub_pending_key settled = client->settles;
    client->event = (struct hub_new_event){ .type = (uint16_t) (0x0200 + step % 4),
                                            .schema = 1,
                                            .payload = hub_span_of(self->bytes + step % 64, self->settings.payload) };
    client->append = (struct hub_append){
        .stream = { .company = id_of(1, 1), .kind = 3, .entity = id_of(3, stream) },
        .expected_version = self->versions[stream]++,
        .decided_at_us = hub_now_us(self->world),
        .principal = id_of(4, 1),
        .credential = id_of(5, 1),
        .events = &client->event,
        .event_count = 1,
        .owner = client,
    };
    if (!self->settings.is_bare) {
        struct hub_ulid command = id_of(6, self->next);
        memcpy(client->row.id, command.b, sizeof client->row.id);
        memcpy(client->append.command, command.b, sizeof command.b);
        client->row.status = 201;
        client->row.reply = hub_span_of(self->bytes, REPLY);
        client->append.command_row = &client->row;
        client->event.subject = id_of(2, stream / 2);
        client->event.session = client->append.stream.entity;
        client->pending = (struct hub_pending){ .kind = HUB_PENDING_effect,
                                                .value = hub_span_of(self->bytes, PENDING) };
        client->append.pendings = &client->pending;
        client->append.pending_count = 1;
        client->append.settles = &client->settles;
        client->append.settle_count = settled.b[0] != 0;
    }
    client->sent_us = hub_tick_us(self->world);
}

static void take_back(struct bench *self, struct hub_append *append)
{
    struct client *client = append->owner;
    if (append->result != HUB_APPENDED) {
        fprintf(stderr, "bench-log: result %d\n", append->result);
        exit(1);
    }
    client->settles = hub_pending_key_make(HUB_PENDING_effect, 0, append->pending_number, 0);
    hub_histogram_record(self->latency, hub_tick_us(self->world) - client->sent_us);
}

static void on_written(void *arg, struct hub_append *const *appends, size_t count)
{
    struct bench *self = arg;
    pthread_mutex_lock(&self->lock);
    memcpy(self->back + self->back_count, appends, count * sizeof *appends);
    self->back_count += count;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void run_actor(struct bench *self)
{
    struct hub_writer_options wanted = { .sink = hub_log_sink(self->log), .on_written = on_written, .arg = self };
    struct hub_writer *writer = hub_writer_new(&wanted);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct hub_append **taken = calloc(CLIENTS_MAX, sizeof *taken);
    uint64_t under_way = 0;
    for (uint64_t i = 0; i < self->settings.clients; i++) {
        taken[under_way++] = &self->clients[i].append;
        prepare(self, &self->clients[i]);
    }
    hub_writer_send(port, taken, under_way);
    while (under_way > 0) {
        pthread_mutex_lock(&self->lock);
        while (self->back_count == 0) {
            pthread_cond_wait(&self->changed, &self->lock);
        }
        size_t count = self->back_count, again = 0;
        memcpy(taken, self->back, count * sizeof *taken);
        self->back_count = 0;
        pthread_mutex_unlock(&self->lock);
        for (size_t i = 0; i < count; i++) {
            take_back(self, taken[i]);
            if (self->next < self->settings.events) {
                prepare(self, taken[i]->owner);
                taken[again++] = taken[i];
            }
        }
        hub_writer_send(port, taken, again);
        under_way -= count - again;
    }
    free(taken);
    hub_writer_port_destroy(&port);
    hub_writer_destroy(&writer);
}

static void run_direct(struct bench *self)
{
    struct hub_log_sink sink = hub_log_sink(self->log);
    struct hub_append **all = calloc(CLIENTS_MAX, sizeof *all);
    char why[256];
    while (self->next < self->settings.events) {
        for (uint64_t i = 0; i < self->settings.clients; i++) {
            prepare(self, &self->clients[i]);
            all[i] = &self->clients[i].append;
        }
        if (sink.write(sink.self, all, self->settings.clients, why, sizeof why) != 0) {
            fprintf(stderr, "bench-log: %s\n", why);
            exit(1);
        }
        for (uint64_t i = 0; i < self->settings.clients; i++) {
            take_back(self, all[i]);
        }
    }
    free(all);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void report(const struct bench *self, double wall, double cpu)
{
    struct hub_log_stats stats;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    hub_log_stats(self->log, &stats);
    double events = (double) stats.events;
    printf("clients=%" PRIu64 " payload=%" PRIu64 " sync=%d actor=%d bare=%d\n", self->settings.clients,
           self->settings.payload, !self->settings.is_unsynced, !self->settings.is_direct, self->settings.is_bare);
    printf("rate=%.0f events_per_batch=%.1f\n", events / wall, events / (double) stats.batches);
    printf(
        "wall_ns=%.0f cpu_ns=%.0f write_ns=%.0f (an event, of the whole process; write: RocksDB's write with sync)\n",
        wall * 1e9 / events, cpu * 1e9 / events, (double) stats.sync_us_total * 1e3 / events);
    printf("batch_us=%.0f max_write_us=%" PRId64 "\n", (double) stats.sync_us_total / (double) stats.batches,
           stats.sync_us_max);
    printf("p50_us=%" PRId64 " p99_us=%" PRId64 " max_us=%" PRId64 "\n", hub_histogram_percentile_us(self->latency, 50),
           hub_histogram_percentile_us(self->latency, 99), hub_histogram_max_us(self->latency));
    printf("max_rss_kb=%ld\n", usage.ru_maxrss);
}

static int measure(struct bench *self)
{
    char why[512] = "";
    struct hub_log_options wanted = { .data_dir = self->settings.dir,
                                      .world = self->world,
                                      .mode = HUB_LOG_WRITE,
                                      .no_sync = self->settings.is_unsynced };
    if (hub_log_open(&wanted, &self->log, why, sizeof why) != 0) {
        fprintf(stderr, "bench-log: %s\n", why);
        return 1;
    }
    double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (self->settings.is_direct) {
        run_direct(self);
    } else {
        run_actor(self);
    }
    report(self, seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    hub_log_close(&self->log);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench self = { .settings = { .clients = 64, .events = 200000, .payload = 240, .streams = 10000 },
                          .world = hub_world_real(),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER };
    struct settings *settings = &self.settings;
    int rc = hub_options_read(&options, argc, argv, settings);
    if (rc != 0) {
        return rc < 0 ? 2 : 0;
    }
    if (settings->dir == NULL || settings->clients < 1 || settings->clients > CLIENTS_MAX || settings->payload < 1 ||
        settings->payload > PAYLOAD_MAX || settings->streams < settings->clients) {
        fprintf(stderr, "bench-log: --dir is needed, the numbers have bounds; see --help\n");
        return 2;
    }
    zsys_handler_set(NULL);
    self.clients = calloc(settings->clients, sizeof *self.clients);
    self.versions = calloc(settings->streams + settings->clients, sizeof *self.versions);
    self.bytes = malloc(settings->payload + 512);
    self.back = calloc(settings->clients, sizeof *self.back);
    self.latency = hub_histogram_new();
    self.world->random(self.world->self, self.bytes, settings->payload + 512);
    rc = measure(&self);
    hub_histogram_destroy(&self.latency);
    free(self.clients);
    free(self.versions);
    free(self.bytes);
    free(self.back);
    return rc;
}
