/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A program for tests: a log's rows as text, so that a log can be kept in a repository and be loaded by any version of
 * RocksDB.
 *
 *     rows_driver dump DIR    every row of DIR/log as a line "family key value", both in hexadecimal ("-": empty)
 *     rows_driver load DIR    make DIR/log from such lines on stdin
 *
 * Exit: 0; 1 a line is none; 2 usage; 3 the store cannot be opened, read or written. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "log/file.h"
#include "tests/log/row_set.h"

enum { BAD_LINE = 1, USAGE = 2 };

static void print_hex(struct hub_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", (unsigned) (uint8_t) bytes.at[i]);
    }
    if (bytes.len == 0) {
        putchar('-');
    }
}

static int dump(const char *dir)
{
    struct row_set set;
    row_set_open(&set, dir);
    row_set_read(&set);
    for (size_t i = 0; i < set.count; i++) {
        printf("%s ", hub_log_families[set.rows[i].family]);
        print_hex(set.rows[i].key);
        putchar(' ');
        print_hex(set.rows[i].value);
        putchar('\n');
    }
    row_set_close(&set);
    return 0;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo print_hex, in place. Returns false for other text. */
static bool parse_hex(char *text, struct hub_span *ret_bytes)
{
    size_t len = strlen(text);
    if (strcmp(text, "-") == 0) {
        *ret_bytes = hub_span_of(text, 0);
        return true;
    }
    for (size_t i = 0; i < len / 2; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        text[i] = (char) (high << 4 | low);
    }
    *ret_bytes = hub_span_of(text, len / 2);
    return len % 2 == 0;
}

static bool take_line(struct row_set *set, char *line)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " ", &rest);
    char *key_text = strtok_r(NULL, " ", &rest), *value_text = strtok_r(NULL, "\n", &rest);
    struct hub_span key, value;
    if (name == NULL || key_text == NULL || value_text == NULL || !parse_hex(key_text, &key) ||
        !parse_hex(value_text, &value)) {
        return false;
    }
    for (unsigned family = 0; family < HUB_FAMILY_COUNT; family++) {
        if (strcmp(name, hub_log_families[family]) == 0) {
            row_set_put(set, (enum hub_family) family, key, value);
            return true;
        }
    }
    return false;
}

static int load(const char *dir)
{
    struct row_set set;
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    hub_dir_make(dir);
    row_set_open(&set, dir);
    while (status == 0 && getline(&line, &room, stdin) > 0) {
        status = take_line(&set, line) ? 0 : BAD_LINE;
    }
    free(line);
    row_set_close(&set);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "dump") == 0) {
        return dump(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "load") == 0) {
        return load(argv[2]);
    }
    fputs("usage: rows_driver dump|load DIR\n", stderr);
    return USAGE;
}
