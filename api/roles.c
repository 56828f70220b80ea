/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who may do what: a row for each route and for each frame that clients send, a column for each role. */
#include "api/roles.h"

#include "api/live/client.h"
#include "api/route.h"

static const char *method_name(uint8_t method)
{
    static const char *const names[] = {
        [HUB_GET] = "GET", [HUB_POST] = "POST", [HUB_PUT] = "PUT", [HUB_DELETE] = "DELETE"
    };
    return method < sizeof names / sizeof names[0] && names[method] != NULL ? names[method] : "?";
}

static void print_head(const char *what, struct hub_buf *out)
{
    hub_buf_put_text(out, "| ");
    hub_buf_put_text(out, what);
    for (unsigned i = 0; i < role_vocab.count; i++) {
        hub_buf_put_text(out, " | ");
        hub_buf_put_text(out, role_vocab.words[i].name);
    }
    hub_buf_put_text(out, " | |\n|---");
    for (unsigned i = 0; i < role_vocab.count; i++) {
        hub_buf_put_text(out, "|:-:");
    }
    hub_buf_put_text(out, "|---|\n");
}

/* roles 0: whoever. */
static void print_marks(uint32_t roles, struct hub_buf *out)
{
    for (unsigned i = 0; i < role_vocab.count; i++) {
        bool may = roles == 0 || (roles >> role_vocab.words[i].code & 1);
        hub_buf_put_text(out, may ? " | x" : " | ");
    }
    hub_buf_put_text(out, " | ");
}

static void print_route(const struct hub_route *route, struct hub_buf *out)
{
    hub_buf_put_text(out, "| `");
    hub_buf_put_text(out, method_name(route->method));
    hub_buf_put_text(out, " ");
    hub_buf_put_text(out, route->path);
    hub_buf_put_text(out, "`");
    print_marks(route->roles, out);
    hub_buf_put_text(out, route->roles == 0 ? "without credentials" : "");
    hub_buf_put_text(out, route->operator_only ? "of the company that runs the hub" : "");
    hub_buf_put_text(out, " |\n");
}

static void print_client(const struct hub_client_row *row, struct hub_buf *out)
{
    hub_buf_put_text(out, "| `");
    hub_buf_put_text(out, row->type);
    hub_buf_put_text(out, "` on ");
    hub_buf_put_text(out, row->contract == HUB_CONTRACT_a ? "`/ws/...`" : "`/api/dashboard/ws`");
    print_marks(row->roles, out);
    hub_buf_put_text(out, row->roles == 0 ? "whoever may listen" : "");
    hub_buf_put_text(out, " |\n");
}

void hub_roles_print(struct hub_buf *out)
{
    size_t count;
    hub_buf_put_text(out,
                     "<!-- SPDX-License-Identifier: AGPL-3.0-or-later -->\n# Who may do what?\n\n"
                     "Printed by `omnihub schema roles` from the tables that the door goes by (api/routes.def, "
                     "api/live/clients.def); a test\ncompares. Some doors ask more once one is through: whose profile, "
                     "presence or password it is, and who has the customer\n([people.md](people.md)).\n\n"
                     "| role | |\n|---|---|\n");
    for (unsigned i = 0; i < role_vocab.count; i++) {
        hub_buf_put_text(out, "| ");
        hub_buf_put_text(out, role_vocab.words[i].name);
        hub_buf_put_text(out, " | ");
        hub_buf_put_text(out, role_vocab.words[i].doc);
        hub_buf_put_text(out, " |\n");
    }
    hub_buf_put_text(out, "\n## Routes\n\n");
    print_head("route", out);
    const struct hub_route *routes = hub_routes(&count);
    for (size_t i = 0; i < count; i++) {
        print_route(&routes[i], out);
    }
    hub_buf_put_text(out, "\n## What clients say over WebSockets\n\n");
    print_head("frame", out);
    const struct hub_client_row *clients = hub_client_rows(&count);
    for (size_t i = 0; i < count; i++) {
        print_client(&clients[i], out);
    }
}
