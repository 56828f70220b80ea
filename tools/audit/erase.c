/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit erase`: through a running hub's REST, or on a data directory at rest. What is held is told first, then asked, then
 * done; the certificate goes to stdout or a file, everything else to stderr. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/customer/holding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pack.h"
#include "log/file.h"
#include "tools/asking.h"
#include "tools/datadir.h"
#include "tools/serve/hub.h"
#include "tools/outfile.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

/* An erasure under way. */
struct erasing {
    const struct hub_settings *settings;
    const char *customer;
    struct hub_arena *arena;
    struct customer_erasure shown; /* before it, then after it */
    struct hub_hub *hub;           /* at rest */
    struct hub_datadir at_rest;    /* its log and keys, borrowed */
};

/* --- What people see --- */

static void tell_held(FILE *out, const struct customer_erasure *shown)
{
    char id[HUB_ULID_TEXT];
    const struct customer_held *held = shown->held;
    hub_ulid_print(shown->customer, id);
    fprintf(out,
            "Customer %.*s: %" PRIu64 " events with %" PRIu64 " personal values, %" PRIu64 " messages, %" PRIu64
            " sessions (%u open), %u index rows, %" PRIu64 " messages under way.\n",
            (int) sizeof id, id, held->events, held->personal_values, held->messages, held->sessions,
            held->open_sessions, held->names, held->under_way);
}

/* The preview alone. */
static int print_preview(const struct erasing *self)
{
    const struct customer_held *held = self->shown.held;
    struct hub_report report;
    hub_report_begin(&report, self->settings);
    hub_report_id(&report, "customer", self->shown.customer);
    hub_report_bool(&report, "is_erased", self->shown.is_erased);
    hub_report_u64(&report, "events", held->events);
    hub_report_u64(&report, "personal_values", held->personal_values);
    hub_report_u64(&report, "messages", held->messages);
    hub_report_u64(&report, "sessions", held->sessions);
    hub_report_u64(&report, "open_sessions", held->open_sessions);
    hub_report_u64(&report, "names", held->names);
    hub_report_u64(&report, "under_way", held->under_way);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int print_certificate(const struct erasing *self, FILE *to)
{
    struct hub_buf out;
    if (!HUB_HAS(customer_erasure, &self->shown, certificate))
        return hub_tool_fail(
            "it is done, but there is no key to sign a certificate with; the hub makes one when it serves");
    hub_buf_init(&out);
    hub_json_write(&erasure_certificate_shape, self->shown.certificate, HUB_DIALECT_snake, &out);
    hub_buf_put_byte(&out, '\n');
    fwrite(out.at, 1, out.len, to); /* what went wrong is seen at its end */
    hub_buf_done(&out);
    return HUB_EXIT_OK;
}

/* Whether the person means it. Returns an exit status. */
static int confirm(const struct erasing *self)
{
    char line[1024]; /* of an id's 128 characters */
    if (hub_settings_is(self->settings, HUB_SETTING_yes))
        return HUB_EXIT_OK;
    if (!isatty(STDIN_FILENO))
        return hub_tool_misused("nobody can be asked here: say --yes");
    fprintf(stderr, "Nothing brings it back. Type the customer's id to erase it: ");
    if (!fgets(line, sizeof line, stdin))
        line[0] = 0;
    line[strcspn(line, "\r\n")] = 0;
    if (strcmp(line, self->customer) != 0)
        return hub_tool_fail("that is not the customer's id; nothing was erased");
    return HUB_EXIT_OK;
}

/* The command's fields that people give. */
static void fill(const struct erasing *self, struct erase_customer *command)
{
    HUB_SET(erase_customer, command, reason, hub_span(hub_settings_text(self->settings, HUB_SETTING_reason)));
    HUB_SET(erase_customer, command, confirm, ((hub_sealed){ .clear = hub_span(self->customer) }));
    HUB_SET(erase_customer, command, end_sessions, hub_settings_is(self->settings, HUB_SETTING_end_sessions));
}

/* --- Through a running hub --- */

static int ask(struct erasing *self, const char *method, const char *what, struct hub_span body)
{
    const char *customer = hub_asking_part(self->customer, self->arena);
    size_t room = strlen(customer) + strlen(what) + sizeof "/customer//";
    char *path = hub_arena_room(self->arena, room);
    snprintf(path, room, "/customer/%s/%s", customer, what);
    const struct hub_asking asking = { .whose = "an admin's key",
                                       .method = method,
                                       .path = path,
                                       .body = body,
                                       .shape = &customer_erasure_shape,
                                       .arena = self->arena,
                                       .record = &self->shown };
    self->shown = (struct customer_erasure){ 0 };
    return hub_asking_do(self->settings, &asking);
}

static int look_there(struct erasing *self)
{
    return ask(self, "GET", "erasure", hub_span(NULL));
}

static int erase_there(struct erasing *self)
{
    struct erase_customer command = { 0 };
    struct hub_buf body;
    fill(self, &command);
    hub_buf_init(&body);
    hub_json_write(&erase_customer_shape, &command, HUB_DIALECT_snake, &body);
    int status = ask(self, "POST", "erase", hub_buf_span(&body));
    hub_buf_done(&body);
    return status;
}

/* --- On a directory at rest --- */

/* What the log says of the customer now. */
static int look_here(struct erasing *self, struct hub_ulid customer, struct hub_holding *ret_holding)
{
    const struct hub_holding_of of = {
        .log = self->at_rest.log, .keys = self->at_rest.keys, .company = self->at_rest.company, .customer = customer
    };
    int error = hub_holding_count(&of, self->arena, ret_holding);
    if (error == HUB_ERROR_not_found)
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no customer '%s'", self->customer);
    if (error < 0)
        return hub_tool_fail("the log cannot be read; 'omnihub audit verify' says what is wrong");
    HUB_SET(customer_erasure, &self->shown, customer, customer);
    HUB_SET(customer_erasure, &self->shown, held, ret_holding->held);
    HUB_SET(customer_erasure, &self->shown, is_erased, ret_holding->erased_from > 0);
    return HUB_EXIT_OK;
}

static int certify_here(struct erasing *self, uint64_t at)
{
    const char *data = hub_settings_text(self->settings, HUB_SETTING_data);
    struct erasure_certificate *certificate = HUB_NEW(self->arena, struct erasure_certificate);
    struct hub_note_key key;
    struct hub_tree *tree = NULL;
    if (hub_checkpoint_key(self->at_rest.log, data, NULL, &key) != 0 ||
        hub_tree_open(self->at_rest.log, data, false, &tree) != 0)
        return HUB_EXIT_OK; /* said when it is to be printed */
    const struct hub_prover prover = { .log = self->at_rest.log, .tree = tree, .key = &key };
    if (hub_erasure_certify(&prover, at, self->arena, certificate) == 0)
        HUB_SET(customer_erasure, &self->shown, certificate, certificate);
    hub_tree_close(&tree);
    explicit_bzero(&key, sizeof key);
    return HUB_EXIT_OK;
}

static int send(struct erasing *self, const struct hub_holding *holding)
{
    struct hub_command *command = hub_command_new(&erase_customer_shape, 4096);
    struct erase_customer given = { 0 };
    fill(self, &given);
    HUB_SET(erase_customer, &given, customer_id, given.confirm);
    hub_holding_into(holding, &given);
    command->record = hub_record_copy(&erase_customer_shape, &given, command->arena);
    command->caller = (struct hub_caller){ .company = self->at_rest.company, .role = role_admin };
    command->target = KIND_customer;
    command->names[KIND_customer] = (struct hub_name){ .given = true, .is_ours = true, .id = self->shown.customer };
    struct hub_answer *answer = hub_hub_ask(self->hub, &command);
    enum hub_exit wrong = answer->error == HUB_ERROR_erased          ? HUB_EXIT_ABSENT
                          : answer->error == HUB_ERROR_invalid_field ? HUB_EXIT_USAGE
                                                                     : HUB_EXIT_FAILED;
    int status = answer->error ? hub_tool_end(wrong, "%s", answer->fault.reason) : HUB_EXIT_OK;
    hub_answer_destroy(&answer);
    return status;
}

static int erase_here(struct erasing *self)
{
    struct hub_holding holding;
    int status = look_here(self, self->shown.customer, &holding);
    if (status == HUB_EXIT_OK)
        status = send(self, &holding);
    if (status == HUB_EXIT_OK)
        status = look_here(self, self->shown.customer, &holding);
    return status == HUB_EXIT_OK ? certify_here(self, holding.erased_from) : status;
}

static int find_here(struct erasing *self)
{
    struct hub_ulid customer;
    struct hub_holding holding;
    int error = hub_datadir_entity(&self->at_rest, self->at_rest.company, KIND_customer, self->customer, &customer);
    return error ? -error : look_here(self, customer, &holding);
}

/* --- The command --- */

/* Where the certificate goes is tried first: what was done cannot be done again for it. */
static int erase_and_certify(struct erasing *self, int (*erase)(struct erasing *))
{
    char id[HUB_ULID_TEXT];
    struct hub_outfile file;
    int status = hub_outfile_begin(&file, hub_settings_text(self->settings, HUB_SETTING_erase_to));
    if (status != HUB_EXIT_OK)
        return status;
    status = erase(self);
    bool is_erased = status == HUB_EXIT_OK;
    if (is_erased)
        status = print_certificate(self, file.out);
    status = hub_outfile_end(&file, status);
    hub_ulid_print(self->shown.customer, id);
    if (is_erased && status == HUB_EXIT_FULL)
        fprintf(stderr, "omnihub: it is done all the same; GET /customer/%.*s/erasure has the certificate\n",
                (int) sizeof id, id);
    return status;
}

/* Tell, ask, do, certify. */
static int go_through(struct erasing *self, int (*look)(struct erasing *), int (*erase)(struct erasing *))
{
    int status = look(self);
    if (status != HUB_EXIT_OK || hub_settings_is(self->settings, HUB_SETTING_dry_run))
        return status == HUB_EXIT_OK ? print_preview(self) : status;
    tell_held(stderr, &self->shown);
    status = confirm(self);
    return status == HUB_EXIT_OK ? erase_and_certify(self, erase) : status;
}

/* The hub of this directory for as long as it takes: it serves nobody and delivers nothing. */
static int at_rest(struct erasing *self)
{
    char why[512] = "";
    const struct hub_hub_options options = {
        .data_dir = hub_settings_text(self->settings, HUB_SETTING_data),
        .master_key = hub_settings_text(self->settings, HUB_SETTING_master_key),
        .is_silent = true,
    };
    if (!hub_datadir_has_log(options.data_dir))
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no log in %s", options.data_dir);
    hub_signals_block();
    int error = hub_hub_open(&options, &self->hub, why, sizeof why);
    if (error)
        return hub_tool_end(hub_datadir_exit(error, why), "%s%s", why,
                            error == HUB_ERROR_conflict ? " (a running hub is told with --url and --key)" : "");
    self->at_rest = (struct hub_datadir){ .log = hub_hub_log(self->hub),
                                          .keys = hub_hub_keys(self->hub),
                                          .has_keys = true };
    hub_datadir_find_company(&self->at_rest);
    int status = -hub_datadir_company(&self->at_rest, hub_settings_text(self->settings, HUB_SETTING_company),
                                      &self->at_rest.company);
    if (status == HUB_EXIT_OK)
        status = go_through(self, find_here, erase_here);
    hub_hub_close(&self->hub, 0);
    return status;
}

int hub_tool_audit_erase(const struct hub_tool_call *call)
{
    if (call->count != 1)
        return hub_tool_misused("audit erase takes one CUSTOMER");
    if (!hub_settings_text(call->settings, HUB_SETTING_reason) && !hub_settings_is(call->settings, HUB_SETTING_dry_run))
        return hub_tool_misused("audit erase needs --reason: it is kept for ever, and no name belongs in it");
    struct erasing self = { .settings = call->settings, .customer = call->operands[0], .arena = hub_arena_new(65536) };
    int status = hub_settings_text(call->settings, HUB_SETTING_url) ? go_through(&self, look_there, erase_there)
                                                                    : at_rest(&self);
    hub_arena_destroy(&self.arena);
    return status;
}
