/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all as a file of who read whose data (libFuzzer): it is read, checked and written on.
 *
 * What is sound has what was added behind it; what is damaged stays so, for whoever verifies to find. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "log/access/access.h"
#include "log/access/access_files.h"
#include "log/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

/* The bytes as the first file; those without its magic word go behind a sound head. */
static bool lay_out(const char *dir, struct hub_span bytes)
{
    static const char head[] = "HUBACCS1\0\0\0\0\0\0\0\1";
    bool is_whole = bytes.len >= 8 && memcmp(bytes.at, head, 8) == 0;
    struct hub_digest beginning = hub_sha256(HUB_SPAN("omnihub accesses"));
    char path[96];
    snprintf(path, sizeof path, "%s/access", dir);
    must(hub_dir_make(path) == 0);
    snprintf(path, sizeof path, "%s/access/entries-0000000000000001", dir);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    if (!is_whole) {
        must(fwrite(head, 1, sizeof head - 1, file) == sizeof head - 1);
        must(fwrite(beginning.b, 1, HUB_DIGEST, file) == HUB_DIGEST);
    }
    (void) fwrite(bytes.at, 1, bytes.len, file);
    return fclose(file) == 0;
}

/* As a tool reads it, which believes the hashes. */
static void read_all(const char *dir)
{
    struct hub_access_scan *scan = hub_access_scan_open(dir, 0);
    struct hub_arena *arena = hub_arena_new(4096);
    struct access_entry entry;
    const char *why = NULL;
    uint64_t number, last = 0;
    int more;
    while ((more = hub_access_scan_next(scan, arena, &number, &entry, &why)) == 1) {
        must(number > last);
        last = number;
        hub_arena_reset(arena);
    }
    must(more == 0 || why != NULL);
    hub_arena_destroy(&arena);
    hub_access_scan_close(&scan);
}

static void write_on(const char *dir)
{
    const struct hub_access_writing to = { .data_dir = dir };
    struct hub_access_end end = { .number = 0 };
    const char *why = NULL;
    struct hub_access_found before, after;
    struct hub_buf frame;
    int was_sound = hub_access_verify(dir, &before, &why);
    hub_buf_init(&frame);
    hub_access_frame(HUB_SPAN("another entry"), &frame);
    must(hub_access_files_write(&to, hub_buf_span(&frame), &end) == 0);
    hub_buf_done(&frame);
    int is_sound = hub_access_verify(dir, &after, &why);
    must((was_sound < 0) == (is_sound < 0));
    must(is_sound < 0 || after.last == before.last + 1);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void) info;
    (void) type;
    (void) where;
    return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char dir[] = "/dev/shm/omnihub-fuzz-XXXXXX";
    if (mkdtemp(dir) == NULL) {
        return 0;
    }
    if (lay_out(dir, hub_span_of(data, size))) {
        read_all(dir);
        write_on(dir);
    }
    must(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
    return 0;
}
