/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind company, and its row for the runtime. */
#include "actors/company/company.h"

#include "base/def/shapes.h"
#include "actors/company/company.def"
#include "base/def/heads.h"
#include "actors/company/company.def"
#include "base/def/none.h"

const struct hub_kind_info hub_kind_company = {
    .number = KIND_company,
    .name = "company",
    .state = &company_state_shape,
};
