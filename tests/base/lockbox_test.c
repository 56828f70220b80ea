/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Locked files: they open for whom they were locked, whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "base/lockbox.h"

enum { PIECE = 64 * 1024, HEADER = 49, SUM = HUB_DIGEST };

static const char private_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VuBCIEIAAP8N+EP+d9SWCc8Rzqh9F7ChoSapbtX4OVV03cAKNr\n"
                                  "-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VuAyEAt+hyG1gGCGN8Lr0Rd9khIwAhdVR96YwuXHbD5+BTg0w=\n"
                                 "-----END PUBLIC KEY-----\n";

static struct hub_lockbox_who by_passphrase(const char *text)
{
    return (struct hub_lockbox_who){ .passphrase = hub_span(text) };
}

static struct hub_lockbox_who by_key(const char *pem, bool is_private)
{
    struct hub_lockbox_who who = { .has_key = true };
    assert_true(hub_lockbox_key_read(hub_span(pem), is_private, who.key));
    return who;
}

static struct hub_buf clear_of(size_t len)
{
    struct hub_buf clear;
    hub_buf_init(&clear);
    for (size_t i = 0; i < len; i++) {
        hub_buf_put_byte(&clear, (uint8_t) (i * 7 + i / 251));
    }
    return clear;
}

static FILE *lock(const struct hub_lockbox_who *to, struct hub_span clear)
{
    FILE *file = tmpfile();
    struct hub_lockbox *box = hub_lockbox_new(file, to, hub_world_real());
    assert_non_null(box);
    hub_lockbox_put(box, hub_span_of(clear.at, clear.len / 3));
    hub_lockbox_put(box, hub_span_of(clear.at + clear.len / 3, clear.len - clear.len / 3));
    assert_int_equal(hub_lockbox_end(&box), 0);
    assert_int_equal(fflush(file), 0);
    return file;
}

static int take(void *arg, struct hub_span bytes)
{
    hub_buf_put(arg, bytes.at, bytes.len);
    return 0;
}

static int refuse(void *arg, struct hub_span bytes)
{
    (void) arg;
    (void) bytes;
    errno = ENOSPC;
    return -1;
}

static int open_into(FILE *file, const struct hub_lockbox_who *who, struct hub_buf *ret_clear)
{
    hub_buf_clear(ret_clear);
    return hub_lockbox_open(file, who, take, ret_clear);
}

static void round_trip(const struct hub_lockbox_who *to, const struct hub_lockbox_who *who, size_t len)
{
    struct hub_buf clear = clear_of(len), back;
    hub_buf_init(&back);
    FILE *file = lock(to, hub_buf_span(&clear));
    assert_int_equal(open_into(file, who, &back), HUB_LOCKBOX_DONE);
    assert_true(hub_span_is(hub_buf_span(&clear), hub_buf_span(&back)));
    fclose(file);
    hub_buf_done(&clear);
    hub_buf_done(&back);
}

static void what_was_locked_to_a_key_opens_with_its_private_half_at_every_length(void **unused)
{
    (void) unused;
    static const size_t lens[] = { 0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17 };
    const struct hub_lockbox_who to = by_key(public_pem, false), who = by_key(private_pem, true);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        round_trip(&to, &who, lens[i]);
    }
}

static void what_was_locked_by_a_passphrase_opens_with_it_alone(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who right = by_passphrase("a long sentence"), wrong = by_passphrase("a long sentence "),
                                 none = by_passphrase(""), key = by_key(private_pem, true);
    struct hub_buf clear = clear_of(100), back;
    hub_buf_init(&back);
    FILE *file = lock(&right, hub_buf_span(&clear));
    assert_int_equal(open_into(file, &right, &back), HUB_LOCKBOX_DONE);
    assert_true(hub_span_is(hub_buf_span(&clear), hub_buf_span(&back)));
    assert_int_equal(open_into(file, &wrong, &back), HUB_LOCKBOX_DENIED);
    assert_int_equal(open_into(file, &none, &back), HUB_LOCKBOX_DENIED);
    assert_int_equal(open_into(file, &key, &back), HUB_LOCKBOX_DENIED);
    assert_int_equal(back.len, 0);
    fclose(file);
    hub_buf_done(&clear);
    hub_buf_done(&back);
}

static void another_key_does_not_open_it(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who to = by_key(public_pem, false);
    struct hub_lockbox_who other = by_key(private_pem, true), pass = by_passphrase("x");
    struct hub_buf clear = clear_of(10), back;
    hub_buf_init(&back);
    FILE *file = lock(&to, hub_buf_span(&clear));
    other.key[5] ^= 1;
    assert_int_equal(open_into(file, &other, &back), HUB_LOCKBOX_DENIED);
    assert_int_equal(open_into(file, &pass, &back), HUB_LOCKBOX_DENIED);
    fclose(file);
    hub_buf_done(&clear);
    hub_buf_done(&back);
}

static struct hub_buf bytes_of(FILE *file)
{
    struct hub_buf bytes;
    int byte;
    hub_buf_init(&bytes);
    rewind(file);
    while ((byte = fgetc(file)) != EOF) {
        hub_buf_put_byte(&bytes, (uint8_t) byte);
    }
    return bytes;
}

static int open_bytes(struct hub_span bytes, const struct hub_lockbox_who *who)
{
    struct hub_buf back;
    hub_buf_init(&back);
    FILE *file = tmpfile();
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    assert_int_equal(fflush(file), 0);
    int result = open_into(file, who, &back);
    fclose(file);
    hub_buf_done(&back);
    return result;
}

static void any_flipped_bit_and_any_cut_is_damage(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who to = by_key(public_pem, false), who = by_key(private_pem, true);
    struct hub_buf clear = clear_of(200);
    FILE *file = lock(&to, hub_buf_span(&clear));
    struct hub_buf bytes = bytes_of(file);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.at[i] = (char) (bytes.at[i] ^ (1 << i % 8));
        assert_int_equal(open_bytes(hub_buf_span(&bytes), &who), HUB_LOCKBOX_DAMAGED);
        bytes.at[i] = (char) (bytes.at[i] ^ (1 << i % 8));
        assert_int_equal(open_bytes(hub_span_of(bytes.at, i), &who), HUB_LOCKBOX_DAMAGED);
    }
    assert_int_equal(open_bytes(hub_buf_span(&bytes), &who), HUB_LOCKBOX_DONE);
    fclose(file);
    hub_buf_done(&clear);
    hub_buf_done(&bytes);
}

/* Replace the sum, as somebody would who wants to be believed. */
static void sum_anew(struct hub_buf *bytes)
{
    struct hub_digest sum = hub_sha256(hub_span_of(bytes->at, bytes->len - SUM));
    memcpy(bytes->at + bytes->len - SUM, sum.b, SUM);
}

static void pieces_that_are_swapped_or_missing_do_not_open_though_the_sum_is_right(void **unused)
{
    (void) unused;
    enum { SEALED = PIECE + HUB_TAG };
    const struct hub_lockbox_who to = by_key(public_pem, false), who = by_key(private_pem, true);
    struct hub_buf clear = clear_of(3 * PIECE);
    FILE *file = lock(&to, hub_buf_span(&clear));
    struct hub_buf bytes = bytes_of(file), swapped = bytes_of(file);
    memcpy(swapped.at + HEADER, bytes.at + HEADER + SEALED, SEALED);
    memcpy(swapped.at + HEADER + SEALED, bytes.at + HEADER, SEALED);
    sum_anew(&swapped);
    assert_int_not_equal(open_bytes(hub_buf_span(&swapped), &who), HUB_LOCKBOX_DONE);
    bytes.len -= SEALED;
    sum_anew(&bytes);
    assert_int_equal(open_bytes(hub_buf_span(&bytes), &who), HUB_LOCKBOX_DAMAGED);
    fclose(file);
    hub_buf_done(&clear);
    hub_buf_done(&bytes);
    hub_buf_done(&swapped);
}

static void a_cost_that_would_take_all_memory_is_refused(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who right = by_passphrase("sesame");
    FILE *file = lock(&right, HUB_SPAN("x"));
    struct hub_buf bytes = bytes_of(file);
    bytes.at[9] = 30;
    sum_anew(&bytes);
    assert_int_equal(open_bytes(hub_buf_span(&bytes), &right), HUB_LOCKBOX_DAMAGED);
    fclose(file);
    hub_buf_done(&bytes);
}

static void who_takes_the_bytes_may_stop(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who to = by_key(public_pem, false), who = by_key(private_pem, true);
    FILE *file = lock(&to, HUB_SPAN("x"));
    assert_int_equal(hub_lockbox_open(file, &who, refuse, NULL), HUB_LOCKBOX_UNREADABLE);
    assert_int_equal(errno, ENOSPC);
    fclose(file);
}

static void a_full_disk_shows_at_the_end(void **unused)
{
    (void) unused;
    const struct hub_lockbox_who to = by_key(public_pem, false);
    FILE *file = fopen("/dev/full", "w");
    struct hub_lockbox *box = hub_lockbox_new(file, &to, hub_world_real());
    struct hub_buf clear = clear_of(2 * PIECE);
    hub_lockbox_put(box, hub_buf_span(&clear));
    assert_int_not_equal(hub_lockbox_end(&box), 0);
    assert_int_equal(errno, ENOSPC);
    fclose(file);
    hub_buf_done(&clear);
}

static void other_texts_are_no_keys(void **unused)
{
    (void) unused;
    uint8_t key[HUB_LOCKBOX_KEY];
    assert_false(hub_lockbox_key_read(hub_span(private_pem), false, key));
    assert_false(hub_lockbox_key_read(hub_span(public_pem), true, key));
    assert_false(hub_lockbox_key_read(HUB_SPAN(""), false, key));
    assert_false(hub_lockbox_key_read(hub_span_of(public_pem, sizeof public_pem / 2), false, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_locked_to_a_key_opens_with_its_private_half_at_every_length),
        cmocka_unit_test(what_was_locked_by_a_passphrase_opens_with_it_alone),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(any_flipped_bit_and_any_cut_is_damage),
        cmocka_unit_test(pieces_that_are_swapped_or_missing_do_not_open_though_the_sum_is_right),
        cmocka_unit_test(a_cost_that_would_take_all_memory_is_refused),
        cmocka_unit_test(who_takes_the_bytes_may_stop),
        cmocka_unit_test(a_full_disk_shows_at_the_end),
        cmocka_unit_test(other_texts_are_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
