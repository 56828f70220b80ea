/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The crash guard: slots and counts in one mapped file. */
#include "actors/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

enum { SLOTS = 64, COUNTED = 256 };

#define FILE_MAGIC UINT64_C(0x31737475706e6968)

/* The file, as it lies in memory. Little-endian, like every machine this runs on; another magic starts afresh. */
struct crash_file {
    uint64_t magic;
    uint64_t next; /* which row of `counted` gives way next */
    uint64_t slots[SLOTS];
    struct counted {
        uint64_t fingerprint;
        _Atomic uint64_t crashes; /* since it last ran through */
    } counted[COUNTED];
};

struct hub_crash_guard {
    struct crash_file *file; /* mapped, or in memory only */
    bool mapped;
    struct counted *under_way[SLOTS]; /* what is counted of the input that a worker is busy with; NULL: nothing */
};

static struct counted *find(struct crash_file *file, uint64_t fingerprint)
{
    for (int i = 0; i < COUNTED; i++) {
        if (file->counted[i].fingerprint == fingerprint) {
            return &file->counted[i];
        }
    }
    return NULL;
}

static void count_crash(struct crash_file *file, uint64_t fingerprint)
{
    struct counted *counted = find(file, fingerprint);
    if (counted == NULL) {
        counted = &file->counted[file->next++ % COUNTED];
        counted->fingerprint = fingerprint;
        counted->crashes = 0;
    }
    counted->crashes++;
}

/* What lies in the slots was being worked on when the last process died. */
static void take_stock(struct crash_file *file)
{
    if (file->magic != FILE_MAGIC) {
        memset(file, 0, sizeof *file);
        file->magic = FILE_MAGIC;
    }
    for (int i = 0; i < SLOTS; i++) {
        if (file->slots[i] != 0) {
            count_crash(file, file->slots[i]);
            file->slots[i] = 0;
        }
    }
}

static struct crash_file *map_file(const char *data_dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/inputs", data_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    struct crash_file *file = NULL;
    if (ftruncate(fd, sizeof *file) == 0) {
        file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    int kept = errno;
    close(fd);
    errno = kept;
    return file == MAP_FAILED ? NULL : file;
}

int hub_crash_guard_open(const char *data_dir, unsigned workers, struct hub_crash_guard **ret_guard, char *ret_why,
                         size_t why_size)
{
    if (workers > SLOTS) {
        snprintf(ret_why, why_size, "%u workers are more than %d", workers, SLOTS);
        return -HUB_ERROR_internal;
    }
    struct crash_file *file = data_dir == NULL ? hub_memory_zero(sizeof *file) : map_file(data_dir);
    if (file == NULL) {
        snprintf(ret_why, why_size, "%s/inputs cannot be used: %s", data_dir, strerror(errno));
        return -HUB_ERROR_internal;
    }
    take_stock(file);
    struct hub_crash_guard *self = hub_memory_zero(sizeof *self);
    self->file = file;
    self->mapped = data_dir != NULL;
    *ret_guard = self;
    return 0;
}

void hub_crash_guard_close(struct hub_crash_guard **self_p)
{
    struct hub_crash_guard *self = *self_p;
    if (self == NULL) {
        return;
    }
    if (self->mapped) {
        munmap(self->file, sizeof *self->file);
    } else {
        free(self->file);
    }
    free(self);
    *self_p = NULL;
}

static uint64_t mix(uint64_t hash, const void *at, size_t len)
{
    const uint8_t *bytes = at;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Free text is what an input differs by; the first bytes of each are enough to tell inputs apart. */
static uint64_t mix_span(uint64_t hash, struct hub_span span)
{
    enum { ENOUGH = 64 };
    hash = mix(hash, &span.len, sizeof span.len);
    return mix(hash, span.at, span.len < ENOUGH ? span.len : ENOUGH);
}

uint64_t hub_crash_fingerprint(const struct hub_command *command)
{
    const struct hub_name *target = &command->names[command->target];
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), &command->shape->id, sizeof command->shape->id);
    hash = mix(hash, target->is_ours ? target->id.b : target->digest, 16);
    for (unsigned i = 0; i < command->shape->count; i++) {
        const struct hub_field *field = &command->shape->fields[i];
        const void *value = hub_record_field_const(command->record, field);
        if (!hub_record_has(command->record, i)) {
            continue;
        }
        if (field->kind == HUB_KIND_text || field->kind == HUB_KIND_json || field->kind == HUB_KIND_bytes) {
            hash = mix_span(hash, *(const struct hub_span *) value);
        } else if (field->kind == HUB_KIND_sealed) {
            hash = mix_span(hash, ((const hub_sealed *) value)->clear);
        }
    }
    return hash == 0 ? 1 : hash;
}

static uint64_t crashes_of(const struct counted *counted)
{
    return atomic_load_explicit(&counted->crashes, memory_order_relaxed);
}

bool hub_crash_guard_enter(struct hub_crash_guard *self, unsigned worker, uint64_t fingerprint)
{
    struct counted *counted = self->file->next != 0 ? find(self->file, fingerprint) : NULL;
    if (counted != NULL && crashes_of(counted) >= HUB_CRASHES_TO_PARK) {
        return false;
    }
    self->under_way[worker] = counted;
    self->file->slots[worker] = fingerprint;
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

void hub_crash_guard_leave(struct hub_crash_guard *self, unsigned worker)
{
    atomic_signal_fence(memory_order_seq_cst);
    self->file->slots[worker] = 0;
    if (self->under_way[worker] != NULL) {
        atomic_store_explicit(&self->under_way[worker]->crashes, 0, memory_order_relaxed);
        self->under_way[worker] = NULL;
    }
}

size_t hub_crash_guard_parked(const struct hub_crash_guard *self)
{
    size_t parked = 0;
    for (int i = 0; i < COUNTED; i++) {
        parked += crashes_of(&self->file->counted[i]) >= HUB_CRASHES_TO_PARK;
    }
    return parked;
}

size_t hub_crash_guard_list(const struct hub_crash_guard *self, struct hub_parked_input *ret_inputs, size_t room)
{
    size_t count = 0;
    for (int i = 0; i < COUNTED && count < room; i++) {
        const struct counted *counted = &self->file->counted[i];
        if (crashes_of(counted) >= HUB_CRASHES_TO_PARK) {
            ret_inputs[count++] = (struct hub_parked_input){ counted->fingerprint, crashes_of(counted) };
        }
    }
    return count;
}

void hub_crash_guard_release(struct hub_crash_guard *self, uint64_t fingerprint)
{
    for (int i = 0; i < COUNTED; i++) {
        if (fingerprint == 0 || self->file->counted[i].fingerprint == fingerprint) {
            atomic_store_explicit(&self->file->counted[i].crashes, 0, memory_order_relaxed);
        }
    }
}
