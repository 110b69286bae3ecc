// Invariants of the unsafe memory in this file:
//  - The judgement outlives the SSL_CTX that calls it: their owner holds both and frees the context first.
//  - Inside the callback OpenSSL's chain of untrusted certificates is the one that the session keeps; replacing an
//    element by an equal certificate, with a reference of its own, keeps all of OpenSSL's assumptions.
//  - `known` is touched under its lock; the certificates in it are never changed.

import COpenSSL
import OpenSSL
import Synchronization

/// Judges the certificates that peers show, in the middle of the handshake.
///
/// All agents of a fleet are shown the same few certificates. Each connection would keep parsed copies of its own, some
/// KiB each; the ones seen before are shared instead.
final class PeerJudgement: Sendable {
    /// The limit of shared certificates; a fleet sees a server's chain, not a crowd.
    private static let knownLimit = 16

    private let pins: [[UInt8]]
    private let isByPinOnly: Bool
    private let known = Mutex<[Certificate]>([])

    init(_ trust: TLSTrust) {
        pins = trust.pinnedKeys
        isByPinOnly = !trust.usesSystemAuthorities && trust.authorities.isEmpty
    }

    func install(in context: TLSContext) {
        SSL_CTX_set_cert_verify_callback(
            context.pointer,
            { verification, argument in
                guard let verification, let argument else { return 0 }
                return Unmanaged<PeerJudgement>.fromOpaque(argument).takeUnretainedValue().judge(verification) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func judge(_ verification: OpaquePointer) -> Bool {
        share(verification)
        if !isByPinOnly && X509_verify_cert(verification) != 1 { return false }
        guard !pins.isEmpty else { return true }
        if let leaf = X509_STORE_CTX_get0_cert(verification), let digest = Certificate.keyDigest(of: leaf),
            pins.contains(digest)
        {
            if isByPinOnly { X509_STORE_CTX_set_error(verification, X509_V_OK) }
            return true
        }
        X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION)
        return false
    }

    /// Puts certificates seen before in the place of equal new ones.
    private func share(_ verification: OpaquePointer) {
        guard let shown = X509_STORE_CTX_get0_untrusted(verification) else { return }
        known.withLock { known in
            for index in 0..<copenssl_certificate_count(shown) {
                guard let certificate = copenssl_certificate(shown, index) else { continue }
                if let same = known.first(where: { X509_cmp($0.pointer, certificate) == 0 }) {
                    if index == 0 { X509_STORE_CTX_set_cert(verification, same.pointer) }
                    copenssl_replace_certificate(shown, index, same.pointer)
                } else if known.count < Self.knownLimit {
                    X509_up_ref(certificate)
                    known.append(Certificate(owning: certificate))
                }
            }
        }
    }
}
