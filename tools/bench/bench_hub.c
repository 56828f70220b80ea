/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub inside of this process, for measuring: on a temporary directory, without HTTP and without waiting for the disk. */
#include "tools/bench/bench_hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/keyring/keyring.h"
#include "replay/directory.h"
#include "tools/serve/signals.h"

enum { PATIENCE_US = 60 * 1000000 };

struct hub_bench_hub {
    char data[256];
    struct hub_hub_options options;
    struct hub_hub *hub;
    struct hub_ulid company;
};

int hub_bench_hub_open(struct hub_bench_hub **ret_hub, char *ret_why, size_t why_size)
{
    struct hub_bench_hub *self = hub_memory_zero(sizeof *self);
    const char *place = getenv("TMPDIR");
    snprintf(self->data, sizeof self->data, "%s/omnihub-bench-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(self->data)) {
        snprintf(ret_why, why_size, "no temporary directory: %s", strerror(errno));
        free(self);
        return -1;
    }
    hub_signals_block();
    self->options = (struct hub_hub_options){ .data_dir = self->data, .no_sync = true };
    self->company = hub_world_ulid(hub_world_real());
    int error = hub_hub_open(&self->options, &self->hub, ret_why, why_size);
    if (!error && hub_keyring_add_company(hub_hub_keys(self->hub), self->company) < 0)
        error = (snprintf(ret_why, why_size, "a company's key could not be made"), -1);
    if (error)
        hub_bench_hub_close(&self);
    *ret_hub = self;
    return error;
}

void hub_bench_hub_close(struct hub_bench_hub **self_p)
{
    struct hub_bench_hub *self = *self_p;
    if (!self)
        return;
    hub_hub_close(&self->hub, 0);
    hub_directory_empty(self->data);
    rmdir(self->data);
    free(self);
    *self_p = NULL;
}

struct hub_hub *hub_bench_hub(struct hub_bench_hub *self)
{
    return self->hub;
}

/* A command of the company's program, with the client's own ids of customer and session. */
static struct hub_command *command_of(struct hub_bench_hub *self, const struct hub_shape *shape, uint8_t target,
                                      unsigned number)
{
    struct hub_command *command = hub_command_new(shape, 2048);
    struct hub_keyring *keys = hub_hub_keys(self->hub);
    char text[32];
    command->caller = (struct hub_caller){ .company = self->company, .role = role_service };
    command->target = target;
    int len = snprintf(text, sizeof text, "customer_%u", number);
    hub_name_read(keys, self->company, KIND_customer, hub_span_of(text, (size_t) len), &command->names[KIND_customer]);
    len = snprintf(text, sizeof text, "session_%u", number);
    hub_name_read(keys, self->company, KIND_session, hub_span_of(text, (size_t) len), &command->names[KIND_session]);
    return command;
}

static hub_sealed clear(struct hub_arena *arena, const char *word, unsigned number)
{
    char text[160];
    int len = snprintf(text, sizeof text, "%s%u", word, number);
    return (hub_sealed){ .clear = hub_arena_copy(arena, hub_span_of(text, (size_t) len)) };
}

static int ask(struct hub_bench_hub *self, struct hub_command *command)
{
    struct hub_answer *answer = hub_hub_ask(self->hub, &command);
    int error = answer->error;
    hub_answer_destroy(&answer);
    return error ? -1 : 0;
}

static int open_session(struct hub_bench_hub *self, unsigned number)
{
    struct hub_command *command = command_of(self, &create_session_shape, KIND_customer, number);
    struct create_session *record = command->record;
    HUB_SET(create_session, record, customer_id, clear(command->arena, "customer_", number));
    HUB_SET(create_session, record, session_id, clear(command->arena, "session_", number));
    HUB_SET(create_session, record, channel, channel_chat);
    return ask(self, command);
}

static int say(struct hub_bench_hub *self, unsigned number, unsigned message)
{
    struct hub_command *command = command_of(self, &process_message_shape, KIND_session, number);
    struct process_message *record = command->record;
    HUB_SET(process_message, record, customer_id, clear(command->arena, "customer_", number));
    HUB_SET(process_message, record, session_id, clear(command->arena, "session_", number));
    HUB_SET(process_message, record, channel, channel_chat);
    HUB_SET(process_message, record, content,
            clear(command->arena,
                  "My last bill shows the same amount twice, could you look into it and tell me what happened? ",
                  message));
    return ask(self, command);
}

static int find(struct hub_bench_hub *self, uint8_t kind, unsigned number, struct hub_stream *ret_stream)
{
    struct hub_command *command = command_of(self, &process_message_shape, kind, number);
    *ret_stream = (struct hub_stream){ .company = self->company, .kind = kind };
    int error = hub_log_alias(hub_hub_log(self->hub), self->company, kind, command->names[kind].digest,
                              &ret_stream->entity);
    hub_command_destroy(&command);
    return error ? -1 : 0;
}

int hub_bench_hub_talk(struct hub_bench_hub *self, unsigned number, unsigned messages, struct hub_stream *ret_session,
                       struct hub_stream *ret_customer)
{
    int error = open_session(self, number);
    for (unsigned i = 0; !error && i < messages; i++)
        error = say(self, number, i);
    error = error ? error : find(self, KIND_session, number, ret_session);
    return error ? error : find(self, KIND_customer, number, ret_customer);
}

int hub_bench_hub_settle(struct hub_bench_hub *self)
{
    const struct hub_world *world = hub_world_real();
    const struct timespec pause = { .tv_nsec = 1000000 };
    uint64_t to = hub_log_commit(hub_hub_log(self->hub)).sequence;
    int64_t until = hub_tick_us(world) + PATIENCE_US;
    while (hub_views_position(hub_hub_views(self->hub)).sequence < to) {
        if (hub_tick_us(world) > until)
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}
