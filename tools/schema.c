/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `schema`: the tables that the program works by, as documents. */
#include <string.h>

#include "actors/campaign/moves.h"
#include "actors/session/moves.h"
#include "api/live/asyncapi.h"
#include "api/openapi.h"
#include "api/records.h"
#include "api/roles.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "tools/exporting.h"
#include "tools/manual.h"
#include "tools/tool.h"

static void print(const struct hub_buf *out)
{
    fwrite(out->at, 1, out->len, stdout);
    if (out->len == 0 || out->at[out->len - 1] != '\n')
        putchar('\n');
}

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

static void print_event(const struct hub_shape *shape)
{
    printf("\n## %s\n\nType 0x%04x, version %u. %s\n\n", shape->name, shape->id, shape->version, shape->doc);
    puts("| tag | field | kind | | |\n|---|---|---|---|---|");
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        const char *of = inner_name(field);
        printf("| %u | `%s` | %s%s%s | %s | %s |\n", field->tag, field->name, kind_name(field->kind), *of ? " " : "",
               of, field->required ? "required" : "", field->doc);
    }
}

static int print_events(void)
{
    const struct hub_registry *registry = hub_records();
    puts(
        "# Events\n\nPrinted by `omnihub schema events` from the tables. A sealed field can be read with its subject's key only.");
    for (size_t i = 0; i < registry->count; i++)
        if (registry->shapes[i]->category == HUB_CATEGORY_event)
            print_event(registry->shapes[i]);
    return HUB_EXIT_OK;
}

static int print_document(void (*put)(struct hub_buf *out))
{
    struct hub_buf out;
    hub_buf_init(&out);
    put(&out);
    print(&out);
    hub_buf_done(&out);
    return HUB_EXIT_OK;
}

int hub_tool_schema(const struct hub_tool_call *call)
{
    static const struct {
        const char *name;
        void (*put)(struct hub_buf *out); /* NULL: print_events */
    } documents[] = { { "openapi", hub_openapi_print },
                      { "asyncapi", hub_asyncapi_print },
                      { "jsonschema", put_json_schema },
                      { "states", hub_session_moves_print },
                      { "campaign-states", hub_campaign_moves_print },
                      { "roles", hub_roles_print },
                      { "events", NULL },
                      { "export", hub_export_describe },
                      { "manual", hub_manual_print } };
    const char *what = call->count == 1 ? call->operands[0] : "";
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        if (strcmp(documents[i].name, what) == 0)
            return documents[i].put ? print_document(documents[i].put) : print_events();
    return hub_tool_misused("schema takes one of %s", hub_tools()[call->tool].operands);
}
