/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Telling systemd how the service stands, over the socket that NOTIFY_SOCKET names. */
#ifndef HUB_TOOLS_SERVE_NOTIFY_H
#define HUB_TOOLS_SERVE_NOTIFY_H

/* Send a state ("READY=1", "STOPPING=1"; sd_notify(3)). Without NOTIFY_SOCKET nothing happens; that nobody listens is no
 * error. */
void hub_notify(const char *state);

#endif
