/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The head witness, 76 bytes:
 *
 *     "HUBWITN1" | log id (16) | incarnation be32 | sequence be64 | chain hash (32) | check (8)
 *
 * check is the start of the SHA-256 of all before it. */
#include "log/witness.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "log/file.h"
#include "log/keys.h"

enum { AT_ID = 8, AT_INCARNATION = 24, AT_SEQUENCE = 28, AT_HASH = 36, AT_CHECK = 68, CHECK = 8, BYTES = 76 };

static const char magic[] = "HUBWITN1";
static const char name[] = "witness";

int hub_witness_write(const char *data_dir, const struct hub_witness *witness)
{
    uint8_t bytes[BYTES];
    memcpy(bytes, magic, AT_ID);
    memcpy(bytes + AT_ID, witness->identity.log_id, 16);
    hub_put_be32(bytes + AT_INCARNATION, witness->identity.incarnation);
    hub_put_be64(bytes + AT_SEQUENCE, witness->sequence);
    memcpy(bytes + AT_HASH, witness->hash.b, HUB_DIGEST);
    struct hub_digest check = hub_sha256(hub_span_of(bytes, AT_CHECK));
    memcpy(bytes + AT_CHECK, check.b, CHECK);
    return hub_file_replace(data_dir, name, hub_span_of(bytes, BYTES));
}

static bool decode(struct hub_span bytes, struct hub_witness *ret_witness)
{
    if (bytes.len != BYTES || memcmp(bytes.at, magic, AT_ID) != 0) {
        return false;
    }
    struct hub_digest check = hub_sha256(hub_span_of(bytes.at, AT_CHECK));
    if (memcmp(bytes.at + AT_CHECK, check.b, CHECK) != 0) {
        return false;
    }
    memcpy(ret_witness->identity.log_id, bytes.at + AT_ID, 16);
    ret_witness->identity.incarnation = hub_get_be32(bytes.at + AT_INCARNATION);
    ret_witness->sequence = hub_get_be64(bytes.at + AT_SEQUENCE);
    memcpy(ret_witness->hash.b, bytes.at + AT_HASH, HUB_DIGEST);
    return true;
}

int hub_witness_read(const char *data_dir, struct hub_witness *ret_witness, char *ret_why, size_t why_size)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    int result = hub_file_read(data_dir, name, BYTES, &bytes);
    if (result < 0 && errno != EFBIG) {
        snprintf(ret_why, why_size, "The witness %s/%s cannot be read: %s.", data_dir, name, strerror(errno));
    } else if (result < 0 || (result == 0 && !decode(hub_buf_span(&bytes), ret_witness))) {
        snprintf(ret_why, why_size,
                 "The witness %s/%s is damaged; without it nobody can tell whether the log lost its end.", data_dir,
                 name);
        result = -1;
    }
    hub_buf_done(&bytes);
    return result;
}
