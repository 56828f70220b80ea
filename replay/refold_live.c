/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Stored views beside folded ones. They are opened as a secondary instance: nothing of the directory is changed, and a hub may be
 * running. Views have no WAL, so what a hub holds in memory is not seen; what is seen is whole, its mark included. */
#include "replay/refold_live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/kind.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/pack.h"
#include "replay/directory.h"
#include "replay/view.h"

enum { MEMORY_BYTES = 16 * 1024 * 1024, TRIES = 5 };

static int make_dir(struct hub_live *self, const char *scratch_dir, char *ret_why, size_t why_size)
{
    size_t size = strlen(scratch_dir) + sizeof "/views-XXXXXX";
    self->dir = hub_memory_new(size);
    snprintf(self->dir, size, "%s/views-XXXXXX", scratch_dir);
    if (mkdtemp(self->dir) != NULL) {
        return 0;
    }
    snprintf(ret_why, why_size, "no directory can be made in %s: %s", scratch_dir, strerror(errno));
    free(self->dir);
    self->dir = NULL;
    return -1;
}

int hub_live_open(struct hub_live *self, const char *data_dir, const char *scratch_dir, char *ret_why, size_t why_size)
{
    static const char *const families[] = { "default", NULL };
    char path[4096];
    *self = (struct hub_live){ .db = NULL };
    snprintf(path, sizeof path, "%s/views/CURRENT", data_dir);
    if (access(path, F_OK) < 0) {
        return HUB_ERROR_not_found;
    }
    snprintf(path, sizeof path, "%s/views", data_dir);
    if (make_dir(self, scratch_dir, ret_why, why_size) < 0) {
        return -1;
    }
    const struct hub_rocks_options options = { .dir = path,
                                               .secondary_dir = self->dir,
                                               .profile = HUB_ROCKS_SECONDARY,
                                               .families = families,
                                               .memory_bytes = MEMORY_BYTES };
    int done = -1;
    for (int i = 0; done < 0 && i < TRIES; i++) { /* a running hub may remove a file that was to be opened */
        done = hub_rocks_open(&options, &self->db, ret_why, why_size);
    }
    if (done < 0) {
        return HUB_ERROR_internal;
    }
    self->at = (struct hub_view_rows){ .db = self->db, .places = self->mark.places, .is_passing = true };
    self->rows = hub_view_rows(&self->at);
    done = hub_view_mark_read(self->db, NULL, HUB_MARK_LIVE, &self->mark);
    if (done < 0) {
        snprintf(ret_why, why_size, "their mark is damaged");
    }
    return done < 0 ? HUB_ERROR_internal : done;
}

void hub_live_close(struct hub_live *self)
{
    hub_rocks_close(&self->db);
    if (self->dir != NULL) {
        hub_directory_empty(self->dir);
        rmdir(self->dir);
        free(self->dir);
        self->dir = NULL;
    }
}

/* --- Sums --- */

struct adding {
    const uint64_t *seed;
    struct hub_tally_sum sum;
};

static bool add_row(void *arg, struct hub_span key, struct hub_span value)
{
    struct adding *adding = arg;
    hub_tally_add(adding->seed, key, value, &adding->sum);
    return true;
}

int hub_live_sum(const struct hub_live *self, uint16_t view, const uint64_t seed[2], struct hub_tally_sum *ret_sum)
{
    struct adding adding = { .seed = seed };
    struct hub_row_key prefix = hub_row_key_of_view(view);
    int done = self->rows.scan(self->rows.self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, add_row, &adding);
    *ret_sum = adding.sum;
    return done;
}

/* --- Row by row --- */

void hub_live_search_init(struct hub_live_search *self, const struct hub_live *live, uint16_t view, uint64_t stored)
{
    *self = (struct hub_live_search){ .live = live, .view = view, .stored = stored };
    self->found = hub_memory_zero(stored / 8 + 1);
    hub_buf_init(&self->first.folded);
}

void hub_live_search_done(struct hub_live_search *self)
{
    free(self->found);
    hub_buf_done(&self->first.folded);
}

/* Remember a difference when none comes before it. Returns whether it is the first now. */
static bool note(struct hub_live_search *self, struct hub_span key, int what)
{
    struct hub_live_difference *first = &self->first;
    struct hub_span before = hub_row_key_span(&first->key);
    self->differences++;
    if (first->is_found) {
        int order = memcmp(key.at, before.at, key.len < before.len ? key.len : before.len);
        if (order > 0 || (order == 0 && key.len >= before.len)) {
            return false;
        }
    }
    first->is_found = true;
    first->view = self->view;
    first->what = what;
    first->key = (struct hub_row_key){ .len = 0 };
    hub_row_key_add(&first->key, key.at, (uint8_t) (key.len < HUB_ROW_KEY ? key.len : HUB_ROW_KEY));
    return true;
}

/* A walk over the stored rows of the view. */
struct passing {
    struct hub_live_search *search;
    struct hub_lane *lanes; /* NULL: look at what was found in none */
    size_t count;
    uint64_t row;
};

static bool carries(const struct hub_lane *lane, uint16_t view)
{
    for (size_t i = 0; i < lane->count; i++) {
        if (lane->views[i]->number == view) {
            return true;
        }
    }
    return false;
}

static bool look_at(void *arg, struct hub_span key, struct hub_span value)
{
    struct passing *self = arg;
    struct hub_live_search *search = self->search;
    uint64_t row = self->row++;
    for (size_t i = 0; i < self->count && row < search->stored; i++) {
        struct hub_lane *lane = &self->lanes[i];
        enum hub_tally_finding finding = carries(lane, search->view) ? hub_tally_find(lane->tally, key, value)
                                                                     : HUB_TALLY_UNKNOWN;
        if (finding == HUB_TALLY_UNKNOWN) {
            continue;
        }
        search->found[row / 8] |= (uint8_t) (1u << row % 8);
        if (finding == HUB_TALLY_OTHER && note(search, key, HUB_LIVE_OTHER)) {
            struct hub_rows rows = hub_tally_rows(lane->tally);
            (void) rows.get(rows.self, key, &search->first.folded);
        }
    }
    if (self->lanes == NULL && (row >= search->stored || (search->found[row / 8] >> row % 8 & 1) == 0)) {
        note(search, key, HUB_LIVE_EXTRA);
    }
    return true;
}

static bool note_missing(void *arg, struct hub_span key)
{
    note(arg, key, HUB_LIVE_MISSING);
    return true;
}

static int walk(struct passing *passing)
{
    const struct hub_rows *rows = &passing->search->live->rows;
    struct hub_row_key prefix = hub_row_key_of_view(passing->search->view);
    return rows->scan(rows->self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, look_at, passing);
}

int hub_live_search_pass(struct hub_live_search *self, struct hub_lane *lanes, size_t count)
{
    struct passing passing = { .search = self, .lanes = lanes, .count = count };
    int done = walk(&passing);
    for (size_t i = 0; done == 0 && i < count; i++) {
        if (carries(&lanes[i], self->view)) {
            done = hub_tally_unseen(lanes[i].tally, self->view, note_missing, self);
        }
    }
    return done;
}

int hub_live_search_rest(struct hub_live_search *self)
{
    struct passing passing = { .search = self };
    return walk(&passing);
}

/* --- Words --- */

struct words {
    char *at;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(self->at + self->len, self->size - self->len, format, args);
    va_end(args);
    self->len += len < 0 ? 0 : (size_t) len;
    self->len = self->len < self->size ? self->len : self->size - 1;
}

static void say_hex(struct words *self, struct hub_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        say(self, "%02x", (uint8_t) bytes.at[i]);
    }
}

/* "version 5, hash 00ff..." of a snapshot. */
static void say_snapshot(struct words *self, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct entity_row row;
    if (hub_unpack(&entity_row_shape, value, arena, &row, NULL) != 0) {
        say(self, "damaged");
    } else {
        struct hub_digest hash = hub_sha256(row.state);
        say(self, "version %llu, hash ", (unsigned long long) row.version);
        say_hex(self, hub_span_of(hash.b, HUB_DIGEST));
    }
    hub_arena_destroy(&arena);
}

/* Which row: an entity by its name, another by view and key. */
static void say_row(struct words *self, const struct hub_live_difference *first, const char *view)
{
    enum { ENTITY_KEY = HUB_ROW_KEY_COMPANY + 1 + 16 };
    const struct hub_kind_info *kind = first->key.len > HUB_ROW_KEY_COMPANY
                                           ? hub_kind_find(first->key.b[HUB_ROW_KEY_COMPANY])
                                           : NULL;
    if (first->view == HUB_VIEW_entities && first->key.len == ENTITY_KEY && kind != NULL) {
        struct hub_ulid id;
        char text[HUB_ULID_TEXT + 1];
        memcpy(id.b, first->key.b + HUB_ROW_KEY_COMPANY + 1, sizeof id.b);
        hub_ulid_print(id, text);
        text[HUB_ULID_TEXT] = '\0';
        say(self, "the snapshot of %s/%s", kind->name, text);
        return;
    }
    say(self, "the row ");
    say_hex(self, hub_span_of(first->key.b + 2, first->key.len - 2u));
    say(self, " of the view %s", view);
}

void hub_live_describe(const struct hub_live_search *self, char *ret_text, size_t size)
{
    struct words words = { .at = ret_text, .size = size };
    const struct hub_live_difference *first = &self->first;
    struct hub_buf stored;
    size_t count;
    const struct hub_view_info *const *infos = hub_views_all(&count);
    const char *name = "?";
    for (size_t i = 0; i < count; i++) {
        name = infos[i]->number == first->view ? infos[i]->name : name;
    }
    say_row(&words, first, name);
    hub_buf_init(&stored);
    if (first->what == HUB_LIVE_MISSING) {
        say(&words, " is missing");
    } else if (first->what == HUB_LIVE_EXTRA) {
        say(&words, " comes from no event");
    } else if (first->view != HUB_VIEW_entities ||
               self->live->rows.get(self->live->rows.self, hub_row_key_span(&first->key), &stored) != 0) {
        say(&words, " is not what the log folds to");
    } else {
        say(&words, " has ");
        say_snapshot(&words, hub_buf_span(&stored));
        say(&words, "; the log folds to ");
        say_snapshot(&words, hub_buf_span(&first->folded));
    }
    hub_buf_done(&stored);
}
