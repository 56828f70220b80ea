/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key store: a data key per subject, wrapped by its company's key, wrapped by the master key. */
#ifndef HUB_LOG_KEYRING_KEYRING_H
#define HUB_LOG_KEYRING_KEYRING_H

#include "base/sealed.h"
#include "log/append.h"

struct hub_keyring;

struct hub_keyring_options {
    const char *data_dir;
    const char *master_path; /* where the master key is; NULL: DATA/keys/master (0600) */
    bool create;             /* make what is missing, with fresh randomness; else a missing store is an empty ring */
    const struct hub_world *world;
};

/* Open DATA/keys/; with `create` it is locked against another writer. An empty ring finds nothing, as tools do on a copy
 * without keys. Options are copied, their texts too. Returns 0, or with a sentence in ret_why < 0, or
 * HUB_ERROR_unauthenticated: the master key does not open it. */
int hub_keyring_open(const struct hub_keyring_options *options, struct hub_keyring **ret_ring, char *ret_why,
                     size_t why_size);
void hub_keyring_close(struct hub_keyring **self_p);

/* The subject's key, through a bounded cache. False when there is none. Thread-safe. */
bool hub_keyring_find(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject,
                      struct hub_key *ret_key);

/* The same as an argument for base/sealed.h. */
struct hub_key_source hub_keyring_source(struct hub_keyring *self);

/* A fresh key for a new subject. It is findable at once, and durable after hub_keyring_store. Thread-safe. */
void hub_keyring_make(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject,
                      struct hub_new_key *ret_key);

/* Make new keys durable (one fsync for all). Called by the log before the batch that uses them; one thread.
 * Companies that are new get their key and index key here too. Returns 0 or < 0: fatal. */
int hub_keyring_store(struct hub_keyring *self, const struct hub_new_key *keys, size_t count);

/* Make sure a company has its key and its index key, durably. Returns 0 or < 0. */
int hub_keyring_add_company(struct hub_keyring *self, struct hub_ulid company);

/* Keyed digest (16 bytes of HMAC-SHA-256) of a client's own id or of a body, by the company's index key; company none uses
 * the hub's own. `label` keeps uses apart ("alias:customer", "body"). Thread-safe. Returns false for an unknown company. */
bool hub_keyring_digest(struct hub_keyring *self, struct hub_ulid company, const char *label, struct hub_span value,
                        uint8_t ret_digest[16]);

/* Destroy a subject's key: the file that held it is rewritten, synced and replaced. Returns 0, HUB_ERROR_not_found, < 0. */
int hub_keyring_erase(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject);

/* How many keys were destroyed since the ring was opened. Any thread. */
uint64_t hub_keyring_erasures(const struct hub_keyring *self);

#endif
