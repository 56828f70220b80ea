/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The file of deliveries, and a set of the identities in it. */
#include "actors/channels/delivery_record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "actors/session/session.h"
#include "base/memory.h"

enum { FIRST_SLOTS = 4096, HEX = 2 * HUB_PENDING_KEY, LINE = 160 };

struct hub_delivery_record {
    int file;
    struct hub_pending_key *slots; /* a power of two of them; all zero: empty */
    size_t slot_count, count;
};

static const struct hub_pending_key empty;

static bool is_key(const struct hub_pending_key *a, const struct hub_pending_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Where an identity lies, or would. */
static struct hub_pending_key *slot_of(const struct hub_delivery_record *self, const struct hub_pending_key *id)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < sizeof id->b; i++) {
        hash = (hash ^ id->b[i]) * 1099511628211u;
    }
    size_t at = hash & (self->slot_count - 1);
    while (!is_key(&self->slots[at], &empty) && !is_key(&self->slots[at], id)) {
        at = (at + 1) & (self->slot_count - 1);
    }
    return &self->slots[at];
}

static void remember(struct hub_delivery_record *self, const struct hub_pending_key *id)
{
    if (self->count * 2 >= self->slot_count) {
        struct hub_delivery_record larger = *self;
        larger.slot_count = self->slot_count == 0 ? FIRST_SLOTS : self->slot_count * 2;
        larger.slots = hub_memory_zero(larger.slot_count * sizeof *larger.slots);
        for (size_t i = 0; i < self->slot_count; i++) {
            if (!is_key(&self->slots[i], &empty)) {
                *slot_of(&larger, &self->slots[i]) = self->slots[i];
            }
        }
        free(self->slots);
        *self = larger;
    }
    *slot_of(self, id) = *id;
    self->count++;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_key(const char *line, struct hub_pending_key *ret_id)
{
    for (size_t i = 0; i < sizeof ret_id->b; i++) {
        int high = digit(line[2 * i]), low = high < 0 ? -1 : digit(line[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        ret_id->b[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

int hub_delivery_record_open(const char *path, struct hub_delivery_record **ret_record)
{
    struct hub_delivery_record *self = hub_memory_zero(sizeof *self);
    struct hub_pending_key id;
    char line[LINE];
    FILE *before = fopen(path, "r");
    while (before != NULL && fgets(line, sizeof line, before) != NULL) {
        if (strlen(line) > HEX && read_key(line, &id)) {
            remember(self, &id);
        }
    }
    if (before != NULL) {
        fclose(before);
    }
    self->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (self->file < 0) {
        hub_delivery_record_close(&self);
        return -1;
    }
    *ret_record = self;
    return 0;
}

void hub_delivery_record_close(struct hub_delivery_record **self_p)
{
    struct hub_delivery_record *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        if (self->file >= 0) {
            close(self->file);
        }
        free(self->slots);
        free(self);
    }
}

bool hub_delivery_record_has(const struct hub_delivery_record *self, const struct hub_pending_key *id)
{
    return self->slot_count > 0 && is_key(slot_of(self, id), id);
}

void hub_delivery_record_add(struct hub_delivery_record *self, const struct hub_effect *effect)
{
    const struct send_effect *message = effect->record;
    char line[LINE], session[HUB_ULID_TEXT + 1] = "";
    struct timespec now;
    int len = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < sizeof effect->id.b; i++) {
        len += snprintf(line + len, sizeof line - (size_t) len, "%02x", effect->id.b[i]);
    }
    hub_ulid_print(message->session, session);
    len += snprintf(line + len, sizeof line - (size_t) len, " %s %s %u %u %lld\n",
                    hub_vocab_name(&channel_vocab, message->channel), session, message->index, effect->attempt,
                    (long long) now.tv_sec * 1000000 + now.tv_nsec / 1000);
    remember(self, &effect->id);
    if (write(self->file, line, (size_t) len) != len) {
        abort(); /* a record with holes would prove nothing */
    }
}
