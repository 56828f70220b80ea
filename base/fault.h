/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Building a fault: the JSON Pointer of a value, step by step from the outside, and the sentence that says why. */
#ifndef HUB_BASE_FAULT_H
#define HUB_BASE_FAULT_H

#include "base/schema.h"

/* Begin a fault: this error, pointing to the whole, without a reason. */
void hub_fault_init(struct hub_fault *self, int error);

/* Make the pointer one step longer: a member's name (escaped as RFC 6901 asks) or an item's index, 0-based.
 * A pointer for which there is no more room stays at an enclosing value: steps are whole or not there at all. A name
 * with U+0000 in it counts as one for which there is no room.
 *
 * Returns false when the step was left out; the caller takes no further ones then. */
bool hub_fault_step(struct hub_fault *self, struct hub_span name);
bool hub_fault_step_index(struct hub_fault *self, size_t index);

/* Set the reason, printf-like; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void hub_fault_reason(struct hub_fault *self, const char *format, ...);

#endif
