/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as a time zone's name, as the rule at the end of a zone's file, as the whole file, and as an object of
 * whose members a record knows some (libFuzzer).
 *
 * An offset lies within what clocks can show, and a rest is no longer than the object. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_rest.h"
#include "base/zone.h"
#include "base/zone_rule.h"

enum { RULE_MAX_S = 168 * 3600 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void read_name(struct hub_zones *zones, struct hub_span text)
{
    int32_t offset_s;
    if (hub_zone_offset(zones, text, INT64_C(1700000000000000), &offset_s) == 0) {
        must(offset_s > -RULE_MAX_S && offset_s < RULE_MAX_S);
    }
}

static void read_rule(struct hub_span text)
{
    static const int64_t moments_s[] = { -62135596800, -1, 0, 951782400, 1700000000, 253402300799 };
    struct hub_zone_rule rule;
    if (!hub_zone_rule_parse(text, &rule)) {
        return;
    }
    for (size_t i = 0; i < sizeof moments_s / sizeof moments_s[0]; i++) {
        int32_t offset_s = hub_zone_rule_offset(&rule, moments_s[i]);
        must(offset_s == rule.standard_s || offset_s == rule.summer_s);
    }
}

static void read_file(struct hub_span bytes)
{
    char dir[] = "/tmp/omnihub-fuzz-XXXXXX", path[64];
    if (bytes.len < 44 || memcmp(bytes.at, "TZif", 4) != 0 || mkdtemp(dir) == NULL) {
        return;
    }
    snprintf(path, sizeof path, "%s/Zone", dir);
    FILE *file = fopen(path, "wb");
    if (file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len && fclose(file) == 0) {
        struct hub_zones *zones = hub_zones_new(dir);
        int32_t offset_s;
        (void) hub_zone_offset(zones, HUB_SPAN("Zone"), INT64_C(1700000000000000), &offset_s);
        hub_zones_destroy(&zones);
    }
    unlink(path);
    rmdir(dir);
}

static void read_object(struct hub_span text)
{
    static const struct hub_field fields[] = { { .name = "name" }, { .name = "tier" } };
    static const struct hub_shape shape = { .name = "known", .fields = fields, .count = 2 };
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span rest = hub_json_rest(&shape, text, arena);
    must(rest.len <= text.len + 1);
    hub_arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_span text = hub_span_of(data, size);
    struct hub_zones *zones = hub_zones_new("/nonexistent");
    read_name(zones, text);
    hub_zones_destroy(&zones);
    read_rule(text);
    read_file(text);
    read_object(text);
    return 0;
}
