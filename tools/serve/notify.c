/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Telling systemd how the service stands, over the socket that NOTIFY_SOCKET names. */
#include "tools/serve/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void hub_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = path ? strlen(path) : 0;
    if (len == 0 || len >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, len);
    if (address.sun_path[0] == '@') /* an abstract address */
        address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len);
    (void) !sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *) &address, size);
    close(fd);
}
