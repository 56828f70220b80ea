/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/schema.h. */
#include "base/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/base/sample.h"

static void a_registry_finds_each_of_its_shapes_in_any_order(void **state)
{
    (void) state;
    const struct hub_shape *mixed[] = { &twelve_shape, &point_shape, &sample_shape, &circle_shape };
    const struct hub_registry registry = { mixed, 4 };
    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(hub_registry_find(&registry, mixed[i]->id), mixed[i]);
    }
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        assert_ptr_equal(hub_registry_find(&sample_registry, shape->id), shape);
    }
    assert_null(hub_registry_find(&sample_registry, 1));
    assert_null(hub_registry_find(&(struct hub_registry){ NULL, 0 }, 1));
}

static void a_def_file_gives_shapes_ids_tags_and_words(void **state)
{
    (void) state;
    assert_int_equal(sample_id, 0x7005);
    assert_string_equal(sample_shape.name, "sample");
    assert_int_equal(sample_shape.count, sample_field_count);
    assert_int_equal(sample_shape.category, HUB_CATEGORY_event);
    assert_int_equal(point_shape.category, HUB_CATEGORY_part);
    assert_int_equal(sample_shape.size, sizeof(struct sample));
    const struct hub_field *colour = &sample_shape.fields[sample_at_colour];
    assert_string_equal(colour->name, "colour");
    assert_string_equal(colour->camel, "itsColour");
    assert_int_equal(colour->tag, 8);
    assert_int_equal(colour->offset, offsetof(struct sample, colour));
    assert_ptr_equal(colour->vocab, &colour_vocab);
    assert_ptr_equal(sample_shape.fields[sample_at_path].shape, &point_shape);
    assert_int_equal(sample_shape.fields[sample_at_path].of, HUB_KIND_record);
    assert_int_equal(sample_shape.fields[sample_at_distant].tag, 300);
}

static void words_are_found_by_code_and_by_name(void **state)
{
    (void) state;
    for (unsigned i = 0; i < colour_vocab.count; i++) {
        const struct hub_word *word = &colour_vocab.words[i];
        assert_ptr_equal(hub_vocab_by_code(&colour_vocab, word->code), word);
        assert_ptr_equal(hub_vocab_by_name(&colour_vocab, hub_span(word->name)), word);
    }
    assert_ptr_equal(hub_vocab_by_code(&flag_vocab, 0), &flag_vocab.words[0]);
    assert_null(hub_vocab_by_code(&colour_vocab, 3));
    assert_null(hub_vocab_by_code(&colour_vocab, 0));
    assert_null(hub_vocab_by_name(&colour_vocab, HUB_SPAN("gree")));
    assert_null(hub_vocab_by_name(&colour_vocab, HUB_SPAN("greens")));
    assert_null(hub_vocab_by_name(&colour_vocab, HUB_SPAN("")));
    assert_string_equal(hub_vocab_name(&colour_vocab, 900), "blue");
    assert_string_equal(hub_vocab_name(&colour_vocab, 4), "?");
}

static void bounds_are_the_field_s_own_or_those_of_its_kind(void **state)
{
    (void) state;
    struct hub_field text = { .kind = HUB_KIND_text };
    assert_int_equal(hub_field_max(&text), 4096);
    text.min = 5;
    assert_int_equal(hub_field_min(&text), 5);
    assert_int_equal(hub_field_max(&text), 4096);
    struct hub_field below = { .kind = HUB_KIND_i64, .min = -5, .max = 0 };
    assert_int_equal(hub_field_min(&below), -5);
    assert_int_equal(hub_field_max(&below), 0);
    struct hub_field upper = { .kind = HUB_KIND_u32, .max = 7 };
    assert_int_equal(hub_field_min(&upper), 0);
    assert_int_equal(hub_field_max(&upper), 7);
    struct hub_field whole = { .kind = HUB_KIND_i64 };
    assert_true(hub_field_min(&whole) == INT64_MIN && hub_field_max(&whole) == INT64_MAX);
    struct hub_field sealed = { .kind = HUB_KIND_sealed, .of = HUB_KIND_json };
    assert_int_equal(hub_field_max(&sealed), 16 << 10);
    struct hub_field list = { .kind = HUB_KIND_list, .of = HUB_KIND_text };
    assert_int_equal(hub_field_max(&list), 1000);
}

static void presence_is_set_cleared_and_copied(void **state)
{
    (void) state;
    struct point from = { 0 };
    struct point to = { 0 };
    HUB_SET(point, &from, x, 0);
    assert_true(HUB_HAS(point, &from, x));
    assert_false(HUB_HAS(point, &from, y));
    HUB_COPY(point, &to, point, &from, x);
    HUB_COPY(point, &to, point, &from, y);
    assert_true(HUB_HAS(point, &to, x));
    assert_false(HUB_HAS(point, &to, y));
    HUB_CLEAR(point, &to, x);
    assert_int_equal(to.has, 0);
    to.has = UINT64_MAX;
    assert_int_equal(hub_record_present(&point_shape, &to), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registry_finds_each_of_its_shapes_in_any_order),
        cmocka_unit_test(a_def_file_gives_shapes_ids_tags_and_words),
        cmocka_unit_test(words_are_found_by_code_and_by_name),
        cmocka_unit_test(bounds_are_the_field_s_own_or_those_of_its_kind),
        cmocka_unit_test(presence_is_set_cleared_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
