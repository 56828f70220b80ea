/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reads a whole small file into memory, for bodies and lists given on a command line. */
#ifndef HUB_TOOLS_BENCH_FILE_H
#define HUB_TOOLS_BENCH_FILE_H

#include <stddef.h>

/* Read all of a file.
 *
 * path       the file
 * ret_text   its bytes with a 0 behind them, to be freed with free(); untouched on failure
 * ret_len    how many, without that 0
 *
 * Returns 0, or a negative errno. */
int hub_bench_file_read(const char *path, char **ret_text, size_t *ret_len);

#endif
