/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether a log is whole, as `audit verify` finds it. */
#ifndef HUB_TOOLS_AUDIT_AUDIT_H
#define HUB_TOOLS_AUDIT_AUDIT_H

#include "tools/report.h"

struct hub_audit_of {
    const char *data;                 /* directory */
    const char *master_key;           /* NULL: the one inside, if any */
    const struct hub_settings *range; /* --from and --to; NULL: all of it */
};

/* Check a log, and say in the report, and on stderr when it is not sound, what was found. Returns an exit status. */
int hub_audit_sound(const struct hub_audit_of *of, struct hub_report *report);

#endif
