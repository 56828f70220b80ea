/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A file that only a passphrase, or the holder of a private key, opens. */
#include "base/lockbox.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    MAGIC = 8,
    AT_KIND = MAGIC,
    AT_COST,
    AT_SALT,
    AT_PREFIX = AT_SALT + 32,
    PREFIX = 7,
    HEADER = AT_PREFIX + PREFIX,
    PIECE = 64 * 1024,
    KIND_PASSPHRASE = 1,
    KIND_KEY = 2,
    COST = 16,
    COST_MAX = 18, /* of a file that somebody else may have written: 256 MiB */
};

static const char magic[] = "HUBLOCK1";

/* What pieces are made with. */
struct pieces {
    uint8_t header[HEADER];
    struct hub_key key;
    uint32_t number;
};

struct hub_lockbox {
    FILE *file;
    EVP_MD_CTX *sum;
    struct pieces pieces;
    size_t len; /* of clear */
    bool failed;
    int error;
    uint8_t clear[PIECE];
    uint8_t sealed[PIECE + HUB_TAG];
};

/* --- Keys --- */

bool hub_lockbox_key_read(struct hub_span pem, bool is_private, uint8_t ret_key[HUB_LOCKBOX_KEY])
{
    size_t len = HUB_LOCKBOX_KEY;
    BIO *text = BIO_new_mem_buf(pem.at, (int) pem.len);
    EVP_PKEY *key = is_private ? PEM_read_bio_PrivateKey(text, NULL, NULL, NULL)
                               : PEM_read_bio_PUBKEY(text, NULL, NULL, NULL);
    bool is_one = key != NULL && EVP_PKEY_get_id(key) == EVP_PKEY_X25519 &&
                  (is_private ? EVP_PKEY_get_raw_private_key(key, ret_key, &len)
                              : EVP_PKEY_get_raw_public_key(key, ret_key, &len)) == 1;
    EVP_PKEY_free(key);
    BIO_free(text);
    return is_one && len == HUB_LOCKBOX_KEY;
}

static bool derive_from_passphrase(struct hub_span passphrase, const uint8_t header[HEADER], struct hub_key *ret_key)
{
    uint64_t cost = UINT64_C(1) << header[AT_COST];
    return EVP_PBE_scrypt(passphrase.at, passphrase.len, header + AT_SALT, 32, cost, 8, 1, cost * 8 * 128 * 2,
                          ret_key->b, HUB_KEY) == 1;
}

static bool expand(const uint8_t secret[32], const uint8_t salt[64], struct hub_key *ret_key)
{
    static char digest[] = "SHA256", info[] = "omnihub lockbox 1";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *) secret, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *) salt, 64),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info - 1),
        OSSL_PARAM_construct_end(),
    };
    bool is_made = EVP_KDF_derive(context, ret_key->b, HUB_KEY, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_made;
}

/* The secret between our private key and their public one (RFC 7748); refused when it is all zero. */
static bool agree(EVP_PKEY *ours, const uint8_t theirs[32], uint8_t ret_secret[32])
{
    size_t len = 32;
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, 32);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
    bool is_made = peer != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                   EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, ret_secret, &len) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return is_made;
}

/* The key between a private key and the other side's public one. salt: ephemeral public key, recipient's. */
static bool derive_between(const uint8_t private_key[32], const uint8_t theirs[32], const uint8_t salt[64],
                           struct hub_key *ret_key)
{
    uint8_t secret[32];
    EVP_PKEY *ours = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    bool is_made = ours != NULL && agree(ours, theirs, secret) && expand(secret, salt, ret_key);
    EVP_PKEY_free(ours);
    explicit_bzero(secret, sizeof secret);
    return is_made;
}

static bool public_of(const uint8_t private_key[32], uint8_t ret_public[32])
{
    size_t len = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    bool is_made = key != NULL && EVP_PKEY_get_raw_public_key(key, ret_public, &len) == 1;
    EVP_PKEY_free(key);
    return is_made;
}

/* --- Pieces --- */

static void nonce_of(struct pieces *self, bool is_last, uint8_t ret_nonce[HUB_NONCE])
{
    memcpy(ret_nonce, self->header + AT_PREFIX, PREFIX);
    for (int i = 0; i < 4; i++) {
        ret_nonce[PREFIX + i] = (uint8_t) (self->number >> (24 - 8 * i));
    }
    ret_nonce[PREFIX + 4] = is_last;
    self->number++;
}

static void put_out(struct hub_lockbox *self, const void *at, size_t len)
{
    EVP_DigestUpdate(self->sum, at, len);
    if (!self->failed && fwrite(at, 1, len, self->file) != len) {
        self->failed = true;
        self->error = errno;
    }
}

static void put_piece(struct hub_lockbox *self, bool is_last)
{
    uint8_t nonce[HUB_NONCE];
    nonce_of(&self->pieces, is_last, nonce);
    hub_seal(&self->pieces.key, nonce, hub_span_of(self->pieces.header, HEADER), hub_span_of(self->clear, self->len),
             self->sealed);
    put_out(self, self->sealed, self->len + HUB_TAG);
    self->len = 0;
}

static bool lock_for(struct pieces *pieces, const struct hub_lockbox_who *to, const struct hub_world *world)
{
    uint8_t private_key[32], salt[64];
    if (!to->has_key) {
        return derive_from_passphrase(to->passphrase, pieces->header, &pieces->key);
    }
    world->random(world->self, private_key, sizeof private_key);
    bool is_made = public_of(private_key, pieces->header + AT_SALT);
    memcpy(salt, pieces->header + AT_SALT, 32);
    memcpy(salt + 32, to->key, 32);
    is_made = is_made && derive_between(private_key, to->key, salt, &pieces->key);
    explicit_bzero(private_key, sizeof private_key);
    return is_made;
}

struct hub_lockbox *hub_lockbox_new(FILE *file, const struct hub_lockbox_who *to, const struct hub_world *world)
{
    struct hub_lockbox *self = hub_memory_zero(sizeof *self);
    self->file = file;
    self->sum = EVP_MD_CTX_new();
    EVP_DigestInit_ex(self->sum, EVP_sha256(), NULL);
    memcpy(self->pieces.header, magic, MAGIC);
    self->pieces.header[AT_KIND] = to->has_key ? KIND_KEY : KIND_PASSPHRASE;
    self->pieces.header[AT_COST] = to->has_key ? 0 : COST;
    world->random(world->self, self->pieces.header + AT_SALT, 32 + PREFIX);
    if (!lock_for(&self->pieces, to, world)) {
        EVP_MD_CTX_free(self->sum);
        free(self);
        return NULL;
    }
    put_out(self, self->pieces.header, HEADER);
    return self;
}

void hub_lockbox_put(struct hub_lockbox *self, struct hub_span bytes)
{
    while (bytes.len > 0) {
        if (self->len == PIECE) {
            put_piece(self, false);
        }
        size_t part = bytes.len < PIECE - self->len ? bytes.len : PIECE - self->len;
        memcpy(self->clear + self->len, bytes.at, part);
        self->len += part;
        bytes = hub_span_of(bytes.at + part, bytes.len - part);
    }
}

int hub_lockbox_end(struct hub_lockbox **self_p)
{
    struct hub_lockbox *self = *self_p;
    uint8_t sum[HUB_DIGEST];
    *self_p = NULL;
    put_piece(self, true);
    EVP_DigestFinal_ex(self->sum, sum, NULL);
    if (!self->failed && fwrite(sum, 1, sizeof sum, self->file) != sizeof sum) {
        self->failed = true;
        self->error = errno;
    }
    EVP_MD_CTX_free(self->sum);
    int result = self->failed ? -1 : 0, error = self->error;
    explicit_bzero(self, sizeof *self);
    free(self);
    errno = error;
    return result;
}

/* --- Opening --- */

static bool unlock_for(struct pieces *pieces, const struct hub_lockbox_who *who)
{
    uint8_t salt[64];
    if (pieces->header[AT_KIND] == KIND_PASSPHRASE) {
        return who->passphrase.len > 0 && derive_from_passphrase(who->passphrase, pieces->header, &pieces->key);
    }
    memcpy(salt, pieces->header + AT_SALT, 32);
    return who->has_key && public_of(who->key, salt + 32) &&
           derive_between(who->key, pieces->header + AT_SALT, salt, &pieces->key);
}

/* Whether the file is as it was written: header and sum. *ret_len: bytes before the sum. */
static int check_sum(FILE *file, struct pieces *pieces, size_t *ret_len)
{
    uint8_t bytes[4096], sum[HUB_DIGEST];
    off_t size = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    if (size < 0 || fseeko(file, 0, SEEK_SET) != 0) {
        return HUB_LOCKBOX_UNREADABLE;
    }
    if (size < HEADER + HUB_TAG + HUB_DIGEST) {
        return HUB_LOCKBOX_DAMAGED;
    }
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    size_t left = *ret_len = (size_t) size - HUB_DIGEST, got = 1;
    while (left > 0 && got > 0) {
        got = fread(bytes, 1, left < sizeof bytes ? left : sizeof bytes, file);
        EVP_DigestUpdate(digest, bytes, got);
        left -= got;
    }
    EVP_DigestFinal_ex(digest, sum, NULL);
    EVP_MD_CTX_free(digest);
    if (left > 0 || fread(bytes, 1, HUB_DIGEST, file) != HUB_DIGEST) {
        return ferror(file) ? HUB_LOCKBOX_UNREADABLE : HUB_LOCKBOX_DAMAGED;
    }
    bool is_whole = memcmp(bytes, sum, HUB_DIGEST) == 0 && fseeko(file, 0, SEEK_SET) == 0 &&
                    fread(pieces->header, 1, HEADER, file) == HEADER && memcmp(pieces->header, magic, MAGIC) == 0;
    bool is_known = pieces->header[AT_KIND] == KIND_KEY ||
                    (pieces->header[AT_KIND] == KIND_PASSPHRASE && pieces->header[AT_COST] >= 1 &&
                     pieces->header[AT_COST] <= COST_MAX);
    return is_whole && is_known ? HUB_LOCKBOX_DONE : HUB_LOCKBOX_DAMAGED;
}

static int open_pieces(FILE *file, struct pieces *pieces, size_t left, int (*take)(void *arg, struct hub_span bytes),
                       void *arg)
{
    uint8_t nonce[HUB_NONCE];
    uint8_t *sealed = hub_memory_new(PIECE + HUB_TAG);
    char *clear = hub_memory_new(PIECE);
    int result = HUB_LOCKBOX_DONE;
    while (left > 0 && result == HUB_LOCKBOX_DONE) {
        size_t len = left < PIECE + HUB_TAG ? left : PIECE + HUB_TAG;
        left -= len;
        nonce_of(pieces, left == 0, nonce);
        if (fread(sealed, 1, len, file) != len) {
            result = HUB_LOCKBOX_UNREADABLE;
        } else if (len < HUB_TAG || !hub_unseal(&pieces->key, nonce, hub_span_of(pieces->header, HEADER),
                                                hub_span_of(sealed, len), clear)) {
            result = pieces->number == 1 ? HUB_LOCKBOX_DENIED : HUB_LOCKBOX_DAMAGED;
        } else if (take(arg, hub_span_of(clear, len - HUB_TAG)) < 0) {
            result = HUB_LOCKBOX_UNREADABLE;
        }
    }
    explicit_bzero(clear, PIECE);
    free(clear);
    free(sealed);
    return result;
}

int hub_lockbox_open(FILE *file, const struct hub_lockbox_who *who, int (*take)(void *arg, struct hub_span bytes),
                     void *arg)
{
    struct pieces pieces = { .number = 0 };
    size_t len;
    int result = check_sum(file, &pieces, &len);
    if (result == HUB_LOCKBOX_DONE) {
        result = unlock_for(&pieces, who) ? open_pieces(file, &pieces, len - HEADER, take, arg) : HUB_LOCKBOX_DENIED;
    }
    explicit_bzero(&pieces, sizeof pieces);
    return result;
}
