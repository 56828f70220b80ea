/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `serve`: the hub as a process, from the command line to the last signal. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "actors/company/company.h"
#include "base/buf.h"
#include "base/error.h"
#include "tools/datadir.h"
#include "tools/serve/first_start.h"
#include "tools/serve/notify.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/serve/supervise.h"
#include "tools/tool.h"

enum {
    PATIENCE_US = 5 * 1000000,
    PATIENCE_S = 9,
    HOST_ROOM = 64,
    KEY_MOST = 256,
    KEY_LEAST = 16,
    PASSWORD_LEAST = 8,
};

struct serving {
    const struct hub_settings *settings;
    char host[HOST_ROOM];
    uint16_t port;
    struct hub_buf origins; /* with blanks between, terminated */
};

/* Cut "ADDR:PORT", "[ADDR6]:PORT". Returns false when it is none. */
static bool read_listen(const char *text, char ret_host[HOST_ROOM], uint16_t *ret_port)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return false;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    size_t len = (size_t) (colon - text);
    bool is_six = text[0] == '[' && colon[-1] == ']';
    if (is_six) {
        text++;
        len -= 2;
    }
    if (*end || colon[1] < '0' || colon[1] > '9' || port > 65535 || len >= HOST_ROOM)
        return false;
    memcpy(ret_host, text, len);
    ret_host[len] = 0;
    if (strcmp(ret_host, "localhost") == 0)
        memcpy(ret_host, "127.0.0.1", 10);
    *ret_port = (uint16_t) port;
    return inet_pton(is_six ? AF_INET6 : AF_INET, ret_host, address) == 1;
}

static void join_origins(const struct hub_settings *settings, struct hub_buf *out)
{
    const char *const *texts;
    size_t count = hub_settings_texts(settings, HUB_SETTING_cors_origin, &texts);
    for (size_t i = 0; i < count; i++) {
        hub_buf_put_text(out, i ? " " : "");
        hub_buf_put_text(out, texts[i]);
    }
    hub_buf_put_byte(out, 0);
}

/* One loop serves about four cores' worth of workers. */
static unsigned choose_loops(const struct hub_settings *settings)
{
    unsigned wanted = (unsigned) hub_settings_count(settings, HUB_SETTING_loops);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted > 0)
        return wanted;
    return cores > 4 ? (unsigned) (cores / 4 > 16 ? 16 : cores / 4) : 1;
}

static bool offers_http2(const struct hub_settings *settings)
{
    return strcmp(hub_settings_text(settings, HUB_SETTING_http2), "on") == 0;
}

static struct hub_hub_options options_of(const struct serving *self)
{
    const struct hub_settings *settings = self->settings;
    return (struct hub_hub_options){
        .data_dir = hub_settings_text(settings, HUB_SETTING_data),
        .master_key = hub_settings_text(settings, HUB_SETTING_master_key),
        .access_bytes = hub_settings_count(settings, HUB_SETTING_access_mb) << 20,
        .reserve_bytes = hub_settings_count(settings, HUB_SETTING_reserve_mb) << 20,
        .checkpoint_us = (int64_t) hub_settings_count(settings, HUB_SETTING_checkpoint_s) * 1000000,
        .checkpoint_copy = hub_settings_text(settings, HUB_SETTING_checkpoint_copy),
        .memory_bytes = hub_settings_count(settings, HUB_SETTING_memory_mb) << 20,
        .no_sync = hub_settings_is(settings, HUB_SETTING_unsafe_no_sync),
        .loopback_failures = (unsigned) hub_settings_count(settings, HUB_SETTING_loopback_failures),
        .loopback_gives_up = hub_settings_is(settings, HUB_SETTING_loopback_gives_up),
        .loopback_record = hub_settings_text(settings, HUB_SETTING_loopback_record),
        .workers = (unsigned) hub_settings_count(settings, HUB_SETTING_workers),
        .server = { .host = self->host,
                    .port = self->port,
                    .loops = choose_loops(settings),
                    .tls_cert = hub_settings_text(settings, HUB_SETTING_tls_cert),
                    .tls_key = hub_settings_text(settings, HUB_SETTING_tls_key),
                    .http2 = offers_http2(settings),
                    .cors_origins = self->origins.len > 1 ? self->origins.at : NULL,
                    .ping_s = (uint32_t) hub_settings_count(settings, HUB_SETTING_ping),
                    .agent_gone_s = (uint32_t) hub_settings_count(settings, HUB_SETTING_agent_gone),
                    .rate_per_s = (uint32_t) hub_settings_count(settings, HUB_SETTING_rate_limit) },
    };
}

static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void print_made(const struct serving *self, const struct hub_made_secrets *made, const char *email)
{
    struct hub_report report;
    if (!made->is_first || (!made->key[0] && !made->password[0]))
        return;
    hub_report_begin(&report, self->settings);
    hub_report_note(&report, "This is the first start. What follows is shown this once:");
    hub_report_text(&report, "api_key", made->key[0] ? made->key : NULL);
    hub_report_text(&report, "admin", email);
    hub_report_text(&report, "password", made->password[0] ? made->password : NULL);
    (void) hub_report_end(&report, HUB_EXIT_OK);
}

static void say(const struct serving *self, const char *level, const char *sentence)
{
    const char *wanted = hub_settings_text(self->settings, HUB_SETTING_log_level);
    if (strcmp(wanted, "debug") == 0 || strcmp(wanted, level) == 0)
        fprintf(stderr, "omnihub: %s\n", sentence);
}

static void print_address(const struct serving *self, uint16_t port)
{
    struct hub_report report;
    char url[HOST_ROOM + 32];
    bool is_six = strchr(self->host, ':') != NULL;
    snprintf(url, sizeof url, "%s://%s%s%s:%u",
             hub_settings_text(self->settings, HUB_SETTING_tls_cert) ? "https" : "http", is_six ? "[" : "", self->host,
             is_six ? "]" : "", port);
    hub_report_begin(&report, self->settings);
    hub_report_say(&report, "omnihub listening on %s", url);
    hub_report_text(&report, "listening", url);
    (void) hub_report_end(&report, HUB_EXIT_OK);
}

static void announce(const struct serving *self, struct hub_hub *hub, const struct hub_supervised *supervised)
{
    uint16_t port = hub_hub_port(hub);
    if (supervised && supervised->tell >= 0)
        (void) !write(supervised->tell, &port, sizeof port);
    if (!supervised || supervised->starts == 0)
        print_address(self, port);
    hub_notify("READY=1");
}

/* What would never work is refused; what is weak is said. Returns 0 or < 0. */
static int check_secrets(const struct serving *self)
{
    const char *key = hub_settings_text(self->settings, HUB_SETTING_key);
    const char *password = hub_settings_text(self->settings, HUB_SETTING_admin_password);
    size_t len = key ? strlen(key) : 0;
    for (size_t i = 0; i < len; i++)
        if (len > KEY_MOST || key[i] <= ' ' || key[i] > '~') {
            hub_tool_misused("%s: an API key has 1 to %d visible ASCII characters",
                             hub_settings_where(self->settings, HUB_SETTING_key), KEY_MOST);
            return -1;
        }
    if (!hub_company_is_address(hub_span(hub_settings_text(self->settings, HUB_SETTING_admin_email)))) {
        hub_tool_misused("%s: an e-mail address is something like admin@example.com",
                         hub_settings_where(self->settings, HUB_SETTING_admin_email));
        return -1;
    }
    if (key && len < KEY_LEAST)
        say(self, "info", "the given API key is short, and can be guessed");
    if (password && strlen(password) < PASSWORD_LEAST)
        say(self, "info", "the given admin's password is short, and can be guessed");
    return 0;
}

/* From an open hub to its end. Returns an exit status. */
static int run(const struct serving *self, struct hub_hub **hub_p, const struct hub_supervised *supervised)
{
    char why[512] = "";
    struct hub_made_secrets made = { .is_first = false };
    const struct hub_first_start wanted = { .key = hub_settings_text(self->settings, HUB_SETTING_key),
                                            .email = hub_settings_text(self->settings, HUB_SETTING_admin_email),
                                            .password = hub_settings_text(self->settings, HUB_SETTING_admin_password) };
    int number = hub_first_start(*hub_p, &wanted, &made, why, sizeof why);
    if (number < 0)
        return hub_tool_fail("%s", why);
    print_made(self, &made, wanted.email); /* whatever comes: nobody can make them readable again */
    explicit_bzero(&made, sizeof made);
    if (number == 0 && hub_hub_serve(*hub_p, why, sizeof why) < 0)
        return hub_tool_fail("%s", why);
    if (number == 0) {
        announce(self, *hub_p, supervised);
        hub_signals_wait(-1);
    }
    hub_notify("STOPPING=1");
    say(self, "info", "stopping; requests under way are answered");
    hub_signals_hurry(PATIENCE_S);
    hub_hub_close(hub_p, PATIENCE_US);
    say(self, "info", "stopped");
    return HUB_EXIT_OK;
}

static int work(void *arg, const struct hub_supervised *supervised)
{
    struct serving *self = arg;
    char why[512] = "";
    hub_signals_block();
    raise_files();
    if (supervised && supervised->port)
        self->port = supervised->port;
    struct hub_hub_options options = options_of(self);
    struct hub_hub *hub = NULL;
    int error = hub_hub_open(&options, &hub, why, sizeof why);
    if (error) {
        bool is_stopped = hub_signals_pending();
        if (is_stopped)
            say(self, "info", "stopped before it was ready");
        return is_stopped ? HUB_EXIT_OK : hub_datadir_refuse(error, why);
    }
    int status = run(self, &hub, supervised);
    hub_hub_close(&hub, 0);
    return status;
}

int hub_tool_serve(const struct hub_tool_call *call)
{
    struct serving self = { .settings = call->settings };
    const char *listen = hub_settings_text(call->settings, HUB_SETTING_listen);
    bool has_cert = hub_settings_text(call->settings, HUB_SETTING_tls_cert) != NULL;
    if (!read_listen(listen, self.host, &self.port))
        return hub_tool_misused("--listen takes ADDR:PORT, like 127.0.0.1:8302 or [::1]:8302, not '%s'", listen);
    if (has_cert != (hub_settings_text(call->settings, HUB_SETTING_tls_key) != NULL))
        return hub_tool_misused("--tls-cert and --tls-key belong together");
    if (offers_http2(call->settings) && !has_cert)
        return hub_tool_misused("--http2 on needs --tls-cert and --tls-key: without TLS the hub talks HTTP/1.1");
    if (check_secrets(&self) < 0)
        return HUB_EXIT_USAGE;
    hub_buf_init(&self.origins);
    join_origins(call->settings, &self.origins);
    int status = hub_settings_is(call->settings, HUB_SETTING_supervise) ? hub_supervise(work, &self)
                                                                        : work(&self, NULL);
    hub_buf_done(&self.origins);
    return status;
}
