/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A reading of a kind's .def file, inside the switch of its fold: apply_RECORD(&fold, event->record) for every event,
 * nothing for the rest; base/def/none.h ends the reading. An event without its part of the fold does not compile. */
#include "base/def/none.h"
#define EVENT(rec, id, ...)                \
    case id:                               \
        apply_##rec(&fold, event->record); \
        break;
#define COMMAND(rec, id, ...)
#define STATE(rec, id, ...)
#define REPLY(rec, id, ...)
#define QUERY(rec, id, ...)
#define ROW(rec, id, ...)
#define PART(rec, id, ...)
#define FIELD(rec, kind, name, tag, ...)
#define NEST(rec, type, name, tag, ...)
#define LIST(rec, type, name, tag, ...)
#define END(rec)
#define VOCAB(vocab, ...)
#define WORD(vocab, name, code, ...)
#define END_VOCAB(vocab)
