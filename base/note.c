/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ed25519 through OpenSSL's EVP. A failure there other than a wrong signature means no memory, and ends the process. */
#include "base/note.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"

enum { ED25519 = 1, SIGNATURE = 64, SIGNED = HUB_NOTE_ID + SIGNATURE, HEX_ID = 2 * HUB_NOTE_ID };

static const char dash[] = "\xe2\x80\x94 "; /* begins a line of signature */

static void must(bool fine)
{
    if (!fine) {
        fprintf(stderr, "omnihub: OpenSSL failed at Ed25519, so the process ends\n");
        abort();
    }
}

static bool is_name(struct hub_span name)
{
    if (name.len == 0 || name.len >= HUB_NOTE_NAME) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = (uint8_t) name.at[i];
        if (byte <= ' ' || byte == 0x7f || byte == '+') {
            return false;
        }
    }
    return true;
}

/* Fill in name and id of a key whose public half is there. */
static void identify(struct hub_span name, struct hub_note_key *key)
{
    const uint8_t algorithm = ED25519;
    memcpy(key->name, name.at, name.len);
    key->name[name.len] = '\0';
    const struct hub_span parts[] = { name, hub_span_of("\n", 1), hub_span_of(&algorithm, 1),
                                      hub_span_of(key->public_key, HUB_NOTE_PUBLIC) };
    struct hub_digest digest = hub_sha256_of(parts, 4);
    memcpy(key->id, digest.b, HUB_NOTE_ID);
}

bool hub_note_key_make(struct hub_span name, const uint8_t seed[HUB_NOTE_SEED], struct hub_note_key *ret_key)
{
    if (!is_name(name)) {
        return false;
    }
    struct hub_note_key key = { .can_sign = true };
    memcpy(key.seed, seed, HUB_NOTE_SEED);
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, HUB_NOTE_SEED);
    size_t len = HUB_NOTE_PUBLIC;
    must(pair != NULL && EVP_PKEY_get_raw_public_key(pair, key.public_key, &len) == 1 && len == HUB_NOTE_PUBLIC);
    EVP_PKEY_free(pair);
    identify(name, &key);
    *ret_key = key;
    return true;
}

void hub_note_key_print(const struct hub_note_key *key, struct hub_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[1 + HUB_NOTE_PUBLIC] = { ED25519 };
    memcpy(bytes + 1, key->public_key, HUB_NOTE_PUBLIC);
    hub_buf_put_text(out, key->name);
    hub_buf_put_byte(out, '+');
    for (size_t i = 0; i < HUB_NOTE_ID; i++) {
        hub_buf_put_byte(out, (uint8_t) digits[key->id[i] >> 4]);
        hub_buf_put_byte(out, (uint8_t) digits[key->id[i] & 15]);
    }
    hub_buf_put_byte(out, '+');
    hub_base64_print(hub_span_of(bytes, sizeof bytes), out);
}

/* The part of a text up to a byte, which is taken off with it. False when there is none. */
static bool cut(struct hub_span *text, char at, struct hub_span *ret_part)
{
    const char *end = text->len == 0 ? NULL : memchr(text->at, at, text->len);
    if (end == NULL) {
        return false;
    }
    *ret_part = hub_span_of(text->at, (size_t) (end - text->at));
    *text = hub_span_of(end + 1, text->len - ret_part->len - 1);
    return true;
}

bool hub_note_key_parse(struct hub_span text, struct hub_note_key *ret_key)
{
    struct hub_span name, id;
    char bytes[48];
    size_t len;
    struct hub_note_key key = { .can_sign = false };
    if (!cut(&text, '+', &name) || !cut(&text, '+', &id) || !is_name(name) || id.len != HEX_ID || text.len != 44 ||
        !hub_base64_parse(text, bytes, &len) || len != 1 + HUB_NOTE_PUBLIC || bytes[0] != ED25519) {
        return false;
    }
    memcpy(key.public_key, bytes + 1, HUB_NOTE_PUBLIC);
    identify(name, &key);
    char hex[HEX_ID + 1];
    snprintf(hex, sizeof hex, "%02x%02x%02x%02x", key.id[0], key.id[1], key.id[2], key.id[3]);
    if (memcmp(hex, id.at, HEX_ID) != 0) {
        return false;
    }
    *ret_key = key;
    return true;
}

void hub_note_sign(const struct hub_note_key *key, struct hub_span text, struct hub_buf *out)
{
    uint8_t bytes[SIGNED];
    size_t len = SIGNATURE;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, HUB_NOTE_SEED);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(pair != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1 &&
         EVP_DigestSign(context, bytes + HUB_NOTE_ID, &len, (const uint8_t *) text.at, text.len) == 1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pair);
    memcpy(bytes, key->id, HUB_NOTE_ID);
    hub_buf_put(out, text.at, text.len);
    hub_buf_put_byte(out, '\n');
    hub_buf_put_text(out, dash);
    hub_buf_put_text(out, key->name);
    hub_buf_put_byte(out, ' ');
    hub_base64_print(hub_span_of(bytes, sizeof bytes), out);
    hub_buf_put_byte(out, '\n');
}

static bool verifies(const struct hub_note_key *key, struct hub_span text, const uint8_t *signature)
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key, HUB_NOTE_PUBLIC);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(public_key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1);
    bool fine = EVP_DigestVerify(context, signature, SIGNATURE, (const uint8_t *) text.at, text.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return fine;
}

/* A line of signature, taken apart. */
struct signature {
    struct hub_span name;
    char bytes[SIGNED / 3 * 3 + 3]; /* key id, signature */
};

static bool read_signature(struct hub_span line, struct signature *ret_signature)
{
    size_t dash_len = strlen(dash), len;
    if (line.len <= dash_len || memcmp(line.at, dash, dash_len) != 0) {
        return false;
    }
    line = hub_span_of(line.at + dash_len, line.len - dash_len);
    return cut(&line, ' ', &ret_signature->name) && line.len == (SIGNED + 2) / 3 * 4 &&
           hub_base64_parse(line, ret_signature->bytes, &len) && len == SIGNED;
}

static bool has_name(const struct signature *signature, const struct hub_note_key *key)
{
    return signature->name.len == strlen(key->name) && memcmp(signature->name.at, key->name, signature->name.len) == 0;
}

static bool names(const struct signature *signature, const struct hub_note_key *key)
{
    return has_name(signature, key) && memcmp(signature->bytes, key->id, HUB_NOTE_ID) == 0;
}

static bool is_by(const struct signature *signature, const struct hub_note_key *key, struct hub_span text)
{
    return verifies(key, text, (const uint8_t *) signature->bytes + HUB_NOTE_ID);
}

/* Whether a signature that does not fit is meant to be by this key: one of base64's signs may hold bits of both the id's last
 * byte and the signature. */
static bool is_damaged(const struct signature *signature, const struct hub_note_key *key, struct hub_span text)
{
    return has_name(signature, key) &&
           (memcmp(signature->bytes, key->id, HUB_NOTE_ID - 1) == 0 || is_by(signature, key, text));
}

/* Split a note at its last blank line. False for a text that is too long or has none. */
static bool split_note(struct hub_span note, struct hub_span *ret_text, struct hub_span *ret_lines)
{
    size_t split = 0;
    for (size_t i = 2; i <= note.len && note.len <= HUB_NOTE_MAX; i++) {
        split = memcmp(note.at + i - 2, "\n\n", 2) == 0 ? i : split;
    }
    if (split == 0) {
        return false;
    }
    *ret_text = hub_span_of(note.at, split - 1);
    *ret_lines = hub_span_of(note.at + split, note.len - split);
    return true;
}

bool hub_note_open(const struct hub_note_key *key, struct hub_span note, struct hub_span *ret_text)
{
    struct hub_span text, lines, line;
    struct signature signature;
    if (!split_note(note, &text, &lines)) {
        return false;
    }
    while (cut(&lines, '\n', &line)) {
        if (read_signature(line, &signature) && names(&signature, key) && is_by(&signature, key, text)) {
            *ret_text = text;
            return true;
        }
    }
    return false;
}

bool hub_note_is_foreign(const struct hub_note_key *key, struct hub_span note, struct hub_span *ret_text,
                         struct hub_span *ret_name)
{
    struct hub_span text, lines, line, name = { NULL, 0 };
    struct signature signature;
    if (!split_note(note, &text, &lines)) {
        return false;
    }
    while (cut(&lines, '\n', &line)) {
        bool is_read = read_signature(line, &signature);
        if (is_read && is_damaged(&signature, key, text)) {
            return false;
        }
        name = is_read && name.at == NULL ? signature.name : name;
    }
    if (name.at == NULL) {
        return false;
    }
    *ret_text = text;
    *ret_name = name;
    return true;
}
