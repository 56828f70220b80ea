/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading 3 of a .def file, in one .c: field descriptors and vocabularies. Follow with heads.h. */
#include "base/def/none.h"
#include "base/def/heads_as_one.h"
#define HEAD(category_, rec, id_, ...) static const struct hub_field rec##_fields[] = {
#define FIELD(rec, kind_, name_, tag_, ...)                                                      \
    { .name = #name_, .tag = tag_, .kind = HUB_KIND_##kind_, .offset = offsetof(struct rec, name_), __VA_ARGS__ },
#define NEST(rec, type, name_, tag_, ...) \
    { .name = #name_, .tag = tag_, .kind = HUB_KIND_record, .shape = &type##_shape, \
      .offset = offsetof(struct rec, name_), __VA_ARGS__ },
#define LIST(rec, type, name_, tag_, ...) \
    { .name = #name_, .tag = tag_, .kind = HUB_KIND_list, .of = HUB_KIND_record, .shape = &type##_shape, \
      .offset = offsetof(struct rec, name_), __VA_ARGS__ },
#define END(rec) \
    }            \
    ;
#define VOCAB(vocab, ...)              static const struct hub_word vocab##_words[] = {
#define WORD(vocab, name_, code_, ...) { .name = #name_, .code = code_, __VA_ARGS__ },
#define END_VOCAB(vocab) \
    }                    \
    ;
