/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `demo`: takes one customer's journey through a hub and shows the unified view and the replayed history at the end. */
#include "tools/demo/journey.h"
#include "tools/demo/own_hub.h"
#include "tools/demo/play.h"
#include "tools/demo/pretty.h"
#include "tools/replay/replay_events.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

#include "base/world.h"

/* Events of the hub's own data directory, as `omnihub replay --customer` prints them. */
static int show_replay(const char *data, const char *customer, FILE *out)
{
    const struct hub_replay_query query = { .data = data, .customer = customer, .format = "table" };
    fprintf(out, "\nThe history, replayed from the log (omnihub replay --data %s --customer %s)\n\n", data, customer);
    return hub_replay_print(&query, out);
}

/* The same over REST, where the data directory is not at hand. */
static int show_history(struct hub_http *http, const char *customer, FILE *out)
{
    struct hub_http_answer answer;
    char path[256];
    snprintf(path, sizeof path, "/customer/%s/history", customer);
    fprintf(out, "\nThe history (GET %s)\n\n", path);
    hub_http_answer_init(&answer);
    int status = HUB_EXIT_FAILED;
    if (hub_http_ask(http, "GET", path, (struct hub_span){ 0 }, &answer) < 0)
        hub_tool_fail("%s", hub_http_why(http));
    else {
        hub_pretty_print(hub_buf_span(&answer.body), 0, hub_pretty_has_colours(out), out);
        status = answer.status == 200 ? HUB_EXIT_OK : HUB_EXIT_FAILED;
    }
    hub_http_answer_done(&answer);
    return status;
}

/* Where a hub is, and what it needs to be asked; data: NULL when its directory is not at hand. */
struct place {
    const char *url, *key, *data;
    const struct hub_settings *settings;
    FILE *story; /* where it is told: stderr when stdout is for JSON */
};

/* How it came out, in the end. */
static int conclude(const struct place *place, const char *name, const char *value, const char *sentence)
{
    struct hub_report report;
    hub_report_begin(&report, place->settings);
    hub_report_say(&report, "\n%s", sentence);
    hub_report_bool(&report, "as_expected", true);
    hub_report_text(&report, name, value);
    return hub_report_end(&report, HUB_EXIT_OK);
}

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
        fputs("An agent listens on /ws/dashboard; what is heard stands behind <~.\n", place->story);
    else
        hub_live_client_destroy(&live);
    const struct hub_journey_options options = { .http = http, .live = live, .out = place->story, .suffix = suffix };
    int bad = hub_journey_take(&options, customer);
    int status = place->data ? show_replay(place->data, customer, place->story)
                             : show_history(http, customer, place->story);
    hub_live_client_destroy(&live);
    hub_http_destroy(&http);
    if (bad)
        return hub_tool_fail("the journey did not come out as expected");
    return status == HUB_EXIT_OK ? conclude(place, "customer", customer, "The journey came out as expected.") : status;
}

static int take_load(const struct place *place)
{
    char suffix[HUB_ULID_TEXT + 2];
    make_suffix(place, suffix);
    const struct hub_play_options options = {
        .url = place->url,
        .key = place->key,
        .run = suffix,
        .customers = (uint32_t) hub_settings_count(place->settings, HUB_SETTING_load),
        .seed = hub_settings_count(place->settings, HUB_SETTING_seed),
        .out = place->story,
    };
    int result = hub_play(&options);
    if (result != 0)
        return result > 0 ? HUB_EXIT_INTERRUPTED : HUB_EXIT_FAILED;
    return place->story == stdout
               ? HUB_EXIT_OK
               : conclude(place, "customers", hub_settings_text(place->settings, HUB_SETTING_load), "");
}

static int take(const struct place *place)
{
    return hub_settings_count(place->settings, HUB_SETTING_load) > 0 ? take_load(place) : take_journey(place);
}

/* With a hub on a directory of its own. */
static int take_own(struct place place)
{
    struct hub_own_hub *hub = NULL;
    char why[256];
    if (hub_own_hub_start(&hub, why, sizeof why) < 0)
        return hub_tool_fail("%s", why);
    place.url = hub_own_hub_url(hub);
    place.key = hub_own_hub_key(hub);
    place.data = hub_own_hub_data(hub);
    fprintf(place.story, "A hub of its own answers on %s.\n", place.url);
    fflush(place.story);
    int status = take(&place);
    if (hub_own_hub_stop(&hub) < 0)
        return hub_tool_fail("the hub did not end well");
    return status;
}

int hub_tool_demo(const struct hub_tool_call *call)
{
    const struct place given = { .url = hub_settings_text(call->settings, HUB_SETTING_url),
                                 .key = hub_settings_text(call->settings, HUB_SETTING_key),
                                 .settings = call->settings,
                                 .story = hub_settings_is(call->settings, HUB_SETTING_json) ? stderr : stdout };
    if (given.url && !given.key)
        return hub_tool_misused("demo --url needs --key, or OMNICHANNEL_API_KEY in the environment");
    if (hub_settings_count(call->settings, HUB_SETTING_load) > 0)
        hub_signals_block();
    return given.url ? take(&given) : take_own(given);
}
