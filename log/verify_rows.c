/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Verifies what is not the events and their indexes: rows that no event repeats, by the sums that the writer keeps of them
 * and each by itself; the names; and that nothing lies outside the log's two ends. */
#include <stdio.h>

#include "base/error.h"
#include "base/pack.h"
#include "log/archive/archives.h"
#include "log/keys.h"
#include "log/rows.h"
#include "log/verify.h"

static const char *const sum_names[HUB_SUM_COUNT] = {
    [HUB_SUM_command] = "command ids",  [HUB_SUM_alias] = "aliases",  [HUB_SUM_follow] = "commands that follow",
    [HUB_SUM_timer] = "timers",         [HUB_SUM_effect] = "effects", [HUB_SUM_dead] = "dead letters",
    [HUB_SUM_parked] = "parked inputs",
};

static const char *const family_names[HUB_FAMILY_COUNT] = {
    [HUB_FAMILY_command] = "command ids", [HUB_FAMILY_alias] = "aliases", [HUB_FAMILY_pending] = "pending rows"
};

struct rows {
    struct hub_log *log;
    struct hub_meta meta; /* as of now */
    uint64_t head;
    struct hub_sums sums; /* of what was found */
    struct hub_verify_report *report;
};

static int check_command(struct rows *self, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct command_row row;
    int result = hub_unpack(&command_row_shape, value, arena, &row, NULL);
    if (result != 0) {
        result = hub_verify_fault(self->report, 0, "one of the command ids is damaged");
    } else if (row.sequence > self->head && self->log->mode == HUB_LOG_FOLLOW) {
        result = hub_verify_fault(self->report, self->head, "a command id names position %llu, but the log ends here",
                                  (unsigned long long) row.sequence);
    }
    hub_arena_destroy(&arena);
    return result;
}

/* A pending row's key says which append made it. */
static int check_pending(struct rows *self, struct hub_span key)
{
    struct hub_pending_key pending;
    memcpy(pending.b, key.at, sizeof pending.b);
    bool is_loose;
    uint64_t sequence = hub_pending_key_sequence(&pending, &is_loose);
    if (self->log->mode == HUB_LOG_FOLLOW && sequence > (is_loose ? self->meta.loose : self->head)) {
        return hub_verify_fault(self->report, self->head, "a row of the %s is of an append that never was",
                                sum_names[pending.b[0]]);
    }
    return 0;
}

static int check_row(struct rows *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    enum hub_sum_kind kind;
    if (!hub_sum_kind_of(family, key, &kind) || (family == HUB_FAMILY_alias && value.len != sizeof(struct hub_ulid))) {
        return hub_verify_fault(self->report, 0, "one of the %s is damaged", family_names[family]);
    }
    hub_sums_add(&self->sums, kind, hub_row_hash(key, value));
    return family == HUB_FAMILY_command   ? check_command(self, value)
           : family == HUB_FAMILY_pending ? check_pending(self, key)
                                          : 0;
}

static int check_name(struct rows *self, struct hub_span key, struct hub_span value)
{
    struct hub_archive_row archive;
    if (!hub_meta_is_name(key)) {
        return hub_verify_fault(self->report, 0, "a row has a name that nobody gave it");
    }
    return !hub_meta_is_archive(key) || hub_meta_archive_decode(key, value, &archive) == 0
               ? 0
               : hub_verify_fault(self->report, 0, "a row that names an archive is damaged");
}

static int walk(struct rows *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, family, hub_span(NULL), hub_span(NULL));
    char words[120];
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter);
        result = family == HUB_FAMILY_meta ? check_name(self, key, hub_rocks_iter_value(iter))
                                           : check_row(self, family, key, hub_rocks_iter_value(iter));
    }
    if (result == 0 && hub_rocks_iter_error(iter, words, sizeof words) < 0) {
        result = hub_verify_fault(self->report, 0, "the rows of %s cannot be read: %s", hub_log_families[family],
                                  words);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

static int compare_sum(struct rows *self, enum hub_sum_kind kind)
{
    struct hub_sum want = self->meta.sums.of[kind], found = self->sums.of[kind];
    if (kind == HUB_SUM_command) {
        want.rows -= self->meta.forgot.rows;
        want.hashes -= self->meta.forgot.hashes;
    }
    if (want.rows != found.rows) {
        return hub_verify_fault(self->report, 0, "there are %llu rows of the %s, but the hub left %llu",
                                (unsigned long long) found.rows, sum_names[kind], (unsigned long long) want.rows);
    }
    if (want.hashes != found.hashes) {
        return hub_verify_fault(self->report, 0, "a row of the %s is not the one that the hub wrote", sum_names[kind]);
    }
    return 0;
}

/* The first row of a family of sequences. What is missing was found by then, or is archived; what is too much comes first. */
static int check_first(struct rows *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->log->db, family, NULL, hub_span(NULL), hub_span(NULL));
    hub_rocks_iter_first(iter);
    bool is_event = !hub_rocks_iter_valid(iter) ||
                    (hub_rocks_iter_key(iter).len == 8 && hub_get_be64(hub_rocks_iter_key(iter).at) >= 1);
    hub_rocks_iter_destroy(&iter);
    return is_event ? 0 : hub_verify_fault(self->report, 1, "before it there is a %s", hub_log_families[family]);
}

/* Nothing before the first event. */
static int check_firsts(struct rows *self)
{
    return check_first(self, HUB_FAMILY_header) < 0 ? -1 : check_first(self, HUB_FAMILY_payload);
}

/* The first archive that is not whole. */
struct archive_check {
    struct hub_log *log;
    struct hub_verify_report *report;
    int result;
};

static void check_archive(void *arg, const struct hub_archive_row *row)
{
    struct archive_check *self = arg;
    char words[HUB_ARCHIVE_WORDS];
    if (self->result == 0 && hub_archives_check(self->log->archives, row, words) < 0) {
        self->result = hub_verify_fault(self->report, row->first, "%s", words);
    }
}

/* Every byte of every archive: the walk over the chain saw those that somebody reads. */
static int check_archives(struct rows *self)
{
    struct archive_check check = { .log = self->log, .report = self->report };
    hub_archives_each(self->log->archives, check_archive, &check);
    return check.result;
}

/* What the names say, against the events. */
static int check_meta(struct rows *self)
{
    struct hub_digest hash;
    const struct hub_mark *mark = &self->meta.mark;
    if (mark->sequence > self->head && self->log->mode == HUB_LOG_FOLLOW) {
        return hub_verify_fault(self->report, self->head, "the log ends here, but it was verified up to %llu before",
                                (unsigned long long) mark->sequence);
    }
    if (mark->sequence <= self->head && (hub_store_hash(self->log, mark->sequence, &hash) != 0 ||
                                         (mark->sequence > 0 && !hub_digest_is(&hash, &mark->hash)))) {
        return hub_verify_fault(self->report, mark->sequence, "its chain hash is not the one that was verified before");
    }
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    bool is_late = self->head > 0 && hub_log_read(self->log, (struct hub_position){ self->head }, arena, &event) == 0 &&
                   event.header.epoch > self->meta.epoch;
    hub_arena_destroy(&arena);
    return is_late ? hub_verify_fault(self->report, self->head, "it was written by a start that is not counted") : 0;
}

int hub_verify_rows(struct hub_log *log, uint64_t head, struct hub_verify_report *ret_report)
{
    struct rows self = { .log = log, .head = head, .report = ret_report };
    if (hub_meta_read(log->db, &self.meta) < 0) {
        return hub_verify_fault(ret_report, 0, "the log's own names are damaged");
    }
    if (!self.meta.has_mark) {
        return hub_verify_fault(ret_report, 0, "the mark of what was verified is missing");
    }
    if (self.meta.has_sums && !self.meta.is_checked) {
        return hub_verify_fault(ret_report, 0, "the log's own numbers are not those that the hub wrote");
    }
    if (!self.meta.has_sums) {
        return hub_verify_fault(ret_report, 0, "the sums of the rows are missing; the hub makes them when it starts");
    }
    static const enum hub_family families[] = { HUB_FAMILY_meta, HUB_FAMILY_command, HUB_FAMILY_alias,
                                                HUB_FAMILY_pending };
    int result = check_firsts(&self);
    for (size_t i = 0; i < sizeof families / sizeof families[0] && result == 0; i++) {
        result = walk(&self, families[i]);
    }
    for (unsigned kind = 0; kind < HUB_SUM_COUNT && result == 0; kind++) {
        result = compare_sum(&self, (enum hub_sum_kind) kind);
    }
    if (result == 0) {
        result = check_archives(&self);
    }
    return result == 0 ? check_meta(&self) : result;
}
