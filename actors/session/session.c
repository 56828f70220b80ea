/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind session, and its row for the runtime. */
#include "actors/session/session.h"

#include "actors/session/decide.h"

#include "base/def/shapes.h"
#include "actors/session/session.def"
#include "actors/session/help.def"
#include "actors/session/outreach.def"
#include "base/def/heads.h"
#include "actors/session/session.def"
#include "actors/session/help.def"
#include "actors/session/outreach.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &process_message_shape, hub_session_decide_process },   { &respond_message_shape, hub_session_decide_respond },
    { &update_message_shape, hub_session_decide_message },    { &get_session_shape, hub_session_decide_get },
    { &open_session_shape, hub_session_decide_open },         { &update_session_shape, hub_session_decide_update },
    { &transfer_channel_shape, hub_session_decide_transfer }, { &end_session_shape, hub_session_decide_end },
    { &session_timer_shape, hub_session_decide_timer },       { &help_session_shape, hub_session_decide_help },
    { &attempt_recipient_shape, hub_session_decide_attempt }, { &send_notice_shape, hub_session_decide_notice },
    { &settle_letter_shape, hub_session_decide_letter },
};

const struct hub_kind_info hub_kind_session = {
    .number = KIND_session,
    .name = "session",
    .state = &session_state_shape,
    .apply = hub_session_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
    .timers = hub_session_timers,
};
