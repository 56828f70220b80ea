/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any bytes at all, read as a verifier key and as a signed note (libFuzzer). What is taken for a key prints as it was
 * written; what opens as a note begins with its text. */
#include <stdlib.h>

#include "base/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine)
{
    if (!fine) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[HUB_NOTE_SEED] = { 1 };
    struct hub_span whole = hub_span_of(data, size), text, name;
    struct hub_note_key key;
    struct hub_buf out;
    hub_buf_init(&out);
    if (hub_note_key_parse(whole, &key)) {
        hub_note_key_print(&key, &out);
        must(hub_span_is(hub_buf_span(&out), whole));
    }
    must(hub_note_key_make(hub_span("hub-1"), seed, &key));
    if (hub_note_open(&key, whole, &text)) {
        must(text.at == whole.at && text.len < whole.len && text.at[text.len - 1] == '\n');
        must(!hub_note_is_foreign(&key, whole, &text, &name));
    } else if (hub_note_is_foreign(&key, whole, &text, &name)) {
        must(text.at == whole.at && name.at > text.at + text.len && name.at + name.len < whole.at + whole.len);
    }
    hub_buf_done(&out);
    return 0;
}
