/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading 1 of a .def file: structs, permanent ids, words. */
#include "base/def/none.h"
#include "base/def/heads_as_one.h"
#define HEAD(category, rec, id, ...)          \
    enum { rec##_id = id };                   \
    extern const struct hub_shape rec##_shape; \
    struct rec {                              \
        uint64_t has;
#define FIELD(rec, kind, name, tag, ...) hub_##kind name;
#define NEST(rec, type, name, tag, ...)  struct type *name;
#define LIST(rec, type, name, tag, ...) \
    struct {                            \
        struct type *at;                \
        uint32_t count;                 \
        uint32_t room;                  \
    } name;
#define END(rec) \
    }            \
    ;
#define VOCAB(vocab, ...)                      \
    extern const struct hub_vocab vocab##_vocab; \
    enum vocab {
#define WORD(vocab, name, code, ...) vocab##_##name = code,
#define END_VOCAB(vocab) \
    }                    \
    ;
