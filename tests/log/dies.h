/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What ends the process is tried in a child. */
#ifndef HUB_TESTS_LOG_DIES_H
#define HUB_TESTS_LOG_DIES_H

/* Run `act` in a child, which must end with exit status 70 before it returns, and say `words` on the first line of stderr. */
void assert_dies_saying(void (*act)(void), const char *words);

#endif
