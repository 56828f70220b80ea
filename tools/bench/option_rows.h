/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A reading of a tool's options .def, inside an array of struct hub_option: where `struct settings` has each value. */
#undef OPTION
#define OPTION(name_, kind_, field_, value_, doc_) \
    { .name = name_,                               \
      .kind = HUB_OPTION_##kind_,                  \
      .offset = offsetof(struct settings, field_), \
      .value = value_,                             \
      .doc = doc_ },
