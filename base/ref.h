/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A shared, immutable blob with a count of its holders. */
#ifndef HUB_BASE_REF_H
#define HUB_BASE_REF_H

#include "base/span.h"

struct hub_ref;

/* A blob that holds a copy of the bytes; the caller is its first holder. */
struct hub_ref *hub_ref_new(struct hub_span bytes);

/* One more holder; any thread. Returns self. */
struct hub_ref *hub_ref_hold(struct hub_ref *self);

/* One holder fewer; the last one frees it. *self_p becomes NULL. Any thread. Takes NULL. */
void hub_ref_drop(struct hub_ref **self_p);

/* The bytes, valid while held. */
struct hub_span hub_ref_bytes(const struct hub_ref *self);

#endif
