/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a thread asks of the scheduler, and waiting for one. */
#ifndef HUB_BASE_THREAD_H
#define HUB_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Run the calling thread as soon as it can: for one that mostly sleeps, does little when it wakes, and for which everybody
 * waits. It asks for the lowest real-time priority (LimitRTPRIO=1, CAP_SYS_NICE), else for a short slice (Linux 6.12 on);
 * where neither is given it stays as it is. */
void hub_thread_urgent(void);

/* Let the calling thread, and those that it starts from now on, step aside for the others of this process: for work in the background
 * that must go on (some 40 % of what another gets where all want more). There is no way back. */
void hub_thread_polite(void);

/* Let all threads of this process, and those that they start, run only when nothing else wants a processor, and read and write
 * behind others where the disk's scheduler knows of that. Where Linux divides processors among sessions first (autogroup),
 * that holds within one only; so a process that can found a session does, and that takes a third of what another one gets. Call it
 * in a child. There is no way back. */
void hub_process_stand_back(void);

/* Join a thread that may be done within so many milliseconds. Returns false when it was not: it is to be joined still. */
bool hub_thread_join_within(pthread_t thread, unsigned ms);

#endif
