/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer's history as a table, as JSON, and as a page to print. */
#include "actors/customer/customer.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "tools/audit/facts.h"
#include "tools/audit/history.h"
#include "tools/plain.h"

static void put_id(struct hub_buf *out, struct hub_ulid id)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    hub_buf_put(out, text, sizeof text);
}

static void put_position(const struct hub_history_event *event, struct hub_buf *out)
{
    if (event->sequence > 0)
        hub_buf_put_u64(out, event->sequence);
    else
        hub_buf_put_byte(out, '-');
}

static void no_foot(struct hub_history_print *print, struct hub_buf *out)
{
    (void) print;
    (void) out;
}

/* --- table --- */

enum { LINE_INDENT = 8 }; /* of the further lines of a value: deeper than anything else */

static void put_fact(void *arg, struct hub_span name, struct hub_span text)
{
    struct hub_buf *out = arg;
    hub_buf_put_text(out, "    ");
    hub_buf_put(out, name.at, name.len);
    hub_buf_put_text(out, ": ");
    hub_plain_put(out, text, LINE_INDENT);
    hub_buf_put_byte(out, '\n');
}

static void table_head(struct hub_history_print *print, struct hub_buf *out)
{
    const struct hub_history *history = print->history;
    hub_buf_put_text(out, "Customer ");
    put_id(out, history->of.customer);
    hub_buf_put_text(out, " as of position ");
    hub_buf_put_u64(out, history->of.to);
    hub_buf_put_text(out, ", ");
    hub_time_print(history->to_time_us, out);
    hub_buf_put_text(out, "\n\nKnown then:\n");
    hub_facts_tell(&customer_state_shape, history->state, put_fact, out);
    hub_buf_put_text(out, "\nWhat happened:\n");
}

static void table_event(struct hub_history_print *print, const struct hub_history_event *event, struct hub_buf *out)
{
    (void) print;
    hub_time_print(event->time_us, out);
    hub_buf_put_text(out, "  ");
    put_position(event, out);
    hub_buf_put_text(out, "  ");
    hub_buf_put_text(out, hub_history_doc(event));
    hub_buf_put_text(out, "\n    by ");
    hub_plain_put(out, hub_span(event->who), HUB_PLAIN_ONE_LINE);
    hub_buf_put_byte(out, '\n');
    if (event->record)
        hub_facts_tell(event->shape, event->record, put_fact, out);
}

/* --- JSON --- */

static void emit_customer(struct hub_json_emit *emit, const struct hub_history *history)
{
    char id[HUB_ULID_TEXT];
    hub_ulid_print(history->of.customer, id);
    hub_json_emit_key(emit, "customer");
    hub_json_emit_span(emit, hub_span_of(id, sizeof id));
    hub_json_emit_member_i64(emit, "as_of", (int64_t) history->of.to);
    hub_json_emit_member_time(emit, "as_of_time", history->to_time_us);
    hub_json_emit_key(emit, "state");
    hub_json_write(&customer_state_shape, history->state, HUB_DIALECT_snake, hub_json_emit_value(emit));
}

static void emit_event(struct hub_json_emit *emit, const struct hub_history_event *event)
{
    hub_json_emit_object_begin(emit);
    if (event->sequence > 0)
        hub_json_emit_member_i64(emit, "sequence", (int64_t) event->sequence);
    hub_json_emit_member_time(emit, "time", event->time_us);
    hub_json_emit_member_text(emit, "type", event->shape ? event->shape->name : NULL);
    hub_json_emit_member_text(emit, "what", hub_history_doc(event));
    hub_json_emit_member_text(emit, "who", event->who);
    hub_json_emit_key(emit, "payload");
    if (event->record)
        hub_json_write(event->shape, event->record, HUB_DIALECT_snake, hub_json_emit_value(emit));
    else
        hub_json_emit_null(emit);
    hub_json_emit_object_end(emit);
}

static void json_head(struct hub_history_print *print, struct hub_buf *out)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    hub_json_emit_object_begin(&emit);
    emit_customer(&emit, print->history);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(out, '\n');
}

static void json_event(struct hub_history_print *print, const struct hub_history_event *event, struct hub_buf *out)
{
    struct hub_json_emit emit;
    (void) print;
    hub_json_emit_init(&emit, out);
    emit_event(&emit, event);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(out, '\n');
}

/* --- one JSON document: the emitter lives from head to foot --- */

static void document_head(struct hub_history_print *print, struct hub_buf *out)
{
    hub_json_emit_init(&print->document, out);
    hub_json_emit_object_begin(&print->document);
    emit_customer(&print->document, print->history);
    hub_json_emit_key(&print->document, "events");
    hub_json_emit_array_begin(&print->document);
}

static void document_event(struct hub_history_print *print, const struct hub_history_event *event, struct hub_buf *out)
{
    emit_event(&print->document, event);
    hub_buf_put_byte(out, '\n');
}

static void document_foot(struct hub_history_print *print, struct hub_buf *out)
{
    hub_json_emit_array_end(&print->document);
    hub_json_emit_object_end(&print->document);
    hub_json_emit_done(&print->document);
    hub_buf_put_byte(out, '\n');
}

/* --- HTML: one page, no script, nothing from elsewhere --- */

static const char page_top[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<title>Customer history</title><style>\n"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\n"
    "h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #bbb}\n"
    "p.when{color:#555;margin:.2rem 0 0}dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.1rem 1rem;margin:0}\n"
    "dt{color:#555}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;"
    "border-bottom:1px solid #ddd}th{color:#555;font-weight:600}td.t{white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    "td dl{grid-template-columns:13rem 1fr;margin-top:.2rem}td dt{overflow-wrap:anywhere}td .what{font-weight:600}td .by{color:#555}\n"
    "@media(max-width:40rem){dl,td dl{grid-template-columns:1fr}dd{margin-left:1rem}table,tbody,tr,td{display:block}thead{display:none}"
    "td.t{border:0;padding:.4rem 0 0;color:#555}}\n"
    "@page{margin:15mm}@media print{body{margin:0;max-width:none;font-size:11px}tr{break-inside:avoid}thead{display:table-header-group}}\n"
    "</style></head><body>\n";

static void put_html(struct hub_buf *out, struct hub_span text)
{
    for (size_t i = 0; i < text.len; i++)
        switch (text.at[i]) {
        case '&': hub_buf_put_text(out, "&amp;"); break;
        case '<': hub_buf_put_text(out, "&lt;"); break;
        case '>': hub_buf_put_text(out, "&gt;"); break;
        case '"': hub_buf_put_text(out, "&quot;"); break;
        default: hub_buf_put_byte(out, (uint8_t) text.at[i]);
        }
}

/* A long name may be broken behind its parts. */
static void put_name(struct hub_buf *out, struct hub_span name)
{
    for (size_t i = 0, from = 0; i < name.len; i++)
        if (name.at[i] == '.' || name.at[i] == '_' || i + 1 == name.len) {
            put_html(out, hub_span_of(name.at + from, i + 1 - from));
            hub_buf_put_text(out, i + 1 < name.len ? "<wbr>" : "");
            from = i + 1;
        }
}

static void put_term(void *arg, struct hub_span name, struct hub_span text)
{
    struct hub_buf *out = arg;
    hub_buf_put_text(out, "<dt>");
    put_name(out, name);
    hub_buf_put_text(out, "</dt><dd>");
    put_html(out, text);
    hub_buf_put_text(out, "</dd>\n");
}

static void html_head(struct hub_history_print *print, struct hub_buf *out)
{
    const struct hub_history *history = print->history;
    const struct customer_state *customer = history->state;
    hub_buf_put_text(out, page_top);
    hub_buf_put_text(out, "<h1>Customer ");
    if (HUB_HAS(customer_state, customer, customer_id))
        put_html(out, customer->customer_id.clear);
    else
        put_id(out, history->of.customer);
    hub_buf_put_text(out, "</h1>\n<p class=\"when\">Everything that was known at ");
    hub_time_print(history->to_time_us, out);
    hub_buf_put_text(out, ", position ");
    hub_buf_put_u64(out, history->of.to);
    hub_buf_put_text(out, "</p>\n<h2>Known then</h2>\n<dl>\n");
    hub_facts_tell(&customer_state_shape, history->state, put_term, out);
    hub_buf_put_text(out,
                     "</dl>\n<h2>What happened</h2>\n<table><thead><tr><th>Time</th><th>Position</th><th>What, and by "
                     "whom</th></tr></thead><tbody>\n");
}

static void html_event(struct hub_history_print *print, const struct hub_history_event *event, struct hub_buf *out)
{
    (void) print;
    hub_buf_put_text(out, "<tr><td class=\"t\">");
    hub_time_print(event->time_us, out);
    hub_buf_put_text(out, "</td><td class=\"t\">");
    put_position(event, out);
    hub_buf_put_text(out, "</td><td><div class=\"what\">");
    put_html(out, hub_span(hub_history_doc(event)));
    hub_buf_put_text(out, "</div><div class=\"by\">by ");
    put_html(out, hub_span(event->who));
    hub_buf_put_text(out, "</div><dl>\n");
    if (event->record)
        hub_facts_tell(event->shape, event->record, put_term, out);
    hub_buf_put_text(out, "</dl></td></tr>\n");
}

static void html_foot(struct hub_history_print *print, struct hub_buf *out)
{
    (void) print;
    hub_buf_put_text(out, "</tbody></table>\n</body></html>\n");
}

const struct hub_history_format *hub_history_format_find(const char *name)
{
    static const struct hub_history_format formats[] = { { "table", table_head, table_event, no_foot },
                                                         { "json", json_head, json_event, no_foot },
                                                         { "document", document_head, document_event, document_foot },
                                                         { "html", html_head, html_event, html_foot } };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
