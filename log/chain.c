/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walks the chain and checks every link. */
#include "log/chain.h"

#include <stdarg.h>
#include <stdio.h>

#include "log/keys.h"
#include "log/stored.h"

int hub_verify_fault(struct hub_verify_report *ret_report, uint64_t sequence, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ret_report->sequence = sequence;
    vsnprintf(ret_report->what, sizeof ret_report->what, format, args);
    va_end(args);
    return -1;
}

static void open_rows(struct hub_chain_walk *self)
{
    struct hub_sequence_key lower = hub_sequence_key(self->next), upper = hub_sequence_key(self->to + 1);
    self->headers = hub_rocks_iter_new_passing(self->log->db, HUB_FAMILY_header, HUB_KEY_SPAN(lower),
                                               HUB_KEY_SPAN(upper));
    hub_rocks_iter_first(self->headers);
    hub_payload_walk_open(&self->payloads, self->log, self->next, self->to, true);
}

int hub_chain_walk_init(struct hub_chain_walk *self, struct hub_log *log, const struct hub_mark *mark, uint64_t to,
                        struct hub_verify_report *ret_report)
{
    *self = (struct hub_chain_walk){ .log = log, .next = mark->sequence + 1, .to = to, .time_us = INT64_MIN };
    self->arena = hub_arena_new(0);
    if (mark->sequence > to) {
        return hub_verify_fault(ret_report, to, "the log ends here, but it was verified up to %llu before",
                                (unsigned long long) mark->sequence);
    }
    if (hub_store_hash(log, mark->sequence, &self->hash) != 0) {
        return hub_verify_fault(ret_report, mark->sequence, "its header cannot be read, though it was verified before");
    }
    if (mark->sequence > 0 && !hub_digest_is(&self->hash, &mark->hash)) {
        return hub_verify_fault(ret_report, mark->sequence, "its chain hash is not the one that was verified before");
    }
    open_rows(self);
    return 0;
}

void hub_chain_walk_done(struct hub_chain_walk *self)
{
    hub_rocks_iter_destroy(&self->headers);
    hub_payload_walk_done(&self->payloads);
    hub_arena_destroy(&self->arena);
}

/* The header row of the next sequence. */
static int take_row(const struct hub_chain_walk *self, struct hub_span *ret_row, struct hub_verify_report *ret_report)
{
    char words[120] = "";
    if (!hub_rocks_iter_valid(self->headers)) {
        return hub_rocks_iter_error(self->headers, words, sizeof words) < 0
                   ? hub_verify_fault(ret_report, self->next, "its header cannot be read: %s", words)
                   : hub_verify_fault(ret_report, self->next, "its header is missing");
    }
    struct hub_span key = hub_rocks_iter_key(self->headers);
    if (key.len != 8 || hub_get_be64(key.at) != self->next) {
        return hub_verify_fault(ret_report, self->next, "its header is missing");
    }
    *ret_row = hub_rocks_iter_value(self->headers);
    return 0;
}

static int take_payload(struct hub_chain_walk *self, struct hub_span *ret_payload, struct hub_verify_report *ret_report)
{
    char words[sizeof ret_report->what];
    return hub_payload_walk_next(&self->payloads, self->next, ret_payload, words, sizeof words) == 0
               ? 0
               : hub_verify_fault(ret_report, self->next, "%s", words);
}

static int check_link(struct hub_chain_walk *self, const struct hub_stored *event, struct hub_verify_report *ret_report)
{
    struct hub_digest digest = hub_sha256(event->payload);
    if (memcmp(digest.b, event->header.digest.at, HUB_DIGEST) != 0) {
        return hub_verify_fault(ret_report, self->next, "its payload is not the one that its digest names");
    }
    struct hub_digest hash = hub_chain_next(&self->hash, event->header_bytes, &digest);
    if (!hub_digest_is(&hash, &event->hash)) {
        return hub_verify_fault(ret_report, self->next,
                                "its chain hash does not follow from the event before and its header");
    }
    if (event->header.time <= self->time_us) {
        return hub_verify_fault(ret_report, self->next, "its time is not after that of the event before");
    }
    self->hash = hash;
    self->time_us = event->header.time;
    return 0;
}

/* Both rows where the iterators stand, decoded. */
static int take_event(struct hub_chain_walk *self, struct hub_stored *ret_event, struct hub_verify_report *ret_report)
{
    struct hub_span row = { NULL, 0 }, payload = { NULL, 0 };
    if (take_row(self, &row, ret_report) < 0 || take_payload(self, &payload, ret_report) < 0) {
        return -1;
    }
    if (self->keep != NULL) {
        row = hub_arena_copy(self->keep, row);
        payload = hub_arena_copy(self->keep, payload);
    } else {
        hub_arena_reset(self->arena);
    }
    struct hub_arena *arena = self->keep != NULL ? self->keep : self->arena;
    if (hub_stored_decode(row, self->next, arena, ret_event) < 0) {
        return hub_verify_fault(ret_report, self->next, "its header cannot be decoded");
    }
    ret_event->payload = payload;
    return 0;
}

int hub_chain_walk_seek(struct hub_chain_walk *self, uint64_t after, uint64_t to, struct hub_verify_report *ret_report)
{
    struct hub_sequence_key key = hub_sequence_key(after > 0 ? after : 1);
    struct hub_stored event;
    if (self->next == after + 1 && self->time_us != INT64_MIN) {
        self->to = to;
        return 0;
    }
    hub_rocks_iter_seek(self->headers, HUB_KEY_SPAN(key));
    hub_payload_walk_seek(&self->payloads, after > 0 ? after : 1);
    self->to = to;
    self->next = after;
    self->time_us = INT64_MIN;
    if (after == 0) {
        self->hash = hub_chain_start(hub_log_identity(self->log));
    } else if (take_event(self, &event, ret_report) < 0) {
        return -1;
    } else {
        self->hash = event.hash;
        self->time_us = event.header.time;
    }
    self->next++;
    return 0;
}

int hub_chain_walk_next(struct hub_chain_walk *self, struct hub_stored *ret_event, struct hub_verify_report *ret_report)
{
    if (self->next > self->to) {
        return 0;
    }
    if (self->time_us != INT64_MIN) {
        hub_rocks_iter_next(self->headers);
    }
    if (take_event(self, ret_event, ret_report) < 0 || check_link(self, ret_event, ret_report) < 0) {
        return -1;
    }
    self->next++;
    return 1;
}
