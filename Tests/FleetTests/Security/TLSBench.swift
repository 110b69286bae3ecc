import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import OpenSSL
import Testing

@testable import Fleet

/// A folder for one test's certificates, gone after it.
final class CertificateFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a file and gives its full path.
    func file(_ name: String, _ text: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    func pair(_ name: String, _ identity: TLSIdentity) throws -> KeyPairFiles {
        KeyPairFiles(
            certificate: try file("\(name).pem", identity.chainPEM), key: try file("\(name).key", identity.key.pem))
    }
}

extension CertificateAuthority.Request {
    /// A certificate for a server on the loopback address.
    static func testServer(
        hosts: [String] = ["127.0.0.1"], use: Use = .server, notBefore: Int = -3600, notAfter: Int = 3600
    ) -> CertificateAuthority.Request {
        var request = CertificateAuthority.Request(commonName: "server", hosts: hosts, use: use)
        (request.notBefore, request.notAfter) = (notBefore, notAfter)
        return request
    }
}

/// A server of ours over TLS, on the loopback, while `body` runs.
func withSecureServer<Result>(
    _ options: TLSServerOptions, authority: CertificateAuthority? = nil,
    _ body: (_ server: OpAMPServer, _ port: UInt16) async throws -> Result
) async throws -> Result {
    let server = try OpAMPServer(
        plan: ControlPlane.ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1,
        wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000,
        security: ServerSecurity(options, authority: authority))
    do {
        let result = try await body(server, server.addresses[0].port)
        _ = await server.stop()
        return result
    } catch {
        _ = await server.stop()
        throw error
    }
}

extension Profile {
    /// Three agents for a short while.
    static func brief(_ url: String) throws -> Profile {
        var profile = Profile.standard
        profile.agents = 3
        profile.duration = .seconds(1)
        profile.drain = .seconds(3)
        profile.shards = 1
        profile.server = .url(try ServerURL(url))
        return profile
    }
}
