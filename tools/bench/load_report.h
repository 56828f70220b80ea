/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Prints what a load measured. */
#ifndef HUB_TOOLS_BENCH_LOAD_REPORT_H
#define HUB_TOOLS_BENCH_LOAD_REPORT_H

#include <stdio.h>

struct hub_load_result;

/* Print one `key=value` a line, for programs. Times are in microseconds, `rate` is answers per second. A status
 * that came is `status_NNN`; those that did not are not printed. */
void hub_load_report_plain(const struct hub_load_result *result, FILE *out);

/* Print the same for people, without the counters that are 0. */
void hub_load_report_table(const struct hub_load_result *result, FILE *out);

#endif
