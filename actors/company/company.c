/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind company, and its row for the runtime. */
#include "actors/company/company.h"

#include "actors/agent/agent.h"
#include "actors/company/decide.h"

#include "base/def/shapes.h"
#include "actors/company/company.def"
#include "actors/company/people.def"
#include "actors/company/consumers.def"
#include "base/def/heads.h"
#include "actors/company/company.def"
#include "actors/company/people.def"
#include "actors/company/consumers.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &create_company_shape, hub_company_decide_create },
    { &change_company_settings_shape, hub_company_decide_settings },
    { &set_company_page_shape, hub_company_decide_page },
    { &add_api_key_shape, hub_company_decide_add_key },
    { &list_api_keys_shape, hub_company_decide_list_keys },
    { &remove_api_key_shape, hub_company_decide_remove_key },
    { &replace_first_key_shape, hub_company_decide_first_key },
    { &add_login_shape, hub_company_decide_add_login },
    { &remove_login_shape, hub_company_decide_remove_login },
    { &add_agent_shape, hub_company_decide_add_agent },
    { &update_agent_shape, hub_company_decide_role },
    { &remove_agent_shape, hub_company_decide_remove_agent },
    { &set_password_shape, hub_company_decide_password },
    { &get_company_settings_shape, hub_company_decide_get_settings },
    { &list_company_pages_shape, hub_company_decide_list_pages },
    { &move_consumer_shape, hub_company_decide_move_consumer },
    { &remove_consumer_shape, hub_company_decide_remove_consumer },
    { &list_consumers_shape, hub_company_decide_list_consumers },
    { &release_input_shape, hub_company_decide_release },
};

const struct hub_kind_info hub_kind_company = {
    .number = KIND_company,
    .name = "company",
    .state = &company_state_shape,
    .apply = hub_company_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
};
