/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes a position, a header row and a tag row for the fuzzer to start from into a folder: log_seeds DIR. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/pack.h"
#include "log/keys.h"

static bool write_seed(const char *dir, uint8_t kind, struct hub_span bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%u", dir, kind);
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fputc(kind, file) != EOF && fwrite(bytes.at, 1, bytes.len, file) == bytes.len;
    return file != NULL && fclose(file) == 0 && fine;
}

static bool write_position(const char *dir)
{
    static const struct hub_log_identity identity = { .log_id = { 1, 2, 3, 4 }, .incarnation = 1 };
    char text[HUB_POSITION_TEXT];
    hub_position_print((struct hub_position){ 77 }, &identity, text);
    return write_seed(dir, 0, hub_span(text));
}

static bool write_header(const char *dir)
{
    struct event_header header = { .has = (UINT64_C(1) << event_header_field_count) - 1,
                                   .sequence = 5,
                                   .version = 1,
                                   .command = HUB_SPAN("0123456789abcdef"),
                                   .correlation = HUB_SPAN("0123456789abcdef"),
                                   .digest = HUB_SPAN("0123456789abcdef0123456789abcdef") };
    struct hub_buf row;
    hub_buf_init(&row);
    hub_buf_put(&row, header.digest.at, HUB_DIGEST);
    hub_pack(&event_header_shape, &header, &row);
    bool fine = write_seed(dir, 1, hub_buf_span(&row));
    hub_buf_done(&row);
    return fine;
}

static bool write_tag_row(const char *dir)
{
    struct hub_name name = { { 1 } };
    struct hub_named_key key = hub_named_key(&name, 9);
    uint8_t row[HUB_NAMED_KEY + 3];
    memcpy(row, key.b, HUB_NAMED_KEY);
    row[HUB_NAMED_KEY] = 0x01;
    row[HUB_NAMED_KEY + 1] = 0x81;
    row[HUB_NAMED_KEY + 2] = 0x01;
    return write_seed(dir, 2, hub_span_of(row, sizeof row));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: log_seeds DIR\n", stderr);
        return 2;
    }
    mkdir(argv[1], 0777);
    if (!write_position(argv[1]) || !write_header(argv[1]) || !write_tag_row(argv[1])) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
