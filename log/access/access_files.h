/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The files of DATA/access/: entries one after the other, each with the hash of all before it. Several processes write, one at
 * a time: the hub, and tools beside it. docs/log-format.md §7 is normative. */
#ifndef HUB_LOG_ACCESS_ACCESS_FILES_H
#define HUB_LOG_ACCESS_ACCESS_FILES_H

#include "base/buf.h"
#include "base/digest.h"

enum {
    HUB_ACCESS_ENTRY_MAX = 16384,       /* bytes of one entry */
    HUB_ACCESS_SEGMENT = 4 << 20,       /* bytes of a file before the next one begins */
    HUB_ACCESS_DEFAULT_MAX = 256 << 20, /* bytes of all; beyond, the oldest file goes */
    HUB_ACCESS_HEAD = 48,               /* bytes of a file before its first entry */
};

/* Where writing goes on, remembered between two times so that the last file is not walked again. */
struct hub_access_end {
    uint64_t file;   /* number of its first entry; 0: not known */
    uint64_t number; /* of the last entry; 0: none */
    struct hub_digest hash;
    uint64_t size; /* of the file */
};

struct hub_access_writing {
    const char *data_dir;
    uint64_t max_bytes; /* 0: HUB_ACCESS_DEFAULT_MAX; at least two files stay */
    bool sync;          /* on disk before it returns */
};

/* Add a frame (hub_access_frame) or several to the end. An end that a power cut tore is cut off; one that is damaged stays as it
 * is, for verifying to find, and a new file begins.
 *
 * end  in and out; zeroed the first time
 *
 * Returns 0, or < 0 with errno set; then nothing that can be read back was added. One thread. */
int hub_access_files_write(const struct hub_access_writing *to, struct hub_span frames, struct hub_access_end *end);

/* Append an entry to frames that are to be written: length (4, big-endian) and bytes; at most HUB_ACCESS_ENTRY_MAX. */
void hub_access_frame(struct hub_span entry, struct hub_buf *out);

/* Reads what is there, oldest first. */
struct hub_access_files;

/* from: number of the first entry wanted; older ones may be gone. Never NULL. */
struct hub_access_files *hub_access_files_open(const char *data_dir, uint64_t from);

/* The next entry; its bytes are valid until the next call. checks: look whether its hash is right.
 * Returns 1; 0 at the end; < 0 when a file cannot be read or is damaged, with a clause in *ret_why, which is static. */
int hub_access_files_next(struct hub_access_files *self, bool checks, uint64_t *ret_number, struct hub_span *ret_entry,
                          const char **ret_why);

/* *self_p becomes NULL. Takes NULL. */
void hub_access_files_close(struct hub_access_files **self_p);

#endif
