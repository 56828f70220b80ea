/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Problem documents are records like others; here they are filled. */
#include "api/problem.h"

#include <stdio.h>
#include <string.h>

#include "api/records.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"

enum { TYPE_BYTES = 64, SENTENCE_BYTES = 320 };

static bool is_known(int error)
{
    return error > 0 && error < HUB_ERROR_COUNT;
}

/* Walkers say what is wrong with a value, "must be text"; for people the value's place stands before that. */
static struct hub_span describe(const struct hub_fault *fault, struct hub_span reason, char sentence[SENTENCE_BYTES])
{
    if (fault->pointer[0] == '\0' || reason.at[0] < 'a' || reason.at[0] > 'z') {
        return reason;
    }
    snprintf(sentence, SENTENCE_BYTES, "%s %.*s", fault->pointer, (int) reason.len, reason.at);
    hub_utf8_repair(sentence, strlen(sentence));
    return hub_span(sentence);
}

/* What a client sent may be no text, and where a sentence was too long it was cut anywhere. */
static struct hub_fault readable(const struct hub_fault *fault)
{
    struct hub_fault shown = *fault;
    hub_utf8_repair(shown.pointer, strlen(shown.pointer));
    hub_utf8_repair(shown.reason, strlen(shown.reason));
    return shown;
}

int hub_problem_write(const struct hub_fault *given, struct hub_span instance, struct hub_buf *out)
{
    const struct hub_fault shown = readable(given), *fault = &shown;
    int error = is_known(fault->error) ? fault->error : HUB_ERROR_internal;
    bool tells = error != HUB_ERROR_internal && fault->reason[0] != '\0';
    struct hub_span reason = hub_span(tells ? fault->reason : hub_error_title(error));
    char type[TYPE_BYTES], sentence[SENTENCE_BYTES];
    struct hub_span detail = describe(fault, reason, sentence);
    snprintf(type, sizeof type, "about:blank#%s", hub_error_code(error));

    struct problem record = { 0 };
    HUB_SET(problem, &record, type, hub_span(type));
    HUB_SET(problem, &record, title, hub_span(hub_error_title(error)));
    HUB_SET(problem, &record, status, (uint32_t) hub_error_status(error));
    HUB_SET(problem, &record, detail, detail);
    HUB_SET(problem, &record, code, hub_span(hub_error_code(error)));
    HUB_SET(problem, &record, success, false);
    HUB_SET(problem, &record, error, detail);
    struct problem_error one = { 0 };
    bool is_about_body = error == HUB_ERROR_malformed_json || error == HUB_ERROR_invalid_field;
    if (tells && (is_about_body || fault->pointer[0] != '\0')) {
        HUB_SET(problem_error, &one, pointer, hub_span(fault->pointer));
        HUB_SET(problem_error, &one, detail, reason);
        record.errors.at = &one;
        record.errors.count = 1;
        HUB_MARK(problem, &record, errors);
    }
    if (instance.len > 0 && hub_utf8_is_valid(instance)) {
        HUB_SET(problem, &record, instance, instance);
    }
    hub_json_write(&problem_shape, &record, HUB_DIALECT_snake, out);
    return hub_error_status(error);
}

int hub_problem_of_status(int status)
{
    static const struct {
        int error, status;
    } rows[] = {
#define ERROR(name, status_, title) { HUB_ERROR_##name, status_ },
#include "base/error.def"
#undef ERROR
    };
    if (status == 400 || status == 417) {
        return HUB_ERROR_invalid_query;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return rows[i].error;
        }
    }
    return HUB_ERROR_internal;
}
