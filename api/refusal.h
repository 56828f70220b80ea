/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Requests that h2o refuses by itself (a body too large, an unknown transfer encoding) never reach a handler; this gives
 * its refusals the form of a problem document. */
#ifndef HUB_API_REFUSAL_H
#define HUB_API_REFUSAL_H

#include "api/serving.h"

/* Put the filter on the path that h2o answers by itself. Before any context is made. */
void hub_refusal_register(h2o_pathconf_t *fallback);

#endif
