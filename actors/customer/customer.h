/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind customer, and its row for the runtime. */
#ifndef HUB_ACTORS_CUSTOMER_H
#define HUB_ACTORS_CUSTOMER_H

#include "actors/kind.h"

#include "actors/campaign/plan.h"
#include "log/proof/proof.h"

#include "base/def/structs.h"
#include "actors/customer/customer.def"
#include "actors/customer/help.def"
#include "actors/customer/consent.def"
#include "actors/customer/recipient.def"
#include "actors/customer/erasure.def"
#include "base/def/indexes.h"
#include "actors/customer/customer.def"
#include "actors/customer/help.def"
#include "actors/customer/consent.def"
#include "actors/customer/recipient.def"
#include "actors/customer/erasure.def"
#include "base/def/none.h"

extern const struct hub_kind_info hub_kind_customer;

#endif
