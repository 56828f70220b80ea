/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `whatif`: the past routed again, by other rules or with other room. */
#include "replay/whatif.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "actors/routing/zones.h"
#include "base/error.h"
#include "base/json.h"
#include "log/file.h"
#include "tools/apart.h"
#include "tools/datadir.h"
#include "tools/report.h"
#include "tools/tool.h"

enum { RULES_BYTES = 4 * 1024 * 1024, FIGURE = 32 };

/* Everything that is asked. */
struct asked {
    const struct hub_settings *settings;
    struct hub_datadir reader;
    struct hub_arena *arena;
    struct hub_buf text;
    struct hub_whatif_options options;
    int64_t from_us, to_us;
};

/* --- Reading what is asked --- */

static int refuse_rules(const char *path, const struct hub_fault *fault)
{
    return hub_tool_misused("%s: %s%s%s", path, fault->pointer, *fault->pointer ? ": " : "", fault->reason);
}

static int read_rules(struct asked *self)
{
    const char *path = hub_settings_text(self->settings, HUB_SETTING_rules);
    struct put_routing_rules *rules = HUB_NEW(self->arena, struct put_routing_rules);
    struct hub_fault fault;
    uint32_t calendar;
    if (!path)
        return HUB_EXIT_OK;
    int result = hub_file_read(path[0] == '/' ? "/" : ".", path, RULES_BYTES, &self->text);
    if (result != 0)
        return hub_tool_end(result > 0 ? HUB_EXIT_ABSENT : HUB_EXIT_FAILED, "%s cannot be read: %s", path,
                            result > 0 ? "there is no such file" : strerror(errno));
    if (hub_json_read(&put_routing_rules_shape, hub_buf_span(&self->text), self->arena, rules, &fault) != 0)
        return refuse_rules(path, &fault);
    if (!hub_routing_fill_zones(rules, hub_now_us(hub_world_real()), self->arena, &calendar))
        return hub_tool_misused("%s: /calendars/%u/timezone: This time zone is not known here.", path,
                                (unsigned) calendar);
    HUB_CLEAR(put_routing_rules, rules, dry_run);
    self->options.rules = rules;
    return HUB_EXIT_OK;
}

/* "chat=3,voice=1" */
static int read_capacity(struct asked *self)
{
    const char *text = hub_settings_text(self->settings, HUB_SETTING_capacity);
    while (text && *text) {
        const char *equals = strchr(text, '=');
        char *end = NULL;
        const struct hub_word *word = equals ? hub_vocab_by_name(&channel_vocab,
                                                                 hub_span_of(text, (size_t) (equals - text)))
                                             : NULL;
        unsigned long limit = word && equals[1] >= '0' && equals[1] <= '9' ? strtoul(equals + 1, &end, 10) : 0;
        if (!end || (*end && *end != ',') || limit > 1000)
            return hub_tool_misused("--capacity: '%s' is not like chat=3,voice=1", text);
        self->options.has_room[word->code] = true;
        self->options.room[word->code] = (uint32_t) limit;
        text = *end ? end + 1 : end;
    }
    return HUB_EXIT_OK;
}

static int read_range(struct asked *self)
{
    struct hub_datadir_range range = { .from = 0 };
    int error = hub_datadir_range(&self->reader, hub_settings_text(self->settings, HUB_SETTING_from),
                                  hub_settings_text(self->settings, HUB_SETTING_to), false, &range);
    self->options.from = range.from;
    self->options.to = range.to;
    return -error;
}

static int read_all(struct asked *self)
{
    int status = -hub_datadir_company(&self->reader, hub_settings_text(self->settings, HUB_SETTING_company),
                                      &self->options.company);
    if (status == HUB_EXIT_OK)
        status = read_range(self);
    if (status == HUB_EXIT_OK)
        status = read_capacity(self);
    if (status == HUB_EXIT_OK)
        status = read_rules(self);
    self->options.within_us = (int64_t) hub_settings_count(self->settings, HUB_SETTING_within) * 1000000;
    return status;
}

/* --- Showing --- */

struct figure {
    char recorded[FIGURE], before[FIGURE], after[FIGURE];
};

static void share(char ret_text[FIGURE], uint64_t part, uint64_t whole)
{
    if (whole == 0)
        snprintf(ret_text, FIGURE, "-");
    else
        snprintf(ret_text, FIGURE, "%.1f %%", 100.0 * (double) part / (double) whole);
}

static void seconds(char ret_text[FIGURE], int64_t sum_us, uint64_t count)
{
    if (count == 0)
        snprintf(ret_text, FIGURE, "-");
    else
        snprintf(ret_text, FIGURE, "%.1f s", (double) sum_us / 1e6 / (double) count);
}

static void add_row(struct hub_report *report, const char *what, const struct figure *figure)
{
    hub_report_row(report);
    hub_report_text(report, "figure", what);
    hub_report_text(report, "recorded", figure->recorded);
    hub_report_text(report, "before", figure->before);
    hub_report_text(report, "after", figure->after);
}

static void add_shares(struct hub_report *report, const char *what, uint64_t (*part)(const struct hub_whatif_run *),
                       uint64_t (*whole)(const struct hub_whatif_run *), const struct hub_whatif *result)
{
    struct figure figure;
    share(figure.recorded, part(&result->recorded), whole(&result->recorded));
    share(figure.before, part(&result->before), whole(&result->before));
    share(figure.after, part(&result->after), whole(&result->after));
    add_row(report, what, &figure);
}

static uint64_t given_of(const struct hub_whatif_run *run)
{
    return run->given;
}

static uint64_t within_of(const struct hub_whatif_run *run)
{
    return run->within;
}

static uint64_t wanted_of(const struct hub_whatif_run *run)
{
    return run->wanted;
}

static uint64_t busy_of(const struct hub_whatif_run *run)
{
    return (uint64_t) run->busy_us;
}

static uint64_t available_of(const struct hub_whatif_run *run)
{
    return (uint64_t) run->available_us;
}

static void add_waits(struct hub_report *report, const struct hub_whatif *result)
{
    struct figure mean, longest;
    const struct hub_whatif_run *runs[] = { &result->recorded, &result->before, &result->after };
    char *means[] = { mean.recorded, mean.before, mean.after };
    char *longests[] = { longest.recorded, longest.before, longest.after };
    for (size_t i = 0; i < 3; i++) {
        seconds(means[i], runs[i]->wait_us, runs[i]->given);
        seconds(longests[i], runs[i]->longest_us, runs[i]->given > 0);
    }
    add_row(report, "mean wait", &mean);
    add_row(report, "longest wait", &longest);
}

static void add_channels(struct hub_report *report, const struct hub_whatif *result)
{
    for (unsigned code = 0; code < HUB_WHATIF_CHANNELS; code++) {
        struct figure figure;
        char what[FIGURE];
        const char *name = hub_vocab_name(&channel_vocab, (uint16_t) code);
        if (!name ||
            result->recorded.by_channel[code] + result->before.by_channel[code] + result->after.by_channel[code] == 0)
            continue;
        snprintf(what, sizeof what, "channel %s", name);
        share(figure.recorded, result->recorded.by_channel[code], result->recorded.decisions);
        share(figure.before, result->before.by_channel[code], result->before.decisions);
        share(figure.after, result->after.by_channel[code], result->after.decisions);
        add_row(report, what, &figure);
    }
}

/* For programs: what the figures are made of. */
static void add_numbers(struct hub_report *report, const struct hub_whatif *result)
{
    static const char *const names[] = { "recorded", "before", "after" };
    const struct hub_whatif_run *runs[] = { &result->recorded, &result->before, &result->after };
    hub_report_list(report, "runs");
    for (size_t i = 0; i < 3; i++) {
        hub_report_row(report);
        hub_report_text(report, "run", names[i]);
        hub_report_u64(report, "decisions", runs[i]->decisions);
        hub_report_u64(report, "wanted", runs[i]->wanted);
        hub_report_u64(report, "given", runs[i]->given);
        hub_report_u64(report, "within", runs[i]->within);
        hub_report_u64(report, "wait_us", (uint64_t) runs[i]->wait_us);
        hub_report_u64(report, "longest_us", (uint64_t) runs[i]->longest_us);
        hub_report_u64(report, "busy_us", (uint64_t) runs[i]->busy_us);
        hub_report_u64(report, "available_us", (uint64_t) runs[i]->available_us);
    }
    hub_report_list_end(report);
}

static int show(const struct asked *self, const struct hub_whatif *result)
{
    struct hub_report report;
    char held[512], within[FIGURE];
    hub_report_begin(&report, self->settings);
    hub_report_u64(&report, "decisions", result->recorded.decisions);
    hub_report_u64(&report, "changed_rule", result->changed_rule);
    hub_report_u64(&report, "changed_channel", result->changed_channel);
    snprintf(within, sizeof within, "taken within %" PRId64 " s", self->options.within_us / 1000000);
    hub_report_list(&report, "figures");
    add_channels(&report, result);
    add_waits(&report, result);
    add_shares(&report, within, within_of, wanted_of, result);
    add_shares(&report, "taken at all", given_of, wanted_of, result);
    add_shares(&report, "agents' occupancy", busy_of, available_of, result);
    hub_report_list_end(&report);
    if (report.is_json)
        add_numbers(&report, result);
    snprintf(held, sizeof held,
             "who asked, when and with what inputs; when agents were there, their skills and languages%s; how long "
             "conversations lasted (%" PRIu64
             " are known, the others get the usual %.0f s). Agents take whom they are given at "
             "once; nobody gives up; conversations taken by hand, and those from before the range, are left out.",
             self->options.rules ? "" : ", the rules", result->known, (double) result->usual_us / 1e6);
    hub_report_text(&report, "held_fixed", held);
    hub_report_text(&report, "columns",
                    "recorded: as it was; before: replayed by the rules and room of then; after: by the others");
    return hub_report_end(&report, HUB_EXIT_OK);
}

static const char *given(const struct asked *self, enum hub_setting_name name, const char *otherwise)
{
    const char *text = hub_settings_text(self->settings, name);
    return text ? text : otherwise;
}

static int run(struct asked *self)
{
    struct hub_whatif result;
    struct hub_fault fault;
    int status = read_all(self);
    if (status != HUB_EXIT_OK)
        return status;
    self->options.log = self->reader.log;
    self->options.world = hub_world_real();
    int error = hub_whatif(&self->options, &result, &fault);
    if (error == HUB_ERROR_not_found)
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no routing decision from %s to %s",
                            given(self, HUB_SETTING_from, "the start"), given(self, HUB_SETTING_to, "the end"));
    if (error == HUB_ERROR_invalid_field)
        return refuse_rules(hub_settings_text(self->settings, HUB_SETTING_rules), &fault);
    return error ? hub_tool_fail("the log cannot be read") : show(self, &result);
}

static int look_back(const struct hub_tool_call *call)
{
    struct asked self = { .settings = call->settings };
    if (!hub_settings_text(call->settings, HUB_SETTING_rules) &&
        !hub_settings_text(call->settings, HUB_SETTING_capacity))
        return hub_tool_misused("whatif needs --rules FILE or --capacity CHANNEL=N");
    self.arena = hub_arena_new(0);
    hub_buf_init(&self.text);
    int status = -hub_datadir_open(&self.reader, hub_settings_text(call->settings, HUB_SETTING_data),
                                   hub_settings_text(call->settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = run(&self);
    hub_datadir_close(&self.reader);
    hub_buf_done(&self.text);
    hub_arena_destroy(&self.arena);
    return status;
}

int hub_tool_whatif(const struct hub_tool_call *call)
{
    return hub_run_aside(call, look_back);
}
