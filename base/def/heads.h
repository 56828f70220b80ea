/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading 4 of a .def file, in the same .c after shapes.h: the shapes; and a tag used twice does not compile. */
#include "base/def/none.h"
#include "base/def/heads_as_one.h"
#define HEAD(category_, rec, id_, ...)                                                        \
    const struct hub_shape rec##_shape = { .name = #rec,                                      \
                                           .id = id_,                                         \
                                           .category = HUB_CATEGORY_##category_,              \
                                           .size = sizeof(struct rec),                        \
                                           .fields = rec##_fields,                            \
                                           .count = sizeof rec##_fields / sizeof rec##_fields[0], \
                                           __VA_ARGS__ };                                     \
    static inline __attribute__((unused)) int rec##_tags_are_unique(int tag)                  \
    {                                                                                         \
        switch (tag) {
#define FIELD(rec, kind_, name_, tag_, ...) case tag_:
#define NEST(rec, type, name_, tag_, ...)   case tag_:
#define LIST(rec, type, name_, tag_, ...)   case tag_:
#define END(rec)      \
    return 1;         \
    default: return 0; \
        }             \
        }
#define VOCAB(vocab, ...)                                                                 \
    const struct hub_vocab vocab##_vocab = { .name = #vocab,                              \
                                             .words = vocab##_words,                      \
                                             .count = sizeof vocab##_words / sizeof vocab##_words[0], \
                                             __VA_ARGS__ };                               \
    static inline __attribute__((unused)) int vocab##_codes_are_unique(int code)          \
    {                                                                                     \
        switch (code) {
#define WORD(vocab, name_, code_, ...) case code_:
#define END_VOCAB(vocab) \
    return 1;            \
    default: return 0;   \
        }                \
        }
