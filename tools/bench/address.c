/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Socket addresses from text: "127.0.0.1:8302", "[::1]:0", "http://host:port/path". */
#include "tools/bench/address.h"

#include <netdb.h>
#include <stdbool.h>
#include <string.h>

/* Cuts "host:port" at its last colon and takes the brackets off an IPv6 host. */
static bool cut(char *text, const char **ret_host, const char **ret_port)
{
    char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return false;
    *colon = '\0';
    *ret_port = colon + 1;
    *ret_host = text;
    if (text[0] != '[')
        return true;
    if (colon[-1] != ']')
        return false;
    colon[-1] = '\0';
    *ret_host = text + 1;
    return true;
}

int hub_address_resolve(const char *text, struct hub_address *ret)
{
    struct hub_address address = { 0 };
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    char parts[HUB_ADDRESS_HOST_MAX + 1] = "";
    const char *host, *port;
    size_t len = strcspn(text, "/");
    if (len > HUB_ADDRESS_HOST_MAX)
        return -1;
    memcpy(address.host, text, len);
    memcpy(parts, text, len);
    if (!cut(parts, &host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    memcpy(&address.at, found->ai_addr, found->ai_addrlen);
    address.len = found->ai_addrlen;
    freeaddrinfo(found);
    *ret = address;
    return 0;
}

int hub_address_of_url(const char *url, struct hub_address *ret, const char **ret_path)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return -1;
    url += sizeof scheme - 1;
    if (hub_address_resolve(url, ret) < 0)
        return -1;
    const char *path = strchr(url, '/');
    *ret_path = path ? path : "/";
    return 0;
}
