/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as each header, cookie, query and path part that the API looks at (libFuzzer).
 *
 * Whatever is taken must lie within what was given, or be a decoded copy that is no longer; and what is encoded again must
 * decode to the same. */
#include <stdlib.h>

#include "api/headers.h"
#include "api/params.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void must_lie_within(struct hub_span part, struct hub_span whole)
{
    must(part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void read_headers(struct hub_span text)
{
    struct hub_span part;
    uint8_t trace[16];
    uint64_t versions[HUB_EXPECTED_MAX];
    bool any = false;
    if (hub_header_bearer(text, &part)) {
        must_lie_within(part, text);
        must(part.len > 0 && part.len <= HUB_TOKEN_MAX);
    }
    if (hub_header_cookie(text, HUB_SPAN("omnihub_session"), &part)) {
        must_lie_within(part, text);
        must(part.len > 0);
    }
    if (hub_header_idempotency_key(text, &part)) {
        must_lie_within(part, text);
        must(part.len > 0 && part.len <= HUB_IDEMPOTENCY_KEY_MAX);
    }
    if (hub_header_if_match(text, &any, versions)) {
        must(text.len > 0);
    }
    hub_header_trace(text, trace);
    hub_header_is_json(text);
    hub_header_accepts(text, "application/json");
    hub_header_is_same_origin(text, HUB_SPAN("https"), HUB_SPAN("hub.example:8302"));
    hub_header_is_listed(text, "https://a.example, https://b.example");
}

static void read_part(struct hub_span text, bool plus_is_blank)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span plain, again;
    if (hub_param_decode(text, plus_is_blank, arena, &plain)) {
        struct hub_buf out;
        must(plain.len <= text.len && hub_utf8_is_valid(plain));
        hub_buf_init(&out);
        hub_param_encode(plain, &out);
        must(hub_param_decode(hub_buf_span(&out), plus_is_blank, arena, &again) && hub_span_is(plain, again));
        hub_buf_done(&out);
    }
    hub_arena_destroy(&arena);
}

static void read_query(struct hub_span text)
{
    struct hub_span rest = text, name, value;
    while (hub_param_next(&rest, &name, &value)) {
        must_lie_within(name, text);
        must_lie_within(value, text);
        read_part(value, true);
    }
    must(rest.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of exactly this size, so that a byte behind it is a finding. */
    char *copy = malloc(size + (size == 0));
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    struct hub_span text = hub_span_of(copy, size);
    read_headers(text);
    read_query(text);
    read_part(text, false);
    free(copy);
    return 0;
}
