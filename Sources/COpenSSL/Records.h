// HMAC, HKDF-Expand-Label and the AEAD of TLS 1.3, on contexts that are made once: no record allocates, and nothing
// keeps a pointer.

#ifndef MUSTER_COPENSSL_RECORDS_H
#define MUSTER_COPENSSL_RECORDS_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { copenssl_tag_bytes = 16, copenssl_nonce_bytes = 12, copenssl_header_bytes = 5 };

// HMAC (RFC 2104) with a digest of `size` bytes, 32 or 48, and a key that is no longer than a block of the digest.
static inline int copenssl_hmac(EVP_MD_CTX *context, const EVP_MD *digest, size_t size, const unsigned char *key,
                                size_t key_count, const unsigned char *text, size_t text_count,
                                unsigned char *result) {
    unsigned char pad[128], inner[64];
    size_t block = size > 32 ? 128 : 64;
    if (key_count > block || size > sizeof inner) {
        return 0;
    }
    for (size_t i = 0; i < block; i++) {
        pad[i] = (i < key_count ? key[i] : 0) ^ 0x36;
    }
    int is_made = EVP_DigestInit_ex2(context, digest, NULL) && EVP_DigestUpdate(context, pad, block) &&
                  EVP_DigestUpdate(context, text, text_count) && EVP_DigestFinal_ex(context, inner, NULL);
    for (size_t i = 0; i < block; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    is_made = is_made && EVP_DigestInit_ex2(context, digest, NULL) && EVP_DigestUpdate(context, pad, block) &&
              EVP_DigestUpdate(context, inner, size) && EVP_DigestFinal_ex(context, result, NULL);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(inner, sizeof inner);
    return is_made;
}

// HKDF-Expand-Label (RFC 8446 §7.1) for `count` bytes, no more than the digest has; `result` has room for a whole
// digest. `label` is without "tls13 "; label and hash together are at most 100 bytes.
static inline int copenssl_expand_label(EVP_MD_CTX *context, const EVP_MD *digest, size_t size,
                                        const unsigned char *secret, const char *label, size_t label_count,
                                        const unsigned char *hash, size_t hash_count, unsigned char *result,
                                        size_t count) {
    unsigned char info[128];
    size_t n = 0;
    if (count > size || label_count + hash_count > 100) {
        return 0;
    }
    info[n++] = 0;
    info[n++] = (unsigned char)count;
    info[n++] = (unsigned char)(6 + label_count);
    memcpy(info + n, "tls13 ", 6);
    n += 6;
    memcpy(info + n, label, label_count);
    n += label_count;
    info[n++] = (unsigned char)hash_count;
    if (hash_count > 0) {
        memcpy(info + n, hash, hash_count);
    }
    n += hash_count;
    info[n++] = 1;
    return copenssl_hmac(context, digest, size, secret, size, info, n, result);
}

// The nonce of a record (RFC 8446 §5.3).
static inline void copenssl_record_nonce(unsigned char nonce[copenssl_nonce_bytes], const unsigned char *iv,
                                         uint64_t sequence) {
    memcpy(nonce, iv, copenssl_nonce_bytes);
    for (int i = 0; i < 8; i++) {
        nonce[copenssl_nonce_bytes - 1 - i] ^= (unsigned char)(sequence >> (8 * i));
    }
}

// The AEAD of a suite: the functions of OpenSSL's provider (provider-cipher(7)), called without EVP, which asks the
// provider for lengths by name whenever a key is set. One state serves both directions: each record sets its key.
// Where a provider lacks a function, `context` is EVP's, and the functions are not used.
struct copenssl_aead {
    EVP_CIPHER *cipher;
    size_t key_bytes;
    EVP_CIPHER_CTX *context;
    void *state;
    OSSL_FUNC_cipher_newctx_fn *make;
    OSSL_FUNC_cipher_freectx_fn *free;
    OSSL_FUNC_cipher_encrypt_init_fn *encrypt;
    OSSL_FUNC_cipher_decrypt_init_fn *decrypt;
    OSSL_FUNC_cipher_update_fn *update;
    OSSL_FUNC_cipher_final_fn *finish;
    OSSL_FUNC_cipher_get_ctx_params_fn *get;
};

// Whether `name` is among `names`, which have colons between them.
static inline int copenssl_has_name(const char *names, const char *name) {
    size_t count = strlen(name);
    while (names != NULL) {
        if (strncasecmp(names, name, count) == 0 && (names[count] == 0 || names[count] == ':')) {
            return 1;
        }
        names = strchr(names, ':');
        names = names == NULL ? NULL : names + 1;
    }
    return 0;
}

static inline void copenssl_aead_take(struct copenssl_aead *aead, const OSSL_DISPATCH *functions) {
    for (const OSSL_DISPATCH *each = functions; each->function_id != 0; each++) {
        switch (each->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX: aead->make = OSSL_FUNC_cipher_newctx(each); break;
        case OSSL_FUNC_CIPHER_FREECTX: aead->free = OSSL_FUNC_cipher_freectx(each); break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT: aead->encrypt = OSSL_FUNC_cipher_encrypt_init(each); break;
        case OSSL_FUNC_CIPHER_DECRYPT_INIT: aead->decrypt = OSSL_FUNC_cipher_decrypt_init(each); break;
        case OSSL_FUNC_CIPHER_UPDATE: aead->update = OSSL_FUNC_cipher_update(each); break;
        case OSSL_FUNC_CIPHER_FINAL: aead->finish = OSSL_FUNC_cipher_final(each); break;
        case OSSL_FUNC_CIPHER_GET_CTX_PARAMS: aead->get = OSSL_FUNC_cipher_get_ctx_params(each); break;
        default: break;
        }
    }
}

// Whether the provider has all functions; the state is made.
static inline int copenssl_aead_find(struct copenssl_aead *aead, const char *name) {
    const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(aead->cipher);
    int changes = 0;
    const OSSL_ALGORITHM *each =
        provider == NULL ? NULL : OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &changes);
    while (each != NULL && each->algorithm_names != NULL && !copenssl_has_name(each->algorithm_names, name)) {
        each++;
    }
    if (each == NULL || each->algorithm_names == NULL || changes) {
        return 0;
    }
    copenssl_aead_take(aead, each->implementation);
    if (!aead->make || !aead->free || !aead->encrypt || !aead->decrypt || !aead->update || !aead->finish ||
        !aead->get) {
        return 0;
    }
    aead->state = aead->make(OSSL_PROVIDER_get0_provider_ctx(provider));
    return aead->state != NULL;
}

// Gives back what an AEAD has.
static inline void copenssl_aead_end(struct copenssl_aead *aead) {
    if (aead->state != NULL) {
        aead->free(aead->state);
    }
    EVP_CIPHER_CTX_free(aead->context);
    EVP_CIPHER_free(aead->cipher);
    memset(aead, 0, sizeof *aead);
}

// Makes the AEAD that OpenSSL has by this name. `by_evp`: with EVP also where the provider's functions are known. 0:
// OpenSSL does not have it, or has no memory.
static inline int copenssl_aead_begin(struct copenssl_aead *aead, const char *name, int by_evp) {
    memset(aead, 0, sizeof *aead);
    aead->cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    if (aead->cipher == NULL) {
        return 0;
    }
    aead->key_bytes = (size_t)EVP_CIPHER_get_key_length(aead->cipher);
    if (!by_evp && copenssl_aead_find(aead, name)) {
        return 1;
    }
    aead->context = EVP_CIPHER_CTX_new();
    if (aead->context != NULL && EVP_CipherInit_ex(aead->context, aead->cipher, NULL, NULL, NULL, 1) == 1) {
        return 1;
    }
    copenssl_aead_end(aead);
    return 0;
}

// Encrypts `count` bytes in place, behind which there is room for the tag; `record` is the header before them.
static inline int copenssl_aead_encrypt(const struct copenssl_aead *aead, const unsigned char *key,
                                        const unsigned char *nonce, const unsigned char *record, unsigned char *body,
                                        size_t count) {
    EVP_CIPHER_CTX *context = aead->context;
    if (context == NULL) {
        OSSL_PARAM tag[2] = {{OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, body + count, copenssl_tag_bytes, 0},
                             {NULL, 0, NULL, 0, 0}};
        size_t written = 0;
        return aead->encrypt(aead->state, key, aead->key_bytes, nonce, copenssl_nonce_bytes, NULL) == 1 &&
               aead->update(aead->state, NULL, &written, copenssl_header_bytes, record, copenssl_header_bytes) == 1 &&
               aead->update(aead->state, body, &written, count, body, count) == 1 && written == count &&
               aead->finish(aead->state, body + count, &written, copenssl_tag_bytes) == 1 && written == 0 &&
               aead->get(aead->state, tag) == 1;
    }
    int written = 0;
    return EVP_EncryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
           EVP_EncryptUpdate(context, NULL, &written, record, copenssl_header_bytes) == 1 &&
           EVP_EncryptUpdate(context, body, &written, body, (int)count) == 1 &&
           EVP_EncryptFinal_ex(context, body + count, &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, copenssl_tag_bytes, body + count) == 1;
}

// Decrypts `count` bytes to `target`. 0: the tag behind them does not fit.
static inline int copenssl_aead_decrypt(const struct copenssl_aead *aead, const unsigned char *key,
                                        const unsigned char *nonce, const unsigned char *record,
                                        const unsigned char *body, size_t count, unsigned char *target) {
    EVP_CIPHER_CTX *context = aead->context;
    void *tag_bytes = (void *)(body + count);
    if (context == NULL) {
        OSSL_PARAM tag[2] = {{OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, tag_bytes, copenssl_tag_bytes, 0},
                             {NULL, 0, NULL, 0, 0}};
        size_t written = 0;
        return aead->decrypt(aead->state, key, aead->key_bytes, nonce, copenssl_nonce_bytes, tag) == 1 &&
               aead->update(aead->state, NULL, &written, copenssl_header_bytes, record, copenssl_header_bytes) == 1 &&
               aead->update(aead->state, target, &written, count, body, count) == 1 && written == count &&
               aead->finish(aead->state, target + count, &written, 0) == 1 && written == 0;
    }
    int written = 0;
    return EVP_DecryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
           EVP_DecryptUpdate(context, NULL, &written, record, copenssl_header_bytes) == 1 &&
           EVP_DecryptUpdate(context, target, &written, body, (int)count) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, copenssl_tag_bytes, tag_bytes) == 1 &&
           EVP_DecryptFinal_ex(context, target + count, &written) == 1;
}

// Writes a record (RFC 8446 §5.2): header, `payload`, its type, `padding` zeros, tag. `record` has room for all of it,
// at most 16,645 bytes, and does not overlap `payload`. Sealing in one call copies the payload first, which costs less
// than a second call for the type.
static inline int copenssl_seal_record(const struct copenssl_aead *aead, const unsigned char *key,
                                       const unsigned char *iv, uint64_t sequence, unsigned char type,
                                       const unsigned char *payload, size_t count, size_t padding,
                                       unsigned char *record) {
    unsigned char nonce[copenssl_nonce_bytes];
    size_t inner = count + 1 + padding;
    size_t length = inner + copenssl_tag_bytes;
    unsigned char *body = record + copenssl_header_bytes;
    copenssl_record_nonce(nonce, iv, sequence);
    record[0] = 23;
    record[1] = 3;
    record[2] = 3;
    record[3] = (unsigned char)(length >> 8);
    record[4] = (unsigned char)length;
    if (count > 0) {
        memcpy(body, payload, count);
    }
    body[count] = type;
    memset(body + count + 1, 0, padding);
    return copenssl_aead_encrypt(aead, key, nonce, record, body, inner);
}

// Decrypts a whole record of `count` bytes, at least 22, into `target`, which has room for `count` - 21 bytes: the
// inner plaintext with its type and its padding. 0: the tag does not fit, and `target` holds zeros.
static inline int copenssl_open_record(const struct copenssl_aead *aead, const unsigned char *key,
                                       const unsigned char *iv, uint64_t sequence, const unsigned char *record,
                                       size_t count, unsigned char *target) {
    unsigned char nonce[copenssl_nonce_bytes];
    size_t inner = count - copenssl_header_bytes - copenssl_tag_bytes;
    copenssl_record_nonce(nonce, iv, sequence);
    if (copenssl_aead_decrypt(aead, key, nonce, record, record + copenssl_header_bytes, inner, target)) {
        return 1;
    }
    OPENSSL_cleanse(target, inner);
    return 0;
}

#endif
