/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-tape: run the fixed tape of tape.def and say what was written. counters.py runs it under callgrind, which collects while
 * tape_section runs and leaves a file of counts whenever it returns. */
#include <glob.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/bench/tape_world.h"

enum { ROUND = 16, TALKING = 64, JSON = 1024 };

/* One step; the number counts through its section. */
typedef void step_fn(struct tape *tape, unsigned number, char json[JSON]);

struct section {
    const char *name;
    unsigned steps;
    step_fn *step;
    const char *doc;
};

void tape_section(struct tape *tape, const struct section *section);

static void send(struct tape *tape, const struct hub_shape *shape, uint8_t target, const char *json)
{
    tape_send(tape, &(struct tape_command){ .shape = shape, .target = target, .json = json });
}

static void create(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON, "{\"customer_id\":\"customer_%u\",\"session_id\":\"session_%u\",\"channel\":\"chat\"}", number,
             number);
    send(tape, &create_session_shape, KIND_customer, json);
}

static void message(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(
        json, JSON,
        "{\"customer_id\":\"customer_%u\",\"session_id\":\"session_%u\",\"channel\":\"chat\",\"content\":\"Message "
        "%u: my last bill shows the same amount twice, could you look into it and tell me what happened?\"}",
        number % TALKING, number % TALKING, number);
    send(tape, &process_message_shape, KIND_session, json);
}

static void alone(struct tape *tape, unsigned number, char json[JSON])
{
    message(tape, number, json);
    tape_turn(tape);
}

static void fold(struct tape *tape, unsigned number, char json[JSON])
{
    (void) number;
    (void) json;
    tape_fold(tape);
}

static void get(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON, "{\"session_id\":\"session_%u\"}", number % TALKING);
    send(tape, &get_session_shape, KIND_session, json);
}

static void respond(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON, "{\"session_id\":\"session_%u\",\"content\":\"Thank you, answer %u is on its way.\"}",
             number % TALKING, number);
    send(tape, &respond_message_shape, KIND_session, json);
}

static void transfer(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON,
             "{\"customer_id\":\"customer_%u\",\"session_id\":\"session_%u\",\"to_channel\":\"voice\",\"reason\":\"The "
             "customer would rather talk.\",\"context_data\":{\"issue\":\"bill\",\"number\":%u}}",
             number, number, number);
    send(tape, &transfer_channel_shape, KIND_session, json);
}

static void contact(struct tape *tape, unsigned number, char json[JSON])
{
    static const char plan[] =
        "{\"campaign\":\"01KDVDNB80CAMPA1GN00000000\",\"offset_s\":0,\"plan\":{\"campaign_id\":\"spring\","
        "\"purpose\":\"marketing\",\"consent\":\"not_refused\",\"channels\":[\"chat\",\"email\"],\"messages\":"
        "[{\"content\":\"Our new plans are there.\"}],\"quiet_from\":0,\"quiet_until\":0,\"timezone\":\"UTC\","
        "\"cap\":{\"max\":3,\"per_s\":86400},\"ends_at\":\"2027-01-01T00:00:00Z\"}}";
    snprintf(json, JSON, "customer_%u", number);
    tape_send(tape, &(struct tape_command){
                        .shape = &contact_recipient_shape, .target = KIND_customer, .json = plan, .customer = json });
}

static void unified_view(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON, "{\"customer_id\":\"customer_%u\"}", number % TALKING);
    tape_ask(tape, &hub_query_unified_view, json);
}

static void active(struct tape *tape, unsigned number, char json[JSON])
{
    (void) number;
    (void) json;
    tape_ask(tape, &hub_query_active_sessions, "{\"limit\":50}");
}

static void end(struct tape *tape, unsigned number, char json[JSON])
{
    snprintf(json, JSON, "{\"session_id\":\"session_%u\"}", number);
    send(tape, &end_session_shape, KIND_session, json);
}

static void replay(struct tape *tape, unsigned number, char json[JSON])
{
    (void) number;
    (void) json;
    tape_replay(tape);
}

/* What the counts depend on. */
static const char compiled_by[] =
#if defined __clang__
    "clang"
#elif !defined __OPTIMIZE__ || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    "gcc for finding faults"
#else
    "gcc"
#endif
    " " __VERSION__;

static const struct section sections[] = {
#define TAPE(name_, steps_, step_, ...) { .name = #name_, .steps = (steps_), .step = step_, __VA_ARGS__ },
#include "tests/bench/tape.def"
#undef TAPE
};

/* External and not inlined: callgrind is told its name. */
__attribute__((noinline)) void tape_section(struct tape *tape, const struct section *section)
{
    char json[JSON];
    for (unsigned i = 0; i < section->steps; i++) {
        section->step(tape, i, json);
        if (i % ROUND == ROUND - 1) {
            tape_turn(tape);
        }
    }
    tape_turn(tape);
}

/* How long RocksDB's write-ahead log is. The tape is too short for a second file of it. */
static int64_t log_bytes(const char *dir)
{
    char pattern[512];
    glob_t found = { 0 };
    struct stat info = { 0 };
    snprintf(pattern, sizeof pattern, "%s/log/*.log", dir);
    bool one = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1 && stat(found.gl_pathv[0], &info) == 0;
    globfree(&found);
    return one ? info.st_size : -1;
}

/* What callgrind counted in a section is divided by its units: steps, or events where one step takes all that there are. */
static void print_section(const struct tape *tape, const struct section *section, const char *dir)
{
    uint64_t events = tape_events(tape);
    printf("%s units=%" PRIu64 " events=%" PRIu64 " log_bytes=%" PRId64 "\n", section->name,
           section->steps > 1 ? section->steps : events, events, log_bytes(dir));
}

static void *play(void *dir)
{
    struct tape *tape = tape_new(dir);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        tape_section(tape, &sections[i]);
        print_section(tape, &sections[i], dir);
    }
    tape_destroy(&tape);
    return NULL;
}

/* Play it on a thread whose stack lies where it always lies; false when there is no such thread. For RocksDB draws the heights of
 * a memtable's nodes from the id of the thread that writes, and that id is an address: the first thread's moves with every library
 * and cache file that the loader mapped before, and the same reads then take up to a tenth more or less. */
static bool play_aside(char *dir)
{
    void *const where = (void *) UINT64_C(0x1000000000); /* far from what loaders, valgrind and sanitizers take */
    const size_t bytes = (size_t) 8 << 20;
    pthread_attr_t attributes;
    pthread_t thread;
    void *stack = mmap(where, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return stack == where && pthread_attr_init(&attributes) == 0 &&
           pthread_attr_setstack(&attributes, stack, bytes) == 0 &&
           pthread_create(&thread, &attributes, play, dir) == 0 && pthread_join(thread, NULL) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench-tape DIRECTORY | --compiler\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "--compiler") == 0) {
        puts(compiled_by);
        return 0;
    }
    if (!play_aside(argv[1])) {
        fputs("bench-tape: no thread can be had at the address where it shall be\n", stderr);
        return 1;
    }
    return 0;
}
