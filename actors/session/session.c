/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind session, and its row for the runtime. */
#include "actors/session/session.h"

#include "base/def/shapes.h"
#include "actors/session/session.def"
#include "base/def/heads.h"
#include "actors/session/session.def"
#include "base/def/none.h"

const struct hub_kind_info hub_kind_session = {
    .number = KIND_session,
    .name = "session",
    .state = &session_state_shape,
};
