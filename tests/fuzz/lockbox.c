/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, opened as a locked file whose sum is right (libFuzzer). Besides, what is locked comes back as it was. */
#include <stdio.h>
#include <stdlib.h>

#include "base/lockbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key pair of X25519: RFC 7748, section 6.1, Alice's. */
static const uint8_t private_key[] = { 0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                       0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                       0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a };
static const uint8_t public_key[] = { 0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
                                      0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
                                      0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a };

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

static int take(void *arg, struct hub_span bytes)
{
    hub_buf_put(arg, bytes.at, bytes.len);
    return 0;
}

static int open_bytes(struct hub_span bytes, struct hub_buf *ret_clear)
{
    struct hub_lockbox_who who = { .has_key = true };
    memcpy(who.key, private_key, sizeof who.key);
    FILE *file = fmemopen((void *) bytes.at, bytes.len, "r");
    must(file != NULL);
    int result = hub_lockbox_open(file, &who, take, ret_clear);
    fclose(file);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_span whole = hub_span_of(data, size);
    struct hub_digest sum = hub_sha256(whole);
    struct hub_lockbox_who to = { .has_key = true };
    struct hub_buf bytes, clear;
    char *text = NULL;
    size_t len = 0;
    hub_buf_init(&bytes);
    hub_buf_init(&clear);
    hub_buf_put(&bytes, data, size);
    hub_buf_put(&bytes, sum.b, sizeof sum.b);
    must(open_bytes(hub_buf_span(&bytes), &clear) != HUB_LOCKBOX_UNREADABLE);

    memcpy(to.key, public_key, sizeof to.key);
    FILE *file = open_memstream(&text, &len);
    struct hub_lockbox *box = hub_lockbox_new(file, &to, hub_world_real());
    hub_lockbox_put(box, whole);
    must(hub_lockbox_end(&box) == 0 && fclose(file) == 0);
    hub_buf_clear(&clear);
    must(open_bytes(hub_span_of(text, len), &clear) == HUB_LOCKBOX_DONE && hub_span_is(hub_buf_span(&clear), whole));
    free(text);
    hub_buf_done(&bytes);
    hub_buf_done(&clear);
    return 0;
}
