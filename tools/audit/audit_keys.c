/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The keys of a log's subjects: there, or erased by an event. */
#include "tools/audit/audit_keys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actors/kind.h"

/* The event that says so, 0 when there is no such type. */
static uint16_t type_of_erasure(void)
{
    const struct hub_registry *registry = hub_records();
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->shapes[i]->name, "customer_erased") == 0)
            return registry->shapes[i]->id;
    return 0;
}

static bool is_erased(struct hub_log *log, struct hub_ulid company, struct hub_ulid subject)
{
    const uint16_t type = type_of_erasure();
    const struct hub_tag_range range = { .company = company, .tag = HUB_TAG_subject, .id = subject, .backwards = true };
    struct hub_scan *scan = hub_scan_tag(log, &range);
    struct hub_stored event;
    bool found = false;
    hub_scan_headers_only(scan);
    while (type != 0 && !found && hub_scan_next(scan, &event) == 1)
        found = event.header.type == type;
    hub_scan_close(&scan);
    return found;
}

/* Whether a restore found the subject without a key: the event may be among those that it left out. */
static bool was_erased_before(const char *data, struct hub_ulid subject)
{
    char path[4096], line[64], id[HUB_ULID_TEXT];
    bool found = false;
    snprintf(path, sizeof path, "%s/erased", data);
    hub_ulid_print(subject, id);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = memcmp(line, id, sizeof id) == 0;
    if (file)
        fclose(file);
    return found;
}

bool hub_audit_has_key(void *arg, struct hub_ulid company, struct hub_ulid subject)
{
    const struct hub_datadir *reader = arg;
    struct hub_key key;
    bool found = hub_keyring_find(reader->keys, company, subject, &key);
    explicit_bzero(&key, sizeof key);
    return found || is_erased(reader->log, company, subject) || was_erased_before(reader->dir, subject);
}

bool hub_audit_lacks_master(const struct hub_datadir *reader, const char *data)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/keys/companies", data);
    return !reader->has_keys && access(path, F_OK) == 0;
}
