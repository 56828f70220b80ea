/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A copy of a log that another process may be writing, made without asking it and without stopping it. */
#ifndef HUB_LOG_BACKUP_PIN_H
#define HUB_LOG_BACKUP_PIN_H

#include <stddef.h>

struct hub_pin;
struct hub_rocks;

/* Make DATA/pinned/log, a store of its own that holds all that was in DATA/log at one moment of the call. Takes a lock, so
 * that one process does it at a time; removes what a killed one left. A hub that runs is asked to flush first, so that
 * table files hold nearly all of it; one that does not answer within seconds is not waited for.
 *
 * Returns 0; HUB_ERROR_overloaded: somebody else has one, or the log changed its files each time it was tried; or < 0 with
 * errno set. In both cases ret_why has a sentence. */
int hub_pin_new(const char *data_dir, struct hub_pin **ret_pin, char *ret_why, size_t why_size);

/* Remove what a process left that was ended while it had one, unless another has one now. */
void hub_pin_sweep(const char *data_dir);

/* For the process that writes the log, four times a second or so: flush if somebody asks for it. Any one thread. */
void hub_pin_answer(const char *data_dir, struct hub_rocks *db);

/* DATA/pinned, as a data directory to open. */
const char *hub_pin_dir(const struct hub_pin *self);

/* Remove it, which frees what only it held. *self_p becomes NULL. Takes NULL. */
void hub_pin_destroy(struct hub_pin **self_p);

#endif
