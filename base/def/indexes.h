/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading 2 of a .def file: the presence bit of every field. */
#include "base/def/none.h"
#include "base/def/heads_as_one.h"
#define HEAD(category, rec, id, ...)     enum rec##_index {
#define FIELD(rec, kind, name, tag, ...) rec##_at_##name,
#define NEST(rec, type, name, tag, ...)  rec##_at_##name,
#define LIST(rec, type, name, tag, ...)  rec##_at_##name,
#define END(rec)                                                                    \
    rec##_field_count                                                               \
    }                                                                               \
    ;                                                                               \
    _Static_assert(rec##_field_count <= 64, #rec " has more fields than presence bits");
#define VOCAB(vocab, ...)
#define WORD(vocab, name, code, ...)
#define END_VOCAB(vocab)
