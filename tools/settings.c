/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The settings in force: flags over environment over file over fallback, as options.def lists them. */
#include "tools/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tools/nearest.h"
#include "tools/settings_file.h"
#include "tools/tool.h"

enum { TEXTS_MAX = 32 };

struct value {
    const char *texts[TEXTS_MAX]; /* in the order given; borrowed from argv, the environment or the arena */
    size_t count;
    enum hub_setting_source source;
    const char *where; /* in words */
};

struct hub_settings {
    enum hub_tool_name tool;
    struct value values[HUB_SETTINGS];
    struct hub_arena *arena;
};

#define ON(name) (UINT64_C(1) << HUB_TOOL_##name)
#define EVERY UINT64_MAX
#define REMOTE (ON(dead_list) | ON(dead_show) | ON(dead_retry) | ON(dead_drop) | ON(view_status) | ON(view_rebuild))
static const struct hub_setting_row rows[HUB_SETTINGS] = {
#define OPTION(name, flag_, kind_, tools_, ...) \
    [HUB_SETTING_##name] = { .flag = flag_, .kind = HUB_SETTING_##kind_, .tools = tools_, __VA_ARGS__ },
#include "tools/options.def"
#undef OPTION
};

const struct hub_setting_row *hub_setting_rows(void)
{
    return rows;
}

bool hub_setting_belongs(enum hub_setting_name name, enum hub_tool_name tool)
{
    return rows[name].tools >> tool & 1;
}

static bool is_yes(const char *text)
{
    return strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static bool is_no(const char *text)
{
    return strcmp(text, "no") == 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool read_count(const struct hub_setting_row *row, const char *text, uint64_t *ret_value)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value < row->min || value > row->max)
        return false;
    *ret_value = value;
    return true;
}

static bool is_word(const char *text, const char *words)
{
    size_t len = strlen(text);
    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (len > 0 && strncmp(at, text, len) == 0 && (at[len] == '|' || at[len] == 0))
            return true;
    return false;
}

/* What is wrong with a value, or NULL. */
static const char *complaint(const struct hub_setting_row *row, const char *text)
{
    uint64_t count;
    switch (row->kind) {
    case HUB_SETTING_FLAG: return is_yes(text) || is_no(text) ? NULL : "is yes or no";
    case HUB_SETTING_COUNT: return read_count(row, text, &count) ? NULL : "is a whole number within its bounds";
    case HUB_SETTING_WORD: return is_word(text, row->words) ? NULL : row->words;
    case HUB_SETTING_TEXT:
    case HUB_SETTING_TEXTS: return *text ? NULL : "is not empty";
    }
    return NULL;
}

/* Two texts in one, in the arena. */
static const char *keep(struct hub_settings *self, const char *a, const char *b)
{
    size_t room = strlen(a) + strlen(b) + 1;
    char *at = hub_arena_get(self->arena, room);
    snprintf(at, room, "%s%s", a, b);
    return at;
}

static int set(struct hub_settings *self, size_t name, enum hub_setting_source source, const char *where,
               const char *text)
{
    struct value *value = &self->values[name];
    const char *wrong = complaint(&rows[name], text);
    if (wrong) {
        hub_tool_misused("%s: %s cannot be '%s'; it %s%s", where, rows[name].flag, rows[name].is_secret ? "***" : text,
                         rows[name].kind == HUB_SETTING_WORD ? "is one of " : "", wrong);
        return -2;
    }
    if (value->count > 0 && value->source > source)
        return 0; /* something stronger said it already */
    if (value->source != source || rows[name].kind != HUB_SETTING_TEXTS)
        value->count = 0;
    if (value->count == TEXTS_MAX) {
        hub_tool_misused("%s: at most %d values of %s", where, TEXTS_MAX, rows[name].flag);
        return -2;
    }
    value->texts[value->count++] = text;
    value->source = source;
    value->where = where;
    return 0;
}

/* The option of a command that is written so; two commands may mean different things by one flag. */
static size_t find(enum hub_tool_name tool, const char *flag, size_t len)
{
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (hub_setting_belongs(i, tool) && strlen(rows[i].flag) == len && memcmp(rows[i].flag, flag, len) == 0)
            return i;
    return HUB_SETTINGS;
}

static int unknown_flag(const struct hub_settings *self, const char *word, size_t len)
{
    char flag[64] = { 0 };
    memcpy(flag, word, len < sizeof flag ? len : sizeof flag - 1);
    const char *best = NULL;
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (hub_setting_belongs(i, self->tool) && !rows[i].is_hidden && hub_nearest_is_close(flag, rows[i].flag) &&
            (!best || hub_nearest_distance(flag, rows[i].flag) < hub_nearest_distance(flag, best)))
            best = rows[i].flag;
    const char *words = hub_tools()[self->tool].words;
    if (best)
        hub_tool_misused("%s has no option --%s; did you mean --%s?", words, flag, best);
    else
        hub_tool_misused("%s has no option --%s; 'omnihub help %s' lists them", words, flag, words);
    return -2;
}

/* Reads the option at argv[*i] and moves *i to the last word that belongs to it. */
static int read_flag(struct hub_settings *self, char **argv, int argc, int *i)
{
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t len = equals ? (size_t) (equals - word) : strlen(word), name = find(self->tool, word, len);
    if (name == HUB_SETTINGS)
        return unknown_flag(self, word, len);
    const char *text = equals ? equals + 1 : NULL;
    if (!text && rows[name].kind == HUB_SETTING_FLAG)
        text = "yes";
    if (!text && *i + 1 < argc)
        text = argv[++*i];
    if (!text) {
        hub_tool_misused("--%s needs a value: %s", rows[name].flag, rows[name].value);
        return -2;
    }
    return set(self, name, HUB_SOURCE_flag, keep(self, "flag --", rows[name].flag), text);
}

static int read_flags(struct hub_settings *self, int argc, char **argv, const char **ret_operands)
{
    int count = 0, only_operands = 0;
    for (int i = 0; i < argc; i++) {
        if (!only_operands && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0))
            return -1;
        if (!only_operands && strcmp(argv[i], "--") == 0)
            only_operands = 1;
        else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            if (read_flag(self, argv, argc, &i) < 0)
                return -2;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
            hub_tool_misused("%s has no option %s; options have two dashes", hub_tools()[self->tool].words, argv[i]);
            return -2;
        } else
            ret_operands[count++] = argv[i];
    }
    return count;
}

static int set_list(struct hub_settings *self, size_t name, const char *where, const char *text)
{
    int error = 0;
    while (!error && *text) {
        size_t len = strcspn(text, ",");
        char *item = hub_arena_get(self->arena, len + 1);
        memcpy(item, text, len);
        if (len > 0)
            error = set(self, name, HUB_SOURCE_environment, where, item);
        text += len + (text[len] == ',');
    }
    return error;
}

static int read_environment(struct hub_settings *self)
{
    for (size_t i = 0; i < HUB_SETTINGS; i++) {
        const char *text = rows[i].environment ? getenv(rows[i].environment) : NULL;
        if (!text || !*text || !hub_setting_belongs(i, self->tool))
            continue;
        const char *where = keep(self, "environment ", rows[i].environment);
        int error = rows[i].kind == HUB_SETTING_TEXTS ? set_list(self, i, where, text)
                                                      : set(self, i, HUB_SOURCE_environment, where, text);
        if (error)
            return error;
    }
    return 0;
}

static int on_line(void *arg, const char *where, const char *key, const char *text)
{
    struct hub_settings *self = arg;
    size_t name = find(HUB_TOOL_config, key, strlen(key));
    if (name == HUB_SETTINGS || name == HUB_SETTING_config) {
        hub_tool_misused("%s: there is no setting '%s'", where, key);
        return -2;
    }
    return set(self, name, HUB_SOURCE_file, where, text);
}

static int read_file(struct hub_settings *self)
{
    const char *path = hub_settings_text(self, HUB_SETTING_config);
    return path ? hub_settings_file_read(path, self->arena, on_line, self) : 0;
}

int hub_settings_read(enum hub_tool_name tool, int argc, char **argv, const char **ret_operands,
                      struct hub_settings **ret_settings)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_settings *self = HUB_NEW(arena, struct hub_settings);
    self->tool = tool;
    self->arena = arena;
    *ret_settings = NULL;
    int count = read_flags(self, argc, argv, ret_operands);
    if (count >= 0 && (read_environment(self) < 0 || read_file(self) < 0))
        count = -2;
    if (count < 0)
        hub_settings_destroy(&self);
    *ret_settings = self;
    return count;
}

void hub_settings_destroy(struct hub_settings **self_p)
{
    if (!*self_p)
        return;
    struct hub_arena *arena = (*self_p)->arena;
    hub_arena_destroy(&arena);
    *self_p = NULL;
}

const char *hub_settings_text(const struct hub_settings *self, enum hub_setting_name name)
{
    const struct value *value = &self->values[name];
    return value->count > 0 ? value->texts[value->count - 1] : rows[name].fallback;
}

uint64_t hub_settings_count(const struct hub_settings *self, enum hub_setting_name name)
{
    uint64_t count = 0;
    const char *text = hub_settings_text(self, name);
    return text && read_count(&rows[name], text, &count) ? count : 0;
}

bool hub_settings_is(const struct hub_settings *self, enum hub_setting_name name)
{
    const char *text = hub_settings_text(self, name);
    return text && is_yes(text);
}

size_t hub_settings_texts(const struct hub_settings *self, enum hub_setting_name name, const char *const **ret_texts)
{
    *ret_texts = self->values[name].texts;
    return self->values[name].count;
}

enum hub_setting_source hub_settings_source(const struct hub_settings *self, enum hub_setting_name name)
{
    return self->values[name].count > 0 ? self->values[name].source : HUB_SOURCE_default;
}

const char *hub_settings_where(const struct hub_settings *self, enum hub_setting_name name)
{
    return self->values[name].count > 0 ? self->values[name].where : "default";
}
