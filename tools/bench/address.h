/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Socket addresses from text: "127.0.0.1:8302", "[::1]:0", "http://host:port/path". */
#ifndef HUB_TOOLS_BENCH_ADDRESS_H
#define HUB_TOOLS_BENCH_ADDRESS_H

#include <sys/socket.h>

#define HUB_ADDRESS_HOST_MAX 255

struct hub_address {
    struct sockaddr_storage at;
    socklen_t len;
    char host[HUB_ADDRESS_HOST_MAX + 1]; /* as it was written, with the port: for a Host field */
};

/* Resolve "host:port".
 *
 * text   ends at its 0 or at the first '/'
 *
 * Returns 0; -1 when it cannot be read or resolved, `ret` is untouched then. May block on a name server. */
int hub_address_resolve(const char *text, struct hub_address *ret);

/* Resolve "http://host:port/path"; a missing path is "/".
 *
 * ret_path   borrowed from `url`
 *
 * Returns 0, or -1 as above and for another scheme. */
int hub_address_of_url(const char *url, struct hub_address *ret, const char **ret_path);

#endif
