/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub of one's own for a while: a second process of this program on a temporary directory. */
#include "tools/demo/own_hub.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/password.h"
#include "base/memory.h"
#include "base/world.h"

enum { PATIENCE_MS = 60000, KEY_ROOM = 64 };

struct hub_own_hub {
    pid_t pid;
    char data[256];
    char url[128];
    char key[KEY_ROOM];
};

/* In the child: become the hub. Only what is safe between fork and exec. */
static void become_hub(const struct hub_own_hub *self, char *const *environment, int out)
{
    char program[] = "/proc/self/exe", serve[] = "serve", listen[] = "--listen=127.0.0.1:0",
         level[] = "--log-level=error";
    char data[sizeof self->data + 8];
    snprintf(data, sizeof data, "--data=%s", self->data);
    char *const words[] = { program, serve, data, listen, level, NULL };
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0); /* Ctrl-C is for the caller, who then ends it */
    dup2(out, STDOUT_FILENO);
    execve(program, words, environment);
    _exit(127);
}

/* The hub's environment: the caller's without its settings, with the key. Only the array is new. */
static char **environment_with(char *key)
{
    static char email[] = "OMNIHUB_ADMIN_EMAIL=demo@localhost", password[] = "OMNIHUB_ADMIN_PASSWORD=demo-demo-demo";
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **copy = hub_memory_new(sizeof *copy * (count + 4));
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "OMNIHUB_", 8) != 0 && strncmp(environ[i], "OMNICHANNEL_", 12) != 0 &&
            strncmp(environ[i], "NOTIFY_SOCKET=", 14) != 0)
            copy[kept++] = environ[i];
    copy[kept++] = key;
    copy[kept++] = email;
    copy[kept++] = password;
    copy[kept] = NULL;
    return copy;
}

static int run(struct hub_own_hub *self, int *ret_out)
{
    int ends[2];
    char key[32 + KEY_ROOM];
    snprintf(key, sizeof key, "OMNICHANNEL_API_KEY=%s", self->key);
    if (pipe(ends) < 0)
        return -1;
    char **environment = environment_with(key);
    self->pid = fork();
    if (self->pid == 0)
        become_hub(self, environment, ends[1]);
    free(environment);
    close(ends[1]);
    *ret_out = ends[0];
    return self->pid < 0 ? -1 : 0;
}

/* Reads lines until the one with the address. */
static int wait_for_address(struct hub_own_hub *self, int out)
{
    char text[4096];
    size_t len = 0;
    struct pollfd ready = { .fd = out, .events = POLLIN };
    while (len < sizeof text - 1 && poll(&ready, 1, PATIENCE_MS) > 0) {
        ssize_t got = read(out, text + len, sizeof text - 1 - len);
        if (got <= 0)
            return -1;
        len += (size_t) got;
        text[len] = 0;
        const char *at = strstr(text, "omnihub listening on ");
        if (at && strchr(at, '\n'))
            return sscanf(at, "omnihub listening on %127s", self->url) == 1 ? 0 : -1;
    }
    return -1;
}

static void make_key(struct hub_own_hub *self)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span key = hub_token_make(hub_world_real(), "ohk_", arena);
    snprintf(self->key, sizeof self->key, "%.*s", (int) key.len, key.at);
    hub_arena_destroy(&arena);
}

int hub_own_hub_start(struct hub_own_hub **ret_hub, char *ret_why, size_t why_size)
{
    struct hub_own_hub *self = hub_memory_new(sizeof *self);
    *self = (struct hub_own_hub){ .pid = 0 };
    const char *place = getenv("TMPDIR");
    snprintf(self->data, sizeof self->data, "%s/omnihub-demo-XXXXXX", place && *place ? place : "/tmp");
    make_key(self);
    int out = -1, error = mkdtemp(self->data) ? 0 : -1;
    if (error)
        snprintf(ret_why, why_size, "no temporary directory: %s", strerror(errno));
    else if (run(self, &out) < 0) {
        snprintf(ret_why, why_size, "the hub could not be started: %s", strerror(errno));
        error = -1;
    } else if (wait_for_address(self, out) < 0) {
        snprintf(ret_why, why_size, "the hub did not become ready");
        error = -1;
    }
    if (out >= 0)
        close(out);
    if (error)
        hub_own_hub_stop(&self);
    else
        *ret_hub = self;
    return error;
}

const char *hub_own_hub_url(const struct hub_own_hub *self)
{
    return self->url;
}

const char *hub_own_hub_key(const struct hub_own_hub *self)
{
    return self->key;
}

const char *hub_own_hub_data(const struct hub_own_hub *self)
{
    return self->data;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void) info;
    (void) type;
    (void) walk;
    return remove(path);
}

int hub_own_hub_stop(struct hub_own_hub **self_p)
{
    struct hub_own_hub *self = *self_p;
    int status = 0;
    if (!self)
        return 0;
    if (self->pid > 0) {
        kill(self->pid, SIGTERM);
        while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    nftw(self->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(self);
    *self_p = NULL;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
