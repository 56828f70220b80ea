/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The journey's engine: asks, shows and checks the steps of journey.def. */
#include "tools/demo/journey.h"

#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/world.h"
#include "tools/demo/journey_steps.h"
#include "tools/demo/pretty.h"

#include "base/def/structs.h"
#include "tools/operate/watch.def"
#include "base/def/indexes.h"
#include "tools/operate/watch.def"
#include "base/def/none.h"

enum { PATIENCE_US = 20 * 1000000, PAUSE_NS = 20 * 1000000, FRAME_MS = 10000, PAYLOAD_SHOWN = 320 };

static const struct hub_journey_step steps[] = {
#define STEP(name, method_, path_, status_, record, frame_, title_) \
    { .title = title_,                                              \
      .method = method_,                                            \
      .path = path_,                                                \
      .status = status_,                                            \
      .answer = &record##_shape,                                    \
      .frame = frame_,                                              \
      .request = hub_journey_request_##name,                        \
      .check = hub_journey_check_##name },
#include "tools/demo/journey.def"
#undef STEP
};

enum { STEPS = sizeof steps / sizeof *steps };

struct walk {
    const struct hub_journey_options *options;
    struct hub_journey_facts facts;
    struct hub_http_answer answer;
    struct hub_buf body, path;
    struct hub_arena *arena;
    bool colours;
};

/* Puts the facts in place of {customer} and {message}, terminated. */
static void build_path(struct walk *self, const char *pattern)
{
    hub_buf_clear(&self->path);
    for (const char *at = pattern; *at;) {
        if (strncmp(at, "{customer}", 10) == 0) {
            hub_buf_put_text(&self->path, self->facts.customer);
            at += 10;
        } else if (strncmp(at, "{message}", 9) == 0) {
            hub_buf_put_text(&self->path, self->facts.message);
            at += 9;
        } else
            hub_buf_put_byte(&self->path, (uint8_t) *at++);
    }
    if (self->facts.position[0] && strstr(pattern, "{customer}")) {
        hub_buf_put_text(&self->path, "?min_position=");
        hub_buf_put_text(&self->path, self->facts.position);
    }
    hub_buf_put_byte(&self->path, 0);
}

static void build_body(struct walk *self, const struct hub_journey_step *step)
{
    struct hub_json_emit emit;
    hub_buf_clear(&self->body);
    if (strcmp(step->method, "GET") == 0)
        return;
    hub_json_emit_init(&emit, &self->body);
    hub_json_emit_object_begin(&emit);
    step->request(&self->facts, &emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
}

/* What is wrong with the answer at hand, or NULL. */
static const char *judge(struct walk *self, const struct hub_journey_step *step)
{
    struct hub_fault fault = { .error = 0 };
    if (self->answer.status != step->status)
        return "another status was expected";
    hub_arena_reset(self->arena);
    void *record = hub_arena_get(self->arena, step->answer->size);
    if (hub_json_read(step->answer, hub_buf_span(&self->answer.body), self->arena, record, &fault))
        return "the answer is not what the API describes";
    return step->check(&self->facts, record);
}

/* Asks until the answer is right or time is up: what a gateway does takes a moment. */
static const char *ask(struct walk *self, const struct hub_journey_step *step)
{
    const struct hub_world *world = hub_world_real();
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    int64_t deadline = hub_tick_us(world) + PATIENCE_US;
    bool may_repeat = strcmp(step->method, "GET") == 0;
    for (;;) {
        if (hub_http_ask(self->options->http, step->method, self->path.at, hub_buf_span(&self->body), &self->answer) <
            0)
            return hub_http_why(self->options->http);
        const char *wrong = judge(self, step);
        if (!wrong || !may_repeat || hub_tick_us(world) > deadline)
            return wrong;
        nanosleep(&pause, NULL);
    }
}

/* A frame as one line; figures come once a second and would only be in the way. Returns true when it is of the type. */
static bool show_frame(struct walk *self, struct hub_span text, const char *type)
{
    struct watched_frame frame = { 0 };
    struct hub_fault fault;
    hub_arena_reset(self->arena);
    if (hub_json_read(&watched_frame_shape, text, self->arena, &frame, &fault))
        return false;
    int len = frame.payload.len < PAYLOAD_SHOWN ? (int) frame.payload.len : PAYLOAD_SHOWN;
    if (!hub_span_is(frame.type, HUB_SPAN("performance_update")))
        fprintf(self->options->out, "  <~ %.*s %.*s%s\n", (int) frame.type.len, frame.type.at, len, frame.payload.at,
                frame.payload.len > PAYLOAD_SHOWN ? " ..." : "");
    return hub_span_is(frame.type, hub_span(type));
}

/* What an agent heard, up to the frame that the step must cause; what comes later is shown with a later step. */
static const char *hear(struct walk *self, const struct hub_journey_step *step)
{
    struct hub_span text;
    bool is_heard = false;
    if (!self->options->live || !step->frame)
        return NULL;
    fputc('\n', self->options->out);
    while (!is_heard && hub_live_client_read(self->options->live, FRAME_MS, &text) == 1)
        is_heard = show_frame(self, text, step->frame);
    return is_heard ? NULL : "no agent heard of it";
}

static bool take_step(struct walk *self, size_t number)
{
    const struct hub_journey_step *step = &steps[number];
    FILE *out = self->options->out;
    build_path(self, step->path);
    build_body(self, step);
    fprintf(out, "\n%zu/%d  %s\n\n     %s %s\n", number + 1, STEPS, step->title, step->method, self->path.at);
    if (self->body.len > 0)
        hub_pretty_print(hub_buf_span(&self->body), 5, self->colours, out);
    const char *wrong = ask(self, step);
    fprintf(out, "\n  -> %ld\n", self->answer.status);
    if (self->answer.body.len > 0)
        hub_pretty_print(hub_buf_span(&self->answer.body), 5, self->colours, out);
    if (!wrong)
        wrong = hear(self, step);
    if (wrong)
        fprintf(out, "\n     This step did not come out as expected: %s.\n", wrong);
    if (self->answer.position[0])
        snprintf(self->facts.position, sizeof self->facts.position, "%s", self->answer.position);
    fflush(out);
    return !wrong;
}

int hub_journey_take(const struct hub_journey_options *options, char ret_customer[128])
{
    struct walk self = { .options = options, .arena = hub_arena_new(65536) };
    hub_buf_init(&self.body);
    hub_buf_init(&self.path);
    hub_http_answer_init(&self.answer);
    self.colours = hub_pretty_has_colours(options->out);
    snprintf(self.facts.customer, sizeof self.facts.customer, "enterprise_customer_001%s", options->suffix);
    snprintf(self.facts.session, sizeof self.facts.session, "omni_session_001%s", options->suffix);
    int bad = 0;
    for (size_t i = 0; i < STEPS && !bad; i++)
        bad = take_step(&self, i) ? 0 : 1;
    snprintf(ret_customer, 128, "%s", self.facts.customer);
    hub_http_answer_done(&self.answer);
    hub_buf_done(&self.path);
    hub_buf_done(&self.body);
    hub_arena_destroy(&self.arena);
    return bad;
}
