/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A thread that does a little, rests, and does a little more until it is stopped. */
#ifndef HUB_LOG_CHORE_H
#define HUB_LOG_CHORE_H

#include <stdint.h>

enum { HUB_CHORE_PATIENT = 19, HUB_CHORE_BUSY = 0 }; /* nice: when nothing else is to be done, or like everybody */

struct hub_chore;

/* Do some of the work, on the chore's thread. Returns how long to rest before the next time, in microseconds; < 0 ends it. */
typedef int64_t hub_chore_fn(void *arg);

/* Start the thread; it rests for first_us before its first step. nice: 0 to 19. Never NULL. */
struct hub_chore *hub_chore_start(hub_chore_fn *step, void *arg, int64_t first_us, int nice);

/* Let the step under way finish, and wait for the thread's end. *self_p becomes NULL. Takes NULL. */
void hub_chore_stop(struct hub_chore **self_p);

#endif
