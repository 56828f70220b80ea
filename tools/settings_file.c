/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The file of settings: a line each, option = value; # begins a comment line. */
#include "tools/settings_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/tool.h"

static const char blanks[] = " \t\r\n";

/* The text without blanks at either end, in the arena. */
static char *trimmed(struct hub_arena *arena, const char *at, size_t len)
{
    while (len > 0 && strchr(blanks, *at)) {
        at++;
        len--;
    }
    while (len > 0 && strchr(blanks, at[len - 1]))
        len--;
    char *text = hub_arena_get(arena, len + 1);
    memcpy(text, at, len);
    return text;
}

static const char *place(struct hub_arena *arena, const char *path, unsigned line)
{
    size_t room = strlen(path) + 32;
    char *where = hub_arena_get(arena, room);
    snprintf(where, room, "file %s:%u", path, line);
    return where;
}

struct reader {
    const char *path;
    struct hub_arena *arena;
    int (*on_line)(void *arg, const char *where, const char *key, const char *text);
    void *arg;
};

static int read_line(const struct reader *self, const char *line, unsigned number)
{
    char *whole = trimmed(self->arena, line, strlen(line));
    if (!*whole || *whole == '#')
        return 0;
    const char *where = place(self->arena, self->path, number), *equals = strchr(whole, '=');
    if (!equals) {
        hub_tool_misused("%s: a line is option = value", where);
        return -2;
    }
    char *key = trimmed(self->arena, whole, (size_t) (equals - whole));
    return self->on_line(self->arg, where, key, trimmed(self->arena, equals + 1, strlen(equals + 1)));
}

int hub_settings_file_read(const char *path, struct hub_arena *arena,
                           int (*on_line)(void *arg, const char *where, const char *key, const char *text), void *arg)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        hub_tool_misused("the file %s cannot be read: %s", path, strerror(errno));
        return -2;
    }
    struct reader self = { .path = path, .arena = arena, .on_line = on_line, .arg = arg };
    char *line = NULL;
    size_t room = 0;
    int error = 0;
    for (unsigned number = 1; !error && getline(&line, &room, file) >= 0; number++)
        error = read_line(&self, line, number);
    if (!error && ferror(file)) {
        hub_tool_misused("the file %s cannot be read: %s", path, strerror(errno));
        error = -2;
    }
    free(line);
    fclose(file);
    return error;
}
