/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A table of pairs: a new box pushes the older one of its pair out. The end of a box, its tag, is as good as random, so it says
 * where it lies; all of its bytes are compared. */
#include "base/opened.h"

#include <string.h>

#include "base/memory.h"

enum { PAIRS = 16384, BYTES_MAX = 174, TAG_WORD = sizeof(uint32_t) };

struct entry {
    struct hub_ulid company;
    uint8_t box_len; /* 0: free */
    uint8_t clear_len;
    char bytes[BYTES_MAX]; /* the box, then what was in it */
};

struct hub_opened {
    struct entry pairs[PAIRS][2]; /* first, so that no entry lies across more lines of the cache than it must */
    uint64_t erasures;
};

_Static_assert(sizeof(struct entry) == 192, "an entry is three lines of the cache");

struct hub_opened *hub_opened_new(void)
{
    return hub_memory_table(sizeof(struct hub_opened));
}

void hub_opened_destroy(struct hub_opened **self_p)
{
    struct hub_opened *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        explicit_bzero(self, sizeof *self);
        hub_memory_table_free(self, sizeof *self);
    }
}

void hub_opened_renew(struct hub_opened *self, uint64_t erasures)
{
    if (self->erasures != erasures) {
        explicit_bzero(self->pairs, sizeof self->pairs);
        self->erasures = erasures;
    }
}

static bool fits(struct hub_span box, struct hub_span clear)
{
    return box.len >= TAG_WORD && box.len <= BYTES_MAX && clear.len <= BYTES_MAX - box.len;
}

static size_t pair_of(struct hub_span box)
{
    uint32_t word;
    memcpy(&word, box.at + box.len - TAG_WORD, TAG_WORD);
    return word % PAIRS;
}

static bool is_it(const struct entry *entry, struct hub_ulid company, struct hub_span box)
{
    return entry->box_len == box.len && memcmp(entry->bytes, box.at, box.len) == 0 &&
           hub_ulid_is(entry->company, company);
}

bool hub_opened_find(const struct hub_opened *self, struct hub_ulid company, struct hub_span box,
                     struct hub_span *ret_clear)
{
    if (!fits(box, hub_span_of(NULL, 0))) {
        return false;
    }
    const struct entry *pair = self->pairs[pair_of(box)];
    for (int i = 0; i < 2; i++) {
        if (is_it(&pair[i], company, box)) {
            *ret_clear = hub_span_of(pair[i].bytes + box.len, pair[i].clear_len);
            return true;
        }
    }
    return false;
}

void hub_opened_keep(struct hub_opened *self, struct hub_ulid company, struct hub_span box, struct hub_span clear)
{
    if (!fits(box, clear)) {
        return;
    }
    struct entry *pair = self->pairs[pair_of(box)];
    pair[1] = pair[0];
    pair[0].company = company;
    pair[0].box_len = (uint8_t) box.len;
    pair[0].clear_len = (uint8_t) clear.len;
    memcpy(pair[0].bytes, box.at, box.len);
    if (clear.len > 0) {
        memcpy(pair[0].bytes + box.len, clear.at, clear.len);
    }
}
