/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Building a fault: the JSON Pointer of a value and the sentence that says why. */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

void hub_fault_init(struct hub_fault *self, int error)
{
    self->error = error;
    self->pointer[0] = '\0';
    self->reason[0] = '\0';
}

/* How a character of a name is written in a pointer, NULL for as it is. */
static const char *escaped(char sign)
{
    return sign == '~' ? "~0" : sign == '/' ? "~1" : NULL;
}

bool hub_fault_step(struct hub_fault *self, struct hub_span name)
{
    const size_t start = strlen(self->pointer);
    size_t at = start;
    bool fits = at + 1 < sizeof self->pointer;
    if (fits) {
        self->pointer[at++] = '/';
    }
    for (size_t i = 0; fits && i < name.len; i++) {
        const char *written = escaped(name.at[i]);
        fits = name.at[i] != '\0' && at + 2 < sizeof self->pointer;
        if (fits && written != NULL) {
            self->pointer[at++] = written[0];
            self->pointer[at++] = written[1];
        } else if (fits) {
            self->pointer[at++] = name.at[i];
        }
    }
    self->pointer[fits ? at : start] = '\0';
    return fits;
}

bool hub_fault_step_index(struct hub_fault *self, size_t index)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%zu", index);
    return hub_fault_step(self, hub_span_of(digits, (size_t) len));
}

void hub_fault_reason(struct hub_fault *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->reason, sizeof self->reason, format, args);
    va_end(args);
}
