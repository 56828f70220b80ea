/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/digest.h. */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>

#include <cmocka.h>

/* Bytes from hexadecimal digits. */
static struct hub_span from_hex(const char *digits, uint8_t *ret_bytes)
{
    size_t len = strlen(digits) / 2;
    for (size_t i = 0; i < len; i++) {
        char pair[3] = { digits[2 * i], digits[2 * i + 1], '\0' };
        ret_bytes[i] = (uint8_t) strtoul(pair, NULL, 16);
    }
    return hub_span_of(ret_bytes, len);
}

static void assert_is_hex(const struct hub_digest *digest, const char *digits)
{
    uint8_t want[HUB_DIGEST];
    from_hex(digits, want);
    assert_memory_equal(digest->b, want, HUB_DIGEST);
}

/* FIPS 180-2, appendix B, and the empty message. */
static void sha256_gives_the_standard_s_values(void **state)
{
    (void) state;
    struct hub_digest digest = hub_sha256(hub_span(NULL));
    assert_is_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest = hub_sha256(HUB_SPAN("abc"));
    assert_is_hex(&digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct hub_span parts[] = { HUB_SPAN("abcdbcdecdefdefg"), HUB_SPAN(""), HUB_SPAN("efghfghighijhijkijkljklmklmn"),
                                HUB_SPAN("lmnomnopnopq") };
    digest = hub_sha256_of(parts, 4);
    assert_is_hex(&digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    digest = hub_sha256_of(NULL, 0);
    assert_is_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, cases 1 and 2; a shorter key is one with zeros behind it. */
static void hmac_gives_the_rfc_s_values(void **state)
{
    (void) state;
    struct hub_key key = { { 0 } };
    memset(key.b, 0x0B, 20);
    struct hub_span parts[] = { HUB_SPAN("Hi"), HUB_SPAN(" There") };
    struct hub_digest digest = hub_hmac(&key, parts, 2);
    assert_is_hex(&digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    key = (struct hub_key){ "Jefe" };
    struct hub_span whole = HUB_SPAN("what do ya want for nothing?");
    digest = hub_hmac(&key, &whole, 1);
    assert_is_hex(&digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* Beside Python's hmac: texts that are hashed at once and piece by piece, with a key that is kept. */
static void a_key_that_is_kept_gives_the_same_for_any_length(void **state)
{
    (void) state;
    static char text[3000];
    struct hub_key key = { { 0 } };
    memset(key.b, 0x0B, 20);
    memset(text, 'a', sizeof text);
    const struct hub_mac mac = hub_mac_of(&key);
    struct hub_span parts[] = { hub_span_of(text, 1000), hub_span_of(text, 2000) };
    struct hub_digest digest = hub_mac_digest(&mac, parts, 2);
    assert_is_hex(&digest, "d4d43b498a09c420a59cc283c478515c5d2263923db2cf1a4725c10be1bd12f4");
    parts[1].len = 10;
    digest = hub_mac_digest(&mac, parts, 2);
    assert_is_hex(&digest, "28964b255981b8b9d8b44141ccc671d2c989f48826d46378b822a1c75251cbad");
    digest = hub_hmac(&key, parts, 2);
    assert_is_hex(&digest, "28964b255981b8b9d8b44141ccc671d2c989f48826d46378b822a1c75251cbad");
}

/* McGrew, Viega: The Galois/Counter Mode of Operation, test case 16. */
static void sealing_gives_the_paper_s_values(void **state)
{
    (void) state;
    struct hub_key key;
    uint8_t nonce[HUB_NONCE], aad_bytes[32], clear_bytes[64], want[80], box[80];
    char back[64];
    from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key.b);
    from_hex("cafebabefacedbaddecaf888", nonce);
    struct hub_span aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad_bytes);
    struct hub_span clear = from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                                     clear_bytes);
    struct hub_span wanted = from_hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                      "76fc6ece0f4e1768cddf8853bb2d551b",
                                      want);
    for (int again = 0; again < 3; again++) {
        hub_seal(&key, nonce, aad, clear, box);
        assert_memory_equal(box, want, wanted.len);
        assert_true(hub_unseal(&key, nonce, aad, wanted, back));
        assert_memory_equal(back, clear.at, clear.len);
    }
}

static void whatever_is_changed_the_box_stays_shut(void **state)
{
    (void) state;
    struct hub_key key = { "0123456789abcdef0123456789abcde" };
    struct hub_key other = key;
    other.b[31] ^= 1;
    uint8_t nonce[HUB_NONCE] = "nonce";
    uint8_t other_nonce[HUB_NONCE] = "Nonce";
    struct hub_span aad = HUB_SPAN("whose it is");
    struct hub_span clear = HUB_SPAN("nobody else reads this");
    uint8_t box[64];
    char back[64];
    struct hub_span all = hub_span_of(box, clear.len + HUB_TAG);
    hub_seal(&key, nonce, aad, clear, box);
    assert_false(hub_unseal(&other, nonce, aad, all, back));
    assert_false(hub_unseal(&key, other_nonce, aad, all, back));
    assert_false(hub_unseal(&key, nonce, HUB_SPAN("Whose it is"), all, back));
    assert_false(hub_unseal(&key, nonce, hub_span(NULL), all, back));
    for (size_t bit = 0; bit < all.len * 8; bit++) {
        box[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_false(hub_unseal(&key, nonce, aad, all, back));
        box[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    for (size_t len = 0; len < all.len; len++) {
        assert_false(hub_unseal(&key, nonce, aad, hub_span_of(box, len), back));
    }
    assert_true(hub_unseal(&key, nonce, aad, all, back));
    assert_memory_equal(back, clear.at, clear.len);
}

static void nothing_can_be_sealed_too(void **state)
{
    (void) state;
    struct hub_key key = { "k" };
    uint8_t nonce[HUB_NONCE] = { 0 };
    uint8_t box[HUB_TAG];
    char back[1];
    hub_seal(&key, nonce, hub_span(NULL), hub_span(NULL), box);
    assert_true(hub_unseal(&key, nonce, hub_span(NULL), hub_span_of(box, sizeof box), back));
    box[0] ^= 1;
    assert_false(hub_unseal(&key, nonce, hub_span(NULL), hub_span_of(box, sizeof box), back));
}

/* The key of the call before, or one of nothing but zeros, must not stand in for the one that is given. */
static void keys_in_turn_are_each_used(void **state)
{
    (void) state;
    const struct hub_key keys[] = { { "one" }, { { 0 } }, { "two" } };
    uint8_t nonce[HUB_NONCE] = { 0 };
    for (size_t i = 0; i < 9; i++) {
        uint8_t box[3 + HUB_TAG];
        char back[3];
        struct hub_span all = hub_span_of(box, sizeof box);
        hub_seal(&keys[i % 3], nonce, hub_span(NULL), HUB_SPAN("abc"), box);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(hub_unseal(&keys[k], nonce, hub_span(NULL), all, back), k == i % 3);
        }
    }
}

static void *work(void *arg)
{
    for (uint32_t i = 0; i < 500; i++) {
        struct hub_key key = { { (uint8_t) i } };
        uint8_t nonce[HUB_NONCE] = { (uint8_t) (uintptr_t) arg };
        struct hub_digest digest = hub_sha256(hub_span_of(&i, sizeof i));
        uint8_t box[HUB_DIGEST + HUB_TAG];
        char back[HUB_DIGEST];
        hub_seal(&key, nonce, hub_span(NULL), hub_span_of(digest.b, HUB_DIGEST), box);
        if (!hub_unseal(&key, nonce, hub_span(NULL), hub_span_of(box, sizeof box), back) ||
            memcmp(back, digest.b, HUB_DIGEST) != 0) {
            return arg;
        }
    }
    return NULL;
}

/* Threads come and go: what each keeps is freed with it (the leak sanitizer looks). */
static void each_thread_has_contexts_of_its_own(void **state)
{
    (void) state;
    for (int round = 0; round < 3; round++) {
        pthread_t threads[4];
        for (uintptr_t i = 0; i < 4; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, work, (void *) (i + 1)), 0);
        }
        for (int i = 0; i < 4; i++) {
            void *wrong = NULL;
            assert_int_equal(pthread_join(threads[i], &wrong), 0);
            assert_null(wrong);
        }
    }
}

static void secrets_are_compared_to_the_last_byte(void **state)
{
    (void) state;
    assert_true(hub_secret_is("secret", "secret", 6));
    assert_false(hub_secret_is("secret", "secreT", 6));
    assert_false(hub_secret_is("secret", "Secret", 6));
    assert_true(hub_secret_is("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_standard_s_values),
        cmocka_unit_test(hmac_gives_the_rfc_s_values),
        cmocka_unit_test(a_key_that_is_kept_gives_the_same_for_any_length),
        cmocka_unit_test(sealing_gives_the_paper_s_values),
        cmocka_unit_test(whatever_is_changed_the_box_stays_shut),
        cmocka_unit_test(nothing_can_be_sealed_too),
        cmocka_unit_test(keys_in_turn_are_each_used),
        cmocka_unit_test(each_thread_has_contexts_of_its_own),
        cmocka_unit_test(secrets_are_compared_to_the_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
