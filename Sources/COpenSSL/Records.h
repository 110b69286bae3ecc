// HMAC, HKDF-Expand-Label and the AEAD of TLS 1.3, on contexts that the caller made once: nothing here allocates, and
// nothing keeps a pointer.

#ifndef MUSTER_COPENSSL_RECORDS_H
#define MUSTER_COPENSSL_RECORDS_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

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

// Writes a record (RFC 8446 §5.2): header, `payload`, its type, `padding` zeros, tag. `record` has room for all of it,
// at most 16,645 bytes, and does not overlap `payload`. The context's cipher is set. Sealing in one call copies the
// payload first, which costs less than a second call for the type.
static inline int copenssl_seal_record(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv,
                                       uint64_t sequence, unsigned char type, const unsigned char *payload,
                                       size_t count, size_t padding, unsigned char *record) {
    unsigned char nonce[copenssl_nonce_bytes];
    size_t inner = count + 1 + padding;
    size_t length = inner + copenssl_tag_bytes;
    unsigned char *body = record + copenssl_header_bytes;
    int written = 0;
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
    return EVP_EncryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
           EVP_EncryptUpdate(context, NULL, &written, record, copenssl_header_bytes) == 1 &&
           EVP_EncryptUpdate(context, body, &written, body, (int)inner) == 1 &&
           EVP_EncryptFinal_ex(context, body + inner, &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, copenssl_tag_bytes, body + inner) == 1;
}

// Decrypts a whole record of `count` bytes, at least 22, into `target`, which has room for `count` - 21 bytes: the
// inner plaintext with its type and its padding. 0: the tag does not fit, and `target` holds zeros.
static inline int copenssl_open_record(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv,
                                       uint64_t sequence, const unsigned char *record, size_t count,
                                       unsigned char *target) {
    unsigned char nonce[copenssl_nonce_bytes];
    const unsigned char *body = record + copenssl_header_bytes;
    size_t inner = count - copenssl_header_bytes - copenssl_tag_bytes;
    int written = 0;
    copenssl_record_nonce(nonce, iv, sequence);
    int is_authentic =
        EVP_DecryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
        EVP_DecryptUpdate(context, NULL, &written, record, copenssl_header_bytes) == 1 &&
        EVP_DecryptUpdate(context, target, &written, body, (int)inner) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, copenssl_tag_bytes, (void *)(body + inner)) == 1 &&
        EVP_DecryptFinal_ex(context, target + inner, &written) == 1;
    if (!is_authentic) {
        OPENSSL_cleanse(target, inner);
    }
    return is_authentic;
}

#endif
