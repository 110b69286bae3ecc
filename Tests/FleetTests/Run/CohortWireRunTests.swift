import Basis
import Engine
import Foundation
import Metrics
import TestSupport
import Testing

@testable import Fleet

/// Runs of fleets whose cohorts connect in ways of their own.
@Suite("Runs in which cohorts connect in different ways", .takingTurns)
struct CohortWireRunTests {
    @Test(
        "Cohorts with compression, a proxy, another credential or none in one run: each connects as configured",
        arguments: ["websocket", "http"])
    func mixed(transport: String) async throws {
        let folder = try CertificateFolder()
        let tokens = try folder.file("tokens", "fleet-token\nother:password\n")
        let own = try folder.file("own", "fleet-token\n")
        let password = try folder.file("password", "password\n")
        // The embedded server's port has to be known to the proxy: it opens tunnels to whatever it is asked for.
        let proxy = try ScriptedProxy()
        let text = """
            agents: 12
            duration: 3s
            drain: 5s
            shards: 2
            heartbeat: {interval: 200ms}
            reconnect: {policy: fixed, delay: 300ms}
            server: {embedded: {transport: \(transport), credentials: {file: \(tokens)}}}
            auth: {bearer: {file: \(own)}}
            cohorts:
              - {name: packed, compression: {websocket: true, requests: zstd}, headers: {X-Kind: packed}}
              - {name: tunnelled, proxy: {url: "http://127.0.0.1:\(proxy.port)", headers: {X-Proxy: "1"}}}
              - {name: basic, auth: {basic: {user: other, password: {file: \(password)}}}}
              - {name: strangers, auth: none}
            """
        let run = try await FleetRun(try ProfileReader().read(text: text, source: "test.yaml"))
        let record = await run.perform(as: .test) { _ in }
        await proxy.stop()
        let counters = record.summary.counters
        #expect(counters[.agentsAnswered] == 9)
        #expect(counters[.agentsUnanswered] == 3)
        let refused = transport == "http" ? counters[.requestUnauthorized] : counters[.upgradeUnauthorized]
        #expect(refused >= 3 && counters.errors == refused, "\(record.summary.named.sorted)")
        // At least the three first reports are compressed; the other agents compress none.
        #expect(counters[.compressedSent] >= 3 && counters[.compressionDeclined] == 0)
        #expect(proxy.requests.count == 3 || transport == "http" && (1...3).contains(proxy.requests.count))
        let cohorts = record.summary.cohorts
        #expect(cohorts.map(\.name) == ["packed", "tunnelled", "basic", "strangers"])
        #expect(cohorts.allSatisfy { $0.counters[.agentsStarted] == 3 })
        // Every error and every report is the right cohort's.
        #expect(cohorts.map(\.counters.errors) == [0, 0, 0, refused])
        #expect(cohorts.reduce(0) { $0 + $1.counters.reportsSent } == counters.reportsSent)
        #expect(cohorts.reduce(0) { $0 + $1.counters[.answersReceived] } == counters[.answersReceived])
        // Agents without a connection send no heartbeat, but miss those that are due.
        #expect(cohorts.map { $0.service.count > 0 } == [true, true, true, false])
        #expect(cohorts.reduce(0) { $0 + $1.service.count } == record.summary[.heartbeatService].count)
        for secret in ["fleet-token", "other:password"] { #expect(!"\(record)".contains(secret)) }
    }
}
