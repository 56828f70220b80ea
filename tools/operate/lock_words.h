/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What backup and restore have in common: whom keys are locked for, exit statuses, progress. */
#ifndef HUB_TOOLS_OPERATE_LOCK_WORDS_H
#define HUB_TOOLS_OPERATE_LOCK_WORDS_H

#include "log/backup/backup.h"
#include "tools/progress.h"
#include "tools/tool.h"

struct hub_lock_words {
    struct hub_lockbox_who who;
    struct hub_buf secret; /* owned: the passphrase */
};

/* For whom keys are locked: --recipient FILE or --passphrase-file FILE, one of them. Returns an exit status. */
int hub_lock_words_to(struct hub_lock_words *self, const struct hub_settings *settings);

/* Who opens them: --identity FILE or --passphrase-file FILE; neither is fine where none is needed (*ret_any). */
int hub_lock_words_of(struct hub_lock_words *self, const struct hub_settings *settings, bool *ret_any);

/* Forget the secret. Takes one that is all zero. */
void hub_lock_words_done(struct hub_lock_words *self);

/* The exit status for how a backup or a restore ended; says the sentence unless it is done. */
int hub_backup_status(int end, const char *sentence);

/* A progress bar of MB, and Ctrl-C. arg: struct hub_progress. */
bool hub_backup_on_progress(void *arg, uint64_t done, uint64_t total);

/* When a signal ended the process that wrote (tools/apart.h): says so. Returns HUB_EXIT_FULL. */
int hub_backup_crashed(const char *dir, int signal);

/* After HUB_BACKUP_stopped: says so and ends the process, as a thread is still copying. What it wrote is nothing yet. */
_Noreturn void hub_backup_interrupted(const char *sentence);

#endif
