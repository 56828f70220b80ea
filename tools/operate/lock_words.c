/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What backup and restore have in common: whom keys are locked for, exit statuses, progress. */
#include "tools/operate/lock_words.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "log/file.h"
#include "tools/serve/signals.h"

enum { SECRET_MAX = 4096, SECRET_MIN = 8, MEGA = 1000 * 1000 };

static int read_file(const char *path, struct hub_buf *ret_text)
{
    int result = hub_file_read(*path == '/' ? "" : ".", path, SECRET_MAX, ret_text);
    if (result == 0)
        return HUB_EXIT_OK;
    return hub_tool_end(result > 0 ? HUB_EXIT_ABSENT : HUB_EXIT_FAILED, "the file %s cannot be read: %s", path,
                        strerror(result > 0 ? ENOENT : errno));
}

/* The first line of a file. */
static int read_passphrase(struct hub_lock_words *self, const char *path)
{
    int status = read_file(path, &self->secret);
    if (status != HUB_EXIT_OK)
        return status;
    const char *end = memchr(self->secret.at, '\n', self->secret.len);
    self->who.passphrase = hub_span_of(self->secret.at, end ? (size_t) (end - self->secret.at) : self->secret.len);
    if (self->who.passphrase.len < SECRET_MIN)
        return hub_tool_misused("the first line of %s is the passphrase; it needs %d characters at least", path,
                                SECRET_MIN);
    return HUB_EXIT_OK;
}

static int read_key(struct hub_lock_words *self, const char *path, bool is_private)
{
    int status = read_file(path, &self->secret);
    if (status != HUB_EXIT_OK)
        return status;
    self->who.has_key = hub_lockbox_key_read(hub_buf_span(&self->secret), is_private, self->who.key);
    if (self->who.has_key)
        return HUB_EXIT_OK;
    return hub_tool_misused("%s is no %s X25519 key (PEM): 'openssl genpkey -algorithm X25519' makes one%s", path,
                            is_private ? "private" : "public",
                            is_private ? "" : ", 'openssl pkey -pubout' takes its public half");
}

int hub_lock_words_to(struct hub_lock_words *self, const struct hub_settings *settings)
{
    const char *recipient = hub_settings_text(settings, HUB_SETTING_recipient);
    const char *passphrase = hub_settings_text(settings, HUB_SETTING_passphrase_file);
    *self = (struct hub_lock_words){ .secret = { .at = NULL } };
    if (!recipient == !passphrase)
        return hub_tool_misused("the keys leave the machine locked: give --recipient FILE or --passphrase-file FILE%s",
                                recipient ? ", not both" : "");
    return recipient ? read_key(self, recipient, false) : read_passphrase(self, passphrase);
}

int hub_lock_words_of(struct hub_lock_words *self, const struct hub_settings *settings, bool *ret_any)
{
    const char *identity = hub_settings_text(settings, HUB_SETTING_identity);
    const char *passphrase = hub_settings_text(settings, HUB_SETTING_passphrase_file);
    *self = (struct hub_lock_words){ .secret = { .at = NULL } };
    *ret_any = identity || passphrase;
    if (identity)
        return read_key(self, identity, true);
    return passphrase ? read_passphrase(self, passphrase) : HUB_EXIT_OK;
}

void hub_lock_words_done(struct hub_lock_words *self)
{
    if (self->secret.at)
        explicit_bzero(self->secret.at, self->secret.room);
    hub_buf_done(&self->secret);
    explicit_bzero(&self->who, sizeof self->who);
}

int hub_backup_status(int end, const char *sentence)
{
    static const enum hub_exit statuses[] = {
        [HUB_BACKUP_done] = HUB_EXIT_OK,          [-HUB_BACKUP_failed] = HUB_EXIT_FAILED,
        [-HUB_BACKUP_full] = HUB_EXIT_FULL,       [-HUB_BACKUP_denied] = HUB_EXIT_DENIED,
        [-HUB_BACKUP_unsound] = HUB_EXIT_UNSOUND, [-HUB_BACKUP_absent] = HUB_EXIT_ABSENT,
        [-HUB_BACKUP_taken] = HUB_EXIT_TAKEN,     [-HUB_BACKUP_stopped] = HUB_EXIT_INTERRUPTED,
    };
    return end == HUB_BACKUP_done ? HUB_EXIT_OK : hub_tool_end(statuses[-end], "%s", sentence);
}

bool hub_backup_on_progress(void *arg, uint64_t done, uint64_t total)
{
    if (total == 0 || total >= MEGA)
        hub_progress_show(arg, done / MEGA, total / MEGA);
    return hub_signals_wait(0) == 0;
}

int hub_backup_crashed(const char *dir, int signal)
{
    struct statvfs disk;
    unsigned long long free_mb = statvfs(dir, &disk) == 0 ? (unsigned long long) disk.f_bavail * disk.f_frsize / MEGA
                                                          : 0;
    return hub_tool_end(
        HUB_EXIT_FULL,
        "writing ended by signal %d, as RocksDB does when a disk is full; %llu MB are free. Nothing stands "
        "half written under its final name",
        signal, free_mb);
}

void hub_backup_interrupted(const char *sentence)
{
    _exit(hub_tool_end(HUB_EXIT_INTERRUPTED, "%s Nothing is lost; run it again to go on", sentence));
}
