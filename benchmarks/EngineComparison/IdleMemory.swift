import Basis
import Engine
import Foundation
import OpenSSL

/// What an idle connection costs this process in user-space memory, and a TLS handshake in CPU time.
///
/// The server is a Muster engine in a process of its own; what is measured is the client's process only.
enum IdleMemory {
    private final class Idle: Endpoint, @unchecked Sendable {
        /// On the shard only.
        final class Tally: @unchecked Sendable {
            var answered = 0
            var closed = 0
            var resumed = 0
        }

        private let tally: Tally

        init(shard: Shard, tally: Tally) {
            self.tally = tally
            super.init(shard: shard)
        }

        override func connected() {
            let frame = Frames().request
            write(frame.span.bytes)
        }

        override func received(_ bytes: RawSpan) {
            tally.answered += 1
            if tlsSession?.isResumed == true { tally.resumed += 1 }
            setTimer(at: shard.now + .seconds(3600))
        }

        override func closed(_ cause: CloseCause) {
            cancelTimer()
            tally.closed += 1
        }
    }

    private final class Answering: Endpoint, @unchecked Sendable {
        override func received(_ bytes: RawSpan) {
            let frame = Frames().answer
            write(frame.span.bytes)
        }
    }

    /// Serves plaintext and TLS on two ports until the process is ended; prints the ports and the authority's PEM.
    static func serve() async throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"], use: .server))
        let shard = try Shard(label: "server")
        let plain = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in Answering(shard: shard) }
        let secure = try Listener(
            shard: shard, addresses: [.loopback(port: 0)], tls: TLSServerContext(TLSServerOptions(identity: identity))
        ) { shard, _ in Answering(shard: shard) }
        print(plain.addresses[0].port, secure.addresses[0].port)
        print(authority.certificate.pem)
        fflush(nil)
        try await Task.sleep(for: .seconds(3600))
    }

    static func measure(connections: Int) async throws {
        let server = Process()
        let output = Pipe()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        server.arguments = ["serve-engine"]
        server.standardOutput = output
        try server.run()
        defer { server.terminate() }
        var greeting = ""
        while !greeting.contains("END CERTIFICATE") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return }
            greeting += String(decoding: more, as: UTF8.self)
        }
        let lines = greeting.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let ports = lines[0].split(separator: " ").compactMap { UInt16($0) }
        guard ports.count == 2, lines.count == 2 else { return }
        let authority = String(lines[1])
        print("\(connections) idle connections, one exchange each, user-space memory of the client process\n")
        let shard = try Shard(label: "client")
        // The shard's own buffers, and everything that is made once, come first.
        let warmUp = try context(authority, .tls12 ... .tls13)
        _ = await run(shard, ports[0], nil, 50)
        _ = await run(shard, ports[1], warmUp, 50)
        print(await run(shard, ports[0], nil, connections)?.line("plaintext") ?? "failed")
        for version in [TLSVersion.tls12, .tls13] {
            let full = try context(authority, version...version, resumes: false)
            print(await run(shard, ports[1], full, connections)?.line("\(version), full") ?? "failed")
            let resuming = try context(authority, version...version)
            _ = await run(shard, ports[1], resuming, 1)
            print(await run(shard, ports[1], resuming, connections)?.line("\(version), resumed") ?? "failed")
        }
    }

    private static func context(_ authority: String, _ versions: ClosedRange<TLSVersion>, resumes: Bool = true) throws
        -> TLSClientContext
    {
        var options = TLSClientOptions(trust: .authorities(authority))
        options.versions = versions
        options.resumes = resumes
        return try TLSClientContext(options)
    }

    private struct Figures: Sendable {
        var bytes: Int
        var cpu: Nanoseconds
        var resumed: Int

        func line(_ name: String) -> String {
            "\(name.padding(toLength: 18, withPad: " ", startingAt: 0)) \(bytes) bytes a connection, "
                + "\(cpu) CPU to connect and exchange, \(resumed) resumed"
        }
    }

    private static func run(
        _ shard: Shard, _ port: UInt16, _ context: TLSClientContext?, _ count: Int
    ) async -> Figures? {
        let tally = Idle.Tally()
        let before = ProcessFigures.current()
        let group = 200
        let clients = (0..<count).map { _ in Idle(shard: shard, tally: tally) }
        for start in stride(from: 0, to: count, by: group) {
            let part = clients[start..<min(count, start + group)]
            shard.perform {
                for client in part { client.connect(to: .loopback(port: port), timeout: .seconds(60), tls: context) }
            }
            while await ask(shard, { tally.answered + tally.closed }) < min(count, start + group) {
                try? await Task.sleep(for: .milliseconds(2))
            }
        }
        let after = ProcessFigures.current()
        let figures = await ask(shard) { tally.closed > 0 ? nil : tally.resumed }
        shard.perform { for client in clients { client.abort() } }
        while await ask(shard, { tally.closed }) < count { try? await Task.sleep(for: .milliseconds(5)) }
        return figures.map {
            Figures(
                bytes: (after.allocatedBytes - before.allocatedBytes) / count,
                cpu: Nanoseconds((after.cpuTime - before.cpuTime).count / Int64(count)), resumed: $0)
        }
    }
}
