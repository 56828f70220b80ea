/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind company, and its row for the runtime. */
#ifndef HUB_ACTORS_COMPANY_H
#define HUB_ACTORS_COMPANY_H

#include "actors/kind.h"

#include "base/def/structs.h"
#include "actors/company/company.def"
#include "actors/company/people.def"
#include "actors/company/consumers.def"
#include "base/def/indexes.h"
#include "actors/company/company.def"
#include "actors/company/people.def"
#include "actors/company/consumers.def"
#include "base/def/none.h"

/* The number under which a person's login name finds the person: no kind of entity has it. These names lie outside of any
 * company, for who logs in does not say which. */
enum { HUB_ALIAS_USER = 4 };

enum { HUB_ADDRESS_MAX = 320 };

/* Whether a text can be an e-mail address: something, @, something, without blanks, at most 320 bytes of UTF-8. What may stand
 * on either side is the mail servers' business. */
bool hub_company_is_address(struct hub_span text);

extern const struct hub_kind_info hub_kind_company;

#endif
