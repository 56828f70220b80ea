/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Syncing, the commit position, and the witness. */
#include "log/durable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log/fresh_aliases.h"
#include "log/keyring/keyring.h"
#include "log/store.h"
#include "log/witness.h"

enum { WITNESS_US = 500 * 1000 }; /* how far the witness stays behind */

void hub_durable_init(struct hub_log *log, const struct hub_point *at)
{
    struct hub_durable *self = &log->durable;
    self->written = self->synced = *at;
    self->witnessed = UINT64_MAX;
    self->witnessed_us = 0;
    pthread_mutex_init(&self->lock, NULL);
    hub_buf_init(&self->erased);
    self->aliases = hub_fresh_aliases_new();
    atomic_store(&self->loose, at->loose);
    atomic_store(&log->commit, at->sequence);
}

void hub_durable_done(struct hub_log *log)
{
    pthread_mutex_destroy(&log->durable.lock);
    hub_buf_done(&log->durable.erased);
    hub_fresh_aliases_destroy(&log->durable.aliases);
}

void hub_durable_note(struct hub_log *log, const struct hub_point *at, struct hub_span erased)
{
    struct hub_durable *self = &log->durable;
    pthread_mutex_lock(&self->lock);
    self->written = *at;
    hub_buf_put(&self->erased, erased.at, erased.len);
    pthread_mutex_unlock(&self->lock);
}

static void count_sync(struct hub_log *log, int64_t sync_us)
{
    struct hub_log_counters *counters = &log->counters;
    atomic_fetch_add_explicit(&counters->sync_us_total, sync_us, memory_order_relaxed);
    if (sync_us > atomic_load_explicit(&counters->sync_us_max, memory_order_relaxed)) {
        atomic_store_explicit(&counters->sync_us_max, sync_us, memory_order_relaxed);
    }
}

/* Destroy the keys of whom the events that are now on disk erase. What a crash leaves undone here is done when the hub starts. */
static int destroy_keys(struct hub_log *log, struct hub_span erased, char *ret_why, size_t why_size)
{
    for (size_t at = 0; at < erased.len; at += sizeof(struct hub_erased)) {
        struct hub_erased one;
        memcpy(&one, erased.at + at, sizeof one);
        if (hub_keyring_erase(log->keyring, one.company, one.subject) < 0) {
            snprintf(ret_why, why_size, "A key in %s/keys cannot be destroyed: %s.", log->data_dir, strerror(errno));
            return -1;
        }
    }
    return 0;
}

static int sync_to(struct hub_log *log, const struct hub_point *at, struct hub_span erased, char *ret_why,
                   size_t why_size)
{
    int64_t before = hub_tick_us(log->world);
    char words[256] = "";
    if (hub_rocks_sync(log->db, words, sizeof words) < 0) {
        snprintf(ret_why, why_size, "The log in %s cannot be written: %s.", log->data_dir, words);
        return -1;
    }
    count_sync(log, hub_tick_us(log->world) - before);
    if (destroy_keys(log, erased, ret_why, why_size) < 0) {
        return -1;
    }
    log->durable.synced = *at;
    hub_fresh_aliases_synced(log->durable.aliases, at->batch);
    atomic_store_explicit(&log->durable.loose, at->loose, memory_order_release);
    atomic_store_explicit(&log->commit, at->sequence, memory_order_release);
    return 0;
}

int hub_durable_sync(struct hub_log *log, char *ret_why, size_t why_size)
{
    struct hub_durable *self = &log->durable;
    pthread_mutex_lock(&self->lock);
    struct hub_point at = self->written;
    struct hub_buf erased = self->erased;
    hub_buf_init(&self->erased);
    pthread_mutex_unlock(&self->lock);
    int result = at.batch == self->synced.batch ? 0 : sync_to(log, &at, hub_buf_span(&erased), ret_why, why_size);
    hub_buf_done(&erased);
    if (result < 0) {
        return -1;
    }
    if (hub_durable_witness(log, false) < 0) {
        snprintf(ret_why, why_size, "The witness in %s cannot be written: %s.", log->data_dir, strerror(errno));
        return -1;
    }
    return 0;
}

int hub_durable_witness(struct hub_log *log, bool at_once)
{
    struct hub_durable *self = &log->durable;
    int64_t tick = hub_tick_us(log->world);
    if (self->witnessed == self->synced.sequence || (!at_once && tick - self->witnessed_us < WITNESS_US)) {
        return 0;
    }
    struct hub_witness witness = { .identity = log->meta.identity,
                                   .sequence = self->synced.sequence,
                                   .hash = self->synced.hash };
    if (hub_witness_write(log->data_dir, &witness) < 0) {
        return -1;
    }
    self->witnessed = self->synced.sequence;
    self->witnessed_us = tick;
    return 0;
}
