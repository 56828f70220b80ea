/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `schema`: the tables that the program works by, as documents. */
#include <stdarg.h>
#include <string.h>

#include "actors/campaign/moves.h"
#include "actors/session/moves.h"
#include "api/live/asyncapi.h"
#include "api/openapi.h"
#include "api/records.h"
#include "api/roles.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "tools/completion.h"
#include "tools/export/export_tables.h"
#include "tools/manual.h"
#include "tools/report.h"
#include "tools/tool.h"

enum { VOCABS = 128 };

/* Vocabularies that fields of the records refer to, each once. */
static size_t find_vocabs(const struct hub_vocab *ret_vocabs[VOCABS])
{
    const struct hub_registry *registry = hub_records();
    size_t count = 0;
    for (size_t i = 0; i < registry->count; i++)
        for (unsigned j = 0; j < registry->shapes[i]->count; j++) {
            const struct hub_vocab *vocab = registry->shapes[i]->fields[j].vocab;
            size_t at = 0;
            while (at < count && ret_vocabs[at] != vocab)
                at++;
            if (vocab && at == count && count < VOCABS)
                ret_vocabs[count++] = vocab;
        }
    return count;
}

static void emit_vocabs(struct hub_json_emit *emit)
{
    const struct hub_vocab *vocabs[VOCABS];
    size_t count = find_vocabs(vocabs);
    for (size_t i = 0; i < count; i++) {
        hub_json_emit_key(emit, vocabs[i]->name);
        hub_describe_vocab(vocabs[i], hub_json_emit_value(emit));
    }
}

/* JSON Schema of every record below api/, by name. */
static void put_json_schema(struct hub_buf *out)
{
    const struct hub_registry *registry = hub_records();
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "$schema", "https://json-schema.org/draft/2020-12/schema");
    hub_json_emit_member_text(&emit, "title", "Records of Omnihub");
    hub_json_emit_key(&emit, "components");
    hub_json_emit_object_begin(&emit);
    hub_json_emit_key(&emit, "schemas");
    hub_json_emit_object_begin(&emit);
    for (size_t i = 0; i < registry->count; i++) {
        hub_json_emit_key(&emit, registry->shapes[i]->name);
        hub_describe(registry->shapes[i], hub_json_emit_value(&emit));
    }
    emit_vocabs(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {
        [HUB_KIND_bool] = "bool",     [HUB_KIND_i64] = "i64",         [HUB_KIND_u32] = "u32",
        [HUB_KIND_u64] = "u64",       [HUB_KIND_decimal] = "decimal", [HUB_KIND_text] = "text",
        [HUB_KIND_bytes] = "bytes",   [HUB_KIND_enum] = "enum",       [HUB_KIND_set] = "set",
        [HUB_KIND_time] = "time",     [HUB_KIND_id] = "id",           [HUB_KIND_json] = "json",
        [HUB_KIND_sealed] = "sealed", [HUB_KIND_record] = "record",   [HUB_KIND_list] = "list",
        [HUB_KIND_union] = "union",
    };
    return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "?";
}

static const char *inner_name(const struct hub_field *field)
{
    if (field->shape)
        return field->shape->name;
    if (field->vocab)
        return field->vocab->name;
    return field->of ? kind_name(field->of) : "";
}

static void put_format(struct hub_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_format(struct hub_buf *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    hub_buf_put_text(out, line);
}

static void put_event(struct hub_buf *out, const struct hub_shape *shape)
{
    put_format(out, "\n## %s\n\nType 0x%04x, version %u. %s\n\n", shape->name, shape->id, shape->version, shape->doc);
    hub_buf_put_text(out, "| tag | field | kind | | |\n|---|---|---|---|---|\n");
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        const char *of = inner_name(field);
        put_format(out, "| %u | `%s` | %s%s%s | %s | %s |\n", field->tag, field->name, kind_name(field->kind),
                   *of ? " " : "", of, field->required ? "required" : "", field->doc);
    }
}

static void put_events(struct hub_buf *out)
{
    const struct hub_registry *registry = hub_records();
    hub_buf_put_text(out,
                     "# Events\n\nPrinted by `omnihub schema events` from the tables. A sealed field can be read with "
                     "its subject's key only.\n");
    for (size_t i = 0; i < registry->count; i++)
        if (registry->shapes[i]->category == HUB_CATEGORY_event)
            put_event(out, registry->shapes[i]);
}

struct document {
    const char *name;
    void (*put)(struct hub_buf *out);
    bool is_json; /* already */
};

static int print_document(const struct document *document, const struct hub_settings *settings)
{
    struct hub_report report;
    struct hub_buf out;
    int status = HUB_EXIT_OK;
    hub_buf_init(&out);
    document->put(&out);
    if (hub_settings_is(settings, HUB_SETTING_json) && !document->is_json) {
        hub_report_begin(&report, settings);
        hub_report_text(&report, "document", document->name);
        hub_report_span(&report, "text", hub_buf_span(&out));
        status = hub_report_end(&report, HUB_EXIT_OK);
    } else {
        fwrite(out.at, 1, out.len, stdout);
        if (out.len == 0 || out.at[out.len - 1] != '\n')
            putchar('\n');
    }
    hub_buf_done(&out);
    return status;
}

int hub_tool_schema(const struct hub_tool_call *call)
{
    static const struct document documents[] = { { "openapi", hub_openapi_print, true },
                                                 { "asyncapi", hub_asyncapi_print, true },
                                                 { "jsonschema", put_json_schema, true },
                                                 { "states", hub_session_moves_print, false },
                                                 { "campaign-states", hub_campaign_moves_print, false },
                                                 { "roles", hub_roles_print, false },
                                                 { "events", put_events, false },
                                                 { "export", hub_export_describe, false },
                                                 { "manual", hub_manual_print, false },
                                                 { "completion-bash", hub_completion_bash, false },
                                                 { "completion-zsh", hub_completion_zsh, false },
                                                 { "completion-fish", hub_completion_fish, false } };
    const char *what = call->count == 1 ? call->operands[0] : "";
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        if (strcmp(documents[i].name, what) == 0)
            return print_document(&documents[i], call->settings);
    return hub_tool_misused("schema takes one of %s", hub_tools()[call->tool].operands);
}
