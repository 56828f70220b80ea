/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Readers of header values: small scanners over a span, each for one rule of one RFC. */
#include "api/headers.h"

#include "base/utf8.h"
#include "log/access/access.h"

static char lower(char sign)
{
    return sign >= 'A' && sign <= 'Z' ? (char) (sign + ('a' - 'A')) : sign;
}

static bool is_blank(char sign)
{
    return sign == ' ' || sign == '\t';
}

static bool is_visible(char sign)
{
    return sign > ' ' && sign < 0x7f;
}

bool hub_text_is(struct hub_span text, const char *lower_case)
{
    for (size_t i = 0; i < text.len; i++) {
        if (lower_case[i] == '\0' || lower(text.at[i]) != lower_case[i]) {
            return false;
        }
    }
    return lower_case[text.len] == '\0';
}

struct hub_span hub_text_trim(struct hub_span text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Cut the first part off a list; false at its end. Separators inside of quotes count too: no value read here has any. */
static bool next_part(struct hub_span *rest, char separator, struct hub_span *ret_part)
{
    if (rest->at == NULL || rest->len == 0) {
        return false;
    }
    const char *end = memchr(rest->at, separator, rest->len);
    size_t len = end == NULL ? rest->len : (size_t) (end - rest->at);
    *ret_part = hub_text_trim(hub_span_of(rest->at, len));
    size_t used = end == NULL ? len : len + 1;
    rest->at += used;
    rest->len -= used;
    return true;
}

bool hub_target_is_absolute(struct hub_span target, struct hub_span *ret_authority, struct hub_span *ret_path)
{
    size_t start = target.len > 8 && hub_text_is(hub_span_of(target.at, 8), "https://")  ? 8
                   : target.len > 7 && hub_text_is(hub_span_of(target.at, 7), "http://") ? 7
                                                                                         : 0;
    size_t end = start;
    while (end < target.len && target.at[end] != '/') {
        end++;
    }
    if (start == 0 || end == start) {
        return false;
    }
    *ret_authority = hub_span_of(target.at + start, end - start);
    *ret_path = end < target.len ? hub_span_of(target.at + end, target.len - end) : HUB_SPAN("/");
    return true;
}

static bool all_visible(struct hub_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_visible(text.at[i])) {
            return false;
        }
    }
    return true;
}

bool hub_header_bearer(struct hub_span authorization, struct hub_span *ret_token)
{
    struct hub_span scheme = { authorization.at, 6 };
    if (authorization.len < 8 || !hub_text_is(scheme, "bearer") || authorization.at[6] != ' ') {
        return false;
    }
    struct hub_span token = hub_text_trim(hub_span_of(authorization.at + 7, authorization.len - 7));
    if (token.len == 0 || token.len > HUB_TOKEN_MAX || !all_visible(token)) {
        return false;
    }
    *ret_token = token;
    return true;
}

bool hub_header_cookie(struct hub_span cookies, struct hub_span name, struct hub_span *ret_value)
{
    struct hub_span pair, found = { NULL, 0 };
    unsigned count = 0;
    while (next_part(&cookies, ';', &pair)) {
        const char *equals = pair.len > 0 ? memchr(pair.at, '=', pair.len) : NULL;
        size_t len = equals == NULL ? 0 : (size_t) (equals - pair.at);
        if (equals == NULL || !hub_span_is(hub_span_of(pair.at, len), name)) {
            continue;
        }
        found = hub_span_of(equals + 1, pair.len - len - 1);
        count++;
    }
    if (found.len >= 2 && found.at[0] == '"' && found.at[found.len - 1] == '"') {
        found = hub_span_of(found.at + 1, found.len - 2);
    }
    if (count != 1 || found.len == 0 || !all_visible(found)) {
        return false;
    }
    *ret_value = found;
    return true;
}

bool hub_header_is_json(struct hub_span content_type)
{
    struct hub_span type;
    return next_part(&content_type, ';', &type) && hub_text_is(type, "application/json");
}

/* Whether a media range covers a type: the same, type / *, or * / *. */
static bool covers(struct hub_span range, const char *type)
{
    if (hub_text_is(range, type) || hub_text_is(range, "*/*") || hub_text_is(range, "*")) {
        return true;
    }
    size_t group = strcspn(type, "/") + 1;
    return range.len == group + 1 && range.at[group] == '*' && memcmp(range.at, type, group) == 0;
}

/* A weight of 0, 0.0, 0.00 or 0.000 says that the range is not welcome. */
static bool is_zero_weight(struct hub_span parameter)
{
    if (parameter.len < 3 || lower(parameter.at[0]) != 'q' || parameter.at[1] != '=' || parameter.at[2] != '0') {
        return false;
    }
    for (size_t i = 3; i < parameter.len; i++) {
        if (parameter.at[i] != '.' && parameter.at[i] != '0') {
            return false;
        }
    }
    return true;
}

bool hub_header_accepts(struct hub_span accept, const char *type)
{
    if (hub_text_trim(accept).len == 0) {
        return true;
    }
    struct hub_span range, part;
    while (next_part(&accept, ',', &range)) {
        bool refused = false;
        struct hub_span name = { NULL, 0 };
        next_part(&range, ';', &name);
        while (next_part(&range, ';', &part)) {
            refused = refused || is_zero_weight(part);
        }
        if (!refused && name.len > 0 && covers(name, type)) {
            return true;
        }
    }
    return false;
}

/* A version as an ETag writes it; anything else is a tag of somebody else's, and 0. */
static uint64_t version_of(struct hub_span opaque)
{
    uint64_t version = 0;
    if (opaque.len == 0 || opaque.len > 19 || opaque.at[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < opaque.len; i++) {
        if (opaque.at[i] < '0' || opaque.at[i] > '9') {
            return 0;
        }
        version = version * 10 + (uint64_t) (opaque.at[i] - '0');
    }
    return version;
}

/* Cut an entity tag off (RFC 9110 §8.8.3): the version it names, 0 for a weak or a foreign one. */
static bool take_tag(struct hub_span *rest, uint64_t *ret_version)
{
    bool is_weak = rest->len > 2 && memcmp(rest->at, "W/", 2) == 0;
    size_t start = is_weak ? 3 : 1, end = start;
    if (rest->len <= start || rest->at[start - 1] != '"') {
        return false;
    }
    while (end < rest->len && rest->at[end] != '"' && (uint8_t) rest->at[end] > ' ' && rest->at[end] != 0x7f) {
        end++;
    }
    if (end == rest->len || rest->at[end] != '"') {
        return false;
    }
    *ret_version = is_weak ? 0 : version_of(hub_span_of(rest->at + start, end - start));
    *rest = hub_text_trim(hub_span_of(rest->at + end + 1, rest->len - end - 1));
    return true;
}

/* Pass over commas and what is blank between them: a list may have empty places. False when there was none. */
static bool skip_commas(struct hub_span *rest)
{
    bool found = false;
    while (rest->len > 0 && rest->at[0] == ',') {
        *rest = hub_text_trim(hub_span_of(rest->at + 1, rest->len - 1));
        found = true;
    }
    return found;
}

bool hub_header_if_match(struct hub_span value, bool *ret_any, uint64_t ret_versions[HUB_EXPECTED_MAX])
{
    struct hub_span rest = hub_text_trim(value);
    unsigned count = 0, tags = 0;
    memset(ret_versions, 0, HUB_EXPECTED_MAX * sizeof *ret_versions);
    *ret_any = hub_span_is(rest, HUB_SPAN("*"));
    if (*ret_any) {
        return true;
    }
    skip_commas(&rest);
    for (; rest.len > 0; tags++) {
        uint64_t version;
        if (!take_tag(&rest, &version) || (!skip_commas(&rest) && rest.len > 0)) {
            return false;
        }
        if (version != 0 && count == HUB_EXPECTED_MAX) {
            return false;
        }
        if (version != 0) {
            ret_versions[count++] = version;
        }
    }
    return tags > 0;
}

bool hub_header_idempotency_key(struct hub_span value, struct hub_span *ret_key)
{
    value = hub_text_trim(value);
    if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"') {
        value = hub_span_of(value.at + 1, value.len - 2);
    }
    if (value.len == 0 || value.len > HUB_IDEMPOTENCY_KEY_MAX || !all_visible(value)) {
        return false;
    }
    *ret_key = value;
    return true;
}

static int hex_digit(char sign)
{
    if (sign >= '0' && sign <= '9') {
        return sign - '0';
    }
    return sign >= 'a' && sign <= 'f' ? sign - 'a' + 10 : -1;
}

/* Lower-case hexadecimal, as the standard demands. */
static bool read_hex(const char *at, size_t bytes, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        int high = hex_digit(at[2 * i]), low = hex_digit(at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_bytes[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

bool hub_header_is_purpose(struct hub_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char) value.at[i] < ' ' || value.at[i] == 0x7f) {
            return false;
        }
    }
    return value.len > 0 && value.len <= HUB_ACCESS_PURPOSE_MAX && hub_utf8_is_valid(value);
}

bool hub_header_trace(struct hub_span traceparent, uint8_t ret_trace[16])
{
    static const uint8_t nothing[16];
    uint8_t version, trace[16], parent[8], flags;
    struct hub_span text = hub_text_trim(traceparent);
    if (text.len < 55 || text.at[2] != '-' || text.at[35] != '-' || text.at[52] != '-' ||
        !read_hex(text.at, 1, &version) || !read_hex(text.at + 3, 16, trace) || !read_hex(text.at + 36, 8, parent) ||
        !read_hex(text.at + 53, 1, &flags)) {
        return false;
    }
    /* Version 00 ends here; a later one may go on after a dash. ff is no version. */
    if (version == 0xff || (text.len > 55 && (version == 0 || text.at[55] != '-'))) {
        return false;
    }
    if (memcmp(trace, nothing, 16) == 0 || memcmp(parent, nothing, 8) == 0) {
        return false;
    }
    memcpy(ret_trace, trace, 16);
    return true;
}

bool hub_header_is_same_origin(struct hub_span origin, struct hub_span scheme, struct hub_span authority)
{
    if (origin.len != scheme.len + 3 + authority.len || memcmp(origin.at, scheme.at, scheme.len) != 0 ||
        memcmp(origin.at + scheme.len, "://", 3) != 0) {
        return false;
    }
    for (size_t i = 0; i < authority.len; i++) {
        if (lower(origin.at[scheme.len + 3 + i]) != lower(authority.at[i])) {
            return false;
        }
    }
    return true;
}

bool hub_header_is_listed(struct hub_span origin, const char *list)
{
    if (list == NULL || origin.len == 0) {
        return false;
    }
    static const char separators[] = " ,\t";
    for (const char *at = list + strspn(list, separators); *at != '\0'; at += strspn(at, separators)) {
        size_t len = strcspn(at, separators);
        if ((len == 1 && *at == '*') || hub_span_is(origin, hub_span_of(at, len))) {
            return true;
        }
        at += len;
    }
    return false;
}
