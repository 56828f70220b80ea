/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes the seeds of the fuzzer `http_text`: one of each kind of text that it reads. */
#include "tests/fuzz/seeds.h"

static const struct seed seeds[] = {
    SEED("Bearer ohk_Xcv3YfBHsh5jndrCoGZDycdcQKeY6XigPS6KBSKVTnQ"),
    SEED("a=1; omnihub_session=\"ohl_abc\"; b=2"),
    SEED("application/json; charset=utf-8"),
    SEED("text/html, application/*;q=0.3, */*;q=0"),
    SEED("W/\"12\""),
    SEED("\"8e03978e-40d5-43e8-bc93-6894a57f9324\""),
    SEED("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    SEED("https://hub.example:8302"),
    SEED("limit=10&cursor=abc%20d&channel=chat&at=2026-01-01T00%3A00%3A00Z"),
    SEED("omni%20session%2F004+%C3%A4"),
};

int main(int argc, char **argv)
{
    return seeds_write(argc, argv, seeds, sizeof seeds / sizeof seeds[0]);
}
