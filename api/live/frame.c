/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of frames.def, as data. */
#include "api/live/frame.h"

static const struct hub_frame_row rows[] = {
#define FRAME(event_, contract_, type_, ...) \
    { .event = event_##_id, .contract = HUB_CONTRACT_##contract_, .type = type_, __VA_ARGS__ },
#define SAID(contract_, type_, ...) { .contract = HUB_CONTRACT_##contract_, .type = type_, __VA_ARGS__ },
#define FILL(name)
#include "api/live/frames.def"
#undef FRAME
#undef SAID
#undef FILL
};

const struct hub_frame_row *hub_frame_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

const struct hub_frame_row *hub_frame_said(uint8_t contract, const char *type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].event == 0 && rows[i].contract == contract && strcmp(rows[i].type, type) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
