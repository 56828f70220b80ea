/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/buf.h. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void appended_pieces_stand_in_a_row(void **state)
{
    (void) state;
    struct hub_buf buf;
    hub_buf_init(&buf);
    hub_buf_put_text(&buf, "n=");
    hub_buf_put_i64(&buf, INT64_MIN);
    hub_buf_put_byte(&buf, ' ');
    hub_buf_put_i64(&buf, INT64_MAX);
    hub_buf_put_byte(&buf, ' ');
    hub_buf_put_u64(&buf, UINT64_MAX);
    hub_buf_put_byte(&buf, ' ');
    hub_buf_put_u64(&buf, 0);
    hub_buf_put(&buf, NULL, 0);
    assert_true(
        hub_span_is(hub_buf_span(&buf), HUB_SPAN("n=-9223372036854775808 9223372036854775807 18446744073709551615 0")));
    hub_buf_clear(&buf);
    hub_buf_put_be16(&buf, 0x0102);
    hub_buf_put_be64(&buf, UINT64_C(0x030405060708090A));
    assert_true(hub_span_is(hub_buf_span(&buf), HUB_SPAN("\1\2\3\4\5\6\7\10\11\12")));
    hub_buf_done(&buf);
    assert_int_equal(buf.len, 0);
    hub_buf_done(&buf);
    hub_buf_done(NULL);
}

static void growing_keeps_the_content(void **state)
{
    (void) state;
    struct hub_buf buf;
    hub_buf_init(&buf);
    assert_non_null(hub_buf_reserve(&buf, 0));
    for (uint32_t i = 0; i < 100000; i++) {
        hub_buf_put_byte(&buf, (uint8_t) (i * 7));
    }
    char *end = hub_buf_reserve(&buf, 1000000);
    memset(end, 'x', 1000000);
    buf.len += 1000000;
    assert_int_equal(hub_buf_span(&buf).len, 1100000);
    for (uint32_t i = 0; i < 100000; i++) {
        assert_int_equal((uint8_t) buf.at[i], (uint8_t) (i * 7));
    }
    hub_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_pieces_stand_in_a_row),
        cmocka_unit_test(growing_keeps_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
