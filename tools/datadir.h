/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A data directory as the reading commands see it: the log beside a running hub, and its keys where they can be read. */
#ifndef HUB_TOOLS_DATADIR_H
#define HUB_TOOLS_DATADIR_H

#include "log/keyring/keyring.h"
#include "log/log.h"
#include "tools/tool.h"

struct hub_noting;

struct hub_datadir {
    const char *dir; /* borrowed */
    struct hub_log *log;
    struct hub_keyring *keys;
    bool has_keys;             /* keys/ can be read */
    struct hub_ulid company;   /* the one that the first event is about */
    struct hub_noting *noting; /* owned; notes whose personal values are opened */
};

/* Whether there is a log at all. */
bool hub_datadir_has_log(const char *data);

/* Open a data directory for reading. master_key: NULL for the one inside. Says on stderr what is wrong.
 * Returns 0, or an exit status as a negative number; hub_datadir_close is due in both cases. */
int hub_datadir_open(struct hub_datadir *self, const char *data, const char *master_key);

/* The same for who looks at single entities, as of a moment: tags and commands cannot be asked for. What was before the hub's last
 * flush is found without its write-ahead log, so that this takes no longer beside a busy hub or after its crash. at: NULL for the
 * end. */
int hub_datadir_open_at(struct hub_datadir *self, const char *data, const char *master_key, const char *at);

/* Say which tool reads and why (--reason), before anything is unsealed: it is noted (tools/noting.h). Returns an exit status. */
int hub_datadir_tell(const struct hub_datadir *self, const struct hub_tool_call *call);
void hub_datadir_close(struct hub_datadir *self);

/* The exit status for a log, or a hub, that could not be opened: HUB_EXIT_DENIED for a master key that does not fit, HUB_EXIT_TAKEN
 * for a directory that somebody else writes, HUB_EXIT_FULL where there is no room, also by RocksDB's words, else HUB_EXIT_FAILED.
 *
 * error, why  what opening it returned, and its sentence */
enum hub_exit hub_datadir_exit(int error, const char *why);

/* Say why, and return that status. */
int hub_datadir_refuse(int error, const char *why);

/* Fill `company` from the log's first event, for a log that was opened elsewhere. */
void hub_datadir_find_company(struct hub_datadir *self);

/* A moment: a position's number, or a time (RFC 3339) which stands for the last position up to then.
 * ret_is_time may be NULL. Returns 0, or an exit status as a negative number when the text is none, which was said on stderr. */
int hub_datadir_point(const struct hub_datadir *self, const char *text, uint64_t *ret_sequence, bool *ret_is_time);

/* A moment as of which something is asked: a point that has events up to it, and lies within the log. text: NULL for the end.
 * Returns 0, or an exit status as a negative number (HUB_EXIT_ABSENT for others), which was said on stderr. */
int hub_datadir_moment(const struct hub_datadir *self, const char *text, uint64_t *ret_sequence);

/* The positions from one to another, both included; none when `to` < `from`. */
struct hub_datadir_range {
    uint64_t from, to;
};

/* What lies between two points (NULL: the log's start, its end). A time stands for the first event from then on, or the last
 * up to then.
 *
 * is_open  the position behind the last one will do for `from`, too, as something may be written there
 *
 * Returns 0, or an exit status as a negative number: for a position that is not in the log, for a time before it that it is to
 * end at, for the later one first. */
int hub_datadir_range(const struct hub_datadir *self, const char *from, const char *to, bool is_open,
                      struct hub_datadir_range *ret_range);

/* The company that --company names; text NULL: the one of the first event. Returns 0, or an exit status as a negative number when
 * there is none, which was said on stderr. */
int hub_datadir_company(const struct hub_datadir *self, const char *text, struct hub_ulid *ret_company);

/* An entity by our id or by the client's own. Returns 0, or an exit status as a negative number when there is none, which was said
 * on stderr. */
int hub_datadir_entity(const struct hub_datadir *self, struct hub_ulid company, uint8_t kind, const char *text,
                       struct hub_ulid *ret_id);

/* KIND/ID. Returns 0, or an exit status as a negative number with a sentence on stderr. */
int hub_datadir_stream(const struct hub_datadir *self, struct hub_ulid company, const char *text,
                       struct hub_stream *ret_stream);

/* Fill the clear part of every sealed value of a record: opened where there is a key and that could be noted; else what says that there is none:
 * "[sealed]" without keys/, the mark of erased values with them. Of secrets "[secret]". */
void hub_datadir_unseal(const struct hub_datadir *self, struct hub_ulid company, const struct hub_shape *shape,
                        void *record, struct hub_arena *arena);

#endif
