/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-nats: publish to a JetStream stream that is kept in files, as many at once as asked, and print the rate.
 *
 * usage: bench-nats PORT SECONDS AT_ONCE BYTES */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nats/nats.h>

#include "base/world.h"

enum { BYTES_MAX = 65536, WAIT_MS = 20000 };

struct load {
    natsConnection *connection;
    jsCtx *stream;
    int64_t at_once;
    double seconds;
    int bytes;
};

static natsStatus open_stream(struct load *self, const char *port)
{
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%s", port);
    jsOptions options;
    jsStreamConfig config;
    const char *subjects[] = { "bench.>" };
    natsStatus status = natsConnection_ConnectTo(&self->connection, url);
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = self->at_once;
    options.PublishAsync.StallWait = WAIT_MS;
    jsStreamConfig_Init(&config);
    config.Name = "bench";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    if (status == NATS_OK)
        status = natsConnection_JetStream(&self->stream, self->connection, &options);
    if (status == NATS_OK)
        status = js_AddStream(NULL, self->stream, &config, NULL, NULL);
    return status;
}

/* One at a time waits for its acknowledgement; more are acknowledged while the next ones go out. */
static natsStatus publish(struct load *self, const char *bytes, uint64_t *ret_count, int64_t *ret_us)
{
    const struct hub_world *world = hub_world_real();
    int64_t start_us = hub_tick_us(world), until_us = start_us + (int64_t) (self->seconds * 1e6);
    natsStatus status = NATS_OK;
    uint64_t count = 0;
    for (; status == NATS_OK && (count % 16 != 0 || hub_tick_us(world) < until_us); count++) {
        char subject[32];
        snprintf(subject, sizeof subject, "bench.%u", (unsigned) (count % 4096));
        status = self->at_once == 1 ? js_Publish(NULL, self->stream, subject, bytes, self->bytes, NULL, NULL)
                                    : js_PublishAsync(self->stream, subject, bytes, self->bytes, NULL);
    }
    if (status == NATS_OK && self->at_once > 1)
        status = js_PublishAsyncComplete(self->stream, NULL);
    *ret_count = count;
    *ret_us = hub_tick_us(world) - start_us;
    return status;
}

int main(int argc, char **argv)
{
    static char bytes[BYTES_MAX];
    if (argc != 5) {
        fputs("usage: bench-nats PORT SECONDS AT_ONCE BYTES\n", stderr);
        return 2;
    }
    struct load self = { .seconds = atof(argv[2]), .at_once = atoi(argv[3]), .bytes = atoi(argv[4]) };
    if (self.bytes < 1 || self.bytes > BYTES_MAX || self.at_once < 1 || self.seconds <= 0) {
        fputs("bench-nats: the numbers are out of bounds\n", stderr);
        return 2;
    }
    memset(bytes, 'x', sizeof bytes);
    uint64_t count = 0;
    int64_t took_us = 0;
    natsStatus status = open_stream(&self, argv[1]);
    if (status == NATS_OK)
        status = publish(&self, bytes, &count, &took_us);
    if (status == NATS_OK)
        printf("published=%" PRIu64 "\nrate=%.1f\n", count, (double) count * 1e6 / (double) took_us);
    else
        fprintf(stderr, "bench-nats: %s\n", natsStatus_GetText(status));
    jsCtx_Destroy(self.stream);
    natsConnection_Destroy(self.connection);
    nats_Close();
    return status == NATS_OK ? 0 : 1;
}
