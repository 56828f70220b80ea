/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The text of a position: 19 bytes as 26 characters of base64url (RFC 4648 §5, no padding).
 *
 *     log id, first 4 | incarnation be32 | partition be16 | sequence be64 | check byte
 *
 * The check byte (CRC-8, polynomial 0x07, over the 18 bytes before it) catches a mistyped or shortened text, so that a
 * client is told "this is no position" and not "that position is of another log". */
#include "log/position.h"

#include "base/error.h"

enum { ID_BYTES = 4, AT_INCARNATION = 4, AT_PARTITION = 8, AT_SEQUENCE = 10, AT_CHECK = 18, BYTES = 19, CHARS = 26 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint8_t crc8(const uint8_t *bytes, size_t len)
{
    /* What four bits that are shifted out leave behind. */
    static const uint8_t rest[16] = { 0x00, 0x07, 0x0e, 0x09, 0x1c, 0x1b, 0x12, 0x15,
                                      0x38, 0x3f, 0x36, 0x31, 0x24, 0x23, 0x2a, 0x2d };
    uint8_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = (uint8_t) (crc << 4 ^ rest[crc >> 4]);
        crc = (uint8_t) (crc << 4 ^ rest[crc >> 4]);
    }
    return crc;
}

static void put_be(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8) {
        at[i] = (uint8_t) value;
    }
}

static uint64_t get_be(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

void hub_position_print(struct hub_position at, const struct hub_log_identity *identity,
                        char ret_text[HUB_POSITION_TEXT])
{
    uint8_t bytes[BYTES];
    memcpy(bytes, identity->log_id, ID_BYTES);
    put_be(bytes + AT_INCARNATION, identity->incarnation, 4);
    put_be(bytes + AT_PARTITION, 0, 2);
    put_be(bytes + AT_SEQUENCE, at.sequence, 8);
    bytes[AT_CHECK] = crc8(bytes, AT_CHECK);
    char *to = ret_text;
    for (unsigned i = 0; i < AT_CHECK; i += 3, to += 4) {
        uint32_t three = (uint32_t) bytes[i] << 16 | (uint32_t) bytes[i + 1] << 8 | bytes[i + 2];
        to[0] = alphabet[three >> 18];
        to[1] = alphabet[three >> 12 & 63];
        to[2] = alphabet[three >> 6 & 63];
        to[3] = alphabet[three & 63];
    }
    to[0] = alphabet[bytes[AT_CHECK] >> 2];
    to[1] = alphabet[bytes[AT_CHECK] << 4 & 63];
    to[2] = '\0';
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool decode(struct hub_span text, uint8_t ret_bytes[BYTES])
{
    if (text.len != CHARS) {
        return false;
    }
    uint32_t held = 0;
    unsigned bits = 0, next = 0;
    for (unsigned i = 0; i < CHARS; i++) {
        int value = value_of(text.at[i]);
        if (value < 0) {
            return false;
        }
        held = held << 6 | (uint32_t) value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            ret_bytes[next++] = (uint8_t) (held >> bits);
        }
    }
    return (held & ((1u << bits) - 1)) == 0;
}

int hub_position_parse(struct hub_span text, const struct hub_log_identity *identity, struct hub_position *ret_at)
{
    uint8_t bytes[BYTES];
    if (!decode(text, bytes) || crc8(bytes, AT_CHECK) != bytes[AT_CHECK]) {
        return HUB_ERROR_invalid_query;
    }
    if (memcmp(bytes, identity->log_id, ID_BYTES) != 0 || get_be(bytes + AT_INCARNATION, 4) != identity->incarnation ||
        get_be(bytes + AT_PARTITION, 2) != 0) {
        return HUB_ERROR_position_gone;
    }
    ret_at->sequence = get_be(bytes + AT_SEQUENCE, 8);
    return 0;
}
