/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes texts for the JSON fuzzer to start from into a folder: json_seeds DIR. */
#include <stdio.h>
#include <sys/stat.h>

#include "tests/base/json_sample.h"

static const char *const texts[] = {
    json_sample_full,
    json_sample_message,
    "{\"customers\":[{\"number\":3,\"profile\":{\"name\":\"\\ud83d\\ude00\",\"telephone\":\"+49 30\"}}]}",
    "{\"number\":1000,\"profile\":{\"name\":\"Ada\"},\"remark\":null}",
    "{\"way\":{\"next\":{\"way\":{\"number\":1,\"type\":\"by_phone\"}},\"address\":\"\",\"type\":\"by_mail\"}}",
    "{\"delivery\":{\"number\":1,\"ty\\u0070e\":\"by_phone\"},\"price\":-0.05,\"later\":\"2026-06-01T00:00:00Z\"}",
    "{\"in\":{\"in\":{\"in\":{\"x\":1}}}}",
    " { \"known\" : 1 , \"a\" : [ -0 , 1e400 , \"\\n\" , { \"b\" : null } ] } ",
};

static bool write_seed(const char *dir, size_t text, unsigned shape)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%zu-%u", dir, text, shape);
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fputc((int) shape, file) != EOF && fputs(texts[text], file) != EOF;
    return file != NULL && fclose(file) == 0 && fine;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: json_seeds DIR\n", stderr);
        return 2;
    }
    mkdir(argv[1], 0777);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (unsigned shape = 0; shape < 7; shape++) {
            if (!write_seed(argv[1], i, shape)) {
                perror(argv[1]);
                return 1;
            }
        }
    }
    return 0;
}
