/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `access`: a file of two entries, whole, and one that ends in the second. */
#include <stdio.h>

#include "base/digest.h"
#include "base/pack.h"
#include "log/access/access.h"
#include "log/access/access_files.h"

static int save(const char *folder, const char *name, const struct hub_buf *bytes, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    return file != NULL && fwrite(bytes->at, 1, len, file) == len && fclose(file) == 0 ? 0 : 1;
}

/* An entry, the hash of all up to it behind it. */
static void add(struct hub_buf *file, struct hub_digest *hash, uint64_t number)
{
    struct access_entry entry = { 0 };
    struct hub_buf bytes, place;
    hub_buf_init(&bytes);
    hub_buf_init(&place);
    HUB_SET(access_entry, &entry, time, INT64_C(1700000000000000));
    HUB_SET(access_entry, &entry, what, HUB_SPAN("GET /session/{session_id}"));
    HUB_SET(access_entry, &entry, account, HUB_SPAN("auditor"));
    hub_pack(&access_entry_shape, &entry, &bytes);
    hub_buf_put_be64(&place, number);
    const struct hub_span parts[] = { hub_span_of(hash->b, HUB_DIGEST), hub_buf_span(&place), hub_buf_span(&bytes) };
    *hash = hub_sha256_of(parts, 3);
    hub_access_frame(hub_buf_span(&bytes), file);
    hub_buf_put(file, hash->b, HUB_DIGEST);
    hub_buf_done(&bytes);
    hub_buf_done(&place);
}

int main(int argc, char **argv)
{
    struct hub_digest hash = hub_sha256(HUB_SPAN("omnihub accesses"));
    struct hub_buf file;
    hub_buf_init(&file);
    add(&file, &hash, 1);
    add(&file, &hash, 2);
    int failed = argc != 2 || save(argv[1], "whole", &file, file.len) || save(argv[1], "torn", &file, file.len - 9);
    hub_buf_done(&file);
    return failed;
}
