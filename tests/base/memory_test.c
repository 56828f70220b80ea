/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/memory.h. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void memory_is_got_and_resized(void **state)
{
    (void) state;
    char *at = hub_memory_new(10);
    memset(at, 'x', 10);
    at = hub_memory_resize(at, 100000);
    assert_int_equal(at[9], 'x');
    at = hub_memory_resize(at, 0);
    assert_non_null(at);
    free(at);
    at = hub_memory_resize(NULL, 5);
    free(at);
    at = hub_memory_new(0);
    assert_non_null(at);
    free(at);
}

/* The child asks for more than there can be; what it says goes to the pipe. */
static void child(int to, void *(*ask)(size_t bytes))
{
    const struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    dup2(to, STDERR_FILENO);
    volatile size_t bytes = PTRDIFF_MAX - 4096;
    ask(bytes);
    _exit(0);
}

static void *ask_new(size_t bytes)
{
    return hub_memory_new(bytes);
}

static void *ask_resize(size_t bytes)
{
    return hub_memory_resize(NULL, bytes);
}

static void assert_dies_with_a_sentence(void *(*ask)(size_t bytes))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        child(ends[1], ask);
    }
    close(ends[1]);
    char said[4096] = { 0 };
    size_t len = 0;
    for (ssize_t got; len < sizeof said - 1 && (got = read(ends[0], said + len, sizeof said - 1 - len)) > 0;) {
        len += (size_t) got;
    }
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(len > 0);
    assert_true(WIFEXITED(status) || strstr(said, "out of memory") != NULL);
}

static void *ask_table(size_t bytes)
{
    return hub_memory_table(bytes);
}

static void a_table_is_zeroed_whatever_its_size(void **state)
{
    (void) state;
    static const size_t sizes[] = { 0, 10, (2 << 20) - 1, 2 << 20, (6 << 20) + 8 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *at = hub_memory_table(sizes[i]);
        for (size_t byte = 0; byte < sizes[i]; byte++) {
            assert_int_equal(at[byte], 0);
        }
        memset(at, 'x', sizes[i]);
        hub_memory_table_free(at, sizes[i]);
    }
    hub_memory_table_free(NULL, 10);
    hub_memory_table_free(NULL, 6 << 20);
}

static void without_memory_the_process_ends_with_a_sentence(void **state)
{
    (void) state;
    assert_dies_with_a_sentence(ask_new);
    assert_dies_with_a_sentence(ask_resize);
    assert_dies_with_a_sentence(ask_table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_got_and_resized),
        cmocka_unit_test(a_table_is_zeroed_whatever_its_size),
        cmocka_unit_test(without_memory_the_process_ends_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
