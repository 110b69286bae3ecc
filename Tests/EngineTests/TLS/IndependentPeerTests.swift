import Basis
import Engine
import Foundation
import OpenSSL
import Testing

/// OpenSSL's own command line, where it is installed, at the other end.
@Suite("TLS with an independent peer", .timeLimit(.minutes(5)))
struct IndependentPeerTests {
    private static let tool = "/usr/bin/openssl"
    private static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: tool) }

    @Test(
        "openssl s_client verifies our server and gets its bytes back", .enabled(if: isInstalled, "no openssl command"),
        arguments: ["-tls1_2", "-tls1_3"])
    func client(version: String) async throws {
        let authority = try CertificateAuthority()
        let below = try authority.intermediate(commonName: "below")
        let identity = try below.issue(.init(commonName: "server", hosts: ["server.test"], use: .server))
        let anchor = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pem")
        try authority.certificate.pem.write(to: anchor, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: anchor) }
        try await withTLSEcho(TLSServerOptions(identity: identity)) { _, address in
            let (input, output) = (Pipe(), Pipe())
            var process = try ChildProcess(
                Self.tool,
                [
                    "s_client", "-connect", address.description, version, "-CAfile", anchor.path,
                    "-verify_return_error", "-verify_hostname", "server.test", "-servername", "server.test", "-quiet",
                ],
                input: input.fileHandleForReading.fileDescriptor,
                output: output.fileHandleForWriting.fileDescriptor,
                errors: FileHandle.nullDevice.fileDescriptor)
            defer {
                process.signal(SIGTERM)
                process.wait()
            }
            input.fileHandleForWriting.write(Data("hello\n".utf8))
            let answer = await Task.detached { output.fileHandleForReading.availableData }.value
            #expect(String(decoding: answer, as: UTF8.self) == "hello\n")
        }
    }
}
