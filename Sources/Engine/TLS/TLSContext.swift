// Invariants of the unsafe memory in this file:
//  - `TLSContext` owns one SSL_CTX, configured in init by its owner and not changed once connections use it; OpenSSL
//    reads it from several threads with its own locks.

import COpenSSL
import OpenSSL

/// An SSL_CTX with what clients and servers set in the same way.
///
/// `@unchecked Sendable`: configured before it is shared, then only read.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init(isServer: Bool, versions: ClosedRange<TLSVersion>) throws(TLSError) {
        ERR_clear_error()
        guard let made = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else { throw .latest() }
        pointer = made
        // Buffers live only while a record is under way: they are most of a connection's memory.
        copenssl_release_buffers(made)
        copenssl_set_defaults(made)
        if versions.contains(.tls13) { HandshakeLog.install(in: made) }
        guard copenssl_set_versions(made, versions.lowerBound.rawValue, versions.upperBound.rawValue) == 1 else {
            throw .latest()
        }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    func use(_ identity: TLSIdentity) throws(TLSError) {
        guard SSL_CTX_use_certificate(pointer, identity.certificate.pointer) == 1 else { throw .latest() }
        guard SSL_CTX_use_PrivateKey(pointer, identity.key.pointer) == 1 else { throw .keyMismatch }
        for certificate in identity.chain.dropFirst() {
            guard copenssl_add_chain_certificate(pointer, certificate.pointer) == 1 else { throw .latest() }
        }
    }

    /// Offers these suites and no others, by their names in the IANA's list.
    func use(cipherSuites names: [String]) throws(TLSError) {
        var (later, earlier): ([String], [String]) = ([], [])
        for name in names {
            if Self.suitesOfTLS13.contains(name) {
                later.append(name)
            } else if let known = OPENSSL_cipher_name(name).map({ String(cString: $0) }), known != "(NONE)" {
                earlier.append(known)
            } else {
                throw .unknownCipherSuite(name)
            }
        }
        if !later.isEmpty, SSL_CTX_set_ciphersuites(pointer, later.joined(separator: ":")) != 1 { throw .latest() }
        if !earlier.isEmpty, SSL_CTX_set_cipher_list(pointer, earlier.joined(separator: ":")) != 1 { throw .latest() }
    }

    /// OpenSSL keeps these apart from those of TLS 1.2.
    private static let suitesOfTLS13: Set<String> = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ]

    /// Fills the store that peers' certificates are judged by.
    func use(_ trust: TLSTrust) throws(TLSError) {
        guard !trust.skipsVerification else { return }
        if trust.usesSystemAuthorities { SSL_CTX_set_default_verify_paths(pointer) }
        guard let store = SSL_CTX_get_cert_store(pointer) else { throw .latest() }
        if !trust.authorities.isEmpty {
            for certificate in try Certificate.parse(pem: trust.authorities) {
                X509_STORE_add_cert(store, certificate.pointer)
            }
        }
        guard trust.usesSystemAuthorities || !trust.authorities.isEmpty || !trust.pinnedKeys.isEmpty else {
            throw .nothingTrusted
        }
        if let text = trust.revocationList {
            let lists = PEM.read(text) { PEM_read_bio_X509_CRL($0, nil, nil, nil) }
            guard !lists.isEmpty else { throw .noRevocationList }
            for list in lists {
                X509_STORE_add_crl(store, list)
                X509_CRL_free(list)
            }
            copenssl_verify_with_revocation_lists(store)
        }
        ERR_clear_error()
    }

    /// The names as ALPN has them on the wire: each with its length before it.
    static func wireProtocols(_ names: [String]) throws(TLSError) -> [UInt8] {
        var wire: [UInt8] = []
        for name in names {
            guard (1...255).contains(name.utf8.count) else { throw .badProtocolName }
            wire.append(UInt8(name.utf8.count))
            wire += Array(name.utf8)
        }
        return wire
    }
}
