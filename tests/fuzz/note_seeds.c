/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `note` into a folder: a verifier key and a note that opens. */
#include <stdio.h>

#include "base/note.h"

static int save(const char *folder, const char *name, struct hub_buf *bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    int result = file != NULL && fwrite(bytes->at, 1, bytes->len, file) == bytes->len && fclose(file) == 0 ? 0 : 1;
    hub_buf_done(bytes);
    return result;
}

int main(int argc, char **argv)
{
    static const uint8_t seed[HUB_NOTE_SEED] = { 1 };
    struct hub_note_key key;
    struct hub_buf printed, note;
    if (argc != 2 || !hub_note_key_make(hub_span("hub-1"), seed, &key)) {
        return 2;
    }
    hub_buf_init(&printed);
    hub_buf_init(&note);
    hub_note_key_print(&key, &printed);
    hub_note_sign(&key, hub_span("omnihub/0\n1\nAAAA\n"), &note);
    return save(argv[1], "key", &printed) | save(argv[1], "note", &note);
}
