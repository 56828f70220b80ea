/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of views.def and of the .def files beside it. */
#include "replay/view.h"

#include "base/def/shapes.h"
#include "replay/views.def"
#include "replay/analytics.def"
#include "replay/people.def"
#include "replay/routing.def"
#include "replay/campaigns.def"
#include "replay/audit.def"
#include "base/def/heads.h"
#include "replay/views.def"
#include "replay/analytics.def"
#include "replay/people.def"
#include "replay/routing.def"
#include "replay/campaigns.def"
#include "replay/audit.def"
#include "base/def/none.h"
