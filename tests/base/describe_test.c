/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Shapes as JSON Schema, and the emitter that writes it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json_canonical.h"
#include "base/json_emit.h"
#include "tests/base/json_sample.h"

static void expect_written(struct hub_buf *out, const char *expected)
{
    hub_buf_put_byte(out, 0);
    assert_string_equal(out->at, expected);
    hub_buf_clear(out);
}

static void the_emitter_puts_commas_where_they_belong(void **state)
{
    (void) state;
    struct hub_buf out;
    struct hub_json_emit emit;
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_key(&emit, "a\"");
    hub_json_emit_array_begin(&emit);
    hub_json_emit_null(&emit);
    hub_json_emit_bool(&emit, true);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_array_begin(&emit);
    hub_json_emit_array_end(&emit);
    hub_json_emit_i64(&emit, INT64_MIN);
    hub_json_emit_u64(&emit, UINT64_MAX);
    hub_json_emit_raw(&emit, HUB_SPAN("[1]"));
    hub_json_emit_span(&emit, HUB_SPAN("\n"));
    hub_json_emit_text(&emit, NULL);
    hub_json_emit_array_end(&emit);
    hub_json_emit_member_text(&emit, "b", "x");
    hub_json_emit_member_text(&emit, "c", NULL);
    hub_json_emit_member_i64(&emit, "d", 1);
    hub_json_emit_member_bool(&emit, "e", false);
    hub_json_emit_key_span(&emit, HUB_SPAN("f"));
    struct by_phone phone = { 1, 7 };
    hub_json_write(&by_phone_shape, &phone, HUB_DIALECT_snake, hub_json_emit_value(&emit));
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    expect_written(&out, "{\"a\\\"\":[null,true,{},[],-9223372036854775808,18446744073709551615,[1],\"\\n\",null],"
                         "\"b\":\"x\",\"d\":1,\"e\":false,\"f\":{\"number\":7}}");
    hub_buf_done(&out);
}

static void a_bare_value_and_64_levels_are_documents(void **state)
{
    (void) state;
    struct hub_buf out;
    struct hub_json_emit emit;
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_i64(&emit, 1);
    hub_json_emit_done(&emit);
    expect_written(&out, "1");
    hub_json_emit_init(&emit, &out);
    for (int i = 0; i < HUB_JSON_EMIT_DEPTH; i += 2) {
        hub_json_emit_array_begin(&emit);
        hub_json_emit_object_begin(&emit);
        hub_json_emit_key(&emit, "a");
    }
    hub_json_emit_i64(&emit, 1);
    for (int i = 0; i < HUB_JSON_EMIT_DEPTH; i += 2) {
        hub_json_emit_object_end(&emit);
        hub_json_emit_array_end(&emit);
    }
    hub_json_emit_done(&emit);
    assert_int_equal(out.len, 1 + 32 * 8);
    hub_buf_done(&out);
}

static void close_array_as_object(struct hub_json_emit *emit)
{
    hub_json_emit_array_begin(emit);
    hub_json_emit_object_end(emit);
}

static void value_without_key(struct hub_json_emit *emit)
{
    hub_json_emit_object_begin(emit);
    hub_json_emit_i64(emit, 1);
}

static void key_without_value(struct hub_json_emit *emit)
{
    hub_json_emit_object_begin(emit);
    hub_json_emit_key(emit, "a");
    hub_json_emit_object_end(emit);
}

static void key_in_array(struct hub_json_emit *emit)
{
    hub_json_emit_array_begin(emit);
    hub_json_emit_key(emit, "a");
}

static void second_document(struct hub_json_emit *emit)
{
    hub_json_emit_null(emit);
    hub_json_emit_null(emit);
}

static void left_open(struct hub_json_emit *emit)
{
    hub_json_emit_array_begin(emit);
    hub_json_emit_done(emit);
}

static void too_many_levels(struct hub_json_emit *emit)
{
    for (int i = 0; i <= HUB_JSON_EMIT_DEPTH; i++) {
        hub_json_emit_array_begin(emit);
    }
}

/* In a child process, which must end by abort(). */
static void wrong_nesting_ends_the_process(void **state)
{
    static void (*const wrongs[])(
        struct hub_json_emit *) = { close_array_as_object, value_without_key, key_without_value, key_in_array,
                                    second_document,       left_open,         too_many_levels };
    (void) state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct hub_buf out;
            struct hub_json_emit emit;
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            hub_buf_init(&out);
            hub_json_emit_init(&emit, &out);
            wrongs[i](&emit);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void a_shape_is_described_with_bounds_and_references(void **state)
{
    (void) state;
    struct hub_buf out;
    hub_buf_init(&out);
    hub_describe(&customer_shape, &out);
    expect_written(&out, "{\"type\":\"object\",\"description\":\"A person.\",\"properties\":{"
                         "\"number\":{\"type\":\"integer\",\"format\":\"uint32\",\"minimum\":1,\"maximum\":1000,"
                         "\"description\":\"Counted so.\"},"
                         "\"profile\":{\"$ref\":\"#/components/schemas/profile\",\"description\":\"About them.\"},"
                         "\"remark\":{\"type\":\"string\",\"maxLength\":10,\"description\":\"Anything.\"}},"
                         "\"required\":[\"number\",\"profile\"],\"additionalProperties\":false}");
    hub_describe(&by_mail_shape, &out);
    expect_written(&out, "{\"type\":\"object\",\"description\":\"Delivered by mail.\",\"properties\":{"
                         "\"address\":{\"type\":\"string\",\"maxLength\":100,\"description\":\"Where to.\"},"
                         "\"next\":{\"$ref\":\"#/components/schemas/branch\",\"description\":\"What follows.\"}},"
                         "\"required\":[\"address\"],\"additionalProperties\":false}");
    hub_describe(&branch_shape, &out);
    expect_written(&out,
                   "{\"type\":\"object\",\"description\":\"A union inside of its own cases.\",\"properties\":{"
                   "\"way\":{\"oneOf\":[{\"type\":\"object\",\"description\":\"Delivered by mail.\",\"properties\":{"
                   "\"type\":{\"const\":\"by_mail\"},"
                   "\"address\":{\"type\":\"string\",\"maxLength\":100,\"description\":\"Where to.\"},"
                   "\"next\":{\"$ref\":\"#/components/schemas/branch\",\"description\":\"What follows.\"}},"
                   "\"required\":[\"type\",\"address\"],\"additionalProperties\":false},"
                   "{\"type\":\"object\",\"description\":\"Told by telephone.\",\"properties\":{"
                   "\"type\":{\"const\":\"by_phone\"},\"number\":{\"type\":\"integer\",\"format\":\"uint64\","
                   "\"minimum\":0,\"maximum\":18446744073709551615,\"description\":\"Which number.\"}},"
                   "\"required\":[\"type\",\"number\"],\"additionalProperties\":false}],"
                   "\"description\":\"How it goes on.\"}},\"required\":[\"way\"],\"additionalProperties\":false}");
    hub_describe_vocab(&label_vocab, &out);
    expect_written(&out, "{\"type\":\"string\",\"description\":\"Marks.\",\"enum\":[\"urgent\",\"vip\",\"closed\"],"
                         "\"x-enum-descriptions\":{\"urgent\":\"Soon.\",\"vip\":\"With care.\",\"closed\":\"Done.\"}}");
    hub_describe(&lenient_shape, &out);
    hub_buf_put_byte(&out, 0);
    assert_non_null(strstr(out.at, "\"additionalProperties\":true"));
    hub_buf_done(&out);
}

static bool contains(const struct hub_buf *text, const char *part)
{
    return memmem(text->at, text->len, part, strlen(part)) != NULL;
}

static void every_kind_has_its_words(void **state)
{
    static const char *const parts[] = {
        "\"yes\":{\"type\":\"boolean\",\"description\":\"A truth.\",\"examples\":[true]}",
        "\"degrees\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-40,\"maximum\":60,",
        "\"x-unit\":\"degrees\",\"examples\":[21]}",
        "\"price\":{\"type\":\"number\",\"multipleOf\":0.01,\"minimum\":-5.00,\"maximum\":1000.00,\"x-scale\":2,",
        "\"title\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":8,",
        "\"raw\":{\"type\":\"string\",\"contentEncoding\":\"base64\",\"maxLength\":8,",
        "\"channel\":{\"$ref\":\"#/components/schemas/channel\",",
        "\"labels\":{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"$ref\":\"#/components/schemas/label\"},",
        "\"moment\":{\"type\":\"string\",\"format\":\"date-time\",",
        "\"ident\":{\"type\":\"string\",\"format\":\"ulid\",\"pattern\":",
        "\"free\":{\"x-max-bytes\":200,",
        "\"secret\":{\"type\":\"string\",\"maxLength\":12,\"x-personal\":true,",
        "\"dossier\":{\"x-max-bytes\":40,\"x-personal\":true,",
        "\"customers\":{\"type\":\"array\",\"maxItems\":5,\"items\":{\"$ref\":\"#/components/schemas/customer\"},",
        "\"words\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":4,\"items\":{\"type\":\"string\",\"maxLength\":4096},",
        "\"ways\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"$ref\":\"#/components/schemas/channel\"},",
        "\"nest\":{\"$ref\":\"#/components/schemas/nest\",",
    };
    (void) state;
    struct hub_buf out;
    struct hub_span canonical;
    struct hub_fault fault;
    struct hub_arena *arena = hub_arena_new(0);
    hub_buf_init(&out);
    hub_describe(&all_shape, &out);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!contains(&out, parts[i])) {
            fail_msg("%s is not in %.*s", parts[i], (int) out.len, out.at);
        }
    }
    assert_int_equal(hub_json_canonical(hub_buf_span(&out), arena, &canonical, &fault), 0);
    assert_true(hub_span_is(hub_buf_span(&out), canonical));
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emitter_puts_commas_where_they_belong),
        cmocka_unit_test(a_bare_value_and_64_levels_are_documents),
        cmocka_unit_test(wrong_nesting_ends_the_process),
        cmocka_unit_test(a_shape_is_described_with_bounds_and_references),
        cmocka_unit_test(every_kind_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
