import Basis
import Engine
import Foundation
public import OpenSSL

/// An authority of our own with a certificate for the server and one for clients, so that a rehearsal needs no other
/// tool. Made in memory, or kept in a folder and taken up again from there.
public struct SelfMadePKI: Sendable {
    public let authority: CertificateAuthority
    public let server: TLSIdentity

    /// Made for this process alone.
    /// - Parameter hosts: the names and addresses that the server is reached by, besides those of this machine's
    ///   loopback.
    public init(hosts: [String] = []) throws(SecurityError) {
        let hosts = Self.loopback + hosts
        (authority, server) = try CertificateFiles.usable("the self-made authority", "tls") { () throws(TLSError) in
            let authority = try CertificateAuthority(commonName: "Muster self-made authority")
            return (authority, try authority.issue(.server(hosts)))
        }
    }

    /// The one in `folder`, made there where it is missing: `ca.pem` and `ca.key`, `server.pem` and `server.key`, and
    /// `client.pem` and `client.key` for clients that share one certificate.
    ///
    /// An existing authority is used again; the other two are made each time. Keys are readable by
    /// their owner alone.
    public init(folder: String, hosts: [String] = []) throws(SecurityError) {
        let place = "the folder of the self-made authority"
        let path = { (name: String) in URL(fileURLWithPath: folder).appendingPathComponent(name).path }
        do throws(FileError) { try Files.createDirectory(folder) } catch { throw SecurityError(place, "\(error)") }
        if Files.exists(path(Name.authority)) {
            authority = CertificateAuthority(
                identity: try CertificateFiles.identity(
                    path(Name.authority), key: path(Name.authorityKey), named: place))
        } else {
            authority = try CertificateFiles.usable(folder, place) { () throws(TLSError) in
                try CertificateAuthority(commonName: "Muster self-made authority")
            }
            try CertificateFiles.write(authority.key.pem, to: path(Name.authorityKey), isSecret: true, named: place)
            try CertificateFiles.write(
                authority.certificate.pem, to: path(Name.authority), isSecret: false, named: place)
        }
        let authority = authority
        // These two are cheap and expire: made at each start, they are always valid.
        server = try CertificateFiles.usable(folder, place) { () throws(TLSError) in
            try authority.issue(.server(Self.loopback + hosts))
        }
        let client = try CertificateFiles.usable(folder, place) { () throws(TLSError) in
            try authority.issue(.init(commonName: "muster client", use: .client))
        }
        for (identity, certificate, key) in [
            (server, Name.server, Name.serverKey), (client, Name.client, Name.clientKey),
        ] {
            try CertificateFiles.write(identity.key.pem, to: path(key), isSecret: true, named: place)
            try CertificateFiles.write(identity.chainPEM, to: path(certificate), isSecret: false, named: place)
        }
    }

    private enum Name {
        static let authority = "ca.pem"
        static let authorityKey = "ca.key"
        static let server = "server.pem"
        static let serverKey = "server.key"
        static let client = "client.pem"
        static let clientKey = "client.key"
    }

    private static let loopback = ["localhost", "127.0.0.1", "::1"]
}

extension CertificateAuthority.Request {
    fileprivate static func server(_ hosts: [String]) -> CertificateAuthority.Request {
        CertificateAuthority.Request(commonName: hosts.last ?? "localhost", hosts: hosts, use: .server)
    }
}
