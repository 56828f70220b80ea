/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Part of a reading: every head row is HEAD(category, record, id, attributes). */
#define EVENT(rec, id, ...)   HEAD(event, rec, id, __VA_ARGS__)
#define COMMAND(rec, id, ...) HEAD(command, rec, id, __VA_ARGS__)
#define STATE(rec, id, ...)   HEAD(state, rec, id, __VA_ARGS__)
#define REPLY(rec, id, ...)   HEAD(reply, rec, id, __VA_ARGS__)
#define QUERY(rec, id, ...)   HEAD(query, rec, id, __VA_ARGS__)
#define ROW(rec, id, ...)     HEAD(row, rec, id, __VA_ARGS__)
#define PART(rec, id, ...)    HEAD(part, rec, id, __VA_ARGS__)
