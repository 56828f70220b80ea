/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Agents and a campaign, by the same requests that anybody makes. */
#include "tools/demo/play_company.h"

#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "replay/view.h"

enum { WORDS = 160, ROOM = 1000, RECIPIENTS = 200, LOOKS = 600, LOOK_NS = 100 * 1000000 };

/* The answer at hand as a record of a shape. */
static const void *answer_as(struct hub_play_asker *asker, const struct hub_shape *shape, struct hub_arena *arena)
{
    struct hub_fault fault;
    void *record = hub_arena_get(arena, shape->size);
    if (hub_json_read(shape, hub_buf_span(&asker->answer.body), arena, record, &fault) == 0) {
        return record;
    }
    snprintf(asker->why, sizeof asker->why, "%s was answered with something else: %s", asker->path.at, fault.reason);
    return NULL;
}

static void begin(struct hub_play_asker *asker, struct hub_json_emit *emit, const char *path)
{
    hub_buf_clear(&asker->path);
    hub_buf_put_text(&asker->path, path);
    hub_buf_put_byte(&asker->path, 0);
    hub_buf_clear(&asker->body);
    hub_json_emit_init(emit, &asker->body);
    hub_json_emit_object_begin(emit);
}

static int end(struct hub_play_asker *asker, struct hub_json_emit *emit)
{
    hub_json_emit_object_end(emit);
    hub_json_emit_done(emit);
    return hub_play_ask(asker, "POST");
}

/* --- Agents --- */

static void put_capacity(struct hub_json_emit *emit)
{
    hub_json_emit_key(emit, "capacity");
    hub_json_emit_array_begin(emit);
    for (uint16_t i = 0; i < channel_vocab.count; i++) {
        hub_json_emit_object_begin(emit);
        hub_json_emit_member_text(emit, "channel", channel_vocab.words[i].name);
        hub_json_emit_member_i64(emit, "limit", ROOM);
        hub_json_emit_object_end(emit);
    }
    hub_json_emit_array_end(emit);
}

int hub_play_hire(struct hub_play_asker *asker, struct hub_play_agents *ret_agents)
{
    struct hub_arena *arena = hub_arena_new(0);
    int done = 0;
    for (ret_agents->count = 0; done == 0 && ret_agents->count < HUB_PLAY_AGENTS; ret_agents->count++) {
        struct hub_json_emit emit;
        char email[WORDS], name[WORDS];
        snprintf(email, sizeof email, "load_agent_%u%s@load.localhost", ret_agents->count + 1, asker->run);
        snprintf(name, sizeof name, "Agent %u", ret_agents->count + 1);
        begin(asker, &emit, "/agents");
        hub_json_emit_member_text(&emit, "email", email);
        hub_json_emit_member_text(&emit, "name", name);
        hub_json_emit_member_text(&emit, "role", "agent");
        put_capacity(&emit);
        done = end(asker, &emit);
        hub_arena_reset(arena);
        const struct agent_shown *agent = done == 0 ? answer_as(asker, &agent_shown_shape, arena) : NULL;
        if (agent != NULL) {
            hub_ulid_print(agent->agent_id, ret_agents->ids[ret_agents->count]);
        }
        done = agent != NULL ? 0 : -1;
    }
    hub_arena_destroy(&arena);
    return done;
}

/* --- A campaign --- */

static int launch(struct hub_play_asker *asker, uint32_t customers, const char *campaign)
{
    static const char *const channels[] = { "chat", "whatsapp", "sms", "email" };
    struct hub_json_emit emit;
    begin(asker, &emit, "/campaign/omnichannel-launch");
    hub_json_emit_member_text(&emit, "campaign_id", campaign);
    hub_json_emit_key(&emit, "customers");
    hub_json_emit_array_begin(&emit);
    for (uint32_t number = 1; number <= customers && number <= RECIPIENTS; number++) {
        char customer[WORDS];
        hub_play_customer(asker, number, customer, sizeof customer);
        hub_json_emit_object_begin(&emit);
        hub_json_emit_member_text(&emit, "customer_id", customer);
        hub_json_emit_object_end(&emit);
    }
    hub_json_emit_array_end(&emit);
    hub_json_emit_key(&emit, "channels");
    hub_json_emit_array_begin(&emit);
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        hub_json_emit_text(&emit, channels[i]);
    }
    hub_json_emit_array_end(&emit);
    hub_json_emit_key(&emit, "quiet_hours");
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_bool(&emit, "none", true);
    hub_json_emit_object_end(&emit);
    hub_json_emit_key(&emit, "messages");
    hub_json_emit_array_begin(&emit);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "content", "Our new plans are there: have a look");
    hub_json_emit_object_end(&emit);
    hub_json_emit_array_end(&emit);
    return end(asker, &emit);
}

/* Look until it is finished. */
static int await(struct hub_play_asker *asker, const char *campaign, uint64_t *ret_delivered)
{
    const struct timespec pause = { .tv_nsec = LOOK_NS };
    struct hub_arena *arena = hub_arena_new(0);
    const struct campaign_standing *standing = NULL;
    bool is_over = false;
    hub_buf_clear(&asker->path);
    hub_buf_put_text(&asker->path, "/campaign/");
    hub_buf_put_text(&asker->path, campaign);
    hub_buf_put_text(&asker->path, "/status");
    hub_buf_put_byte(&asker->path, 0);
    hub_buf_clear(&asker->body);
    for (unsigned i = 0; i < LOOKS && !is_over; i++) {
        hub_arena_reset(arena);
        standing = hub_play_ask(asker, "GET") == 0 ? answer_as(asker, &campaign_standing_shape, arena) : NULL;
        is_over = standing == NULL || standing->status == campaign_status_finished;
        if (!is_over) {
            nanosleep(&pause, NULL);
        }
    }
    if (!is_over) {
        snprintf(asker->why, sizeof asker->why, "the campaign %s does not come to its end", campaign);
    }
    *ret_delivered = standing != NULL ? standing->progress->delivered : 0;
    hub_arena_destroy(&arena);
    return is_over && standing != NULL ? 0 : -1;
}

int hub_play_campaign(struct hub_play_asker *asker, uint32_t customers, uint64_t *ret_delivered)
{
    char campaign[WORDS];
    snprintf(campaign, sizeof campaign, "load_campaign%s", asker->run);
    return launch(asker, customers, campaign) == 0 ? await(asker, campaign, ret_delivered) : -1;
}
