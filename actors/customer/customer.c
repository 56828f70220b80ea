/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind customer, and its row for the runtime. */
#include "actors/customer/customer.h"

#include "actors/customer/decide.h"
#include "actors/session/session.h"

#include "base/def/shapes.h"
#include "actors/customer/customer.def"
#include "actors/customer/help.def"
#include "actors/customer/consent.def"
#include "actors/customer/recipient.def"
#include "actors/customer/erasure.def"
#include "base/def/heads.h"
#include "actors/customer/customer.def"
#include "actors/customer/help.def"
#include "actors/customer/consent.def"
#include "actors/customer/recipient.def"
#include "actors/customer/erasure.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &process_message_shape, hub_customer_decide_process },
    { &respond_message_shape, hub_customer_decide_respond },
    { &transfer_channel_shape, hub_customer_decide_transfer },
    { &create_session_shape, hub_customer_decide_session },
    { &update_customer_context_shape, hub_customer_decide_context },
    { &close_customer_session_shape, hub_customer_decide_closed },
    { &stop_customer_shape, hub_customer_decide_stop },
    { &request_help_shape, hub_customer_decide_request },
    { &assign_agent_shape, hub_customer_decide_assign },
    { &assign_customer_shape, hub_customer_decide_routed },
    { &unassign_agent_shape, hub_customer_decide_release },
    { &transfer_customer_shape, hub_customer_decide_hand_over },
    { &wrap_up_help_shape, hub_customer_decide_wrap_up },
    { &finish_help_shape, hub_customer_decide_finish },
    { &send_agent_message_shape, hub_customer_decide_send },
    { &take_back_customer_shape, hub_customer_decide_take_back },
    { &set_consent_shape, hub_customer_decide_consent },
    { &heed_wish_shape, hub_customer_decide_wish },
    { &select_recipient_shape, hub_customer_decide_select },
    { &contact_recipient_shape, hub_customer_decide_contact },
    { &report_recipient_shape, hub_customer_decide_report },
    { &convert_recipient_shape, hub_customer_decide_convert },
    { &erase_customer_shape, hub_customer_decide_erase },
};

const struct hub_kind_info hub_kind_customer = {
    .number = KIND_customer,
    .name = "customer",
    .state = &customer_state_shape,
    .apply = hub_customer_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
};
