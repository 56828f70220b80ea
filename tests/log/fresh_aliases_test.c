/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Aliases that are not on disk yet: what is found is what is on disk, at every moment. */
#include "log/fresh_aliases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log/keys.h"

enum { BATCHES = 12, NAMES = 3 };

static struct hub_name name_of(unsigned number)
{
    static const struct hub_ulid company = { { 1 } };
    uint8_t digest[16] = { (uint8_t) number };
    return hub_name(&company, 2, digest);
}

/* What a batch makes of a name, none when it removes it. */
static struct hub_ulid made_by(unsigned batch)
{
    struct hub_ulid id = { { 0 } };
    id.b[15] = batch % 5 == 4 ? 0 : (uint8_t) batch;
    return id;
}

/* As the store would answer it with the batches up to `synced` on disk and those up to `written` in memory. */
static struct hub_ulid ask(struct hub_fresh_aliases *aliases, unsigned name, const struct hub_ulid *in_store)
{
    struct hub_name key = name_of(name);
    struct hub_ulid found = in_store[name];
    (void) hub_fresh_aliases_find(aliases, &key, &found);
    return found;
}

/* Every batch changes some names; syncs come after `gap` of them. */
static void walk(unsigned gap)
{
    struct hub_fresh_aliases *aliases = hub_fresh_aliases_new();
    struct hub_ulid at[BATCHES + 1][NAMES] = { { { { 0 } } } }; /* as each batch leaves them */
    unsigned synced = 0;
    for (unsigned batch = 1; batch <= BATCHES; batch++) {
        memcpy(at[batch], at[batch - 1], sizeof at[batch]);
        for (unsigned name = 0; name < NAMES; name += 1 + batch % 2) {
            struct hub_name key = name_of(name);
            const struct hub_ulid *was = hub_ulid_is_none(at[batch][name]) ? NULL : &at[batch - 1][name];
            hub_fresh_aliases_add(aliases, &key, was, batch);
            at[batch][name] = made_by(batch);
        }
        if (batch > gap) {
            hub_fresh_aliases_synced(aliases, ++synced);
        }
        for (unsigned name = 0; name < NAMES; name++) {
            assert_true(hub_ulid_is(ask(aliases, name, at[batch]), at[synced][name]));
        }
    }
    hub_fresh_aliases_synced(aliases, BATCHES);
    for (unsigned name = 0; name < NAMES; name++) {
        assert_true(hub_ulid_is(ask(aliases, name, at[BATCHES]), at[BATCHES][name]));
    }
    hub_fresh_aliases_destroy(&aliases);
    assert_null(aliases);
}

static void what_is_found_is_what_is_on_disk(void **state)
{
    (void) state;
    for (unsigned gap = 0; gap <= BATCHES; gap++) {
        walk(gap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_is_what_is_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
