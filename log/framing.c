/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A file is blocks of 32 KiB, a block is frames, and a frame does not leave its block:
 *
 *     checksum (4) | length le16 | type (1) | as many bytes as length says
 *
 * Types are 1 to 4 (whole, first, middle, last), and 0 with length 0 where the rest of a block is empty. 5 to 8 are the same in files
 * that are used again, which the settings in rocks.c forbid. A type that became one of those by damage counts as "of an older log"
 * with RocksDB 7.8.3. A reader that follows another process stays there for ever; one that opens to write takes it for the end,
 * and forgets what comes behind. A length that leaves the block makes the former take a checksum of memory behind its
 * buffer. So both look here first; views alone, which may forget, do not. */
#include "log/framing.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/file.h"

enum { BLOCK = 32768, HEAD = 7, AT_LENGTH = 4, AT_TYPE = 6, LAST_TYPE = 4 };

/* Where the first wrong frame of a block is, or `have` when there is none. The last frame may still be growing. */
static size_t find_wrong(const uint8_t block[BLOCK], size_t have)
{
    size_t at = 0;
    while (at + HEAD <= have) {
        const uint8_t *head = block + at;
        size_t length = head[AT_LENGTH] | (size_t) head[AT_LENGTH + 1] << 8;
        if (head[AT_TYPE] > LAST_TYPE || at + HEAD + length > BLOCK) {
            return at;
        }
        if (head[AT_TYPE] == 0 && length == 0) {
            break;
        }
        at += HEAD + length;
    }
    return have;
}

static int check_file(const char *dir, const char *name, char *ret_why, size_t why_size)
{
    uint8_t block[BLOCK];
    unsigned long long at = 0;
    size_t have, wrong = 0;
    char *path = hub_path(dir, name);
    FILE *file = fopen(path, "rbe");
    free(path);
    if (file == NULL) {
        return 0;
    }
    do {
        have = fread(block, 1, sizeof block, file);
        wrong = find_wrong(block, have);
        at += wrong;
    } while (wrong == have && have == sizeof block);
    fclose(file);
    if (wrong < have) {
        snprintf(ret_why, why_size, "%s is damaged at byte %llu", name, at);
    }
    return wrong < have ? -1 : 0;
}

static bool is_framed(const char *name, bool has_log)
{
    static const char manifest[] = "MANIFEST-";
    size_t len = strlen(name);
    return strncmp(name, manifest, sizeof manifest - 1) == 0 ||
           (has_log && len > 4 && strcmp(name + len - 4, ".log") == 0);
}

int hub_framing_check(const char *dir, bool has_log, char *ret_why, size_t why_size)
{
    const struct dirent *entry;
    int result = 0;
    DIR *entries = opendir(dir);
    while (result == 0 && entries != NULL && (entry = readdir(entries)) != NULL) {
        if (is_framed(entry->d_name, has_log)) {
            result = check_file(dir, entry->d_name, ret_why, why_size);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return result;
}
