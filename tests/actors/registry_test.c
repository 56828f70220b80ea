/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What all kinds and records must be: decided, documented, numbered once; and what every state survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/company/company.h"
#include "actors/kind.h"
#include "base/pack.h"
#include "base/schema.h"
#include "tests/base/sample.h"

static const char *name_of(const struct hub_shape *shape)
{
    return shape->name;
}

static void every_command_has_a_kind_that_decides_it(void **state)
{
    (void) state;
    const struct hub_registry *records = hub_records();
    for (size_t i = 0; i < records->count; i++) {
        const struct hub_shape *shape = records->shapes[i];
        unsigned deciders = 0;
        for (unsigned number = 0; number < HUB_KINDS; number++) {
            const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
            deciders += kind != NULL && hub_kind_decider(kind, shape) != NULL;
        }
        if ((shape->category == HUB_CATEGORY_command) != (deciders > 0)) {
            fail_msg("%s has %u deciders", name_of(shape), deciders);
        }
    }
}

static void every_kind_is_found_by_its_number_and_its_name(void **state)
{
    (void) state;
#define KIND(name_, number_, ...)                                                  \
    assert_non_null(hub_kind_find(number_));                                       \
    assert_int_equal(hub_kind_find(number_)->number, number_);                     \
    assert_string_equal(hub_kind_find(number_)->name, #name_);                     \
    assert_ptr_equal(hub_kind_by_name(HUB_SPAN(#name_)), hub_kind_find(number_));  \
    assert_int_equal(hub_kind_find(number_)->state->category, HUB_CATEGORY_state); \
    assert_non_null(hub_kind_find(number_)->apply);
#include "actors/kinds.def"
#undef KIND
    assert_null(hub_kind_find(0));
    assert_null(hub_kind_find(HUB_ALIAS_USER));
    assert_null(hub_kind_find(HUB_KINDS));
    assert_null(hub_kind_find(255));
    assert_null(hub_kind_by_name(HUB_SPAN("nobody")));
    assert_null(hub_kind_by_name(HUB_SPAN("")));
}

static void every_id_and_every_name_is_there_once(void **state)
{
    (void) state;
    const struct hub_registry *records = hub_records();
    for (size_t i = 0; i < records->count; i++) {
        assert_ptr_equal(hub_registry_find(records, records->shapes[i]->id), records->shapes[i]);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(records->shapes[i]->id, records->shapes[k]->id);
            assert_string_not_equal(name_of(records->shapes[i]), name_of(records->shapes[k]));
        }
    }
}

static void is_documented(const struct hub_shape *shape, const struct hub_field *field)
{
    if (field->doc == NULL || field->doc[0] == '\0') {
        fail_msg("%s.%s says nothing of itself", shape->name, field->name);
    }
    if ((field->kind == HUB_KIND_enum || field->kind == HUB_KIND_set) && field->vocab == NULL) {
        fail_msg("%s.%s has no vocabulary", shape->name, field->name);
    }
    if (field->kind == HUB_KIND_sealed && field->of != HUB_KIND_text && field->of != HUB_KIND_json) {
        fail_msg("%s.%s does not say what is sealed", shape->name, field->name);
    }
}

static void every_record_field_and_word_is_documented(void **state)
{
    (void) state;
    const struct hub_registry *records = hub_records();
    for (size_t i = 0; i < records->count; i++) {
        const struct hub_shape *shape = records->shapes[i];
        assert_non_null(shape->doc);
        assert_int_not_equal(shape->doc[0], '\0');
        assert_true(shape->version >= 1);
        for (unsigned k = 0; k < shape->count; k++) {
            const struct hub_field *field = &shape->fields[k];
            is_documented(shape, field);
            for (unsigned w = 0; field->vocab != NULL && w < field->vocab->count; w++) {
                assert_non_null(field->vocab->words[w].doc);
                assert_int_not_equal(field->vocab->words[w].doc[0], '\0');
            }
        }
    }
}

/* What is stored or folded may hold text only where it says what rules and reports read; words of people are sealed. */
static void no_event_has_json_that_is_not_sealed(void **state)
{
    (void) state;
    const struct hub_registry *records = hub_records();
    for (size_t i = 0; i < records->count; i++) {
        const struct hub_shape *shape = records->shapes[i];
        bool is_stored = shape->category == HUB_CATEGORY_event || shape->category == HUB_CATEGORY_state;
        for (unsigned k = 0; is_stored && k < shape->count; k++) {
            assert_int_not_equal(shape->fields[k].kind, HUB_KIND_json);
        }
    }
}

static void every_state_survives_a_copy_and_a_snapshot(void **state)
{
    (void) state;
    for (unsigned number = 0; number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        for (uint64_t seed = 0; kind != NULL && seed < 50; seed++) {
            struct hub_arena *arena = hub_arena_new(0);
            void *record = hub_arena_get(arena, kind->state->size);
            sample_fill(kind->state, record, seed == 0 ? FILL_LEAST : seed == 1 ? FILL_MOST : FILL_MIXED, seed, arena);
            struct hub_digest hash = hub_record_hash(kind->state, record);
            struct hub_arena *elsewhere = hub_arena_new(0);
            void *copy = hub_record_copy(kind->state, record, elsewhere);
            struct hub_buf packed;
            hub_buf_init(&packed);
            hub_pack(kind->state, record, &packed);
            hub_arena_destroy(&arena);
            struct hub_digest copied = hub_record_hash(kind->state, copy);
            assert_true(hub_digest_is(&hash, &copied));
            void *back = hub_arena_get(elsewhere, kind->state->size);
            assert_int_equal(hub_unpack(kind->state, hub_buf_span(&packed), elsewhere, back, NULL), 0);
            struct hub_digest again = hub_record_hash(kind->state, back);
            assert_true(hub_digest_is(&hash, &again));
            hub_buf_done(&packed);
            hub_arena_destroy(&elsewhere);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_a_kind_that_decides_it),
        cmocka_unit_test(every_kind_is_found_by_its_number_and_its_name),
        cmocka_unit_test(every_id_and_every_name_is_there_once),
        cmocka_unit_test(every_record_field_and_word_is_documented),
        cmocka_unit_test(no_event_has_json_that_is_not_sealed),
        cmocka_unit_test(every_state_survives_a_copy_and_a_snapshot),
    };
    return cmocka_run_group_tests_name("actors/registry", tests, NULL, NULL);
}
