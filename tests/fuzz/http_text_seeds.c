/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `http_text` into a folder: one of each kind of text that it reads. */
#include <stdio.h>
#include <string.h>

static const char *const seeds[] = {
    "Bearer ohk_Xcv3YfBHsh5jndrCoGZDycdcQKeY6XigPS6KBSKVTnQ",
    "a=1; omnihub_session=\"ohl_abc\"; b=2",
    "application/json; charset=utf-8",
    "text/html, application/*;q=0.3, */*;q=0",
    "W/\"12\"",
    "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "https://hub.example:8302",
    "limit=10&cursor=abc%20d&channel=chat&at=2026-01-01T00%3A00%3A00Z",
    "omni%20session%2F004+%C3%A4",
};

int main(int argc, char **argv)
{
    char path[4096];
    for (size_t i = 0; argc == 2 && i < sizeof seeds / sizeof seeds[0]; i++) {
        snprintf(path, sizeof path, "%s/seed-%zu", argv[1], i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(seeds[i], 1, strlen(seeds[i]), file) != strlen(seeds[i]) || fclose(file) != 0) {
            return 1;
        }
    }
    return argc == 2 ? 0 : 2;
}
