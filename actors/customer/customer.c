/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind customer, and its row for the runtime. */
#include "actors/customer/customer.h"

#include "base/def/shapes.h"
#include "actors/customer/customer.def"
#include "base/def/heads.h"
#include "actors/customer/customer.def"
#include "base/def/none.h"

const struct hub_kind_info hub_kind_customer = {
    .number = KIND_customer,
    .name = "customer",
    .state = &customer_state_shape,
};
