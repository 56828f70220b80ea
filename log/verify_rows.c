/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Verifies what is not the events and their indexes: rows that no event repeats, by the sums that the writer keeps of them
 * and each by itself; the names; and that nothing lies outside the log's two ends.
 *
 * What is wrong with a row by itself is noticed on the way and told at the end, as the sums know better which position it belongs
 * to: a row that was changed may say anything. */
#include <stdio.h>

#include "base/error.h"
#include "log/archive/archives.h"
#include "log/keys.h"
#include "log/locate.h"
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
    struct hub_arena *arena; /* scratch, for one row */
    struct hub_meta meta;    /* as of now */
    uint64_t head;
    struct hub_sums sums; /* of what was found */
    struct hub_verify_report *report;
    struct hub_verify_report noticed; /* the first row that is none by itself */
};

/* Whether the row's append can have been. One that is just written beside this is behind the head too. */
static bool was_appended(const struct rows *self, const struct hub_sum_row *row)
{
    return self->log->mode == HUB_LOG_WRITE || row->sequence <= (row->is_loose ? self->meta.loose : self->head);
}

static void check_row(struct rows *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    struct hub_sum_row row;
    bool is_one = hub_sum_row_read(family, key, value, self->arena, &row);
    if (is_one) {
        hub_sums_add(&self->sums, row.kind, row.place, row.hash);
    }
    if (self->noticed.what[0] != '\0') {
        return;
    }
    if (!is_one || !row.is_whole) {
        (void) hub_verify_fault(&self->noticed, 0, "one of the %s is damaged", family_names[family]);
    } else if (!was_appended(self, &row)) {
        (void) hub_verify_fault(&self->noticed, self->head, "a row of the %s is of an append that never was",
                                sum_names[row.kind]);
    }
}

static int check_name(struct rows *self, struct hub_span key, struct hub_span value)
{
    struct hub_archive_row archive;
    if (!hub_meta_is_name(key)) {
        return hub_verify_fault(self->report, self->head, "the log has a name among its own that nobody gave it");
    }
    if (!hub_meta_is_archive(key) || hub_meta_archive_decode(key, value, &archive) == 0) {
        return 0;
    }
    uint64_t first = hub_get_be64(key.at + key.len - 8);
    return hub_verify_fault(self->report, first < self->head ? first : self->head,
                            "a row that names an archive is damaged");
}

static int walk(struct rows *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, family, hub_span(NULL), hub_span(NULL));
    char words[120];
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter);
        if (family == HUB_FAMILY_meta) {
            result = check_name(self, key, hub_rocks_iter_value(iter));
        } else {
            check_row(self, family, key, hub_rocks_iter_value(iter));
        }
    }
    if (result == 0 && hub_rocks_iter_error(iter, words, sizeof words) < 0 && self->noticed.what[0] == '\0') {
        (void) hub_verify_fault(&self->noticed, 0, "the rows of %s cannot be read: %s", hub_log_families[family],
                                words);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

/* --- Comparing --- */

/* Tell of a kind whose rows differ. sequence: where, 0 when that is not known */
static int tell(struct rows *self, enum hub_sum_kind kind, const struct hub_sums *want, uint64_t sequence)
{
    unsigned long long found = self->sums.rows[kind], left = want->rows[kind];
    if (self->noticed.what[0] != '\0') {
        return hub_verify_fault(self->report, sequence, "%s", self->noticed.what);
    }
    if (found != left) {
        return hub_verify_fault(self->report, sequence, "a row of the %s is %s: there are %llu, but the hub left %llu",
                                sum_names[kind], found < left ? "missing" : "too many", found, left);
    }
    return hub_verify_fault(self->report, sequence, "a row of the %s is not the one that the hub wrote",
                            sum_names[kind]);
}

/* The first event of the first stream, by position, whose entity an alias led to that differs; 0 when there is none. */
static uint64_t find_alias(struct rows *self, const struct hub_locator *locator)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, HUB_FAMILY_stream, hub_span(NULL),
                                                             hub_span(NULL));
    uint64_t found = 0;
    for (hub_rocks_iter_first(iter); hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter), value = hub_rocks_iter_value(iter);
        struct hub_ulid entity;
        if (key.len != HUB_NAMED_KEY || value.len != 8 || hub_get_be64(key.at + HUB_NAME) != 1) {
            continue;
        }
        memcpy(entity.b, key.at + HUB_NAME - sizeof entity, sizeof entity);
        uint64_t sequence = hub_get_be64(value.at);
        if ((found == 0 || sequence < found) && hub_locator_has(locator, hub_place_of_alias(entity))) {
            found = sequence;
        }
    }
    hub_rocks_iter_destroy(&iter);
    return found;
}

/* The kind of a row that differs and that an append left; HUB_SUM_alias when there is none. */
static enum hub_sum_kind find_left(const struct hub_locator *locator, uint64_t sequence, bool is_loose)
{
    for (unsigned kind = HUB_SUM_command; kind < HUB_SUM_alias; kind++) {
        if (hub_locator_has(locator, hub_place_of_append(kind, sequence, is_loose))) {
            return kind;
        }
    }
    return HUB_SUM_alias;
}

/* Tell of the first position whose rows differ. Returns 0 when none is found. */
static int locate(struct rows *self, const struct hub_locator *locator, const struct hub_sums *want)
{
    uint64_t alias = find_alias(self, locator), end = alias > 0 ? alias - 1 : self->head;
    for (uint64_t sequence = 1; sequence <= end; sequence++) {
        enum hub_sum_kind kind = find_left(locator, sequence, false);
        if (kind != HUB_SUM_alias) {
            return tell(self, kind, want, sequence);
        }
    }
    if (alias > 0) {
        return tell(self, HUB_SUM_alias, want, alias);
    }
    for (uint64_t number = 1; number <= self->meta.loose; number++) {
        enum hub_sum_kind kind = find_left(locator, number, true);
        if (kind != HUB_SUM_alias) {
            return tell(self, kind, want, number < self->head ? number : self->head);
        }
    }
    return 0;
}

static bool lacks_any(const struct hub_powers *lacks)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++) {
        any |= lacks->sums[i];
    }
    return any != 0;
}

static int locate_in(struct rows *self, const struct hub_powers *lacks, const struct hub_sums *want)
{
    struct hub_locator locator;
    return lacks_any(lacks) && hub_locator_make(lacks, &locator) ? locate(self, &locator, want) : 0;
}

/* Tell of the first position among all places, or else among those of the smallest sample. Returns 0 when none is found. */
static int locate_any(struct rows *self, const struct hub_sums *lacks, const struct hub_sums *want)
{
    int result = locate_in(self, &lacks->powers, want);
    unsigned samples = self->meta.kept == HUB_KEPT_samples && lacks_any(&lacks->powers) ? HUB_SUM_SAMPLES : 0;
    for (unsigned i = samples; i > 0 && result == 0; i--) {
        result = locate_in(self, &lacks->samples[i - 1], want);
    }
    return result;
}

/* Tell of the first kind whose rows differ, when their places are not known. */
static int tell_kind(struct rows *self, const struct hub_sums *want, const struct hub_sums *lacks)
{
    for (unsigned kind = 0; kind < HUB_SUM_COUNT; kind++) {
        if (lacks->rows[kind] != 0 || (self->meta.kept == HUB_KEPT_hashes && lacks->hashes[kind] != 0)) {
            return tell(self, kind, want, 0);
        }
    }
    if (self->meta.kept >= HUB_KEPT_powers && lacks_any(&lacks->powers)) {
        return hub_verify_fault(self->report, 0,
                                "rows of command ids, aliases or what is pending are not those that the hub wrote");
    }
    for (unsigned i = 0; i < HUB_SUM_SAMPLES && self->meta.kept == HUB_KEPT_samples; i++) {
        if (lacks_any(&lacks->samples[i])) {
            return hub_verify_fault(self->report, self->head, "a sample of the rows is not the one of it");
        }
    }
    return 0;
}

/* What was found against what was left. */
static int compare(struct rows *self)
{
    struct hub_sums want = self->meta.sums, lacks;
    hub_sums_subtract(&want, &self->meta.forgot);
    lacks = want;
    hub_sums_subtract(&lacks, &self->sums);
    if (self->meta.kept >= HUB_KEPT_powers && locate_any(self, &lacks, &want) < 0) {
        return -1;
    }
    if (self->noticed.what[0] != '\0') {
        *self->report = self->noticed;
        return -1;
    }
    return tell_kind(self, &want, &lacks);
}

/* --- The log's two ends, its archives and names --- */

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
        return hub_verify_fault(ret_report, head, "the log's own names, which say how far it is, are damaged");
    }
    if (!self.meta.has_mark) {
        return hub_verify_fault(ret_report, 1, "the mark that says up to where all was verified before is missing");
    }
    if (self.meta.kept != HUB_KEPT_none && !self.meta.is_checked) {
        return hub_verify_fault(ret_report, head, "the log's own numbers are not those that the hub wrote with it");
    }
    if (self.meta.kept == HUB_KEPT_none) {
        return hub_verify_fault(ret_report, head,
                                "the sums of the rows up to it are missing; the hub makes them when it starts");
    }
    static const enum hub_family families[] = { HUB_FAMILY_meta, HUB_FAMILY_command, HUB_FAMILY_alias,
                                                HUB_FAMILY_pending };
    self.arena = hub_arena_new(0);
    int result = check_firsts(&self);
    for (size_t i = 0; i < sizeof families / sizeof families[0] && result == 0; i++) {
        result = walk(&self, families[i]);
    }
    hub_arena_destroy(&self.arena);
    if (result == 0) {
        result = compare(&self);
    }
    if (result == 0) {
        result = check_archives(&self);
    }
    return result == 0 ? check_meta(&self) : result;
}
