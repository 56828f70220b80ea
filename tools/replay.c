/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `replay`: events, an entity as it was, or hashes of everything folded afresh. */
#include "actors/entity.h"
#include "base/json_emit.h"
#include "base/json.h"
#include "base/pack.h"
#include "tools/datadir.h"
#include "tools/replay_events.h"
#include "tools/replay_hashes.h"
#include "tools/replay_verify.h"
#include "tools/tool.h"

static void print_state(const struct hub_datadir *reader, const struct hub_stream *stream,
                        const struct hub_folded_state *folded, struct hub_arena *arena)
{
    const struct hub_shape *shape = hub_kind_find(stream->kind)->state;
    struct hub_digest hash = hub_record_hash(shape, folded->state);
    char hex[2 * HUB_DIGEST + 1];
    struct hub_json_emit emit;
    struct hub_buf out;
    for (size_t i = 0; i < HUB_DIGEST; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.b[i]);
    hub_datadir_unseal(reader, stream->company, shape, folded->state, arena);
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "kind", hub_kind_find(stream->kind)->name);
    hub_json_emit_member_i64(&emit, "version", (int64_t) folded->version);
    hub_json_emit_member_text(&emit, "hash", hex);
    hub_json_emit_key(&emit, "state");
    hub_json_write(shape, folded->state, HUB_DIALECT_snake, hub_json_emit_value(&emit));
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    hub_buf_done(&out);
}

static int fold(const struct hub_datadir *reader, struct hub_ulid company, const char *name, const char *point)
{
    struct hub_stream stream;
    uint64_t to = 0;
    int error = hub_datadir_stream(reader, company, name, &stream);
    if (!error && point)
        error = hub_datadir_point(reader, point, &to, NULL);
    if (error)
        return -error;
    if (point && to == 0)
        return hub_tool_end(HUB_EXIT_ABSENT, "nothing was there yet at %s", point);
    struct hub_arena *arena = hub_arena_new(65536);
    int status = HUB_EXIT_OK;
    const struct hub_fold_options options = { .log = reader->log, .stream = stream, .to = to };
    struct hub_folded_state folded;
    if (hub_entity_fold(&options, arena, &folded) < 0)
        status = hub_tool_fail("the stream %s cannot be read", name);
    else if (!folded.state)
        status = hub_tool_end(HUB_EXIT_ABSENT, "there was no %s at that moment", name);
    else
        print_state(reader, &stream, &folded, arena);
    hub_arena_destroy(&arena);
    return status;
}

static int fold_named(const struct hub_settings *settings, const char *name)
{
    struct hub_datadir reader;
    int status = HUB_EXIT_FAILED;
    const char *company = hub_settings_text(settings, HUB_SETTING_company);
    if (hub_datadir_open(&reader, hub_settings_text(settings, HUB_SETTING_data),
                         hub_settings_text(settings, HUB_SETTING_master_key)) == 0) {
        struct hub_ulid id = reader.company;
        if (company && !hub_ulid_parse(hub_span(company), &id))
            status = hub_tool_misused("--company takes an id of 26 characters, not '%s'", company);
        else
            status = fold(&reader, id, name, hub_settings_text(settings, HUB_SETTING_at));
    }
    hub_datadir_close(&reader);
    return status;
}

int hub_tool_replay(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    const char *state = hub_settings_text(settings, HUB_SETTING_state);
    if (hub_settings_text(settings, HUB_SETTING_at) && !state)
        return hub_tool_misused("--at belongs to --state");
    if (state)
        return fold_named(settings, state);
    if (hub_settings_is(settings, HUB_SETTING_verify))
        return hub_replay_verify(settings);
    if (hub_settings_is(settings, HUB_SETTING_hashes))
        return hub_replay_hashes(hub_settings_text(settings, HUB_SETTING_data));
    const struct hub_replay_query query = { .data = hub_settings_text(settings, HUB_SETTING_data),
                                            .master_key = hub_settings_text(settings, HUB_SETTING_master_key),
                                            .company = hub_settings_text(settings, HUB_SETTING_company),
                                            .stream = hub_settings_text(settings, HUB_SETTING_stream),
                                            .customer = hub_settings_text(settings, HUB_SETTING_customer),
                                            .session = hub_settings_text(settings, HUB_SETTING_session),
                                            .type = hub_settings_text(settings, HUB_SETTING_type),
                                            .from = hub_settings_text(settings, HUB_SETTING_from),
                                            .to = hub_settings_text(settings, HUB_SETTING_to),
                                            .where = hub_settings_text(settings, HUB_SETTING_where),
                                            .channel = hub_settings_text(settings, HUB_SETTING_channel),
                                            .actor = hub_settings_text(settings, HUB_SETTING_actor),
                                            .limit = hub_settings_count(settings, HUB_SETTING_limit),
                                            .format = hub_settings_is(settings, HUB_SETTING_json)
                                                          ? "json"
                                                          : hub_settings_text(settings, HUB_SETTING_format),
                                            .follow = hub_settings_is(settings, HUB_SETTING_follow) };
    if (query.follow && query.to)
        return hub_tool_misused("--follow goes on for ever, so it has no --to");
    return hub_replay_print(&query, stdout);
}
