/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/router.h and of the table in api/routes.def. */
#include "api/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct hub_router *router;

static int set_up(void **state)
{
    (void) state;
    router = hub_router_new();
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    hub_router_destroy(&router);
    return 0;
}

static void every_route_is_found_by_its_own_path_and_method(void **state)
{
    size_t count;
    const struct hub_ready_route *all = hub_router_all(router, &count);
    (void) state;
    assert_true(count >= 31);
    for (size_t i = 0; i < count; i++) {
        struct hub_found found = hub_router_find(router, all[i].route->method, hub_span(all[i].route->path));
        assert_ptr_equal(found.ready, &all[i]);
        assert_true(found.allowed >> all[i].route->method & 1);
    }
}

/* Whether a record can hold sealed values. */
static bool has_sealed(const struct hub_shape *shape)
{
    for (unsigned i = 0; shape != NULL && i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->kind == HUB_KIND_sealed || (field->shape != NULL && has_sealed(field->shape))) {
            return true;
        }
    }
    return false;
}

/* What they show is of colleagues, not of customers. */
static bool is_of_colleagues(const struct hub_route *route)
{
    return route->tag != NULL && strcmp(route->tag, "People") == 0;
}

static void every_route_that_reads_sealed_values_says_that_they_are_personal(void **state)
{
    size_t count, personal = 0;
    const struct hub_ready_route *all = hub_router_all(router, &count);
    (void) state;
    for (size_t i = 0; i < count; i++) {
        const struct hub_route *route = all[i].route;
        bool reads = route->method == HUB_WS || (route->method == HUB_GET && !is_of_colleagues(route) &&
                                                 (has_sealed(route->answer) || has_sealed(route->list) ||
                                                  (route->query != NULL && has_sealed(route->query->answer))));
        if (reads && route->personal == HUB_PERSONAL_no) {
            fail_msg("%s shows what is personal; its row does not say so", route->path);
        }
        personal += route->personal != HUB_PERSONAL_no;
        assert_true(route->personal == HUB_PERSONAL_no || route->roles != 0);
    }
    assert_true(personal > 15);
}

static void every_route_says_what_it_does_for_whom_and_how(void **state)
{
    size_t count;
    const struct hub_ready_route *all = hub_router_all(router, &count);
    (void) state;
    for (size_t i = 0; i < count; i++) {
        const struct hub_route *route = all[i].route;
        assert_non_null(route->doc);
        assert_non_null(route->tag);
        assert_true((route->command != NULL) + (route->run != NULL) + (route->query != NULL) > 0);
        assert_true(route->command == NULL || route->run == NULL);
        assert_true(route->command == NULL || route->target != 0);
        assert_true(route->method == HUB_WS || route->answer != NULL || route->then != NULL || route->query != NULL ||
                    route->media != NULL);
        assert_true(route->status == 0 || route->status == 201);
        assert_int_equal(route->status == 201 && route->location == NULL && route->run == NULL, 0);
        assert_true(!route->operator_only || (route->roles & ~HUB_MAY_REPORT) == 0);
    }
}

static void only_a_few_routes_need_no_credentials(void **state)
{
    static const char *const open[] = { "/health", "/version", "/openapi.json", "/asyncapi.json", "/", "/auth/login" };
    size_t count, found = 0, without = 0;
    const struct hub_ready_route *all = hub_router_all(router, &count);
    (void) state;
    for (size_t i = 0; i < count; i++) {
        without += all[i].route->roles == 0;
        for (size_t k = 0; all[i].route->roles == 0 && k < 6; k++) {
            found += strcmp(all[i].route->path, open[k]) == 0;
        }
    }
    assert_int_equal(found, 6);
    assert_int_equal(without, 6);
}

static void parts_in_braces_match_anything_but_nothing(void **state)
{
    (void) state;
    struct hub_found found = hub_router_find(router, HUB_GET, HUB_SPAN("/session/omni%20session/messages"));
    assert_non_null(found.ready);
    assert_true(hub_span_is(found.params[0], HUB_SPAN("omni%20session")));
    assert_int_equal(hub_router_find(router, HUB_GET, HUB_SPAN("/session//messages")).allowed, 0);
    assert_int_equal(hub_router_find(router, HUB_GET, HUB_SPAN("/session/")).allowed, 0);
}

/* "create" is the name of an action there, never of a session. */
static void letters_go_before_braces(void **state)
{
    (void) state;
    struct hub_found found = hub_router_find(router, HUB_POST, HUB_SPAN("/session/create"));
    assert_string_equal(found.ready->route->path, "/session/create");
    found = hub_router_find(router, HUB_GET, HUB_SPAN("/session/create"));
    assert_null(found.ready);
    assert_int_equal(found.allowed, 1u << HUB_POST);
}

static void a_word_of_a_path_is_no_name_of_what_has_its_place(void **state)
{
    (void) state;
    assert_true(hub_router_is_reserved(router, KIND_session, HUB_SPAN("create")));
    assert_false(hub_router_is_reserved(router, KIND_customer, HUB_SPAN("create")));
    assert_false(hub_router_is_reserved(router, KIND_session, HUB_SPAN("Create")));
    assert_false(hub_router_is_reserved(router, KIND_session, HUB_SPAN("messages")));
    assert_true(hub_router_is_reserved(router, KIND_customer, HUB_SPAN("..")));
    assert_true(hub_router_is_reserved(router, KIND_session, HUB_SPAN(".")));
    assert_false(hub_router_is_reserved(router, KIND_session, HUB_SPAN("...")));
    assert_non_null(hub_router_refuse_name(router, KIND_session, HUB_SPAN("create")));
    assert_non_null(hub_router_refuse_name(router, KIND_customer, hub_span_of("a\0b", 3)));
    assert_null(hub_router_refuse_name(router, KIND_customer, HUB_SPAN("create")));
}

static void another_method_is_told_from_another_path(void **state)
{
    (void) state;
    struct hub_found found = hub_router_find(router, HUB_POST, HUB_SPAN("/session/abc"));
    assert_null(found.ready);
    assert_int_equal(found.allowed, 1u << HUB_GET | 1u << HUB_PUT | 1u << HUB_DELETE);
    found = hub_router_find(router, 0, HUB_SPAN("/health"));
    assert_null(found.ready);
    assert_int_equal(found.allowed, 1u << HUB_GET);
}

static void paths_that_are_none_lead_nowhere(void **state)
{
    static const char *const paths[] = {
        "",  "health",  "//",       "//health",          "/health/", "/a/b/c/d/e/f", "/a/b/c/d/e/f/g/h/i",
        "*", "/Health", "/session", "/sessions/active/x"
    };
    (void) state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(hub_router_find(router, HUB_GET, hub_span(paths[i])).allowed, 0);
    }
}

static void methods_have_names_and_head_is_get(void **state)
{
    (void) state;
    for (unsigned method = HUB_GET; method <= HUB_DELETE; method++) {
        assert_int_equal(hub_method_read(hub_span(hub_method_name(method))), method);
    }
    assert_int_equal(hub_method_read(HUB_SPAN("HEAD")), HUB_GET);
    assert_int_equal(hub_method_read(HUB_SPAN("get")), 0);
    assert_int_equal(hub_method_read(HUB_SPAN("")), 0);
    assert_string_equal(hub_method_name(99), "");
}

/* What only the API may fill must not be readable from a body, and what the path says need not be there. */
static void bodies_are_read_without_internal_fields_and_without_the_path_s(void **state)
{
    size_t count;
    const struct hub_ready_route *all = hub_router_all(router, &count);
    (void) state;
    for (size_t i = 0; i < count; i++) {
        const struct hub_ready_route *ready = &all[i];
        for (unsigned k = 0; k < ready->read.count; k++) {
            const struct hub_field *field = &ready->read.fields[k];
            assert_null(strstr(field->doc, "Internal"));
            for (unsigned p = 0; p < ready->param_count; p++) {
                assert_false(strcmp(field->name, ready->params[p]->name) == 0 && field->required);
            }
        }
        for (unsigned k = 0; k < ready->shown.count; k++) {
            for (unsigned p = 0; p < ready->param_count; p++) {
                assert_string_not_equal(ready->shown.fields[k].name, ready->params[p]->name);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_found_by_its_own_path_and_method),
        cmocka_unit_test(every_route_says_what_it_does_for_whom_and_how),
        cmocka_unit_test(every_route_that_reads_sealed_values_says_that_they_are_personal),
        cmocka_unit_test(only_a_few_routes_need_no_credentials),
        cmocka_unit_test(parts_in_braces_match_anything_but_nothing),
        cmocka_unit_test(letters_go_before_braces),
        cmocka_unit_test(a_word_of_a_path_is_no_name_of_what_has_its_place),
        cmocka_unit_test(another_method_is_told_from_another_path),
        cmocka_unit_test(paths_that_are_none_lead_nowhere),
        cmocka_unit_test(methods_have_names_and_head_is_get),
        cmocka_unit_test(bodies_are_read_without_internal_fields_and_without_the_path_s),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
