/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signals: blocked in every thread, taken by the main thread when it asks. */
#ifndef HUB_TOOLS_SERVE_SIGNALS_H
#define HUB_TOOLS_SERVE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Block SIGTERM, SIGINT and SIGHUP, ignore SIGPIPE and SIGXFSZ, and keep CZMQ from installing handlers. Before the first thread. */
void hub_signals_block(void);

/* Wait for one of them. patience_us < 0: for ever. Returns its number, 0 when the time is over. */
int hub_signals_wait(int64_t patience_us);

/* Whether one of them waits to be taken; it goes on waiting. */
bool hub_signals_pending(void);

/* From now on another one ends the process at once, and so does the end of patience_s seconds, with a sentence. */
void hub_signals_hurry(unsigned patience_s);

/* Give them back to whoever is started from here. */
void hub_signals_unblock(void);

#endif
