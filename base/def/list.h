/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading 5 of a .def file, inside an initialiser: pointers to all shapes but parts. */
#include "base/def/none.h"
#define EVENT(rec, id, ...)   &rec##_shape,
#define COMMAND(rec, id, ...) &rec##_shape,
#define STATE(rec, id, ...)   &rec##_shape,
#define REPLY(rec, id, ...)   &rec##_shape,
#define QUERY(rec, id, ...)   &rec##_shape,
#define ROW(rec, id, ...)     &rec##_shape,
#define PART(rec, id, ...)    &rec##_shape,
#define FIELD(rec, kind, name, tag, ...)
#define NEST(rec, type, name, tag, ...)
#define LIST(rec, type, name, tag, ...)
#define END(rec)
#define VOCAB(vocab, ...)
#define WORD(vocab, name, code, ...)
#define END_VOCAB(vocab)
