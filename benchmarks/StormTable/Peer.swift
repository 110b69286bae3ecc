import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import OpenSSL

/// The server of all rows, in a process of its own: Muster's embedded server on two ports, plaintext and TLS.
struct Peer {
    let process: Process?
    let plain: SocketAddress
    /// Nil where another program's server is measured.
    let secure: SocketAddress?
    /// The authority of the TLS server's certificate, PEM.
    let authority: String

    /// Serves until the process is ended; prints the ports and the authority.
    static func serve() async throws {
        FileLimits.raise()
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"], use: .server))
        let plain = try server(nil)
        let secure = try server(ServerSecurity(TLSServerOptions(identity: identity)))
        print(plain.addresses[0].port, secure.addresses[0].port)
        print(authority.certificate.pem)
        fflush(nil)
        try await Task.sleep(for: .seconds(3600))
        _ = (await plain.stop(), await secure.stop())
    }

    private static func server(_ security: ServerSecurity?) throws -> OpAMPServer {
        try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 0, security: security)
    }

    /// A server as a child process.
    static func start() throws -> Peer {
        let child = Process()
        let output = Pipe()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = ["serve"]
        child.standardOutput = output
        try child.run()
        var greeting = ""
        while !greeting.contains("END CERTIFICATE") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw PeerError() }
            greeting += String(decoding: more, as: UTF8.self)
        }
        let lines = greeting.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let ports = lines[0].split(separator: " ").compactMap { UInt16($0) }
        guard ports.count == 2, lines.count == 2 else { throw PeerError() }
        return Peer(
            process: child, plain: .loopback(port: ports[0]), secure: .loopback(port: ports[1]),
            authority: String(lines[1]))
    }

    /// CPU time that the server has used, seconds.
    var cpuSeconds: Double? {
        guard let process else { return nil }
        let path = "/proc/\(process.processIdentifier)/stat"
        guard let stat = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

struct PeerError: Error, CustomStringConvertible {
    var description: String { "the server did not start" }
}
