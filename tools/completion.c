/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What makes a shell complete commands, options and their values, printed from the tables of commands and options.
 *
 * What follows an option is told by the name that stands for its value in the help: FILE and DIR are paths, a|b|c are those
 * words, anything else is left to who types. The same goes for operands, where COMMAND stands for all commands. */
#include "tools/completion.h"

#include <ctype.h>
#include <string.h>

#include "tools/tool.h"

static const struct hub_tool *tool_at(size_t tool)
{
    return &hub_tools()[tool];
}

static bool takes(size_t name, size_t tool)
{
    return hub_setting_belongs(name, tool) && !hub_setting_rows()[name].is_hidden;
}

/* Length of a command's first word. */
static size_t first_len(const struct hub_tool *tool)
{
    return strcspn(tool->words, " ");
}

static bool is_group(const struct hub_tool *tool)
{
    return tool->words[first_len(tool)] == ' ';
}

/* Whether no row before this one begins with the same word. */
static bool is_first_of_its_word(size_t tool)
{
    size_t len = first_len(tool_at(tool));
    for (size_t i = 0; i < tool; i++)
        if (first_len(tool_at(i)) == len && memcmp(tool_at(i)->words, tool_at(tool)->words, len) == 0)
            return false;
    return true;
}

/* The words of "a|b|c", or of "[COMMAND|exit-codes]", with blanks between: those in small letters alone. */
static void put_words(struct hub_buf *out, const char *text)
{
    for (const char *at = text + strspn(text, "[|]"); *at; at += strspn(at, "[|]")) {
        size_t len = strcspn(at, "[|]");
        if (islower((unsigned char) *at)) {
            hub_buf_put_byte(out, ' ');
            hub_buf_put(out, at, len);
        }
        at += len;
    }
}

enum place { PLACE_none, PLACE_words, PLACE_files, PLACE_folders, PLACE_commands };

static enum place place_of(const char *operands)
{
    if (!operands)
        return PLACE_none;
    if (strstr(operands, "COMMAND"))
        return PLACE_commands;
    if (strstr(operands, "FILE") || strstr(operands, "PROOF"))
        return PLACE_files;
    if (strstr(operands, "DIR"))
        return PLACE_folders;
    return islower((unsigned char) *operands) ? PLACE_words : PLACE_none;
}

static enum place place_of_value(const struct hub_setting_row *row)
{
    return row->kind == HUB_SETTING_WORD ? PLACE_words : place_of(row->value);
}

static void put_first_words(struct hub_buf *out)
{
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (is_first_of_its_word(i)) {
            hub_buf_put_byte(out, ' ');
            hub_buf_put(out, tool_at(i)->words, first_len(tool_at(i)));
        }
}

static void put_second_words(struct hub_buf *out, size_t tool)
{
    const char *first = tool_at(tool)->words;
    size_t len = first_len(tool_at(tool)) + 1;
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (is_group(tool_at(i)) && strncmp(tool_at(i)->words, first, len) == 0) {
            hub_buf_put_byte(out, ' ');
            hub_buf_put_text(out, tool_at(i)->words + len);
        }
}

/* "audit|company|...": the first words of commands that have two. */
static void put_groups(struct hub_buf *out)
{
    const char *between = "";
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (is_group(tool_at(i)) && is_first_of_its_word(i)) {
            hub_buf_put_text(out, between);
            hub_buf_put(out, tool_at(i)->words, first_len(tool_at(i)));
            between = "|";
        }
}

/* --- bash --- */

static void put_bash_place(struct hub_buf *out, enum place place, const char *words)
{
    switch (place) {
    case PLACE_words:
        hub_buf_put_text(out, "words='");
        put_words(out, words);
        hub_buf_put_text(out, "'");
        break;
    case PLACE_commands:
        hub_buf_put_text(out, "words='");
        put_first_words(out);
        put_words(out, words);
        hub_buf_put_text(out, "'");
        break;
    case PLACE_files: hub_buf_put_text(out, "paths=-f"); break;
    case PLACE_folders: hub_buf_put_text(out, "paths=-d"); break;
    case PLACE_none: hub_buf_put_text(out, ":"); break;
    }
}

static void put_bash_values(struct hub_buf *out, size_t tool)
{
    for (size_t i = 0; i < HUB_SETTINGS; i++) {
        const struct hub_setting_row *row = &hub_setting_rows()[i];
        if (!takes(i, tool) || !row->value)
            continue;
        hub_buf_put_text(out, "    '");
        hub_buf_put_text(out, tool_at(tool)->words);
        hub_buf_put_text(out, " --");
        hub_buf_put_text(out, row->flag);
        hub_buf_put_text(out, "') ");
        put_bash_place(out, place_of_value(row), row->words ? row->words : "");
        hub_buf_put_text(out, " ;;\n");
    }
}

static void put_bash_options(struct hub_buf *out, size_t tool)
{
    hub_buf_put_text(out, "    '");
    hub_buf_put_text(out, tool_at(tool)->words);
    hub_buf_put_text(out, "')\n        options='--help");
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (takes(i, tool)) {
            hub_buf_put_text(out, " --");
            hub_buf_put_text(out, hub_setting_rows()[i].flag);
        }
    hub_buf_put_text(out, "'\n        ");
    put_bash_place(out, place_of(tool_at(tool)->operands), tool_at(tool)->operands);
    hub_buf_put_text(out, " ;;\n");
}

void hub_completion_bash(struct hub_buf *out)
{
    hub_buf_put_text(
        out, "# bash completion of omnihub; printed by `omnihub schema completion-bash`.\n"
             "_omnihub() {\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
             "    local words='' options='' paths=''\n"
             "    COMPREPLY=()\n"
             "    case $command in\n"
             "    ");
    put_groups(out);
    hub_buf_put_text(out, ") ((COMP_CWORD < 3)) || command=\"$command ${COMP_WORDS[2]}\" ;;\n    esac\n"
                          "    case \"$((COMP_CWORD == 1)) $command $prev\" in\n"
                          "    '1 '*) words='--help --version");
    put_first_words(out);
    hub_buf_put_text(out, "' ;;\n    *) case \"$command $prev\" in\n");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        put_bash_values(out, i);
    hub_buf_put_text(out, "    *) case $command in\n");
    for (size_t i = 0; i < HUB_TOOLS; i++) {
        if (is_group(tool_at(i)) && is_first_of_its_word(i)) {
            hub_buf_put_text(out, "    ");
            hub_buf_put(out, tool_at(i)->words, first_len(tool_at(i)));
            hub_buf_put_text(out, ") words='--help");
            put_second_words(out, i);
            hub_buf_put_text(out, "' ;;\n");
        }
        put_bash_options(out, i);
    }
    hub_buf_put_text(out, "    esac ;;\n    esac ;;\n    esac\n"
                          "    [[ $cur != -* || ! $options ]] || { words=$options; paths=''; }\n"
                          "    [[ ! $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                          "    [[ ! $paths ]] || { compopt -o filenames 2>/dev/null\n"
                          "        mapfile -t COMPREPLY < <(compgen $paths -- \"$cur\"); }\n"
                          "}\n"
                          "complete -F _omnihub omnihub\n");
}

/* --- zsh --- */

/* Text within '...' of an _arguments or _describe line, where colons and brackets mean something. */
static void put_zsh_text(struct hub_buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            hub_buf_put_byte(out, '\\');
        if (*text == '\'')
            hub_buf_put_text(out, "'\\'");
        hub_buf_put_byte(out, (uint8_t) *text);
    }
}

static void put_zsh_place(struct hub_buf *out, enum place place, const char *words)
{
    if (place == PLACE_files)
        hub_buf_put_text(out, "_files");
    else if (place == PLACE_folders)
        hub_buf_put_text(out, "_files -/");
    else if (place == PLACE_words || place == PLACE_commands) {
        hub_buf_put_byte(out, '(');
        if (place == PLACE_commands)
            put_first_words(out);
        put_words(out, words);
        hub_buf_put_byte(out, ')');
    } else
        hub_buf_put_byte(out, ' ');
}

static void put_zsh_option(struct hub_buf *out, const struct hub_setting_row *row)
{
    hub_buf_put_text(out, row->kind == HUB_SETTING_TEXTS ? " \\\n            '*--" : " \\\n            '--");
    hub_buf_put_text(out, row->flag);
    hub_buf_put_text(out, row->value ? "=[" : "[");
    put_zsh_text(out, row->doc);
    hub_buf_put_byte(out, ']');
    if (row->value) {
        hub_buf_put_byte(out, ':');
        put_zsh_text(out, row->value);
        hub_buf_put_byte(out, ':');
        put_zsh_place(out, place_of_value(row), row->words ? row->words : "");
    }
    hub_buf_put_byte(out, '\'');
}

static void put_zsh_tool(struct hub_buf *out, size_t tool)
{
    const char *operands = tool_at(tool)->operands;
    hub_buf_put_text(out, "    ('");
    hub_buf_put_text(out, tool_at(tool)->words);
    hub_buf_put_text(out, "') _arguments '--help[explain the command]'");
    for (size_t i = 0; i < HUB_SETTINGS; i++)
        if (takes(i, tool))
            put_zsh_option(out, &hub_setting_rows()[i]);
    if (operands) {
        hub_buf_put_text(out, " \\\n            '*:operand:");
        put_zsh_place(out, place_of(operands), operands);
        hub_buf_put_byte(out, '\'');
    }
    hub_buf_put_text(out, " ;;\n");
}

static void put_zsh_described(struct hub_buf *out, const char *word, size_t len, const char *doc)
{
    hub_buf_put_text(out, " '");
    hub_buf_put(out, word, len);
    hub_buf_put_byte(out, ':');
    put_zsh_text(out, doc);
    hub_buf_put_byte(out, '\'');
}

static void put_zsh_group(struct hub_buf *out, size_t tool)
{
    size_t len = first_len(tool_at(tool));
    hub_buf_put_text(out, "        (");
    hub_buf_put(out, tool_at(tool)->words, len);
    hub_buf_put_text(out, ") commands=(");
    for (size_t i = tool; i < HUB_TOOLS; i++)
        if (strncmp(tool_at(i)->words, tool_at(tool)->words, len + 1) == 0)
            put_zsh_described(out, tool_at(i)->words + len + 1, strlen(tool_at(i)->words) - len - 1, tool_at(i)->doc);
    hub_buf_put_text(out, ") ;;\n");
}

void hub_completion_zsh(struct hub_buf *out)
{
    hub_buf_put_text(
        out, "#compdef omnihub\n# zsh completion of omnihub; printed by `omnihub schema completion-zsh`.\n"
             "_omnihub() {\n    local -a commands\n    local command=$words[2] shifts=1\n    case $command in\n    (");
    put_groups(out);
    hub_buf_put_text(out, ")\n        if ((CURRENT > 3)); then command=\"$words[2] $words[3]\"; shifts=2; fi\n"
                          "        if ((CURRENT == 3)); then\n        case $command in\n");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (is_group(tool_at(i)) && is_first_of_its_word(i))
            put_zsh_group(out, i);
    hub_buf_put_text(
        out, "        esac\n        _describe -t commands command commands\n        return\n        fi ;;\n    esac\n"
             "    if ((CURRENT == 2)); then\n        commands=(");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        if (is_first_of_its_word(i))
            put_zsh_described(out, tool_at(i)->words, first_len(tool_at(i)),
                              is_group(tool_at(i)) ? "several commands" : tool_at(i)->doc);
    hub_buf_put_text(out, ")\n        _describe -t commands command commands\n        return\n    fi\n"
                          "    shift $shifts words\n    ((CURRENT -= shifts))\n    case $command in\n");
    for (size_t i = 0; i < HUB_TOOLS; i++)
        put_zsh_tool(out, i);
    hub_buf_put_text(out, "    esac\n}\n_omnihub \"$@\"\n");
}

/* --- fish --- */

/* 'text', as fish reads it. */
static void put_fish_text(struct hub_buf *out, const char *text, size_t len)
{
    hub_buf_put_byte(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'' || text[i] == '\\')
            hub_buf_put_byte(out, '\\');
        hub_buf_put_byte(out, (uint8_t) text[i]);
    }
    hub_buf_put_byte(out, '\'');
}

static void put_fish_place(struct hub_buf *out, enum place place, const char *words)
{
    if (place == PLACE_files)
        hub_buf_put_text(out, " -F");
    else if (place == PLACE_folders)
        hub_buf_put_text(out, " -a '(__fish_complete_directories)'");
    else if (place == PLACE_words || place == PLACE_commands) {
        hub_buf_put_text(out, " -a '");
        if (place == PLACE_commands)
            put_first_words(out);
        put_words(out, words);
        hub_buf_put_byte(out, '\'');
    }
}

static void put_fish_line(struct hub_buf *out, const char *function, const char *words, size_t len)
{
    hub_buf_put_text(out, "complete -c omnihub -n '");
    hub_buf_put_text(out, function);
    hub_buf_put_byte(out, len > 0 ? ' ' : '\'');
    hub_buf_put(out, words, len);
    hub_buf_put_text(out, len > 0 ? "'" : "");
}

static void put_fish_options(struct hub_buf *out, size_t tool)
{
    const struct hub_tool *row = tool_at(tool);
    for (size_t i = 0; i < HUB_SETTINGS; i++) {
        const struct hub_setting_row *option = &hub_setting_rows()[i];
        if (!takes(i, tool))
            continue;
        put_fish_line(out, "__omnihub_behind", row->words, strlen(row->words));
        hub_buf_put_text(out, " -l ");
        hub_buf_put_text(out, option->flag);
        if (option->value)
            hub_buf_put_text(out, place_of_value(option) == PLACE_files ? " -r" : " -x");
        if (option->value)
            put_fish_place(out, place_of_value(option), option->words ? option->words : "");
        hub_buf_put_text(out, " -d ");
        put_fish_text(out, option->doc, strlen(option->doc));
        hub_buf_put_byte(out, '\n');
    }
    if (place_of(row->operands) != PLACE_none) {
        put_fish_line(out, "__omnihub_behind", row->words, strlen(row->words));
        put_fish_place(out, place_of(row->operands), row->operands);
        hub_buf_put_byte(out, '\n');
    }
}

static void put_fish_word(struct hub_buf *out, size_t tool)
{
    const struct hub_tool *row = tool_at(tool);
    size_t len = first_len(row);
    if (is_first_of_its_word(tool)) {
        put_fish_line(out, "__omnihub_at", "", 0);
        hub_buf_put_text(out, " -a ");
        put_fish_text(out, row->words, len);
        hub_buf_put_text(out, " -d ");
        put_fish_text(out, is_group(row) ? "several commands" : row->doc,
                      is_group(row) ? strlen("several commands") : strlen(row->doc));
        hub_buf_put_byte(out, '\n');
    }
    if (is_group(row)) {
        put_fish_line(out, "__omnihub_at", row->words, len);
        hub_buf_put_text(out, " -a ");
        put_fish_text(out, row->words + len + 1, strlen(row->words) - len - 1);
        hub_buf_put_text(out, " -d ");
        put_fish_text(out, row->doc, strlen(row->doc));
        hub_buf_put_byte(out, '\n');
    }
}

void hub_completion_fish(struct hub_buf *out)
{
    hub_buf_put_text(out, "# fish completion of omnihub; printed by `omnihub schema completion-fish`.\n"
                          "function __omnihub_behind -d 'the command line begins with these words'\n"
                          "    set -l words (commandline -opc)\n"
                          "    set -l last (math (count $argv) + 1)\n"
                          "    test (count $words) -ge $last; and test \"$words[2..$last]\" = \"$argv\"\n"
                          "end\n"
                          "function __omnihub_at -d 'these words alone stand before the cursor'\n"
                          "    set -l words (commandline -opc)\n"
                          "    test \"$words[2..]\" = \"$argv\"\n"
                          "end\n"
                          "complete -c omnihub -f\n"
                          "complete -c omnihub -l help -d 'explain the command'\n");
    for (size_t i = 0; i < HUB_TOOLS; i++) {
        put_fish_word(out, i);
        put_fish_options(out, i);
    }
}
