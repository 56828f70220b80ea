/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `archive` into a folder: a file of one row, and one of several blocks. */
#include <stdio.h>

#include "log/archive/archive_file.h"

static int save(const char *folder, const char *name, unsigned rows)
{
    static const uint8_t log_id[16] = { 1, 2, 3 };
    static const char words[900] = "words";
    struct hub_archive_writer writer;
    char path[4096];
    hub_archive_start(&writer, log_id);
    for (unsigned i = 0; i < rows; i++) {
        hub_archive_add(&writer, 3 + 2 * i, hub_span_of(words, i % sizeof words));
    }
    struct hub_span file = hub_archive_finish(&writer);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    int result = out != NULL && fwrite(file.at, 1, file.len, out) == file.len && fclose(out) == 0 ? 0 : 1;
    hub_archive_done(&writer);
    return result;
}

int main(int argc, char **argv)
{
    return argc != 2 ? 2 : save(argv[1], "one", 1) | save(argv[1], "some", 40);
}
