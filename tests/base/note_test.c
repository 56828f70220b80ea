/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signed notes: keys, notes, and every way to be none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/note.h"

static const char text[] = "log.example\n42\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n";

static struct hub_note_key make(const char *name, uint8_t first)
{
    uint8_t seed[HUB_NOTE_SEED] = { first };
    struct hub_note_key key;
    assert_true(hub_note_key_make(hub_span(name), seed, &key));
    return key;
}

static void sign(const struct hub_note_key *key, struct hub_buf *out)
{
    hub_buf_init(out);
    hub_note_sign(key, hub_span(text), out);
}

static void the_public_key_of_the_rfc_follows_from_its_seed(void **unused)
{
    (void) unused;
    static const uint8_t seed[] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                    0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                    0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
    static const uint8_t public_key[] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7 };
    struct hub_note_key key;
    assert_true(hub_note_key_make(hub_span("rfc8032"), seed, &key));
    assert_memory_equal(key.public_key, public_key, sizeof public_key);
}

static void a_verifier_key_is_read_as_it_was_printed(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1), read;
    struct hub_buf out;
    hub_buf_init(&out);
    hub_note_key_print(&key, &out);
    assert_true(hub_note_key_parse(hub_buf_span(&out), &read));
    assert_false(read.can_sign);
    assert_string_equal(read.name, "hub-1");
    assert_memory_equal(read.public_key, key.public_key, sizeof key.public_key);
    assert_memory_equal(read.id, key.id, sizeof key.id);
    hub_buf_done(&out);
}

static void what_is_signed_opens_with_its_key_and_no_other(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1), renamed = make("hub-2", 1), other = make("hub-1", 2);
    struct hub_buf note;
    struct hub_span opened = { NULL, 0 };
    sign(&key, &note);
    assert_true(hub_note_open(&key, hub_buf_span(&note), &opened));
    assert_int_equal(opened.len, strlen(text));
    assert_memory_equal(opened.at, text, opened.len);
    assert_false(hub_note_open(&renamed, hub_buf_span(&note), &opened));
    assert_false(hub_note_open(&other, hub_buf_span(&note), &opened));
    hub_buf_done(&note);
}

static void a_note_with_any_bit_changed_does_not_open_nor_seem_anothers(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1);
    struct hub_buf note;
    struct hub_span opened, name;
    sign(&key, &note);
    for (size_t i = 0; i < note.len * 8; i++) {
        note.at[i / 8] ^= (char) (1 << i % 8);
        assert_false(hub_note_open(&key, hub_buf_span(&note), &opened));
        assert_false(hub_note_is_foreign(&key, hub_buf_span(&note), &opened, &name) &&
                     hub_span_is(name, hub_span("hub-1")));
        note.at[i / 8] ^= (char) (1 << i % 8);
    }
    hub_buf_done(&note);
}

static void a_note_of_another_key_is_foreign_and_says_whose(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1), renamed = make("hub-2", 3), renewed = make("hub-1", 2);
    struct hub_buf note;
    struct hub_span opened, name = { NULL, 0 };
    sign(&key, &note);
    assert_true(hub_note_is_foreign(&renamed, hub_buf_span(&note), &opened, &name));
    assert_true(hub_span_is(name, hub_span("hub-1")));
    assert_true(hub_span_is(opened, hub_span(text)));
    assert_true(hub_note_is_foreign(&renewed, hub_buf_span(&note), &opened, &name));
    assert_false(hub_note_is_foreign(&renamed, hub_span(text), &opened, &name));
    hub_buf_done(&note);
}

static void a_note_cut_short_anywhere_does_not_open(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1);
    struct hub_buf note;
    struct hub_span opened;
    sign(&key, &note);
    for (size_t len = 0; len < note.len; len++) {
        assert_false(hub_note_open(&key, hub_span_of(note.at, len), &opened));
    }
    hub_buf_done(&note);
}

static void signatures_of_others_are_passed_over(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1), witness = make("witness", 3);
    struct hub_buf first, second;
    struct hub_span opened;
    sign(&witness, &first);
    sign(&key, &second);
    hub_buf_put(&first, second.at + strlen(text) + 1, second.len - strlen(text) - 1);
    assert_true(hub_note_open(&key, hub_buf_span(&first), &opened));
    assert_true(hub_note_open(&witness, hub_buf_span(&first), &opened));
    hub_buf_done(&first);
    hub_buf_done(&second);
}

static void what_is_no_verifier_key_is_refused(void **unused)
{
    (void) unused;
    struct hub_note_key key = make("hub-1", 1), read;
    struct hub_buf out;
    hub_buf_init(&out);
    hub_note_key_print(&key, &out);
    for (size_t len = 0; len < out.len; len++) {
        assert_false(hub_note_key_parse(hub_span_of(out.at, len), &read));
    }
    for (size_t i = 0; i < out.len; i++) {
        out.at[i] ^= 1;
        assert_false(hub_note_key_parse(hub_buf_span(&out), &read));
        out.at[i] ^= 1;
    }
    assert_false(hub_note_key_parse(hub_span("+00000000+AAAA"), &read));
    assert_false(hub_note_key_parse(hub_span("hub 1+00000000+AAAA"), &read));
    hub_buf_done(&out);
    uint8_t seed[HUB_NOTE_SEED] = { 0 };
    assert_false(hub_note_key_make(hub_span("a+b"), seed, &key));
    assert_false(hub_note_key_make(hub_span("a b"), seed, &key));
    assert_false(hub_note_key_make(hub_span(""), seed, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_key_of_the_rfc_follows_from_its_seed),
        cmocka_unit_test(a_verifier_key_is_read_as_it_was_printed),
        cmocka_unit_test(what_is_signed_opens_with_its_key_and_no_other),
        cmocka_unit_test(a_note_with_any_bit_changed_does_not_open_nor_seem_anothers),
        cmocka_unit_test(a_note_of_another_key_is_foreign_and_says_whose),
        cmocka_unit_test(a_note_cut_short_anywhere_does_not_open),
        cmocka_unit_test(signatures_of_others_are_passed_over),
        cmocka_unit_test(what_is_no_verifier_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
