/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the hub says about itself, functions of routes. None writes anything. */
#ifndef HUB_API_SYSTEM_H
#define HUB_API_SYSTEM_H

struct hub_call;

/* The version of the program, and of the API. */
#define HUB_VERSION "0.1.0"
#define HUB_API_VERSION "v1"

/* Each answers one route of routes.def. */
void hub_system_health(struct hub_call *call);
void hub_system_version(struct hub_call *call);
void hub_system_status(struct hub_call *call);
void hub_system_capabilities(struct hub_call *call);
void hub_system_metrics(struct hub_call *call);
void hub_system_diagnostics(struct hub_call *call);
void hub_system_rebuild(struct hub_call *call);
void hub_system_retry(struct hub_call *call);
void hub_system_openapi(struct hub_call *call);
void hub_system_asyncapi(struct hub_call *call);
void hub_system_page(struct hub_call *call);

#endif
