/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A runtime on a real log in a directory of its own, driven by one thread that sends commands and waits for answers. */
#ifndef HUB_TESTS_ACTORS_RUNTIME_FIXTURE_H
#define HUB_TESTS_ACTORS_RUNTIME_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "actors/customer/customer.h"
#include "actors/runtime.h"
#include "actors/session/session.h"
#include "log/keyring/keyring.h"

/* What a test may do to appends on their way to the log: 0 to write, an enum hub_append_result to answer with that and write
 * nothing, or FIXTURE_WRITTEN_UNKNOWN to write and answer that nobody knows. Called on the log actor's thread. */
enum { FIXTURE_WRITTEN_UNKNOWN = 100 };
typedef int tamper_fn(void *arg, struct hub_append *append);

struct fixture {
    char dir[64];
    struct hub_keyring *keys;
    struct hub_log *log;
    struct hub_runtime *runtime;
    struct hub_port *port;
    struct hub_ulid company;
    struct hub_runtime_options options; /* set before fixture_start; on_effect (arg: the fixture) too */
    struct hub_world world;             /* the runtime's: the real one, with the clock put forward */
    atomic_llong ahead_us;              /* by so much */
    _Atomic(tamper_fn *) tamper;        /* NULL: none */
    void *tamper_arg;
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct hub_answer *answers; /* that nobody took yet */
    struct hub_effect *effect;  /* the newest */
    unsigned effects;
    uint64_t tickets;
};

/* A directory with a company's keys; the runtime is not started. */
void fixture_init(struct fixture *self);
void fixture_done(struct fixture *self);
void fixture_start(struct fixture *self);
void fixture_stop(struct fixture *self);

/* As fixture_start, of which it is allowed to be refused: returns < 0 then, with the sentence, and nothing is open. */
int fixture_try(struct fixture *self, char *ret_why, size_t why_size);

/* Commands for the fixture's company; ids are clients' own. session may be NULL. */
struct hub_command *message_for(struct fixture *self, const char *customer, const char *session, const char *content);
struct hub_command *new_session(struct fixture *self, const char *customer, const char *session);
struct hub_command *read_session(struct fixture *self, const char *session);
struct hub_command *respond_to(struct fixture *self, const char *session, const char *content);
struct hub_command *end_of(struct fixture *self, const char *session);
void with_key(struct hub_command *command, const char *key, const char *body);

/* Send with a ticket of its own; returns its number. Asserts that there is room. */
uint64_t send_command(struct fixture *self, struct hub_command *command);

/* Wait for the answer to a ticket; the caller destroys it. Fails the test after ten seconds. */
struct hub_answer *await_answer(struct fixture *self, uint64_t ticket);

/* Send and wait. */
struct hub_answer *ask(struct fixture *self, struct hub_command *command);

/* An answer of which only the error is looked at, 0 for none; it is destroyed. */
void expect(struct hub_answer *answer, int error);

/* Wait for something to become true; false after ten seconds. */
bool comes_true(struct fixture *self, bool (*is_so)(struct fixture *self, void *arg), void *arg);

/* Pending rows of a kind; waiting until there is none and nothing is under way; waiting until nothing is under way. */
unsigned pending_of(struct fixture *self, uint8_t kind);
bool runs_out_of(struct fixture *self, uint8_t kind);
bool comes_to_rest(struct fixture *self);

/* Count the events of a type in the whole log. */
unsigned events_of(struct fixture *self, uint16_t type);

#endif
