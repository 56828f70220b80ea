/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tables of moves: looking one up, printing all. */
#include "actors/moves.h"

bool hub_moves_has(const struct hub_moves *self, unsigned from, unsigned to)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->rows[i].from == from && self->rows[i].to == to) {
            return true;
        }
    }
    return false;
}

static void print_status(const struct hub_word *word, struct hub_buf *out)
{
    hub_buf_put_text(out, "| ");
    hub_buf_put_text(out, word->name);
    hub_buf_put_text(out, " | ");
    hub_buf_put_text(out, word->doc);
    hub_buf_put_text(out, " |\n");
}

static void print_arrow(const char *from, const char *to, const char *doc, struct hub_buf *out)
{
    hub_buf_put_text(out, "    ");
    hub_buf_put_text(out, from);
    hub_buf_put_text(out, " --> ");
    hub_buf_put_text(out, to);
    if (doc != NULL) {
        hub_buf_put_text(out, ": ");
        hub_buf_put_text(out, doc);
    }
    hub_buf_put_text(out, "\n");
}

static bool is_final(const struct hub_moves *self, unsigned status)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->rows[i].from == status) {
            return false;
        }
    }
    return true;
}

void hub_moves_print(const struct hub_moves *self, struct hub_buf *out)
{
    hub_buf_put_text(out, "| status | meaning |\n|---|---|\n");
    for (unsigned i = 0; i < self->vocab->count; i++) {
        print_status(&self->vocab->words[i], out);
    }
    hub_buf_put_text(out, "\n```mermaid\nstateDiagram-v2\n");
    print_arrow("[*]", hub_vocab_name(self->vocab, self->first), self->begun, out);
    for (size_t i = 0; i < self->count; i++) {
        print_arrow(hub_vocab_name(self->vocab, self->rows[i].from), hub_vocab_name(self->vocab, self->rows[i].to),
                    self->rows[i].doc, out);
    }
    for (unsigned i = 0; i < self->vocab->count; i++) {
        if (is_final(self, self->vocab->words[i].code)) {
            print_arrow(self->vocab->words[i].name, "[*]", NULL, out);
        }
    }
    hub_buf_put_text(out, "```\n");
}
