/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* SHA-256, HMAC and AES-256-GCM by OpenSSL.
 *
 * SHA-256 goes by its own functions: most of what is hashed here is a block or two, and EVP takes longer than that to get
 * there (138 against 57 ns for one block). They are marked as deprecated, not as wrong. For AES, fetching the algorithm
 * and allocating a context cost more than a short text, so each thread does it once and keeps what it got until it ends.
 * HMAC (RFC 2104) is two hashes that begin with a block made of the key; what such a block leaves can be kept. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { PARTS_MAX = 8, SHA_BLOCK = 64, SHORT_BYTES = 16 * SHA_BLOCK, CLEAR_MAX = 1 << 20 };

/* One direction of AES-256-GCM. */
struct cipher {
    EVP_CIPHER_CTX *context;
    bool has_key;       /* the context holds `key`, expanded */
    struct hub_key key; /* of the last use */
};

/* What one thread keeps. */
struct tools {
    EVP_CIPHER *gcm;
    struct cipher seal;
    struct cipher unseal;
};

static _Thread_local struct tools *tools_here;
static pthread_once_t tools_once = PTHREAD_ONCE_INIT;
static pthread_key_t tools_key; /* its destructor frees a thread's tools */

/* Without these functions nothing can be logged, read or proved. */
static void must(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "omnihub: OpenSSL failed: %s, so the process ends\n", what);
        abort();
    }
}

static void free_tools(void *at)
{
    struct tools *tools = at;
    EVP_CIPHER_CTX_free(tools->seal.context);
    EVP_CIPHER_CTX_free(tools->unseal.context);
    EVP_CIPHER_free(tools->gcm);
    OPENSSL_cleanse(tools, sizeof *tools);
    free(tools);
    tools_here = NULL;
}

static void make_key(void)
{
    must(pthread_key_create(&tools_key, free_tools) == 0, "thread-local storage");
}

static __attribute__((cold, noinline)) struct tools *make_tools(void)
{
    struct tools *tools = hub_memory_new(sizeof *tools);
    *tools = (struct tools){
        .gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
        .seal.context = EVP_CIPHER_CTX_new(),
        .unseal.context = EVP_CIPHER_CTX_new(),
    };
    must(tools->gcm != NULL && tools->seal.context != NULL && tools->unseal.context != NULL &&
             EVP_EncryptInit_ex2(tools->seal.context, tools->gcm, NULL, NULL, NULL) == 1 &&
             EVP_DecryptInit_ex2(tools->unseal.context, tools->gcm, NULL, NULL, NULL) == 1,
         "AES-256-GCM");
    pthread_once(&tools_once, make_key);
    must(pthread_setspecific(tools_key, tools) == 0, "thread-local storage");
    tools_here = tools;
    return tools;
}

static inline struct tools *get_tools(void)
{
    return tools_here != NULL ? tools_here : make_tools();
}

/* Its steps say that they may fail; what they do has no way to. */
static void hash_parts(SHA256_CTX *hash, const struct hub_span *parts, size_t count)
{
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        fine = fine && SHA256_Update(hash, parts[i].at, parts[i].len) == 1;
    }
    must(fine, "SHA-256");
}

/* The length of all, SIZE_MAX when they are too long for hash_short. */
static size_t short_length(const struct hub_span *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += parts[i].len < SHORT_BYTES ? parts[i].len : SHORT_BYTES;
    }
    return len + 1 + sizeof(uint64_t) <= SHORT_BYTES ? len : SIZE_MAX;
}

/* A hash under way: at the start, or behind one block that left `from`. */
static SHA256_CTX begin_hash(const uint32_t *from)
{
    SHA256_CTX hash;
    must(SHA256_Init(&hash) == 1, "SHA-256");
    if (from != NULL) {
        memcpy(hash.h, from, HUB_DIGEST);
        hash.Nl = SHA_BLOCK * 8;
    }
    return hash;
}

/* A short text is put together with its padding, and all its blocks are hashed by one call: what an event's link has takes
 * two thirds of the time that pieces take. */
static struct hub_digest hash_short(const uint32_t *from, const struct hub_span *parts, size_t count, size_t len)
{
    uint8_t text[SHORT_BYTES];
    size_t at = 0, whole = (len + 1 + sizeof(uint64_t) + SHA_BLOCK - 1) / SHA_BLOCK * SHA_BLOCK;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            memcpy(text + at, parts[i].at, parts[i].len);
        }
        at += parts[i].len;
    }
    uint64_t bits = __builtin_bswap64((uint64_t) (len + (from != NULL ? SHA_BLOCK : 0)) * 8);
    text[len] = 0x80;
    memset(text + len + 1, 0, whole - len - 1 - sizeof bits);
    memcpy(text + whole - sizeof bits, &bits, sizeof bits);
    SHA256_CTX hash = begin_hash(from);
    struct hub_digest digest = { .b = { 0 } };
    must(SHA256_Update(&hash, text, whole) == 1, "SHA-256");
    for (size_t i = 0; i < sizeof digest.b / sizeof(uint32_t); i++) {
        uint32_t word = __builtin_bswap32(hash.h[i]);
        memcpy(digest.b + i * sizeof word, &word, sizeof word);
    }
    return digest;
}

static struct hub_digest hash_from(const uint32_t *from, const struct hub_span *parts, size_t count)
{
    assert(count <= PARTS_MAX);
    size_t len = short_length(parts, count);
    if (len != SIZE_MAX) {
        return hash_short(from, parts, count, len);
    }
    SHA256_CTX hash = begin_hash(from);
    struct hub_digest digest;
    hash_parts(&hash, parts, count);
    must(SHA256_Final(digest.b, &hash) == 1, "SHA-256");
    return digest;
}

struct hub_digest hub_sha256_of(const struct hub_span *parts, size_t count)
{
    return hash_from(NULL, parts, count);
}

struct hub_digest hub_sha256(struct hub_span bytes)
{
    return hub_sha256_of(&bytes, 1);
}

/* What a block of the key, mixed with a byte, leaves. */
static void hash_pad(const struct hub_key *key, uint8_t with, uint32_t ret_left[HUB_DIGEST / sizeof(uint32_t)])
{
    uint8_t pad[SHA_BLOCK];
    for (size_t i = 0; i < SHA_BLOCK; i++) {
        pad[i] = (i < HUB_KEY ? key->b[i] : 0) ^ with;
    }
    SHA256_CTX hash = begin_hash(NULL);
    must(SHA256_Update(&hash, pad, sizeof pad) == 1, "SHA-256");
    memcpy(ret_left, hash.h, HUB_DIGEST);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(&hash, sizeof hash);
}

struct hub_mac hub_mac_of(const struct hub_key *key)
{
    struct hub_mac mac = { { 0 }, { 0 } };
    hash_pad(key, 0x36, mac.inner);
    hash_pad(key, 0x5C, mac.outer);
    return mac;
}

struct hub_digest hub_mac_digest(const struct hub_mac *mac, const struct hub_span *parts, size_t count)
{
    struct hub_digest inner = hash_from(mac->inner, parts, count);
    struct hub_span outer = hub_span_of(inner.b, sizeof inner.b);
    return hash_from(mac->outer, &outer, 1);
}

struct hub_digest hub_hmac(const struct hub_key *key, const struct hub_span *parts, size_t count)
{
    struct hub_mac mac = hub_mac_of(key);
    struct hub_digest digest = hub_mac_digest(&mac, parts, count);
    OPENSSL_cleanse(&mac, sizeof mac);
    return digest;
}

/* Begin with a key and nonce. Expanding a key costs more than a short text, and several values of one customer are mostly
 * opened in a row, so a cipher that has the key already only gets the nonce. */
static bool begin(struct cipher *self, const struct hub_key *key, const uint8_t nonce[HUB_NONCE])
{
    bool same = self->has_key && hub_secret_is(self->key.b, key->b, HUB_KEY);
    if (!same) {
        self->key = *key;
    }
    self->has_key = EVP_CipherInit_ex2(self->context, NULL, same ? NULL : key->b, nonce, -1, NULL) == 1;
    return self->has_key;
}

void hub_seal(const struct hub_key *key, const uint8_t nonce[HUB_NONCE], struct hub_span aad, struct hub_span clear,
              uint8_t *ret_box)
{
    assert(clear.len <= CLEAR_MAX && aad.len <= CLEAR_MAX);
    struct tools *tools = get_tools();
    EVP_CIPHER_CTX *cipher = tools->seal.context;
    int len = 0;
    bool fine = begin(&tools->seal, key, nonce);
    if (aad.len > 0) {
        fine = fine && EVP_EncryptUpdate(cipher, NULL, &len, (const uint8_t *) aad.at, (int) aad.len) == 1;
    }
    if (clear.len > 0) {
        fine = fine && EVP_EncryptUpdate(cipher, ret_box, &len, (const uint8_t *) clear.at, (int) clear.len) == 1;
    }
    uint8_t *tag = ret_box + clear.len;
    fine = fine && EVP_EncryptFinal_ex(cipher, tag, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, HUB_TAG, tag) == 1;
    must(fine, "AES-256-GCM");
}

bool hub_unseal(const struct hub_key *key, const uint8_t nonce[HUB_NONCE], struct hub_span aad, struct hub_span box,
                char *ret_clear)
{
    if (box.len < HUB_TAG || box.len > CLEAR_MAX + HUB_TAG) {
        return false;
    }
    struct tools *tools = get_tools();
    EVP_CIPHER_CTX *cipher = tools->unseal.context;
    size_t clear_len = box.len - HUB_TAG;
    uint8_t tag[HUB_TAG];
    memcpy(tag, box.at + clear_len, HUB_TAG);
    uint8_t *clear = (uint8_t *) ret_clear;
    int len = 0;
    bool fine = begin(&tools->unseal, key, nonce) &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, HUB_TAG, tag) == 1;
    if (aad.len > 0) {
        fine = fine && EVP_DecryptUpdate(cipher, NULL, &len, (const uint8_t *) aad.at, (int) aad.len) == 1;
    }
    if (clear_len > 0) {
        fine = fine && EVP_DecryptUpdate(cipher, clear, &len, (const uint8_t *) box.at, (int) clear_len) == 1;
    }
    uint8_t rest[HUB_TAG]; /* GCM leaves nothing for the end; OpenSSL only checks the tag */
    return fine && EVP_DecryptFinal_ex(cipher, rest, &len) == 1;
}

bool hub_secret_is(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
