/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The files of data keys: segments of fixed-size records, found by subject through a small index in memory. */
#ifndef HUB_LOG_KEYRING_KEY_FILES_H
#define HUB_LOG_KEYRING_KEY_FILES_H

#include "base/digest.h"
#include "base/ulid.h"

enum {
    HUB_WRAPPED = HUB_KEY + HUB_TAG,
    HUB_KEY_RECORD = 16 + 16 + HUB_NONCE + HUB_WRAPPED + 4, /* with its CRC */
};

/* A data key as it is stored. */
struct hub_key_record {
    struct hub_ulid subject;
    struct hub_ulid company;
    uint8_t nonce[HUB_NONCE];
    uint8_t wrapped[HUB_WRAPPED];
};

struct hub_key_files;

/* Read the segments of a directory. With is_writer what a crash left unfinished at the end is cut off.
 * Returns 0, or < 0 with a sentence in ret_why. Nothing here is thread-safe: the ring has the lock. */
int hub_key_files_open(const char *dir, bool is_writer, struct hub_key_files **ret_files, char *ret_why,
                       size_t why_size);
void hub_key_files_close(struct hub_key_files **self_p);

/* The record of a subject. Returns 0, HUB_ERROR_not_found, or < 0 with errno set. May run beside itself. */
int hub_key_files_find(const struct hub_key_files *self, struct hub_ulid subject, struct hub_key_record *ret_record);

/* Append a record; durable after hub_key_files_sync. Returns 0, or < 0 with errno set. */
int hub_key_files_append(struct hub_key_files *self, const struct hub_key_record *record);
int hub_key_files_sync(struct hub_key_files *self);

/* Destroy a record: its segment is written anew without it, synced and put in the old one's place.
 * Returns 0, HUB_ERROR_not_found, or < 0 with errno set. */
int hub_key_files_erase(struct hub_key_files *self, struct hub_ulid subject);

/* CRC-32C (Castagnoli), as the records carry it. */
uint32_t hub_crc32c(const void *bytes, size_t len);

#endif
