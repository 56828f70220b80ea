/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `demo`: takes one customer's journey through a hub and shows the unified view and the replayed history at the end. */
#include "tools/journey.h"
#include "tools/own_hub.h"
#include "tools/play.h"
#include "tools/pretty.h"
#include "tools/replay_events.h"
#include "tools/signals.h"
#include "tools/tool.h"

#include "base/world.h"

/* Events of the hub's own data directory, as `omnihub replay --customer` prints them. */
static int show_replay(const char *data, const char *customer)
{
    const struct hub_replay_query query = { .data = data, .customer = customer, .format = "table" };
    printf("\nThe history, replayed from the log (omnihub replay --data %s --customer %s)\n\n", data, customer);
    return hub_replay_print(&query, stdout);
}

/* The same over REST, where the data directory is not at hand. */
static int show_history(struct hub_http *http, const char *customer)
{
    struct hub_http_answer answer;
    char path[256];
    snprintf(path, sizeof path, "/customer/%s/history", customer);
    printf("\nThe history (GET %s)\n\n", path);
    hub_http_answer_init(&answer);
    int status = HUB_EXIT_FAILED;
    if (hub_http_ask(http, "GET", path, (struct hub_span){ 0 }, &answer) < 0)
        hub_tool_fail("%s", hub_http_why(http));
    else {
        hub_pretty_print(hub_buf_span(&answer.body), 0, hub_pretty_has_colours(stdout), stdout);
        status = answer.status == 200 ? HUB_EXIT_OK : HUB_EXIT_FAILED;
    }
    hub_http_answer_done(&answer);
    return status;
}

/* Where a hub is, and what it needs to be asked; data: NULL when its directory is not at hand. */
struct place {
    const char *url, *key, *data;
};

/* The client's own ids are new ones where somebody else's may be already. */
static void make_suffix(const struct place *place, char ret_suffix[HUB_ULID_TEXT + 2])
{
    ret_suffix[0] = 0;
    if (!place->data) {
        ret_suffix[0] = '-';
        hub_ulid_print(hub_world_ulid(hub_world_real()), ret_suffix + 1);
        ret_suffix[HUB_ULID_TEXT + 1] = 0;
    }
}

static int take_journey(const struct place *place)
{
    struct hub_http *http = hub_http_new(place->url, place->key);
    char customer[128], suffix[HUB_ULID_TEXT + 2];
    make_suffix(place, suffix);
    struct hub_live_client *live = hub_live_client_new(place->url, place->key);
    if (hub_live_client_open(live, "/ws/dashboard") == 0)
        puts("An agent listens on /ws/dashboard; what is heard stands behind <~.");
    else
        hub_live_client_destroy(&live);
    const struct hub_journey_options options = { .http = http, .live = live, .out = stdout, .suffix = suffix };
    int bad = hub_journey_take(&options, customer);
    int status = place->data ? show_replay(place->data, customer) : show_history(http, customer);
    hub_live_client_destroy(&live);
    hub_http_destroy(&http);
    if (bad)
        return hub_tool_fail("the journey did not come out as expected");
    if (status == HUB_EXIT_OK)
        puts("\nThe journey came out as expected.");
    return status;
}

static int take_load(const struct hub_settings *settings, const struct place *place)
{
    char suffix[HUB_ULID_TEXT + 2];
    make_suffix(place, suffix);
    const struct hub_play_options options = {
        .url = place->url,
        .key = place->key,
        .run = suffix,
        .customers = (uint32_t) hub_settings_count(settings, HUB_SETTING_load),
        .seed = hub_settings_count(settings, HUB_SETTING_seed),
        .out = stdout,
    };
    return hub_play(&options) == 0 ? HUB_EXIT_OK : HUB_EXIT_FAILED;
}

static int take(const struct hub_settings *settings, const struct place *place)
{
    return hub_settings_count(settings, HUB_SETTING_load) > 0 ? take_load(settings, place) : take_journey(place);
}

int hub_tool_demo(const struct hub_tool_call *call)
{
    const struct place given = { .url = hub_settings_text(call->settings, HUB_SETTING_url),
                                 .key = hub_settings_text(call->settings, HUB_SETTING_key) };
    if (given.url && !given.key)
        return hub_tool_misused("demo --url needs --key, or OMNICHANNEL_API_KEY in the environment");
    if (hub_settings_count(call->settings, HUB_SETTING_load) > 0)
        hub_signals_block();
    if (given.url)
        return take(call->settings, &given);
    struct hub_own_hub *hub = NULL;
    char why[256];
    if (hub_own_hub_start(&hub, why, sizeof why) < 0)
        return hub_tool_fail("%s", why);
    printf("A hub of its own answers on %s.\n", hub_own_hub_url(hub));
    fflush(stdout);
    const struct place own = { hub_own_hub_url(hub), hub_own_hub_key(hub), hub_own_hub_data(hub) };
    int status = take(call->settings, &own);
    if (hub_own_hub_stop(&hub) < 0)
        return hub_tool_fail("the hub did not end well");
    return status;
}
