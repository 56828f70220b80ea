/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What each step of the journey asks and what it expects; the rows are in journey.def. */
#ifndef HUB_TOOLS_DEMO_JOURNEY_STEPS_H
#define HUB_TOOLS_DEMO_JOURNEY_STEPS_H

#include "actors/routing/routing.h"
#include "base/json_emit.h"
#include "replay/view.h"

/* What later steps need of earlier ones. */
struct hub_journey_facts {
    char customer[128]; /* the client's own ids */
    char session[128];
    char message[64];  /* the last one that was answered */
    char position[64]; /* of the last answer */
};

struct hub_journey_step {
    const char *title, *method, *path;
    long status;
    const struct hub_shape *answer;
    const char *frame; /* what an agent who listens is told; NULL: nothing that is waited for */
    void (*request)(const struct hub_journey_facts *facts, struct hub_json_emit *emit); /* members of the body */
    const char *(*check)(struct hub_journey_facts *facts, const void *answer);          /* what is wrong, or NULL */
};

#define STEP(name, ...)                                                                                 \
    void hub_journey_request_##name(const struct hub_journey_facts *facts, struct hub_json_emit *emit); \
    const char *hub_journey_check_##name(struct hub_journey_facts *facts, const void *answer);
#include "tools/demo/journey.def"
#undef STEP

#endif
