import Basis
import Engine
import Foundation
import Metrics
import Testing

@testable import Fleet

/// The connections of both sides against programs that share nothing with Muster: Python's `websockets` and
/// `http.server`, a proxy on `asyncio`, curl.
@Suite(
    "Interoperability of compression, plain HTTP and proxies",
    .enabled(if: PythonPeers.isAvailable, Comment(rawValue: PythonPeers.absence)), .takingTurns)
struct WireInteropTests {
    private struct Port: Decodable {
        let port: Int
    }

    private static let agents = 20

    private static func run(_ profile: String) async throws -> RunRecord {
        let text = "agents: \(agents)\nduration: 3s\ndrain: 10s\nshards: 2\nheartbeat: {interval: 300ms}\n" + profile
        let run = try await FleetRun(try ProfileReader().read(text: text, source: "test.yaml"))
        return await run.perform(as: .test) { _ in }
    }

    /// Runs `profile`, in which `PORT` stands for the program's, beside a program, and gives the record and the
    /// program's last words.
    private static func run<Verdict: Decodable>(
        _ program: String, _ arguments: [String], _ profile: String, _ verdict: Verdict.Type
    ) async throws -> (RunRecord, Verdict) {
        try await PythonPeer.with(program, arguments) { peer in
            let port = try await peer.json(Port.self).port
            let record = try await run(profile.replacingOccurrences(of: "PORT", with: "\(port)"))
            let end = try await peer.end()
            return (record, try PythonPeer.decode(Verdict.self, try #require(end.lines.last)))
        }
    }

    private static func expectFine(_ record: RunRecord) {
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsAnswered] == UInt64(agents))
        for error in Counter.errors { #expect(counters[error] == 0, "\(error.name)") }
    }

    // MARK: - permessage-deflate

    private struct DeflateVerdict: Decodable {
        let reports, compressing, connections: Int
    }

    @Test(
        "Python's websockets negotiates compression with every window, and both sides read all messages",
        arguments: [15, 10])
    func deflate(window: Int) async throws {
        let (record, verdict) = try await Self.run(
            "deflate_peer.py", ["--window", "\(window)"],
            "server: ws://127.0.0.1:PORT\ncompression: {websocket: true, threshold: 0B}\n", DeflateVerdict.self)
        Self.expectFine(record)
        let counters = record.summary.counters
        #expect(verdict.compressing == verdict.connections && verdict.connections == Self.agents)
        #expect(verdict.reports == Int(counters[.messagesSent]))
        #expect(counters[.compressedSent] == counters[.messagesSent])
        #expect(counters[.compressedReceived] == counters[.messagesReceived])
        #expect(counters[.compressedReceivedWireBytes] < counters[.compressedReceivedPlainBytes])
    }

    // MARK: - Plain HTTP

    private struct HTTPVerdict: Decodable {
        let reports, compressed, refused, agentDisconnects, agents: Int
        let violations: [String]
    }

    @Test(
        "Python's http.server understands every poll, with and without compression and kept connections",
        arguments: [[], ["--gzip"], ["--close", "--gzip"], ["--refuse-coding"]])
    func http(options: [String]) async throws {
        let (record, verdict) = try await Self.run(
            "http_peer.py", options,
            "server: http://127.0.0.1:PORT\ncompression: {requests: gzip}\npolling: {connections: 8}\n",
            HTTPVerdict.self)
        Self.expectFine(record)
        let counters = record.summary.counters
        #expect(verdict.violations.isEmpty, "\(verdict.violations)")
        #expect(verdict.agents == Self.agents)
        #expect(verdict.agentDisconnects == Self.agents)
        // A report that is sent again without its coding is another message.
        #expect(verdict.reports + verdict.refused == Int(counters[.messagesSent]))
        let refuses = options.contains("--refuse-coding")
        #expect((verdict.refused > 0) == refuses)
        #expect(Int(counters[.compressionRefusals]) == verdict.refused)
        #expect((verdict.compressed >= Self.agents) == !refuses)
        #expect((counters[.keepAliveRefusals] > 0) == options.contains("--close"))
        #expect((counters[.compressedReceived] > 0) == options.contains("--gzip"))
    }

    // MARK: - Proxy

    private struct ProxyVerdict: Decodable {
        let tunnels, refused: Int
    }

    @Test(
        "A Python proxy takes the fleet to its server, and the server's own counts are known through it",
        arguments: ["websocket", "http"])
    func proxy(transport: String) async throws {
        let (record, verdict) = try await Self.run(
            "connect_proxy.py", [],
            "server: {embedded: {transport: \(transport)}}\nproxy: http://127.0.0.1:PORT\n", ProxyVerdict.self)
        Self.expectFine(record)
        #expect(record.summary.reconciliation.agrees)
        #expect(verdict.refused == 0)
        #expect(verdict.tunnels >= (transport == "http" ? 2 : Self.agents))
    }

    @Test("A proxy that wants credentials gets them from a file, or refuses with 407")
    func proxyCredentials() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("password-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try "pa:ss\n".write(to: file, atomically: true, encoding: .utf8)
        let auth = ", auth: {basic: {user: fleet, password: {file: \(file.path)}}}"
        for given in [auth, ""] {
            let (record, verdict) = try await Self.run(
                "connect_proxy.py", ["--user", "fleet:pa:ss"],
                "proxy: {url: 'http://127.0.0.1:PORT'\(given)}\n", ProxyVerdict.self)
            if given.isEmpty {
                #expect(record.summary.counters[.proxyUnauthorized] >= UInt64(Self.agents))
                #expect(verdict.tunnels == 0)
            } else {
                Self.expectFine(record)
                #expect(verdict.tunnels == Self.agents)
            }
        }
    }
}
