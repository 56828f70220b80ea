/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ends a reading of a .def file. */
#undef EVENT
#undef COMMAND
#undef STATE
#undef REPLY
#undef QUERY
#undef ROW
#undef PART
#undef HEAD
#undef FIELD
#undef NEST
#undef LIST
#undef END
#undef VOCAB
#undef WORD
#undef END_VOCAB
