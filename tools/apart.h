/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A command in a process of its own: for work that a library may end, and for long work beside a hub. */
#ifndef HUB_TOOLS_APART_H
#define HUB_TOOLS_APART_H

#include "tools/tool.h"

/* Run a command in a child: RocksDB ends its process by an assertion when some writes fail, and its backup engine cannot be
 * stopped from C. Signals are handed on, and the child ends with this process. Returns its exit status in both processes;
 * when a signal ended it, what `on_crash` returns. Signals are blocked (hub_signals_block), no thread is running. Beside a hub that
 * serves --data the child stands back (base/thread.h). */
int hub_run_apart(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call),
                  int (*on_crash)(const struct hub_tool_call *call, int signal));

/* Run a command that goes through a whole data directory: beside a hub that serves it apart, so that it stands back from its
 * first instruction on without taking the user's other work with it; here otherwise. It may ask for signals (hub_signals_block);
 * one that does not is ended by them. Returns its exit status. */
int hub_run_aside(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call));

#endif
