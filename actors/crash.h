/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which inputs were being worked on when the process died: after three crashes an input is parked, not run a fourth time.
 *
 * Every worker has a slot in a small file that is mapped into memory: it writes the fingerprint of an input there before it
 * decides and clears it afterwards. Memory that is mapped from a file survives the process (not the machine, which is fine:
 * a power cut is nobody's fault). At the next start the fingerprints found are counted in the same file. An input that runs
 * through is not to blame, whatever ended the process while it was there: its count starts again. */
#ifndef HUB_ACTORS_CRASH_H
#define HUB_ACTORS_CRASH_H

#include "actors/command.h"

struct hub_crash_guard;

enum { HUB_CRASHES_TO_PARK = 3 };

/* Open or create DATA/inputs. data_dir NULL: a guard that remembers nothing. Returns 0, or < 0 with a sentence. */
int hub_crash_guard_open(const char *data_dir, unsigned workers, struct hub_crash_guard **ret_guard, char *ret_why,
                         size_t why_size);
void hub_crash_guard_close(struct hub_crash_guard **self_p);

/* The fingerprint of an input: its command, target and content; never 0. The same bytes give the same fingerprint after a
 * restart. Not secret, not collision-proof: 64 bits. */
uint64_t hub_crash_fingerprint(const struct hub_command *command);

/* Begin and end work on an input; worker 0 .. workers - 1. enter returns false when the input is parked: do not run it. */
bool hub_crash_guard_enter(struct hub_crash_guard *self, unsigned worker, uint64_t fingerprint);
void hub_crash_guard_leave(struct hub_crash_guard *self, unsigned worker);

/* Inputs that are parked, and those counted at all, for /diagnostics. */
size_t hub_crash_guard_parked(const struct hub_crash_guard *self);

struct hub_parked_input {
    uint64_t fingerprint;
    uint64_t crashes;
};

/* At most `room` of those that are parked. Returns how many. */
size_t hub_crash_guard_list(const struct hub_crash_guard *self, struct hub_parked_input *ret_inputs, size_t room);

/* Forget one parked input, or all (fingerprint 0), so that it may run again. */
void hub_crash_guard_release(struct hub_crash_guard *self, uint64_t fingerprint);

#endif
