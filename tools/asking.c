/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One question to a running hub's REST. */
#include "tools/asking.h"

#include "api/params.h"
#include "api/records.h"
#include "base/json.h"
#include "tools/http.h"
#include "tools/tool.h"

#define URL_WITHOUT_ONE "http://127.0.0.1:8302"

static enum hub_exit exit_of(long status)
{
    switch (status) {
    case 400: return HUB_EXIT_USAGE;
    case 401:
    case 403: return HUB_EXIT_DENIED;
    case 404:
    case 410: return HUB_EXIT_ABSENT;
    case 507: return HUB_EXIT_FULL;
    default: return HUB_EXIT_FAILED;
    }
}

/* Judges an answer; reads it into the record. Returns an exit status. */
static int take(const struct hub_asking *asking, const struct hub_http_answer *answer)
{
    struct hub_fault fault;
    struct problem problem;
    struct hub_span body = hub_buf_span(&answer->body);
    if (answer->status < 300 && hub_json_read(asking->shape, body, asking->arena, asking->record, &fault) == 0)
        return HUB_EXIT_OK;
    if (answer->status >= 300 && hub_json_read(&problem_shape, body, asking->arena, &problem, &fault) == 0)
        return hub_tool_end(exit_of(answer->status), "the hub refused: %.*s", (int) problem.detail.len,
                            problem.detail.at);
    return hub_tool_fail("the hub answered %ld, which is not understood", answer->status);
}

int hub_asking_do(const struct hub_settings *settings, const struct hub_asking *asking)
{
    const char *url = hub_settings_text(settings, HUB_SETTING_url);
    const char *key = hub_settings_text(settings, HUB_SETTING_key);
    if (!key)
        return hub_tool_misused("%s is needed: --key, or OMNICHANNEL_API_KEY", asking->whose);
    struct hub_http *http = hub_http_new(url ? url : URL_WITHOUT_ONE, key);
    struct hub_http_answer answer;
    int status;
    hub_http_answer_init(&answer);
    if (hub_http_ask(http, asking->method, asking->path, asking->body, &answer) < 0)
        status = hub_tool_end(HUB_EXIT_UNREACHED, "%s: %s", url ? url : URL_WITHOUT_ONE, hub_http_why(http));
    else
        status = take(asking, &answer);
    hub_http_answer_done(&answer);
    hub_http_destroy(&http);
    return status;
}

const char *hub_asking_part(const char *text, struct hub_arena *arena)
{
    struct hub_buf part;
    hub_buf_init(&part);
    hub_param_encode(hub_span(text), &part);
    hub_buf_put_byte(&part, 0);
    const char *kept = hub_arena_copy(arena, hub_buf_span(&part)).at;
    hub_buf_done(&part);
    return kept;
}
