/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finds the places of rows that differ. Sum i lacks y1 * x1^i + y2 * x2^i + ..., x being places and y what is wrong there. Such
 * a sequence is the shortest linear recurrence's whose polynomial has the x as its roots: J. L. Massey, Shift-register
 * synthesis and BCH decoding, 1969. Roots are not computed but tried: who asks knows which places there can be. */
#include "log/locate.h"

#include "log/field.h"

struct search {
    uint64_t now[HUB_SUM_POWERS + 1];    /* the recurrence that explains all sums so far, */
    uint64_t before[HUB_SUM_POWERS + 1]; /* the last one that was shorter, */
    unsigned length;                     /* how long the first is, */
    unsigned shift;                      /* how many sums ago the other failed, */
    uint64_t failed_by;                  /* and by how much */
};

/* What sum i has that the recurrence does not explain. */
static uint64_t surprise(const struct search *self, const uint64_t *sums, unsigned i)
{
    uint64_t rest = 0;
    for (unsigned k = 0; k <= self->length; k++) {
        rest = hub_field_add(rest, hub_field_mul(self->now[k], sums[i - k]));
    }
    return rest;
}

/* Explain sum i too. */
static void extend(struct search *self, uint64_t rest, unsigned i)
{
    uint64_t kept[HUB_SUM_POWERS + 1];
    memcpy(kept, self->now, sizeof kept);
    uint64_t factor = hub_field_negate(hub_field_mul(rest, hub_field_invert(self->failed_by)));
    for (unsigned k = self->shift; k <= HUB_SUM_POWERS; k++) {
        self->now[k] = hub_field_add(self->now[k], hub_field_mul(factor, self->before[k - self->shift]));
    }
    if (2 * self->length > i) {
        self->shift++;
        return;
    }
    memcpy(self->before, kept, sizeof kept);
    self->length = i + 1 - self->length;
    self->failed_by = rest;
    self->shift = 1;
}

bool hub_locator_make(const struct hub_powers *lacks, struct hub_locator *ret_locator)
{
    struct search search = { .now = { 1 }, .before = { 1 }, .shift = 1, .failed_by = 1 };
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++) {
        uint64_t rest = surprise(&search, lacks->sums, i);
        if (rest == 0) {
            search.shift++;
        } else {
            extend(&search, rest, i);
        }
    }
    if (search.length > HUB_LOCATE_MAX) {
        return false;
    }
    *ret_locator = (struct hub_locator){ .places = search.length };
    memcpy(ret_locator->factors, search.now, sizeof ret_locator->factors);
    return true;
}

bool hub_locator_has(const struct hub_locator *self, uint64_t place)
{
    uint64_t value = 0;
    for (unsigned k = 0; k <= self->places; k++) {
        value = hub_field_add(hub_field_mul(value, place), self->factors[k]);
    }
    return self->places > 0 && value == 0;
}
