/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key store: a data key per subject, wrapped by its company's key, wrapped by the master key.
 *
 * Wrapping is AES-256-GCM with a fresh nonce; the associated data say whose key it is, so that records cannot be swapped.
 * Clear keys live only in memory: of companies for good, of subjects in a bounded cache. A key that was made and is not
 * stored yet waits in a bounded list, findable like the others, as the values that it seals may be read before the log
 * has written it. See docs/log-format.md §6. */
#include "log/keyring/keyring.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "log/keyring/key_cache.h"
#include "log/keyring/key_companies.h"
#include "log/keyring/key_files.h"
#include "log/table.h"

enum { FRESH_MAX = 16384, WORDS = 256 };

struct hub_keyring {
    char *dir; /* owned */
    const struct hub_world *world;
    struct hub_key_cache *cache;
    int guard;      /* descriptor that holds the lock of keys/, or -1 */
    bool is_absent; /* opened without create where there is no store */
    atomic_uint_fast64_t erasures;

    pthread_rwlock_t lock; /* guards files and companies */
    struct hub_key_files *files;
    struct hub_key_companies *companies;

    pthread_mutex_t fresh_lock; /* guards what follows */
    struct hub_table fresh_at;  /* subject to 1 + its place in fresh */
    struct hub_new_key *fresh;  /* owned; a ring of FRESH_MAX */
    uint64_t fresh_made;        /* so far */
};

static struct hub_name name_of(struct hub_ulid subject)
{
    static const struct hub_ulid none;
    return hub_name(&none, 0, subject.b);
}

/* --- Opening --- */

static struct hub_keyring *ring_new(const char *data_dir, const struct hub_world *world)
{
    struct hub_keyring *self = hub_memory_new(sizeof *self);
    *self = (struct hub_keyring){
        .dir = hub_path(data_dir, "keys"), .guard = -1, .world = world, .cache = hub_key_cache_new()
    };
    pthread_rwlock_init(&self->lock, NULL);
    pthread_mutex_init(&self->fresh_lock, NULL);
    hub_table_init(&self->fresh_at, 1024);
    self->fresh = hub_memory_new(FRESH_MAX * sizeof *self->fresh);
    return self;
}

static int open_store(struct hub_keyring *self, const struct hub_keyring_options *options, char *ret_why,
                      size_t why_size)
{
    struct hub_key_master_options master = {
        .dir = self->dir, .master_path = options->master_path, .create = options->create, .world = self->world
    };
    int result = hub_key_companies_open(&master, &self->companies, ret_why, why_size);
    if (result == HUB_ERROR_not_found && !options->create) {
        self->is_absent = true;
        return 0;
    }
    return result != 0 ? result : hub_key_files_open(self->dir, options->create, &self->files, ret_why, why_size);
}

static int make_dirs(struct hub_keyring *self, const char *data_dir, char *ret_why, size_t why_size)
{
    if (hub_dir_make(data_dir) == 0 && hub_dir_make(self->dir) == 0) {
        return hub_dir_lock(self->dir, &self->guard, ret_why, why_size);
    }
    snprintf(ret_why, why_size, "The directory %s cannot be made: %s.", self->dir, strerror(errno));
    return -1;
}

int hub_keyring_open(const struct hub_keyring_options *options, struct hub_keyring **ret_ring, char *ret_why,
                     size_t why_size)
{
    static const struct hub_ulid hub;
    struct hub_keyring *self = ring_new(options->data_dir, options->world);
    int result = options->create ? make_dirs(self, options->data_dir, ret_why, why_size) : 0;
    if (result != 0) {
        hub_keyring_close(&self);
        return result;
    }
    result = open_store(self, options, ret_why, why_size);
    if (result == 0 && options->create && hub_keyring_add_company(self, hub) < 0) {
        snprintf(ret_why, why_size, "The hub's own key cannot be stored in %s: %s.", self->dir, strerror(errno));
        result = -1;
    }
    if (result != 0) {
        hub_keyring_close(&self);
        return result;
    }
    *ret_ring = self;
    return 0;
}

void hub_keyring_close(struct hub_keyring **self_p)
{
    struct hub_keyring *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_key_files_close(&self->files);
    hub_key_companies_close(&self->companies);
    hub_key_cache_destroy(&self->cache);
    explicit_bzero(self->fresh, FRESH_MAX * sizeof *self->fresh);
    free(self->fresh);
    hub_table_done(&self->fresh_at);
    pthread_rwlock_destroy(&self->lock);
    pthread_mutex_destroy(&self->fresh_lock);
    if (self->guard >= 0) {
        close(self->guard);
    }
    free(self->dir);
    free(self);
    *self_p = NULL;
}

/* --- Keys that are not stored yet --- */

static struct hub_new_key *find_fresh(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject)
{
    struct hub_name name = name_of(subject);
    const uint64_t *at = hub_table_find(&self->fresh_at, &name);
    if (at == NULL || *at == 0) {
        return NULL;
    }
    struct hub_new_key *key = &self->fresh[*at - 1];
    return hub_ulid_is(key->subject, subject) && hub_ulid_is(key->company, company) ? key : NULL;
}

static bool copy_fresh(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject,
                       struct hub_key *ret_key)
{
    pthread_mutex_lock(&self->fresh_lock);
    const struct hub_new_key *key = find_fresh(self, company, subject);
    if (key != NULL) {
        *ret_key = key->key;
    }
    pthread_mutex_unlock(&self->fresh_lock);
    return key != NULL;
}

/* The oldest gives way: what is under way is bounded far below FRESH_MAX, so its command was refused long ago. */
static void add_fresh(struct hub_keyring *self, const struct hub_new_key *key)
{
    bool is_new;
    pthread_mutex_lock(&self->fresh_lock);
    if (self->fresh_at.count >= FRESH_MAX) {
        hub_table_clear(&self->fresh_at);
        for (uint32_t i = FRESH_MAX / 2; i < FRESH_MAX; i++) {
            uint64_t at = (self->fresh_made + i) % FRESH_MAX;
            struct hub_name kept = name_of(self->fresh[at].subject);
            if (!hub_ulid_is_none(self->fresh[at].subject)) {
                *hub_table_put(&self->fresh_at, &kept, &is_new) = at + 1;
            }
        }
    }
    uint64_t at = self->fresh_made++ % FRESH_MAX;
    struct hub_name name = name_of(key->subject);
    self->fresh[at] = *key;
    *hub_table_put(&self->fresh_at, &name, &is_new) = at + 1;
    pthread_mutex_unlock(&self->fresh_lock);
}

static void drop_fresh(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject)
{
    pthread_mutex_lock(&self->fresh_lock);
    struct hub_new_key *key = find_fresh(self, company, subject);
    if (key != NULL) {
        struct hub_name name = name_of(subject);
        explicit_bzero(key, sizeof *key);
        *hub_table_find(&self->fresh_at, &name) = 0;
    }
    pthread_mutex_unlock(&self->fresh_lock);
}

/* --- Data keys --- */

static void associate(struct hub_ulid subject, struct hub_ulid company, uint8_t ret_aad[32])
{
    memcpy(ret_aad, subject.b, 16);
    memcpy(ret_aad + 16, company.b, 16);
}

/* Read and unwrap a stored key. The lock is held. */
static bool unwrap(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    struct hub_key_record record;
    const struct hub_company_keys *keys = hub_key_companies_find(self->companies, company);
    if (keys == NULL || hub_key_files_find(self->files, subject, &record) != 0 ||
        !hub_ulid_is(record.company, company)) {
        return false;
    }
    uint8_t aad[32];
    associate(subject, company, aad);
    return hub_unseal(&keys->key, record.nonce, hub_span_of(aad, sizeof aad), hub_span_of(record.wrapped, HUB_WRAPPED),
                      (char *) ret_key->b);
}

bool hub_keyring_find(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject,
                      struct hub_key *ret_key)
{
    if (hub_key_cache_find(self->cache, company, subject, ret_key) || copy_fresh(self, company, subject, ret_key)) {
        return true;
    }
    if (self->is_absent) {
        return false;
    }
    struct hub_key key;
    pthread_rwlock_rdlock(&self->lock);
    bool found = unwrap(self, company, subject, &key);
    if (found) {
        hub_key_cache_put(self->cache, company, subject, &key);
        *ret_key = key;
    }
    pthread_rwlock_unlock(&self->lock);
    explicit_bzero(&key, sizeof key);
    return found;
}

static bool find_for_source(void *self, struct hub_ulid company, struct hub_ulid subject, struct hub_key *ret_key)
{
    return hub_keyring_find(self, company, subject, ret_key);
}

struct hub_key_source hub_keyring_source(struct hub_keyring *self)
{
    return (struct hub_key_source){ .find = find_for_source, .self = self };
}

void hub_keyring_make(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject,
                      struct hub_new_key *ret_key)
{
    *ret_key = (struct hub_new_key){ .company = company, .subject = subject };
    if (hub_keyring_find(self, company, subject, &ret_key->key)) {
        return;
    }
    self->world->random(self->world->self, ret_key->key.b, HUB_KEY);
    add_fresh(self, ret_key);
}

/* Append one key, unless its subject has one. The lock is held. Returns 0, or < 0 with errno set. */
static int append_key(struct hub_keyring *self, const struct hub_new_key *key)
{
    struct hub_key_record record = { .subject = key->subject, .company = key->company };
    struct hub_key_record present;
    int found = hub_key_files_find(self->files, key->subject, &present);
    if (found != HUB_ERROR_not_found) {
        return found;
    }
    if (hub_key_companies_add(self->companies, key->company) < 0) {
        return -1;
    }
    const struct hub_company_keys *keys = hub_key_companies_find(self->companies, key->company);
    uint8_t aad[32];
    associate(key->subject, key->company, aad);
    self->world->random(self->world->self, record.nonce, HUB_NONCE);
    hub_seal(&keys->key, record.nonce, hub_span_of(aad, sizeof aad), hub_span_of(key->key.b, HUB_KEY), record.wrapped);
    return hub_key_files_append(self->files, &record);
}

int hub_keyring_store(struct hub_keyring *self, const struct hub_new_key *keys, size_t count)
{
    assert(!self->is_absent);
    int result = 0;
    pthread_rwlock_wrlock(&self->lock);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = append_key(self, &keys[i]);
    }
    if (result == 0) {
        result = hub_key_files_sync(self->files);
    }
    pthread_rwlock_unlock(&self->lock);
    for (size_t i = 0; i < count && result == 0; i++) {
        hub_key_cache_put(self->cache, keys[i].company, keys[i].subject, &keys[i].key);
        drop_fresh(self, keys[i].company, keys[i].subject);
    }
    return result;
}

int hub_keyring_erase(struct hub_keyring *self, struct hub_ulid company, struct hub_ulid subject)
{
    if (self->is_absent) {
        return HUB_ERROR_not_found;
    }
    struct hub_key_record record;
    pthread_rwlock_wrlock(&self->lock);
    int result = hub_key_files_find(self->files, subject, &record);
    if (result == 0 && !hub_ulid_is(record.company, company)) {
        result = HUB_ERROR_not_found;
    }
    if (result == 0) {
        result = hub_key_files_erase(self->files, subject);
    }
    if (result == 0) {
        drop_fresh(self, company, subject);
        hub_key_cache_drop(self->cache, subject);
        atomic_fetch_add(&self->erasures, 1);
    }
    pthread_rwlock_unlock(&self->lock);
    return result;
}

uint64_t hub_keyring_erasures(const struct hub_keyring *self)
{
    return atomic_load(&self->erasures);
}

/* --- Companies --- */

int hub_keyring_add_company(struct hub_keyring *self, struct hub_ulid company)
{
    assert(!self->is_absent);
    pthread_rwlock_wrlock(&self->lock);
    int result = hub_key_companies_add(self->companies, company);
    pthread_rwlock_unlock(&self->lock);
    return result;
}

bool hub_keyring_digest(struct hub_keyring *self, struct hub_ulid company, const char *label, struct hub_span value,
                        uint8_t ret_digest[16])
{
    struct hub_mac mac;
    if (self->is_absent) {
        return false;
    }
    pthread_rwlock_rdlock(&self->lock);
    const struct hub_company_keys *keys = hub_key_companies_find(self->companies, company);
    if (keys != NULL) {
        mac = keys->index;
    }
    pthread_rwlock_unlock(&self->lock);
    if (keys == NULL) {
        return false;
    }
    /* The label with its zero byte, so that no label and value run into each other. */
    const struct hub_span parts[] = { { label, strlen(label) + 1 }, value };
    struct hub_digest digest = hub_mac_digest(&mac, parts, 2);
    memcpy(ret_digest, digest.b, 16);
    explicit_bzero(&mac, sizeof mac);
    return true;
}
