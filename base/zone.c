/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading zones (RFC 9636, version 2 and later) and keeping them. A name of a client becomes a file's name only when it is
 * made of what zones' names are made of, so that it cannot lead out of the database. */
#include "base/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/zone_rule.h"

enum { FILE_MAX = 256 * 1024, HEADER = 44, TYPE = 6, ZONES_MAX = 1024, SLOTS = 2048, PATH = 512 };

static const char tz_dir[] = "/usr/share/zoneinfo";

struct zone {
    char name[HUB_ZONE_NAME + 1];
    uint8_t *bytes;       /* of the file; NULL: there is no such zone */
    const uint8_t *times; /* eight bytes each, rising */
    const uint8_t *kinds; /* one byte each: which type holds from that time on */
    const uint8_t *types; /* TYPE bytes each */
    uint32_t time_count, type_count;
    bool has_rule; /* for what comes after the last time */
    struct hub_zone_rule rule;
};

struct hub_zones {
    char dir[PATH - HUB_ZONE_NAME - 2];
    pthread_mutex_t lock; /* of what follows; a zone that is there does not change any more */
    struct zone *slots[SLOTS];
    size_t count;
};

/* --- a file --- */

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

static int64_t be64(const uint8_t *at)
{
    return (int64_t) ((uint64_t) be32(at) << 32 | be32(at + 4));
}

/* What a header counts. */
struct block {
    uint32_t utc, standard, leaps, times, types, chars;
};

static bool read_header(const uint8_t *at, size_t len, struct block *ret_block)
{
    if (len < HEADER || memcmp(at, "TZif", 4) != 0 || at[4] < '2') {
        return false;
    }
    uint32_t *counts[] = { &ret_block->utc,   &ret_block->standard, &ret_block->leaps,
                           &ret_block->times, &ret_block->types,    &ret_block->chars };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        *counts[i] = be32(at + 20 + 4 * i);
        if (*counts[i] > FILE_MAX) {
            return false;
        }
    }
    return true;
}

static size_t block_bytes(const struct block *block, size_t time)
{
    return block->times * (time + 1) + (size_t) block->types * TYPE + block->chars + block->leaps * (time + 4) +
           block->standard + block->utc;
}

static bool types_are_sound(const struct zone *zone)
{
    for (uint32_t i = 0; i < zone->time_count; i++) {
        if (zone->kinds[i] >= zone->type_count) {
            return false;
        }
    }
    return zone->type_count > 0;
}

/* The second block has times of eight bytes; the first is for readers of long ago. */
static bool understand(struct zone *zone, size_t len)
{
    struct block first, second;
    if (!read_header(zone->bytes, len, &first)) {
        return false;
    }
    size_t at = HEADER + block_bytes(&first, 4);
    if (at > len || !read_header(zone->bytes + at, len - at, &second)) {
        return false;
    }
    at += HEADER;
    size_t end = at + block_bytes(&second, 8);
    if (end > len) {
        return false;
    }
    zone->time_count = second.times;
    zone->type_count = second.types;
    zone->times = zone->bytes + at;
    zone->kinds = zone->times + 8 * (size_t) second.times;
    zone->types = zone->kinds + second.times;
    if (len - end >= 2 && zone->bytes[end] == '\n' && zone->bytes[len - 1] == '\n') {
        struct hub_span rule = hub_span_of((const char *) zone->bytes + end + 1, len - end - 2);
        zone->has_rule = hub_zone_rule_parse(rule, &zone->rule);
    }
    return types_are_sound(zone);
}

static void read_file(struct zone *zone, const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    bool fine = fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 && about.st_size <= FILE_MAX;
    if (fine) {
        zone->bytes = hub_memory_new((size_t) about.st_size);
        fine = read(file, zone->bytes, (size_t) about.st_size) == about.st_size &&
               understand(zone, (size_t) about.st_size);
    }
    close(file);
    if (!fine) {
        free(zone->bytes);
        zone->bytes = NULL;
    }
}

static int32_t type_offset(const struct zone *zone, uint32_t type)
{
    return (int32_t) be32(zone->types + (size_t) type * TYPE);
}

static int32_t offset_at(const struct zone *zone, int64_t at_s)
{
    uint32_t low = 0, high = zone->time_count; /* the first time that is later lies in [low, high] */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (be64(zone->times + 8 * (size_t) middle) <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->time_count && zone->has_rule) {
        return hub_zone_rule_offset(&zone->rule, at_s);
    }
    return type_offset(zone, low == 0 ? 0 : zone->kinds[low - 1]);
}

/* --- the zones that were read --- */

struct hub_zones *hub_zones_new(const char *dir)
{
    struct hub_zones *self = hub_memory_zero(sizeof *self);
    snprintf(self->dir, sizeof self->dir, "%s", dir != NULL ? dir : tz_dir);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

void hub_zones_destroy(struct hub_zones **self_p)
{
    struct hub_zones *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (self->slots[i] != NULL) {
            free(self->slots[i]->bytes);
            free(self->slots[i]);
        }
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static size_t slot_of(struct hub_span name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (uint8_t) name.at[i]) * 16777619u;
    }
    return hash % SLOTS;
}

/* Under the lock. NULL when it cannot be kept: names that are none come from outside and must not fill the memory. */
static const struct zone *find(struct hub_zones *self, struct hub_span name)
{
    size_t slot = slot_of(name);
    while (self->slots[slot] != NULL) {
        if (hub_span_is(hub_span(self->slots[slot]->name), name)) {
            return self->slots[slot];
        }
        slot = (slot + 1) % SLOTS;
    }
    if (self->count >= ZONES_MAX) {
        return NULL;
    }
    struct zone *zone = hub_memory_zero(sizeof *zone);
    char path[PATH];
    memcpy(zone->name, name.at, name.len);
    snprintf(path, sizeof path, "%s/%s", self->dir, zone->name);
    read_file(zone, path);
    if (zone->bytes == NULL) {
        free(zone);
        return NULL;
    }
    self->slots[slot] = zone;
    self->count++;
    return zone;
}

/* The database has every zone twice more below these; who named them all would leave no room for the others. */
static bool is_copy(struct hub_span name)
{
    return hub_span_starts(name, HUB_SPAN("posix/")) || hub_span_starts(name, HUB_SPAN("right/"));
}

static bool is_zone_name(struct hub_span name)
{
    if (name.len == 0 || name.len > HUB_ZONE_NAME || is_copy(name) || (name.at[0] | 32) < 'a' ||
        (name.at[0] | 32) > 'z') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool fine = ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                    c == '+' || c == '/';
        if (!fine) {
            return false;
        }
    }
    return true;
}

static struct hub_span long_name(struct hub_span name)
{
    static const struct {
        const char *brief, *full;
    } rows[] = {
#define ZONE(brief_, full_) { .brief = brief_, .full = full_ },
#include "base/zone_short.def"
#undef ZONE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (hub_span_is(hub_span(rows[i].brief), name)) {
            return hub_span(rows[i].full);
        }
    }
    return name;
}

/* "Z", "UTC", "GMT", each with or without an offset; or the offset alone: +05:30, +5, -0330. */
static bool fixed_offset(struct hub_span text, int32_t *ret_offset_s)
{
    bool named = text.len >= 3 && (memcmp(text.at, "UTC", 3) == 0 || memcmp(text.at, "GMT", 3) == 0);
    size_t at = named ? 3 : 0, digits = 0;
    int32_t figures[4] = { 0 };
    if ((named && text.len == 3) || hub_span_is(text, HUB_SPAN("Z"))) {
        *ret_offset_s = 0;
        return true;
    }
    if (at >= text.len || (text.at[at] != '+' && text.at[at] != '-')) {
        return false;
    }
    bool west = text.at[at++] == '-';
    for (; at < text.len; at++) {
        bool is_colon = text.at[at] == ':' && digits > 0 && digits <= 2 && text.len - at == 3;
        if (!is_colon && (text.at[at] < '0' || text.at[at] > '9' || digits == 4)) {
            return false;
        }
        if (!is_colon) {
            figures[digits++] = text.at[at] - '0';
        }
    }
    size_t hour_digits = digits > 2 ? digits - 2 : digits;
    int32_t hours = hour_digits == 2 ? figures[0] * 10 + figures[1] : figures[0];
    int32_t minutes = digits > 2 ? figures[digits - 2] * 10 + figures[digits - 1] : 0;
    if (digits == 0 || hours > 14 || minutes > 59) {
        return false;
    }
    *ret_offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

int hub_zone_offset(struct hub_zones *self, struct hub_span name, int64_t at_us, int32_t *ret_offset_s)
{
    if (fixed_offset(name, ret_offset_s)) {
        return 0;
    }
    name = long_name(name);
    if (!is_zone_name(name)) {
        return HUB_ERROR_not_found;
    }
    pthread_mutex_lock(&self->lock);
    const struct zone *zone = find(self, name);
    pthread_mutex_unlock(&self->lock);
    if (zone == NULL) {
        return HUB_ERROR_not_found;
    }
    *ret_offset_s = offset_at(zone, at_us / 1000000 - (at_us % 1000000 < 0));
    return 0;
}
