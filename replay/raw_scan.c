/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Raw iterators over the log's rows. */
#include "replay/raw_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/keys.h"
#include "log/rocks.h"

struct hub_raw_scan {
    struct hub_rocks *db;
};

int hub_raw_scan_open(const char *data_dir, const char *scratch_dir, struct hub_raw_scan **ret_scan, char *ret_why,
                      size_t why_size)
{
    size_t size = strlen(data_dir) + sizeof "/log";
    char *dir = hub_memory_new(size);
    snprintf(dir, size, "%s/log", data_dir);
    const struct hub_rocks_options options = {
        .dir = dir,
        .secondary_dir = scratch_dir,
        .profile = HUB_ROCKS_SECONDARY,
        .families = hub_log_families,
    };
    struct hub_raw_scan *self = hub_memory_new(sizeof *self);
    int done = hub_rocks_open(&options, &self->db, ret_why, why_size);
    free(dir);
    if (done < 0) {
        free(self);
        return done;
    }
    *ret_scan = self;
    return 0;
}

void hub_raw_scan_close(struct hub_raw_scan **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    hub_rocks_close(&(*self_p)->db);
    free(*self_p);
    *self_p = NULL;
}

int hub_raw_scan_walk(const struct hub_raw_scan *self, uint64_t from, uint64_t to, uint64_t *ret_events)
{
    struct hub_sequence_key lower = hub_sequence_key(from), upper = hub_sequence_key(to + 1);
    struct hub_span end = to > 0 ? HUB_KEY_SPAN(upper) : hub_span(NULL);
    struct hub_rocks_iter *headers = hub_rocks_iter_new(self->db, HUB_FAMILY_header, NULL, HUB_KEY_SPAN(lower), end);
    struct hub_rocks_iter *payloads = hub_rocks_iter_new(self->db, HUB_FAMILY_payload, NULL, HUB_KEY_SPAN(lower), end);
    uint64_t events = 0, bytes = 0;
    hub_rocks_iter_first(headers);
    hub_rocks_iter_first(payloads);
    while (hub_rocks_iter_valid(headers) && hub_rocks_iter_valid(payloads)) {
        bytes += hub_rocks_iter_value(headers).len + hub_rocks_iter_value(payloads).len;
        events++;
        hub_rocks_iter_next(headers);
        hub_rocks_iter_next(payloads);
    }
    int done = hub_rocks_iter_error(headers, NULL, 0) < 0 || hub_rocks_iter_error(payloads, NULL, 0) < 0 ? -1 : 0;
    hub_rocks_iter_destroy(&headers);
    hub_rocks_iter_destroy(&payloads);
    *ret_events = bytes > 0 ? events : 0;
    return done;
}
