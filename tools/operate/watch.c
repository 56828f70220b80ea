/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `watch`: prints the live stream of a running hub, and resumes by itself from the last position. */
#include <stdio.h>
#include <unistd.h>

#include "api/params.h"
#include "base/json.h"
#include "base/world.h"
#include "tools/demo/pretty.h"
#include "tools/live_client.h"
#include "tools/plain.h"
#include "tools/tool.h"

#include "base/def/structs.h"
#include "tools/operate/watch.def"
#include "base/def/indexes.h"
#include "tools/operate/watch.def"
#include "base/def/shapes.h"
#include "tools/operate/watch.def"
#include "base/def/heads.h"
#include "tools/operate/watch.def"
#include "base/def/none.h"

#define URL_WITHOUT_ONE "http://127.0.0.1:8302"

enum { POSITION_MAX = 64, PAUSE_MIN_MS = 200, PAUSE_MAX_MS = 5000, TYPE_WIDTH = 18, REFUSED = 400 };

struct watching {
    const struct hub_settings *settings;
    struct hub_live_client *client;
    struct hub_arena *arena;
    struct hub_buf path; /* terminated */
    char position[POSITION_MAX];
    uint64_t printed, limit;
    bool is_json, has_colours;
};

/* "/ws/customer/ID?since=..." of what was asked for. */
static void build_path(struct watching *self)
{
    const char *session = hub_settings_text(self->settings, HUB_SETTING_session);
    const char *customer = hub_settings_text(self->settings, HUB_SETTING_customer);
    const char *agent = hub_settings_text(self->settings, HUB_SETTING_agent);
    const char *name = session ? session : customer ? customer : agent;
    hub_buf_clear(&self->path);
    hub_buf_put_text(&self->path, session    ? "/ws/"
                                  : customer ? "/ws/customer/"
                                  : agent    ? "/ws/agent/"
                                             : "/ws/dashboard");
    if (name)
        hub_param_encode(hub_span(name), &self->path);
    if (self->position[0]) {
        hub_buf_put_text(&self->path, "?since=");
        hub_param_encode(hub_span(self->position), &self->path);
    }
    hub_buf_put_byte(&self->path, 0);
}

/* A line: when, what, and the payload. */
static void print_frame(const struct watching *self, const struct watched_frame *frame)
{
    const char *bold = self->has_colours ? "\033[1m" : "", *plain = self->has_colours ? "\033[0m" : "";
    int time_len = frame->timestamp.len > 19 ? 19 : (int) frame->timestamp.len; /* to the second */
    struct hub_buf payload;
    hub_buf_init(&payload);
    hub_plain_put(&payload, frame->payload, HUB_PLAIN_ONE_LINE);
    printf("%.*s  %s%-*.*s%s %.*s\n", time_len, frame->timestamp.at, bold, TYPE_WIDTH, (int) frame->type.len,
           frame->type.at, plain, (int) payload.len, payload.at);
    hub_buf_done(&payload);
}

static void take(struct watching *self, struct hub_span text)
{
    struct watched_frame frame = { 0 };
    struct hub_fault fault;
    hub_arena_reset(self->arena);
    bool is_read = hub_json_read(&watched_frame_shape, text, self->arena, &frame, &fault) == 0;
    if (is_read && HUB_HAS(watched_frame, &frame, position) && frame.position.len < POSITION_MAX)
        snprintf(self->position, POSITION_MAX, "%.*s", (int) frame.position.len, frame.position.at);
    if (self->is_json || !is_read)
        printf("%.*s\n", (int) text.len, text.at);
    else
        print_frame(self, &frame);
    fflush(stdout);
    self->printed++;
}

/* Print until the socket closes or there is enough. */
static void listen_to(struct watching *self)
{
    struct hub_span text;
    while ((self->limit == 0 || self->printed < self->limit) && hub_live_client_read(self->client, -1, &text) == 1)
        take(self, text);
}

static int next_pause(int pause_ms)
{
    return pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
}

/* Longer each time, and not all at once after a restart of the hub. */
static void pause_a_while(int pause_ms)
{
    const struct hub_world *world = hub_world_real();
    uint8_t chance;
    world->random(world->self, &chance, 1);
    usleep((useconds_t) (pause_ms * 500 + pause_ms * 500 * chance / 255));
}

static int watch(struct watching *self)
{
    int pause_ms = PAUSE_MIN_MS;
    for (;;) {
        build_path(self);
        int refused = hub_live_client_open(self->client, self->path.at);
        if (refused >= REFUSED && refused < 500)
            return hub_tool_fail("%s to %s", hub_live_client_why(self->client), self->path.at);
        if (refused == 0) {
            uint64_t before = self->printed;
            listen_to(self);
            pause_ms = self->printed > before ? PAUSE_MIN_MS : pause_ms;
        }
        if (self->limit != 0 && self->printed >= self->limit)
            return HUB_EXIT_OK;
        fprintf(stderr, "omnihub: %s; trying again\n", hub_live_client_why(self->client));
        pause_a_while(pause_ms);
        pause_ms = next_pause(pause_ms);
    }
}

int hub_tool_watch(const struct hub_tool_call *call)
{
    const char *url = hub_settings_text(call->settings, HUB_SETTING_url);
    const char *since = hub_settings_text(call->settings, HUB_SETTING_since);
    const char *key = hub_settings_text(call->settings, HUB_SETTING_key);
    if (!key)
        return hub_tool_misused("a key is needed: --key, or OMNICHANNEL_API_KEY");
    struct watching self = {
        .settings = call->settings,
        .client = hub_live_client_new(url ? url : URL_WITHOUT_ONE, key),
        .arena = hub_arena_new(0),
        .limit = hub_settings_count(call->settings, HUB_SETTING_limit),
        .is_json = hub_settings_is(call->settings, HUB_SETTING_json),
        .has_colours = hub_pretty_has_colours(stdout),
    };
    hub_buf_init(&self.path);
    snprintf(self.position, sizeof self.position, "%s", since ? since : "");
    int status = watch(&self);
    hub_buf_done(&self.path);
    hub_arena_destroy(&self.arena);
    hub_live_client_destroy(&self.client);
    return status;
}
