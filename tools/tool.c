/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a command line to the command that it names. */
#include "tools/tool.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tools/nearest.h"
#include "tools/plain.h"

static const struct hub_tool tools[HUB_TOOLS] = {
#define TOOL(name, words_, ...) [HUB_TOOL_##name] = { .words = words_, .run = hub_tool_##name, __VA_ARGS__ },
#include "tools/commands.def"
#undef TOOL
};

const struct hub_tool *hub_tools(void)
{
    return tools;
}

static const struct hub_exit_row exits[] = {
#define EXIT(name, number_, doc_) { .number = number_, .doc = doc_ },
#include "tools/exits.def"
#undef EXIT
};

const struct hub_exit_row *hub_exit_rows(size_t *ret_count)
{
    *ret_count = sizeof exits / sizeof *exits;
    return exits;
}

static void say(const char *format, va_list arguments)
{
    char sentence[1024];
    struct hub_buf line;
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the callers started it */
    vsnprintf(sentence, sizeof sentence, format, arguments);
    hub_buf_init(&line);
    hub_plain_put(&line, hub_span(sentence), 2); /* what is not known or not there may be what somebody else wrote */
    fprintf(stderr, "omnihub: %.*s\n", (int) line.len, line.at);
    hub_buf_done(&line);
}

int hub_tool_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return HUB_EXIT_FAILED;
}

int hub_tool_end(enum hub_exit status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return (int) status;
}

int hub_tool_misused(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return HUB_EXIT_USAGE;
}

/* How many words of the command line name this command, 0 when they do not. */
static int matches(const struct hub_tool *tool, int argc, char **argv)
{
    int count = 0;
    for (const char *at = tool->words; *at; count++) {
        size_t len = strcspn(at, " ");
        if (count >= argc || strlen(argv[count]) != len || memcmp(argv[count], at, len) != 0)
            return 0;
        at += len + (at[len] == ' ');
    }
    return count;
}

bool hub_tool_is_in_group(const struct hub_tool *tool, const char *word)
{
    const char *space = strchr(tool->words, ' ');
    return space && strlen(word) == (size_t) (space - tool->words) && memcmp(word, tool->words, strlen(word)) == 0;
}

static int unknown_tool(int argc, char **argv)
{
    const char *best = NULL;
    for (size_t i = 0; i < HUB_TOOLS; i++) {
        const char *words = tools[i].words;
        if (hub_tool_is_in_group(&tools[i], argv[0]))
            return argc > 1
                       ? hub_tool_misused("there is no command '%s %s'; did you mean '%s'?", argv[0], argv[1], words)
                       : hub_tool_misused("'%s' needs another word; did you mean '%s'?", argv[0], words);
        if (hub_nearest_is_close(argv[0], words) &&
            (!best || hub_nearest_distance(argv[0], words) < hub_nearest_distance(argv[0], best)))
            best = words;
    }
    return best ? hub_tool_misused("there is no command '%s'; did you mean '%s'?", argv[0], best)
                : hub_tool_misused("there is no command '%s'; 'omnihub help' lists them", argv[0]);
}

/* No success without what was to be printed. */
static int is_out(int status)
{
    bool is_fine = fflush(stdout) == 0 && !ferror(stdout);
    return is_fine || status != HUB_EXIT_OK
               ? status
               : hub_tool_end(HUB_EXIT_FULL, "what was found could not be written to stdout");
}

static int run(enum hub_tool_name tool, int argc, char **argv)
{
    const char **operands = hub_memory_new(sizeof *operands * ((size_t) argc + 1));
    struct hub_settings *settings = NULL;
    int status = HUB_EXIT_USAGE, count = hub_settings_read(tool, argc, argv, operands, &settings);
    if (count == -1) {
        hub_tool_print_help(tool, stdout);
        status = HUB_EXIT_OK;
    } else if (count > 0 && !tools[tool].operands)
        hub_tool_misused("%s takes no '%s'; 'omnihub help %s' explains it", tools[tool].words, operands[0],
                         tools[tool].words);
    else if (count >= 0) {
        struct hub_tool_call call = { .tool = tool, .settings = settings, .operands = operands, .count = count };
        status = is_out(tools[tool].run(&call));
    }
    hub_settings_destroy(&settings);
    free(operands);
    return status;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Whoever starts us may have closed stdin, stdout or stderr. The next files that are opened would get their numbers, and what is
 * printed would end up in them: in the log's, even. What stands there instead cannot be written to, which is said as of a
 * full disk. */
static void occupy_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int hub_tools_main(int argc, char **argv)
{
    static char help[] = "help", version[] = "version";
    static char *asks_help[] = { help, NULL }, *asks_version[] = { version, NULL };
    occupy_standard_files();
    argc -= argc > 0 ? 1 : 0;
    argv += 1;
    if (argc == 0 || asks_for_help(argv[0])) {
        argc = 1;
        argv = asks_help;
    } else if (strcmp(argv[0], "--version") == 0) {
        argc = 1;
        argv = asks_version;
    }
    for (size_t i = 0; i < HUB_TOOLS; i++) {
        int words = matches(&tools[i], argc, argv);
        if (words > 0 && tools[i].is_raw) {
            struct hub_tool_call call = { .tool = i, .argc = argc - words + 1, .argv = argv + words - 1 };
            return tools[i].run(&call);
        }
        if (words > 0)
            return run(i, argc - words, argv + words);
    }
    if (argc > 1 && asks_for_help(argv[1]) && hub_tool_print_group(argv[0], stdout))
        return HUB_EXIT_OK;
    return unknown_tool(argc, argv);
}
