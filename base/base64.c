/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Base64 (RFC 4648 §4): four characters for three bytes. */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hub_base64_print(struct hub_span bytes, struct hub_buf *out)
{
    char *to = hub_buf_reserve(out, (bytes.len + 2) / 3 * 4);
    const uint8_t *from = (const uint8_t *) bytes.at;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t) from[i] << 16;
        group |= left > 1 ? (uint32_t) from[i + 1] << 8 : 0;
        group |= left > 2 ? from[i + 2] : 0;
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        *to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[group & 63] : '=';
    }
    out->len += (bytes.len + 2) / 3 * 4;
}

/* The six bits of a character, -1 for one that is none of the alphabet. */
static int sextet(char sign)
{
    if (sign >= 'A' && sign <= 'Z') {
        return sign - 'A';
    }
    if (sign >= 'a' && sign <= 'z') {
        return sign - 'a' + 26;
    }
    if (sign >= '0' && sign <= '9') {
        return sign - '0' + 52;
    }
    return sign == '+' ? 62 : sign == '/' ? 63 : -1;
}

bool hub_base64_parse(struct hub_span text, char *ret_bytes, size_t *ret_len)
{
    if (text.len % 4 != 0) {
        return false;
    }
    size_t padding = text.len > 0 && text.at[text.len - 1] == '=' ? 1 : 0;
    padding += padding == 1 && text.at[text.len - 2] == '=' ? 1 : 0;
    uint32_t group = 0;
    size_t bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len - padding; i++) {
        int six = sextet(text.at[i]);
        if (six < 0) {
            return false;
        }
        group = group << 6 | (uint32_t) six;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            ret_bytes[len++] = (char) (group >> bits & 0xff);
        }
    }
    *ret_len = len;
    return (group & ((1u << bits) - 1)) == 0;
}
