/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A company: its beginning, its credentials, its settings and inboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/company/apply.h"
#include "base/error.h"
#include "tests/actors/talk.h"

static const struct hub_ulid company = { { 1, 2, 3 } };
static const char digests[4][32] = { "digest of the first token......", "digest of the second token.....",
                                     "digest of the third token......", "digest of the fourth token....." };

static struct hub_span digest(size_t i)
{
    return hub_span_of(digests[i], 32);
}

static const struct harness_result *ask(struct harness *h, const struct hub_shape *shape, const void *record)
{
    return harness_do(
        h, &(struct harness_call){
               .target = KIND_company, .shape = shape, .record = record, .entity = company, .role = role_admin });
}

static struct create_company founding(void)
{
    struct create_company command = { 0 };
    HUB_SET(create_company, &command, name, HUB_SPAN("Tech Innovations Inc"));
    HUB_SET(create_company, &command, admin_email, harness_sealed("admin@example.org"));
    HUB_SET(create_company, &command, admin_password, harness_sealed("$argon2id$v=19$..."));
    HUB_SET(create_company, &command, key_digest, digest(0));
    HUB_SET(create_company, &command, operator, true);
    return command;
}

static const struct harness_result *found(struct harness *h, const struct create_company *command)
{
    return harness_do(h, &(struct harness_call){ .target = KIND_company,
                                                 .shape = &create_company_shape,
                                                 .record = command,
                                                 .entity = company,
                                                 .user = "admin@example.org" });
}

static int set_up(void **state)
{
    struct harness *h = harness_new(4);
    struct create_company command = founding();
    talk_answer(found(h, &command), &company_created_reply_shape);
    *state = h;
    return 0;
}

static const struct company_state *state_of(struct harness *h)
{
    const struct company_state *state = harness_state(h, KIND_company, company);
    assert_non_null(state);
    return state;
}

static void a_company_begins_with_an_admin_and_a_key(void **state)
{
    struct harness *h = *state;
    const struct company_state *s = state_of(h);
    assert_true(hub_span_is(s->name, HUB_SPAN("Tech Innovations Inc")));
    assert_true(s->operator);
    assert_int_equal(s->users.count, 1);
    assert_int_equal(s->users.at[0].role, role_admin);
    assert_string_equal(harness_text(h, &s->users.at[0].email), "admin@example.org");
    assert_int_equal(s->keys.count, 1);
    assert_int_equal(s->keys.at[0].role, role_admin);
    assert_true(hub_span_is(s->keys.at[0].digest, digest(0)));
    assert_int_equal(s->created_at, harness_now(h));
    assert_int_equal(s->version, 3);
    assert_true(hub_ulid_is(harness_find(h, HUB_ALIAS_USER, "admin@example.org"), s->users.at[0].user));
}

static void a_company_is_made_once_and_with_a_password_and_a_free_address(void **state)
{
    struct harness *h = *state;
    struct create_company command = founding();
    talk_refused(found(h, &command), HUB_ERROR_already_exists, "");
    struct harness_call other = { .target = KIND_company,
                                  .shape = &create_company_shape,
                                  .record = &command,
                                  .entity = { { 9 } },
                                  .user = "admin@example.org" };
    talk_refused(harness_do(h, &other), HUB_ERROR_already_exists, "/admin_email");
    other.user = "another@example.org";
    HUB_CLEAR(create_company, &command, admin_password);
    talk_refused(harness_do(h, &other), HUB_ERROR_invalid_field, "/admin_password");
    HUB_SET(create_company, &command, admin_password, harness_sealed("$argon2id$"));
    HUB_SET(create_company, &command, admin_email, harness_sealed("somebody"));
    talk_refused(harness_do(h, &other), HUB_ERROR_invalid_field, "/admin_email");
    HUB_SET(create_company, &command, admin_email, harness_sealed("another@example.org"));
    HUB_SET(create_company, &command, admin_password, harness_sealed("$argon2id$"));
    HUB_CLEAR(create_company, &command, key_digest);
    struct company_created_reply *answer = talk_answer(harness_do(h, &other), &company_created_reply_shape);
    assert_true(hub_ulid_is(answer->company_id, other.entity));
    assert_false(HUB_HAS(company_created_reply, answer, api_key));
}

static void every_command_to_an_unknown_company_is_not_found(void **state)
{
    (void) state;
    struct harness *h = harness_new(5);
    for (size_t i = 0; i < hub_kind_company.decider_count; i++) {
        const struct hub_shape *shape = hub_kind_company.deciders[i].command;
        if (shape != &create_company_shape) {
            struct hub_arena *arena = hub_arena_new(0);
            talk_refused(ask(h, shape, hub_arena_get(arena, shape->size)), HUB_ERROR_not_found, "");
            hub_arena_destroy(&arena);
        }
    }
    harness_destroy(&h);
}

static void a_key_is_added_listed_and_removed(void **state)
{
    struct harness *h = *state;
    struct add_api_key add = { 0 };
    HUB_SET(add_api_key, &add, name, HUB_SPAN("dialog orchestrator"));
    HUB_SET(add_api_key, &add, digest, digest(1));
    struct api_key_reply added = *(struct api_key_reply *) talk_answer(ask(h, &add_api_key_shape, &add),
                                                                       &api_key_reply_shape);
    assert_int_equal(added.role, role_service);
    assert_false(HUB_HAS(api_key_reply, &added, api_key));
    assert_int_equal(state_of(h)->keys.count, 2);

    struct list_api_keys list = { 0 };
    struct api_keys_reply *listed = talk_answer(ask(h, &list_api_keys_shape, &list), &api_keys_reply_shape);
    assert_int_equal(listed->keys.count, 2);
    assert_true(hub_span_is(listed->keys.at[1].name, HUB_SPAN("dialog orchestrator")));
    assert_true(hub_ulid_is(listed->keys.at[1].key_id, added.key_id));

    struct remove_api_key remove = { 0 };
    HUB_SET(remove_api_key, &remove, key_id, added.key_id);
    talk_answer(ask(h, &remove_api_key_shape, &remove), &done_reply_shape);
    assert_int_equal(state_of(h)->keys.count, 1);
    talk_refused(ask(h, &remove_api_key_shape, &remove), HUB_ERROR_not_found, "/key_id");
}

static void a_key_that_expired_is_not_listed(void **state)
{
    struct harness *h = *state;
    struct add_api_key add = { 0 };
    HUB_SET(add_api_key, &add, name, HUB_SPAN("for a day"));
    HUB_SET(add_api_key, &add, digest, digest(1));
    HUB_SET(add_api_key, &add, role, role_analyst);
    HUB_SET(add_api_key, &add, expires_at, harness_now(h));
    talk_refused(ask(h, &add_api_key_shape, &add), HUB_ERROR_invalid_field, "/expires_at");
    HUB_SET(add_api_key, &add, expires_at, harness_now(h) + INT64_C(86400000000));
    talk_answer(ask(h, &add_api_key_shape, &add), &api_key_reply_shape);
    struct list_api_keys list = { 0 };
    harness_advance(h, 86399);
    struct api_keys_reply *listed = talk_answer(ask(h, &list_api_keys_shape, &list), &api_keys_reply_shape);
    assert_int_equal(listed->keys.count, 2);
    assert_int_equal(listed->keys.at[1].role, role_analyst);
    harness_advance(h, 1);
    listed = talk_answer(ask(h, &list_api_keys_shape, &list), &api_keys_reply_shape);
    assert_int_equal(listed->keys.count, 1);
}

static void keys_need_a_digest_and_are_a_thousand_at_most(void **state)
{
    struct harness *h = *state;
    struct add_api_key add = { 0 };
    HUB_SET(add_api_key, &add, name, HUB_SPAN("one of many"));
    talk_refused(ask(h, &add_api_key_shape, &add), HUB_ERROR_invalid_field, "/digest");
    HUB_SET(add_api_key, &add, digest, digest(1));
    for (int i = 1; i < HUB_COMPANY_KEYS; i++) {
        talk_answer(ask(h, &add_api_key_shape, &add), &api_key_reply_shape);
    }
    talk_refused(ask(h, &add_api_key_shape, &add), HUB_ERROR_limit_reached, "");
    harness_check(h, false);
}

static void the_key_of_the_environment_takes_the_place_of_the_first(void **state)
{
    struct harness *h = *state;
    struct add_api_key add = { 0 };
    HUB_SET(add_api_key, &add, name, HUB_SPAN("another"));
    HUB_SET(add_api_key, &add, digest, digest(1));
    talk_answer(ask(h, &add_api_key_shape, &add), &api_key_reply_shape);
    struct replace_first_key replace = { 0 };
    HUB_SET(replace_first_key, &replace, digest, digest(0));
    assert_int_equal(ask(h, &replace_first_key_shape, &replace)->events, 0);
    HUB_SET(replace_first_key, &replace, digest, digest(2));
    for (int i = 0; i < 2; i++) {
        const struct harness_result *result = ask(h, &replace_first_key_shape, &replace);
        talk_answer(result, &done_reply_shape);
        assert_int_equal(result->events, i == 0 ? 2 : 0);
    }
    const struct company_state *s = state_of(h);
    assert_int_equal(s->keys.count, 2);
    assert_true(hub_span_is(s->keys.at[0].digest, digest(1)));
    assert_true(hub_span_is(s->keys.at[1].digest, digest(2)));
    assert_int_equal(s->keys.at[1].role, role_admin);
}

static void a_login_is_a_fact_that_the_state_does_not_keep(void **state)
{
    struct harness *h = *state;
    struct add_login add = { 0 };
    HUB_SET(add_login, &add, user, state_of(h)->users.at[0].user);
    HUB_SET(add_login, &add, digest, digest(3));
    HUB_SET(add_login, &add, expires_at, harness_now(h) + 1);
    struct login_reply *answer = talk_answer(ask(h, &add_login_shape, &add), &login_reply_shape);
    const struct company_login_added *event = harness_last_event(h, KIND_company, company, &company_login_added_shape);
    assert_true(hub_ulid_is(event->login, answer->login));
    assert_true(hub_span_is(event->digest, digest(3)));
    struct remove_login remove = { 0 };
    HUB_SET(remove_login, &remove, login, answer->login);
    talk_answer(ask(h, &remove_login_shape, &remove), &done_reply_shape);
    assert_non_null(harness_last_event(h, KIND_company, company, &company_login_removed_shape));
    HUB_SET(add_login, &add, expires_at, harness_now(h));
    talk_refused(ask(h, &add_login_shape, &add), HUB_ERROR_invalid_field, "/expires_at");
    add.user.b[0] ^= 1;
    talk_refused(ask(h, &add_login_shape, &add), HUB_ERROR_not_found, "/user");
}

static void settings_change_when_they_differ(void **state)
{
    struct harness *h = *state;
    struct change_company_settings change = { 0 };
    assert_int_equal(ask(h, &change_company_settings_shape, &change)->events, 0);
    HUB_SET(change_company_settings, &change, idle_s, 3600);
    assert_int_equal(ask(h, &change_company_settings_shape, &change)->events, 1);
    assert_int_equal(ask(h, &change_company_settings_shape, &change)->events, 0);
    assert_int_equal(state_of(h)->idle_s, 3600);
    HUB_SET(change_company_settings, &change, idle_s, 0);
    assert_int_equal(ask(h, &change_company_settings_shape, &change)->events, 1);
    assert_int_equal(state_of(h)->idle_s, 0);
}

static void an_inbox_is_added_renamed_and_keeps_its_channel(void **state)
{
    struct harness *h = *state;
    struct set_company_page set = { 0 };
    HUB_SET(set_company_page, &set, page_id, HUB_SPAN("page-1"));
    HUB_SET(set_company_page, &set, channel, channel_whatsapp);
    HUB_SET(set_company_page, &set, name, HUB_SPAN("Support"));
    talk_answer(ask(h, &set_company_page_shape, &set), &done_reply_shape);
    HUB_SET(set_company_page, &set, name, HUB_SPAN("Sales"));
    talk_answer(ask(h, &set_company_page_shape, &set), &done_reply_shape);
    assert_int_equal(state_of(h)->pages.count, 1);
    assert_true(hub_span_is(state_of(h)->pages.at[0].name, HUB_SPAN("Sales")));
    HUB_SET(set_company_page, &set, channel, channel_sms);
    talk_refused(ask(h, &set_company_page_shape, &set), HUB_ERROR_conflict, "/channel");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_company_begins_with_an_admin_and_a_key),
        TEST(a_company_is_made_once_and_with_a_password_and_a_free_address),
        cmocka_unit_test(every_command_to_an_unknown_company_is_not_found),
        TEST(a_key_is_added_listed_and_removed),
        TEST(a_key_that_expired_is_not_listed),
        TEST(keys_need_a_digest_and_are_a_thousand_at_most),
        TEST(the_key_of_the_environment_takes_the_place_of_the_first),
        TEST(a_login_is_a_fact_that_the_state_does_not_keep),
        TEST(settings_change_when_they_differ),
        TEST(an_inbox_is_added_renamed_and_keeps_its_channel),
    };
    return cmocka_run_group_tests_name("actors/company", tests, NULL, NULL);
}
