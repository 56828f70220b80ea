/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The whole hub in one process. Data goes one way round: server, runtime, log, views, and back to the server. */
#include "tools/serve/hub.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/channels/loopback.h"
#include "actors/customer/holding.h"
#include "base/memory.h"
#include "base/zone.h"
#include "log/access/access.h"
#include "log/file.h"
#include "log/keyring/keyring.h"
#include "log/proof/notary.h"
#include "log/scrub.h"
#include "tools/serve/runner.h"
#include "tools/serve/signals.h"

/* The loop of tickets that are the program's own; the server's are numbered from 0. */
enum { OWN_LOOP = UINT32_MAX };

/* Shares of the memory: one part in so many. What is left is for the program, its buffers, names and keys, and for what
 * malloc cannot give back. */
enum { MEMORY_BYTES = 512 << 20, LOG_SHARE = 5, VIEWS_SHARE = 5, ACTIVE_SHARE = 8 };

enum { SILENCE_S = 5 };

struct hub_hub {
    const struct hub_hub_options *options;
    struct hub_keyring *keys;
    struct hub_log *log;
    struct hub_server *server;
    struct hub_views *views;
    struct hub_runtime *runtime;
    struct hub_loopback *gateway;
    struct hub_scrub *scrub;
    struct hub_notary *notary;
    struct hub_access *access;
    struct hub_zones *zones;
    struct hub_runner *runner;
    unsigned recovery_s; /* seconds that the start has taken so far */
    char *hold;          /* owned: DATA/hold, which a restore leaves */

    pthread_mutex_t lock; /* guards own */
    pthread_cond_t came;
    struct hub_answer *own; /* answer to the program's own command */
};

static void take_own(struct hub_hub *self, struct hub_answer *answer)
{
    pthread_mutex_lock(&self->lock);
    assert(!self->own);
    self->own = answer;
    pthread_cond_signal(&self->came);
    pthread_mutex_unlock(&self->lock);
}

/* On a worker's thread: the program's own answers and the runner's stay here, the others go to the server. */
static void on_answers(void *arg, struct hub_answer *answers)
{
    struct hub_hub *self = arg;
    struct hub_answer *others = NULL, **end = &others;
    while (answers) {
        struct hub_answer *answer = answers;
        answers = answer->next;
        answer->next = NULL;
        if (answer->ticket.loop == (uint32_t) OWN_LOOP) {
            take_own(self, answer);
        } else if (answer->ticket.loop == (uint32_t) HUB_RUNNER_LOOP) {
            hub_runner_on_answer(self->runner, answer);
        } else {
            *end = answer;
            end = &answer->next;
        }
    }
    if (others)
        hub_server_on_answers(self->server, others);
}

static void on_commit(void *arg, struct hub_position at)
{
    struct hub_hub *self = arg;
    hub_views_wake(self->views, at);
}

static bool on_effect(void *arg, struct hub_effect *effect)
{
    struct hub_hub *self = arg;
    return !self->options->is_silent && hub_loopback_take(self->gateway, effect);
}

/* Makes a directory with all that leads to it. */
static int make_directories(const char *path, char *ret_why, size_t why_size)
{
    char part[4096];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return snprintf(ret_why, why_size, "the data directory's name is too long"), -1;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return snprintf(ret_why, why_size, "the directory %s cannot be made: %s", part, strerror(errno)), -1;
    }
    return 0;
}

static size_t memory_bytes(const struct hub_hub *self)
{
    return self->options->memory_bytes == 0 ? MEMORY_BYTES : self->options->memory_bytes;
}

static int open_log(struct hub_hub *self, char *ret_why, size_t why_size)
{
    const struct hub_hub_options *options = self->options;
    const struct hub_world *world = hub_world_real();
    int error = make_directories(options->data_dir, ret_why, why_size);
    const struct hub_keyring_options keys = {
        .data_dir = options->data_dir, .master_path = options->master_key, .create = true, .world = world
    };
    if (!error)
        error = hub_keyring_open(&keys, &self->keys, ret_why, why_size);
    if (error)
        return error;
    const struct hub_log_options log = { .data_dir = options->data_dir,
                                         .world = world,
                                         .keyring = self->keys,
                                         .mode = HUB_LOG_WRITE,
                                         .no_sync = options->no_sync,
                                         .memory_bytes = memory_bytes(self) / LOG_SHARE,
                                         .reserve_bytes = options->reserve_bytes };
    error = hub_log_open(&log, &self->log, ret_why, why_size);
    return error ? error : hub_erasures_complete(self->log, self->keys, ret_why, why_size);
}

static int open_views(struct hub_hub *self, char *ret_why, size_t why_size)
{
    const struct hub_views_options views = { .data_dir = self->options->data_dir,
                                             .world = hub_world_real(),
                                             .log = self->log,
                                             .on_moved = hub_server_on_views_moved,
                                             .arg = self->server,
                                             .memory_bytes = memory_bytes(self) / VIEWS_SHARE,
                                             .follow = true };
    return hub_views_open(&views, &self->views, ret_why, why_size);
}

/* What a crash left may take its time; a signal ends the start. */
static bool on_recovery(void *arg, uint64_t sent)
{
    struct hub_hub *self = arg;
    if (++self->recovery_s % SILENCE_S == 0)
        fprintf(stderr, "omnihub: follow-ups of before the last stop are being finished sent=%llu\n",
                (unsigned long long) sent);
    return !hub_signals_pending();
}

static int start_runtime(struct hub_hub *self, char *ret_why, size_t why_size)
{
    const struct hub_runtime_options runtime = { .world = hub_world_real(),
                                                 .log = self->log,
                                                 .sink = hub_log_sink(self->log),
                                                 .keys = self->keys,
                                                 .data_dir = self->options->data_dir,
                                                 .snapshots = hub_views_snapshots(self->views),
                                                 .workers = self->options->workers,
                                                 .active_bytes = memory_bytes(self) / ACTIVE_SHARE,
                                                 .on_answers = on_answers,
                                                 .on_effect = on_effect,
                                                 .on_commit = on_commit,
                                                 .on_recovery = on_recovery,
                                                 .arg = self };
    int error = hub_runtime_start(&runtime, &self->runtime, ret_why, why_size);
    if (error || self->options->is_silent)
        return error;
    const struct hub_loopback_door door = hub_loopback_runtime_door(self->runtime);
    error = hub_loopback_start(self->gateway, &door);
    if (error)
        snprintf(ret_why, why_size, "the loopback gateway could not be started");
    return error;
}

static int start_runner(struct hub_hub *self, char *ret_why, size_t why_size)
{
    self->hold = hub_path(self->options->data_dir, "hold");
    const struct hub_runner_options runner = {
        .runtime = self->runtime,
        .views = self->views,
        .world = hub_world_real(),
        .zones = self->zones,
        .hold = self->hold,
    };
    if (access(self->hold, F_OK) == 0)
        fprintf(stderr, "omnihub: restored from a backup: campaigns send nothing while %s is there\n", self->hold);
    int error = hub_runner_start(&runner, &self->runner);
    if (error)
        snprintf(ret_why, why_size, "the campaigns' runner could not be started");
    return error;
}

/* On the scrubber's thread: what is damaged stays readable as far as it goes, and a person must decide. */
static void on_fault(void *arg, const struct hub_verify_report *report)
{
    (void) arg;
    fprintf(stderr, "omnihub: the log is damaged: %s position=%llu; stop, and run 'omnihub audit verify'\n",
            report->what, (unsigned long long) report->sequence);
}

/* Command ids are promised to be recognised for 30 days (I4); the chain is walked at a pace that nobody notices. */
static void start_scrub(struct hub_hub *self)
{
    enum { EVENTS_PER_SECOND = 4000 };
    static const int64_t thirty_days_us = INT64_C(30) * 24 * 3600 * 1000000;
    self->scrub = hub_scrub_start(&(struct hub_scrub_options){ .log = self->log,
                                                               .events_per_second = EVENTS_PER_SECOND,
                                                               .keep_commands_us = thirty_days_us,
                                                               .on_fault = on_fault });
}

static void on_unsigned(void *arg, const char *why)
{
    (void) arg;
    fprintf(stderr, "omnihub: a checkpoint could not be written: %s\n", why);
}

static int start_notary(struct hub_hub *self, char *ret_why, size_t why_size)
{
    const struct hub_notary_options notary = { .log = self->log,
                                               .data_dir = self->options->data_dir,
                                               .world = hub_world_real(),
                                               .every_us = self->options->checkpoint_us,
                                               .copy_to = self->options->checkpoint_copy,
                                               .on_fault = on_unsigned };
    return hub_notary_start(&notary, &self->notary, ret_why, why_size);
}

/* On the thread that notes accesses. */
static void on_access_fault(void *arg, const char *why)
{
    (void) arg;
    if (why)
        fprintf(stderr, "omnihub: accesses to personal data cannot be noted, so people are refused them: %s\n", why);
    else
        fprintf(stderr, "omnihub: accesses to personal data are noted again\n");
}

static void start_access(struct hub_hub *self)
{
    self->access = hub_access_start(&(struct hub_access_options){ .data_dir = self->options->data_dir,
                                                                  .world = hub_world_real(),
                                                                  .max_bytes = self->options->access_bytes,
                                                                  .on_fault = on_access_fault });
}

static int rehearse(struct hub_hub *self, char *ret_why, size_t why_size)
{
    const struct hub_loopback_rehearsal rehearsal = { .fail_percent = self->options->loopback_failures,
                                                      .gives_up = self->options->loopback_gives_up,
                                                      .record = self->options->loopback_record };
    int error = hub_loopback_rehearse(self->gateway, &rehearsal);
    if (error)
        snprintf(ret_why, why_size, "the file %s cannot be read and written", self->options->loopback_record);
    return error;
}

int hub_hub_open(const struct hub_hub_options *options, struct hub_hub **ret_hub, char *ret_why, size_t why_size)
{
    struct hub_hub *self = hub_memory_zero(sizeof *self);
    self->options = options;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->came, NULL);
    self->server = hub_server_new();
    self->gateway = hub_loopback_new(0);
    self->zones = hub_zones_new(NULL);
    int error = open_log(self, ret_why, why_size);
    if (!error)
        error = rehearse(self, ret_why, why_size);
    if (!error)
        error = open_views(self, ret_why, why_size);
    if (!error)
        error = start_runtime(self, ret_why, why_size);
    if (!error)
        error = start_notary(self, ret_why, why_size);
    if (!error && !options->is_silent)
        error = start_runner(self, ret_why, why_size);
    if (error) {
        hub_hub_close(&self, 0);
    } else {
        start_scrub(self);
        start_access(self);
    }
    *ret_hub = self;
    return error;
}

int hub_hub_serve(struct hub_hub *self, char *ret_why, size_t why_size)
{
    struct hub_server_options server = self->options->server;
    server.world = hub_world_real();
    server.log = self->log;
    server.data_dir = self->options->data_dir;
    server.keys = self->keys;
    server.runtime = self->runtime;
    server.views = self->views;
    server.zones = self->zones;
    server.access = self->access;
    return hub_server_start(self->server, &server, ret_why, why_size);
}

void hub_hub_close(struct hub_hub **self_p, int64_t patience_us)
{
    struct hub_hub *self = *self_p;
    if (!self)
        return;
    bool served = self->runtime != NULL;
    if (served) {
        hub_server_drain(self->server, patience_us);
        hub_server_stop(self->server);
        hub_runner_stop(self->runner);
        hub_loopback_stop(self->gateway);
        hub_runtime_stop(&self->runtime);
    }
    hub_access_stop(&self->access);
    hub_scrub_stop(&self->scrub);
    hub_notary_stop(&self->notary);
    hub_views_close(&self->views);
    if (served) /* whoever reads the directory at rest finds tables, no long write-ahead log */
        (void) hub_log_flush(self->log);
    hub_log_close(&self->log);
    hub_keyring_close(&self->keys);
    hub_loopback_destroy(&self->gateway);
    hub_runner_destroy(&self->runner);
    free(self->hold);
    hub_zones_destroy(&self->zones);
    hub_server_destroy(&self->server);
    hub_answer_destroy(&self->own);
    pthread_cond_destroy(&self->came);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}

uint16_t hub_hub_port(const struct hub_hub *self)
{
    return hub_server_port(self->server);
}

struct hub_log *hub_hub_log(struct hub_hub *self)
{
    return self->log;
}

struct hub_keyring *hub_hub_keys(struct hub_hub *self)
{
    return self->keys;
}

struct hub_views *hub_hub_views(struct hub_hub *self)
{
    return self->views;
}

struct hub_answer *hub_hub_ask(struct hub_hub *self, struct hub_command **command_p)
{
    struct hub_port *port = hub_port_new(self->runtime);
    (*command_p)->ticket = (struct hub_ticket){ .loop = (uint32_t) OWN_LOOP, .number = 1 };
    int error = hub_port_send(port, command_p);
    hub_port_destroy(&port);
    if (error) {
        struct hub_answer *refused = hub_answer_new((*command_p)->ticket, (*command_p)->caller.company);
        refused->error = error;
        hub_command_destroy(command_p);
        return refused;
    }
    pthread_mutex_lock(&self->lock);
    while (!self->own)
        pthread_cond_wait(&self->came, &self->lock);
    struct hub_answer *answer = self->own;
    self->own = NULL;
    pthread_mutex_unlock(&self->lock);
    return answer;
}
