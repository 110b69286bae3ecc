// The parts of OpenSSL 3 that Muster uses, inline functions for the macros that Swift cannot import, and a BIO that
// neither owns a buffer nor touches a socket.

#ifndef MUSTER_COPENSSL_H
#define MUSTER_COPENSSL_H

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "Records.h"

// MARK: Bytes to and from a connection

// Where the connections of a shard read and write: bytes that a recv has just brought, and room for bytes that a send
// will take. Filled before and emptied after each call of OpenSSL, so one channel serves all of them.
struct copenssl_channel {
    const unsigned char *input;
    size_t input_count;
    unsigned char *output;
    size_t output_count;
    size_t output_capacity;
};

static inline int copenssl_channel_read(BIO *bio, char *target, int capacity) {
    struct copenssl_channel *channel = (struct copenssl_channel *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (channel->input_count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = (size_t)capacity < channel->input_count ? (size_t)capacity : channel->input_count;
    memcpy(target, channel->input, count);
    channel->input += count;
    channel->input_count -= count;
    return (int)count;
}

static inline int copenssl_channel_write(BIO *bio, const char *source, int wanted) {
    struct copenssl_channel *channel = (struct copenssl_channel *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t room = channel->output_capacity - channel->output_count;
    if (room == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    size_t count = (size_t)wanted < room ? (size_t)wanted : room;
    memcpy(channel->output + channel->output_count, source, count);
    channel->output_count += count;
    return (int)count;
}

static inline long copenssl_channel_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

// The kind of BIO described above; made once per process.
static inline BIO_METHOD *copenssl_channel_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "muster channel");
    if (method != NULL) {
        BIO_meth_set_read(method, copenssl_channel_read);
        BIO_meth_set_write(method, copenssl_channel_write);
        BIO_meth_set_ctrl(method, copenssl_channel_control);
    }
    return method;
}

// Gives a connection a BIO over `channel`, which must outlive it, for both directions.
static inline int copenssl_attach(SSL *ssl, BIO_METHOD *method, struct copenssl_channel *channel) {
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    if (bio == NULL) {
        return 0;
    }
    BIO_set_data(bio, channel);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}

// MARK: What a handshake leaves to the record layer

// A place for a pointer of ours in every SSL; negative: there is none.
static inline int copenssl_connection_index(void) {
    return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

// Whether OpenSSL has read nothing of the next record. `SSL_has_pending` is 0 also when it has read a header and no more.
static inline int copenssl_is_between_records(const SSL *ssl) {
    return strcmp(SSL_rstate_string(ssl), "RH") == 0;
}

// The most plaintext of a record that may be sent (max_fragment_length, RFC 6066 §4).
static inline int copenssl_max_fragment(SSL *ssl) {
    SSL_SESSION *session = SSL_get0_session(ssl);
    int code = session == NULL ? 0 : SSL_SESSION_get_max_fragment_length(session);
    return code >= 1 && code <= 4 ? 256 << code : 16384;
}

// MARK: What a handshake leaves behind

// Each hands over a reference of its own; NULL where the connection has no such key.
static inline EVP_PKEY *copenssl_own_exchange_key(SSL *ssl) {
    EVP_PKEY *key = NULL;
    return SSL_get_tmp_key(ssl, &key) == 1 ? key : NULL;
}

static inline EVP_PKEY *copenssl_peer_exchange_key(SSL *ssl) {
    EVP_PKEY *key = NULL;
    return SSL_get_peer_tmp_key(ssl, &key) == 1 ? key : NULL;
}

static inline int copenssl_name_count(const STACK_OF(X509_NAME) *names) {
    return names == NULL ? 0 : sk_X509_NAME_num(names);
}

// Empties a key of one handshake, whichever type it is of, and gives up the reference to it.
static inline void copenssl_empty_key(EVP_PKEY *key) {
    if (key != NULL) {
        // Setting a type, even the same, frees what the key has in it. Nobody may ask it for anything afterwards.
        EVP_PKEY_set_type(key, EVP_PKEY_EC);
        EVP_PKEY_free(key);
    }
}

// Lets go of what only the handshake has used and OpenSSL would keep as long as the connection: the keys of the key
// exchange, and the names of authorities by which the server chose among a client's certificates. To be called once, after
// the handshake, where renegotiation is off; traffic keys and tickets are made of secrets of their own. Both kinds of
// objects are the connection's alone, and OpenSSL frees them with it, emptied.
static inline void copenssl_forget_handshake(SSL *ssl) {
    copenssl_empty_key(copenssl_own_exchange_key(ssl));
    copenssl_empty_key(copenssl_peer_exchange_key(ssl));
    // A server's list is not the connection's, but the context's.
    if (!SSL_is_server(ssl)) {
        STACK_OF(X509_NAME) *names = SSL_get_client_CA_list(ssl);
        while (copenssl_name_count(names) > 0) {
            X509_NAME_free(sk_X509_NAME_pop(names));
        }
    }
    ERR_clear_error();
}

// MARK: Macros

static inline void copenssl_release_buffers(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE);
}

// No renegotiation, no compression, and an end without a close_notify alert is an end like any other.
static inline void copenssl_set_defaults(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

static inline void copenssl_disable_tickets(SSL_CTX *context) {
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

static inline int copenssl_set_versions(SSL_CTX *context, int lowest, int highest) {
    return SSL_CTX_set_min_proto_version(context, lowest) == 1 && SSL_CTX_set_max_proto_version(context, highest) == 1;
}

static inline void copenssl_set_session_cache(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int copenssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int copenssl_add_connection_chain_certificate(SSL *ssl, X509 *certificate) {
    return (int)SSL_add1_chain_cert(ssl, certificate);
}

static inline void copenssl_request_status(SSL_CTX *context) {
    SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
}

static inline void copenssl_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *), void *argument) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
    SSL_CTX_set_tlsext_status_arg(context, argument);
}

static inline long copenssl_stapled_status(SSL *ssl, const unsigned char **response) {
    return SSL_get_tlsext_status_ocsp_resp(ssl, response);
}

// Hands over `response`, a block of OPENSSL_malloc.
static inline void copenssl_staple_status(SSL *ssl, unsigned char *response, long count) {
    SSL_set_tlsext_status_ocsp_resp(ssl, response, count);
}

static inline unsigned char *copenssl_allocate(size_t count) {
    return (unsigned char *)OPENSSL_malloc(count);
}

static inline void copenssl_free(void *block) {
    OPENSSL_free(block);
}

static inline int copenssl_certificate_count(const STACK_OF(X509) *certificates) {
    return certificates == NULL ? 0 : sk_X509_num(certificates);
}

static inline X509 *copenssl_certificate(const STACK_OF(X509) *certificates, int index) {
    return sk_X509_value(certificates, index);
}

// Puts `certificate` in the place of another, which is freed; takes a reference of its own.
static inline void copenssl_replace_certificate(STACK_OF(X509) *certificates, int index, X509 *certificate) {
    X509 *former = sk_X509_value(certificates, index);
    X509_up_ref(certificate);
    sk_X509_set(certificates, index, certificate);
    X509_free(former);
}

static inline const char *copenssl_reason(unsigned long code) {
    return ERR_reason_error_string(code);
}

static inline int copenssl_error_library(unsigned long code) {
    return ERR_GET_LIB(code);
}

static inline int copenssl_error_reason(unsigned long code) {
    return ERR_GET_REASON(code);
}

static inline EVP_PKEY *copenssl_generate_p256(void) {
    return EVP_EC_gen("P-256");
}

static inline EVP_PKEY *copenssl_generate_rsa(size_t bits) {
    return EVP_RSA_gen(bits);
}

static inline EVP_PKEY *copenssl_generate_ed25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static inline BIO *copenssl_memory_bio(void) {
    return BIO_new(BIO_s_mem());
}

static inline long copenssl_memory_bio_bytes(BIO *bio, char **bytes) {
    return BIO_get_mem_data(bio, bytes);
}

static inline void copenssl_verify_with_revocation_lists(X509_STORE *store) {
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

#endif
