/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reads a whole small file into memory, for bodies and lists given on a command line. */
#include "tools/bench/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP_BYTES = 64 * 1024 };

static int read_all(FILE *file, char **text, size_t *ret_len)
{
    size_t room = 0, len = 0, got;
    do {
        if (room - len < STEP_BYTES) {
            room = 2 * room + 2 * STEP_BYTES;
            char *larger = realloc(*text, room);
            if (!larger)
                return -ENOMEM;
            *text = larger;
        }
        got = fread(*text + len, 1, room - len - 1, file);
        len += got;
    } while (got > 0);
    if (ferror(file))
        return -EIO;
    (*text)[len] = '\0';
    *ret_len = len;
    return 0;
}

int hub_bench_file_read(const char *path, char **ret_text, size_t *ret_len)
{
    char *text = NULL;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return -errno;
    int rc = read_all(file, &text, ret_len);
    fclose(file);
    if (rc < 0)
        free(text);
    else
        *ret_text = text;
    return rc;
}
