import Basis
import Foundation
import Metrics
import Testing

@testable import Fleet

/// Whole runs of profiles that say how connections are made and used.
@Suite("Runs with compression, polling and credentials", .takingTurns)
struct WireRunTests {
    private static func perform(_ text: String) async throws -> RunRecord {
        let head = "agents: 20\nduration: 2s\ndrain: 5s\nshards: 2\nheartbeat: {interval: 200ms}\n"
        let profile = try ProfileReader().read(text: head + text, source: "test.yaml")
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }
    }

    private static func expectFine(_ record: RunRecord) {
        let counters = record.summary.counters
        #expect(record.summary.outcome == .completed)
        #expect(counters[.agentsAnswered] == 20)
        #expect(counters[.agentDisconnects] == 20)
        #expect(counters[.agentDisconnectsUnsent] == 0)
        for error in Counter.errors { #expect(counters[error] == 0, "\(error.name)") }
        #expect(record.summary.reconciliation.agrees, "\(record.summary.reconciliation)")
    }

    @Test(
        "Over compressed WebSockets and over plain HTTP with gzip or zstd, both sides count the same",
        arguments: [
            "compression: on", "compression: on\nserver: {embedded: {transport: http}}",
            "compression: {requests: zstd}\nserver: {embedded: {transport: http}}",
        ])
    func compressed(text: String) async throws {
        let record = try await Self.perform(text)
        Self.expectFine(record)
        let counters = record.summary.counters
        #expect(counters[.compressedSent] >= 20)
        #expect(counters[.compressedSentWireBytes] < counters[.compressedSentPlainBytes])
    }

    @Test("A server that closes each connection is an ordinary one")
    func closing() async throws {
        let record = try await Self.perform("server: {embedded: {transport: http, close_connections: true}}")
        Self.expectFine(record)
        #expect(record.summary.counters[.keepAliveRefusals] >= 40)
    }

    @Test(
        "Agents with the token that the server wants are served, those without are refused; no result holds the token")
    func credentials() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("token-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try "very-s3cret-token\n".write(to: file, atomically: true, encoding: .utf8)
        let server = "server: {embedded: {credentials: {file: \(file.path)}}}\n"
        let served = try await Self.perform(server + "auth: {bearer: {file: \(file.path)}}")
        Self.expectFine(served)
        #expect(!"\(served)".contains("very-s3cret-token"))
        let refused = try await Self.perform(server)
        #expect(refused.summary.counters[.upgradeUnauthorized] >= 20)
        #expect(refused.summary.counters[.agentsAnswered] == 0)
    }

    @Test("Agents without heartbeats poll over plain HTTP")
    func withoutHeartbeats() async throws {
        let record = try await Self.perform(
            "server: {embedded: {transport: http}}\npolling: {interval: 200ms}\nbatch: {window: 100ms}\n"
                + "cohorts: [{name: quiet, heartbeat: {enabled: false}}]")
        Self.expectFine(record)
        #expect(record.summary.counters[.heartbeats] > 20)
    }
}
