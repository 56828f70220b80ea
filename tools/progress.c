/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The estimate takes the work so far for typical of what remains. */
#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/world.h"

enum { BAR = 30, BAR_EVERY_US = 200000, LINE_EVERY_US = 5000000 };

void hub_progress_start(struct hub_progress *self, const char *what)
{
    int64_t now = hub_tick_us(hub_world_real());
    *self = (struct hub_progress){
        .what = what, .is_terminal = isatty(STDERR_FILENO), .started_us = now, .shown_us = now
    };
}

static void draw(const struct hub_progress *self, uint64_t done, uint64_t total, double seconds)
{
    double rate = seconds > 0 ? (double) done / seconds : 0;
    if (total == 0) {
        fprintf(stderr, "%" PRIu64 " %s, %.0f a second", done, self->what, rate);
        return;
    }
    int full = (int) (done * BAR / total);
    if (self->is_terminal)
        fprintf(stderr, "[%.*s%*s] ", full, "##############################", BAR - full, "");
    fprintf(stderr, "%3d%%  %" PRIu64 " of %" PRIu64 " %s", (int) (done * 100 / total), done, total, self->what);
    if (rate > 0)
        fprintf(stderr, ", about %.0f s left", (double) (total - done) / rate);
}

void hub_progress_show(struct hub_progress *self, uint64_t done, uint64_t total)
{
    int64_t now = hub_tick_us(hub_world_real());
    if (now - self->shown_us < (self->is_terminal ? BAR_EVERY_US : LINE_EVERY_US) || done == 0)
        return;
    self->shown_us = now;
    self->is_shown = true;
    fputs(self->is_terminal ? "\r" : "omnihub: ", stderr);
    draw(self, done < total || total == 0 ? done : total, total, (double) (now - self->started_us) / 1e6);
    fputs(self->is_terminal ? " \033[K" : "\n", stderr);
}

void hub_progress_end(struct hub_progress *self)
{
    if (self->is_shown && self->is_terminal)
        fputs("\r\033[K", stderr);
    self->is_shown = false;
}
