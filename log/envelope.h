/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The event envelope as a record, streams, and an event as it is read from the log. */
#ifndef HUB_LOG_ENVELOPE_H
#define HUB_LOG_ENVELOPE_H

#include "base/digest.h"
#include "base/schema.h"

#include "base/def/structs.h"
#include "log/envelope.def"
#include "base/def/indexes.h"
#include "log/envelope.def"
#include "base/def/none.h"

/* Kinds of entity are numbered in actors/kinds.def. The log knows one of them: a session's own stream is found by the
 * session tag without being indexed twice. */
enum { HUB_STREAM_SESSION = 3 };

/* Names one stream: the company first, always. */
struct hub_stream {
    struct hub_ulid company;
    struct hub_ulid entity;
    uint8_t kind; /* actors/kinds.def */
};

/* One stored event. Spans are borrowed from whoever handed it out. */
struct hub_stored {
    struct event_header header;
    struct hub_span header_bytes; /* as stored, what the chain covers */
    struct hub_digest hash;       /* h(n) */
    struct hub_span payload;      /* as stored; empty when only headers were asked for */
};

#endif
