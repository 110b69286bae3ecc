import Engine
import OpAMP
import OpenSSL

/// The keys for which agents ask certificates of the server (specification: Agent-initiated CSR Flow). They never leave
/// this process; a few serve the whole fleet, as with certificates issued here.
struct CertificateRequests: Sendable {
    typealias Make = @Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> [UInt8]

    private let keys: [PrivateKey]

    init() throws(TLSError) {
        var keys: [PrivateKey] = []
        for _ in 0..<Self.count { keys.append(try PrivateKey.generate()) }
        self.keys = keys
    }

    /// The signing request of an agent (PKCS #10, PEM). Empty where OpenSSL makes none: a bad request, which the server
    /// says.
    var make: Make {
        { [keys] index, uid in
            let key = keys[Int(index % UInt64(keys.count))]
            return Array(((try? key.certificateRequest(commonName: uid.description)) ?? "").utf8)
        }
    }

    /// The key that a certificate was asked for; nil where it is for none of them.
    func key(of certificate: Certificate) -> PrivateKey? {
        keys.first { $0.fits(certificate) }
    }

    private static let count = 16
}
