/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a command hands out as a whole: to stdout, or to a file that is there complete or not at all. */
#ifndef HUB_TOOLS_OUTFILE_H
#define HUB_TOOLS_OUTFILE_H

#include <stdio.h>

struct hub_outfile {
    FILE *out;        /* to be written to */
    const char *path; /* NULL: stdout; borrowed */
    char *half;       /* owned; the name until it is complete */
};

/* Begin a file (0600); path NULL: stdout. Returns an exit status; what went wrong was said on stderr, and nothing is open then. */
int hub_outfile_begin(struct hub_outfile *self, const char *path);

/* End it: on disk and under its name when `status` is HUB_EXIT_OK, gone otherwise, an older file of that name untouched.
 * Returns `status`, or HUB_EXIT_FULL when it could not be written, which was said on stderr. */
int hub_outfile_end(struct hub_outfile *self, int status);

#endif
