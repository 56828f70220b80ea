/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A data directory as the reading commands see it: the log beside a running hub, and its keys where they can be read. */
#include "tools/datadir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/kind.h"
#include "actors/kinds.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "base/sealed.h"
#include "log/file.h"
#include "tools/noting.h"
#include "tools/tool.h"

/* For blocks of the log: tools walk through it, or look at little. */
enum { LOG_BYTES = 32 * 1024 * 1024 };

static bool can_read_keys(const char *data, const char *master_key)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/keys/master", data);
    return access(master_key ? master_key : path, R_OK) == 0;
}

bool hub_datadir_has_log(const char *data)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/log/CURRENT", data);
    return access(path, R_OK) == 0;
}

enum hub_exit hub_datadir_exit(int error, const char *why)
{
    return error == HUB_ERROR_unauthenticated                        ? HUB_EXIT_DENIED
           : error == HUB_ERROR_conflict                             ? HUB_EXIT_TAKEN
           : error == HUB_ERROR_log_full || hub_disk_is_full_by(why) ? HUB_EXIT_FULL
                                                                     : HUB_EXIT_FAILED;
}

int hub_datadir_refuse(int error, const char *why)
{
    return hub_tool_end(hub_datadir_exit(error, why), "%s", why);
}

void hub_datadir_find_company(struct hub_datadir *self)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_stored first;
    if (hub_log_read(self->log, (struct hub_position){ 1 }, arena, &first) == 0)
        self->company = first.header.company;
    hub_arena_destroy(&arena);
}

/* What must be there before anything is opened. Returns 0, or an exit status as a negative number. */
static int look(const char *data, const char *master_key)
{
    if (!hub_datadir_has_log(data))
        return -hub_tool_end(HUB_EXIT_ABSENT, "there is no log in %s", data);
    if (master_key && access(master_key, R_OK) != 0)
        return -hub_tool_end(errno == ENOENT ? HUB_EXIT_ABSENT : HUB_EXIT_DENIED,
                             "the master key %s cannot be read: %s", master_key, strerror(errno));
    return 0;
}

static int open_parts(struct hub_datadir *self, const char *master_key, struct hub_log_options options, char *ret_why,
                      size_t why_size)
{
    options.data_dir = self->dir;
    options.world = hub_world_real();
    options.mode = HUB_LOG_FOLLOW;
    options.memory_bytes = LOG_BYTES;
    const struct hub_keyring_options keys = { .data_dir = self->dir,
                                              .master_path = master_key,
                                              .world = options.world };
    int error = hub_log_open(&options, &self->log, ret_why, why_size);
    return error ? error : hub_keyring_open(&keys, &self->keys, ret_why, why_size);
}

static int open_whole(struct hub_datadir *self, const char *master_key, bool few_rows)
{
    char why[512] = "";
    int error = look(self->dir, master_key);
    if (error)
        return error;
    error = open_parts(self, master_key, (struct hub_log_options){ .few_rows = few_rows }, why, sizeof why);
    if (error)
        return -hub_datadir_refuse(error, why);
    hub_datadir_find_company(self);
    self->noting = hub_noting_new(self->dir, self->log, self->keys);
    return 0;
}

int hub_datadir_open(struct hub_datadir *self, const char *data, const char *master_key)
{
    *self = (struct hub_datadir){ .dir = data, .has_keys = can_read_keys(data, master_key) };
    return open_whole(self, master_key, false);
}

/* A position's number or a time; anything else is neither and gives 0. Returns 0 or < 0. */
static int find_point(const struct hub_datadir *self, const char *text, uint64_t *ret_sequence, bool *ret_is_number)
{
    int64_t time_us;
    struct hub_position at = { 0 };
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *ret_is_number = *text >= '0' && *text <= '9' && !*end && !errno;
    bool is_time = !*ret_is_number && hub_time_parse(hub_span(text), &time_us);
    int error = is_time && hub_log_at_time(self->log, time_us, &at) < 0 ? -1 : 0;
    *ret_sequence = *ret_is_number ? number : at.sequence;
    return error;
}

/* Whether the tables have all events up to a moment, and their streams' rows. */
static bool have_tables(const struct hub_datadir *self, const char *at)
{
    uint64_t head = hub_log_commit(self->log).sequence, sequence;
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_stored last;
    bool is_number, is_whole = false;
    if (head > 0 && find_point(self, at, &sequence, &is_number) == 0 &&
        (sequence < head || (is_number && sequence == head)) &&
        hub_log_read(self->log, (struct hub_position){ head }, arena, &last) == 0) {
        const struct hub_stream stream = { last.header.company, last.header.entity, (uint8_t) last.header.kind };
        uint64_t version;
        is_whole = hub_log_stream_version(self->log, &stream, &version) == 0 && version == last.header.version;
    }
    hub_arena_destroy(&arena);
    return is_whole;
}

int hub_datadir_open_at(struct hub_datadir *self, const char *data, const char *master_key, const char *at)
{
    const struct hub_log_options tables = { .few_rows = true, .tables_only = true };
    char why[512];
    *self = (struct hub_datadir){ .dir = data, .has_keys = can_read_keys(data, master_key) };
    bool is_tried = at && hub_datadir_has_log(data);
    if (is_tried && open_parts(self, master_key, tables, why, sizeof why) == 0 && have_tables(self, at)) {
        hub_datadir_find_company(self);
        self->noting = hub_noting_new(data, self->log, self->keys);
        return 0;
    }
    hub_datadir_close(self);
    return open_whole(self, master_key, true);
}

int hub_datadir_tell(const struct hub_datadir *self, const struct hub_tool_call *call)
{
    return hub_noting_tell(self->noting, call);
}

void hub_datadir_close(struct hub_datadir *self)
{
    hub_noting_destroy(&self->noting);
    hub_keyring_close(&self->keys);
    hub_log_close(&self->log);
}

int hub_datadir_point(const struct hub_datadir *self, const char *text, uint64_t *ret_sequence, bool *ret_is_time)
{
    bool is_number;
    int64_t time_us;
    int error = find_point(self, text, ret_sequence, &is_number);
    if (!is_number && !hub_time_parse(hub_span(text), &time_us))
        return -hub_tool_misused("'%s' is neither a position's number nor a time like 2026-01-31T12:00:00Z", text);
    if (error)
        return -hub_tool_fail("the log cannot be read");
    if (ret_is_time)
        *ret_is_time = !is_number;
    return 0;
}

static uint64_t head_of(const struct hub_datadir *self)
{
    return hub_log_commit(self->log).sequence;
}

/* Nothing, or an exit status as a negative number with a sentence, for a position that is not there. */
static int is_there(const struct hub_datadir *self, const char *text, uint64_t sequence, uint64_t end)
{
    if (sequence <= end)
        return 0;
    return -hub_tool_end(HUB_EXIT_ABSENT, "position %s is past the end of the log, which has %" PRIu64 " events", text,
                         head_of(self));
}

int hub_datadir_moment(const struct hub_datadir *self, const char *text, uint64_t *ret_sequence)
{
    uint64_t sequence = head_of(self);
    int error = text ? hub_datadir_point(self, text, &sequence, NULL) : 0;
    if (!error && sequence == 0)
        error = -hub_tool_end(HUB_EXIT_ABSENT, "nothing was there yet at %s: the log begins later",
                              text ? text : "the start");
    error = error ? error : is_there(self, text, sequence, head_of(self));
    if (!error)
        *ret_sequence = sequence;
    return error;
}

/* The first event from a time on; `last` is the last one up to it. */
static uint64_t first_from(const struct hub_datadir *self, const char *time, uint64_t last)
{
    int64_t time_us = 0;
    struct hub_stored event;
    struct hub_arena *arena = hub_arena_new(4096);
    hub_time_parse(hub_span(time), &time_us);
    bool is_before = hub_log_read(self->log, (struct hub_position){ last }, arena, &event) != 0 ||
                     event.header.time < time_us;
    hub_arena_destroy(&arena);
    return last + (is_before ? 1 : 0);
}

/* Whether the later one of two points was given first. There may be no event between two times that are in order. */
static bool is_backwards(const char *from, const char *to, const struct hub_datadir_range *range)
{
    int64_t from_us = 0, to_us = 0;
    if (!from || !to)
        return false;
    bool are_times = hub_time_parse(hub_span(from), &from_us) && hub_time_parse(hub_span(to), &to_us);
    return are_times ? from_us > to_us : range->from > range->to;
}

int hub_datadir_range(const struct hub_datadir *self, const char *from, const char *to, bool is_open,
                      struct hub_datadir_range *ret_range)
{
    struct hub_datadir_range range = { .from = 1, .to = head_of(self) };
    bool is_time = false;
    int error = from ? hub_datadir_point(self, from, &range.from, &is_time) : 0;
    if (!error && is_time)
        range.from = first_from(self, from, range.from);
    else if (!error && from)
        error = is_there(self, from, range.from, head_of(self) + is_open);
    if (!error && to)
        error = hub_datadir_moment(self, to, &range.to);
    if (!error && is_backwards(from, to, &range))
        error = -hub_tool_misused("--from %s lies behind --to %s", from, to);
    range.from = range.from > 0 ? range.from : 1;
    if (!error)
        *ret_range = range;
    return error;
}

int hub_datadir_company(const struct hub_datadir *self, const char *text, struct hub_ulid *ret_company)
{
    struct hub_ulid company = self->company;
    uint64_t version = 0;
    if (text && !hub_ulid_parse(hub_span(text), &company))
        return -hub_tool_misused("--company takes an id of 26 characters, not '%s'", text);
    const struct hub_stream stream = { .company = company, .entity = company, .kind = KIND_company };
    if (text && hub_log_stream_version(self->log, &stream, &version) < 0)
        return -hub_tool_fail("the log cannot be read");
    if (text && version == 0)
        return -hub_tool_end(HUB_EXIT_ABSENT, "there is no company '%s'", text);
    *ret_company = company;
    return 0;
}

int hub_datadir_entity(const struct hub_datadir *self, struct hub_ulid company, uint8_t kind, const char *text,
                       struct hub_ulid *ret_id)
{
    struct hub_name name;
    const struct hub_kind_info *info = hub_kind_find(kind);
    if (!hub_name_read(self->keys, company, kind, hub_span(text), &name))
        return -hub_tool_end(HUB_EXIT_DENIED,
                             "without keys/ a %s is found by the hub's own id only (26 characters), not by '%s'",
                             info->name, text);
    int error = hub_log_alias(self->log, company, kind, name.digest, &name.id);
    if (error != 0 && !name.is_ours)
        return -hub_tool_end(HUB_EXIT_ABSENT, "there is no %s '%s'", info->name, text);
    *ret_id = name.id;
    return 0;
}

int hub_datadir_stream(const struct hub_datadir *self, struct hub_ulid company, const char *text,
                       struct hub_stream *ret_stream)
{
    const char *slash = strchr(text, '/');
    const struct hub_kind_info *kind = slash ? hub_kind_by_name(hub_span_of(text, (size_t) (slash - text))) : NULL;
    if (!kind)
        return -hub_tool_misused("'%s' is no stream; one is named KIND/ID, like session/omni_session_001", text);
    *ret_stream = (struct hub_stream){ .company = company, .kind = kind->number };
    return hub_datadir_entity(self, company, kind->number, slash + 1, &ret_stream->entity);
}

static void mark_record(const struct hub_shape *shape, void *record, bool has_keys);

static void mark_sealed(const struct hub_field *field, hub_sealed *value, bool has_keys)
{
    bool is_opened = value->clear.at || value->clear.len > 0;
    if (field->secret)
        value->clear = HUB_SPAN("[secret]");
    else if (!is_opened && field->of == HUB_KIND_json)
        value->clear = has_keys ? HUB_SPAN("\"" HUB_ERASED "\"") : HUB_SPAN("\"[sealed]\"");
    else if (!is_opened)
        value->clear = has_keys ? HUB_SPAN(HUB_ERASED) : HUB_SPAN("[sealed]");
}

static void mark_field(const struct hub_field *field, void *at, bool has_keys)
{
    switch (field->kind) {
    case HUB_KIND_sealed: mark_sealed(field, at, has_keys); break;
    case HUB_KIND_record: mark_record(field->shape, *(void **) at, has_keys); break;
    case HUB_KIND_union: mark_record(((hub_union *) at)->shape, ((hub_union *) at)->at, has_keys); break;
    case HUB_KIND_list:
        for (uint32_t i = 0; field->shape && i < ((hub_list *) at)->count; i++)
            mark_record(field->shape, (char *) ((hub_list *) at)->at + (size_t) i * field->shape->size, has_keys);
        break;
    default: break;
    }
}

/* Says of what is not opened that it is sealed, and hides secrets. */
static void mark_record(const struct hub_shape *shape, void *record, bool has_keys)
{
    for (unsigned i = 0; record && i < shape->count; i++)
        if (hub_record_has(record, i))
            mark_field(&shape->fields[i], hub_record_field(record, &shape->fields[i]), has_keys);
}

void hub_datadir_unseal(const struct hub_datadir *self, struct hub_ulid company, const struct hub_shape *shape,
                        void *record, struct hub_arena *arena)
{
    struct hub_key_source source = hub_noting_keys(self->noting);
    hub_record_open(shape, record, company, &source, arena);
    mark_record(shape, record, self->has_keys && !hub_noting_has_failed(self->noting));
}
