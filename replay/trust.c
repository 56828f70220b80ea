/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A mark that does not belong to this log (another log, another incarnation, another chain, a position that does not exist), or
 * that was made by other code, is not trusted. */
#include "replay/trust.h"

#include "actors/kind.h"

enum { LAYOUT = 1 };

/* The version of what all views stand on: the keys, and the states that entities are folded into. */
static uint32_t layout_of_all(void)
{
    uint32_t layout = LAYOUT;
    for (int number = 0; number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        layout = layout * 31 + (kind != NULL ? kind->state->version : 0u);
    }
    return layout;
}

struct hub_view_mark hub_view_mark_fresh(struct hub_log *log, const struct hub_view_info *const *infos, size_t count)
{
    struct hub_view_mark mark = { .layout = layout_of_all(), .log = *hub_log_identity(log) };
    for (size_t i = 0; i < count; i++) {
        mark.places[infos[i]->number] = (struct hub_view_place){ .slot = 1, .version = infos[i]->version };
    }
    return mark;
}

static bool is_of_this_code(const struct hub_view_mark *mark, const struct hub_view_mark *fresh)
{
    for (unsigned number = 0; number < HUB_VIEW_NUMBERS; number++) {
        if (mark->places[number].version != fresh->places[number].version) {
            return false;
        }
    }
    return mark->layout == fresh->layout;
}

const char *hub_view_mark_distrust(const struct hub_view_mark *mark, struct hub_log *log,
                                   const struct hub_view_info *const *infos, size_t count)
{
    const struct hub_view_mark fresh = hub_view_mark_fresh(log, infos, count);
    if (memcmp(mark->log.log_id, fresh.log.log_id, sizeof fresh.log.log_id) != 0) {
        return "they belong to another log";
    }
    if (mark->log.incarnation != fresh.log.incarnation) {
        return "they belong to another incarnation of the log";
    }
    if (!is_of_this_code(mark, &fresh)) {
        return "they were made by another version";
    }
    if (mark->sequence > hub_log_commit(log).sequence) {
        return "they are ahead of the log";
    }
    struct hub_digest hash;
    struct hub_position at = { mark->sequence };
    if (mark->sequence > 0 && (hub_log_hash(log, at, &hash) != 0 || !hub_digest_is(&hash, &mark->hash))) {
        return "their chain hash is not the log's";
    }
    return NULL;
}
