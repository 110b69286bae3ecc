import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import OpenSSL
import TestSupport
import Testing

/// The same on real sockets, over every transport: counts exactly, and times that the tool's own scheduling lag may
/// lengthen but never shorten.
@Suite("Figures against a scripted server, on sockets", .serialized)
struct SocketTruthTests {
    enum Wire: CaseIterable, Sendable {
        case webSocket, secureWebSocket, polling, securePolling

        var isPolling: Bool { self == .polling || self == .securePolling }
        var isSecure: Bool { self == .secureWebSocket || self == .securePolling }
    }

    private static let agents = 4

    private func target(_ wire: Wire, _ server: SocketTruth, _ authority: SelfMadeAuthority?) throws -> AgentTarget {
        try SmallFleet.target(
            server.address, transport: wire.isPolling ? .polling(PollingPlan(connections: 8)) : .webSocket
        ) {
            if let authority { $0.security = authority.security }
        }
    }

    @Test("A server that answers after a constant time", arguments: Wire.allCases, [0, 50])
    func constant(wire: Wire, milliseconds: Int) async throws {
        let span = Nanoseconds.milliseconds(Int64(milliseconds))
        try await check(wire, "\(wire), constant \(milliseconds) ms") { _, _ in .answers(after: span) }
    }

    @Test(
        "A server that answers one heartbeat in ten late, and never one in twenty",
        arguments: [Wire.polling, .securePolling])
    func neverOnce(wire: Wire) async throws {
        try await check(wire, "\(wire), one in ten never", timeout: .milliseconds(400)) { entry, heartbeats in
            entry.isHeartbeat && heartbeats % 10 == 0 ? .never : .answers(after: .milliseconds(5))
        }
    }

    @Test("A server that closes a connection with a report under way", arguments: Wire.allCases)
    func closes(wire: Wire) async throws {
        try await check(wire, "\(wire), closes with a report under way") { entry, heartbeats in
            entry.isHeartbeat && heartbeats % 8 == 0 ? .closes : .answers(after: .milliseconds(2))
        }
    }

    @Test("A server that goes mute and stays so", arguments: Wire.allCases)
    func mute(wire: Wire) async throws {
        let counters = try await check(wire, "\(wire), mute") { entry, heartbeats in
            entry.isHeartbeat && heartbeats > 12 ? .never : .answers(after: .milliseconds(2))
        }
        #expect(counters[.unanswered] > 0)
        #expect(counters[.reportsCut] == 0)
    }

    @discardableResult
    private func check(
        _ wire: Wire, _ name: String, timeout: Nanoseconds = .seconds(30), _ script: @escaping SocketTruth.Script
    ) async throws -> CounterTable {
        let authority = wire.isSecure ? try SelfMadeAuthority() : nil
        let server = try SocketTruth(tls: authority?.server, script)
        let fleet = try SmallFleet(Self.agents, at: try target(wire, server, authority)) { plan in
            plan.sizes.effectiveConfigBytes = 256
            plan.answerTimeout = timeout
            plan.closeTimeout = .milliseconds(300)
            plan.reconnect = .fixed(.milliseconds(50))
            plan.reconnectReport = .full
            plan.heartbeat = HeartbeatPlan(interval: .milliseconds(100), phase: .fromConnection)
        }
        try await fleet.go(for: .seconds(2))
        fleet.drain(waiting: .milliseconds(600))
        try await fleet.go(for: .milliseconds(1_200))
        await fleet.stop()
        await server.stop()
        let (counters, entries, cell) = (fleet.counters, server.entries, Cell(name: name))
        cell.expectBalance(counters)
        cell.expect(counters, .messagesSent, entries.count)
        cell.expect(counters, .heartbeats, entries.count { $0.isHeartbeat })
        let answered = entries.filter { $0.isHeartbeat && $0.answered != nil }
        cell.expect(counters, .heartbeatsAnsweredInTime, answered.count)
        // What the server took is the least that the tool can have measured.
        let service = fleet.measures[Measure.heartbeatService.index]
        let spans = answered.compactMap { entry in entry.answered.map { $0 - entry.received } }.sorted()
        if let median = spans.isEmpty ? nil : spans[(spans.count - 1) / 2] {
            #expect(service.bounds(of: .p50).high ?? .max >= median - .microseconds(100), "\(name): p50")
            TruthTable.note(name, "service time p50, at least", Figures.duration(median), service.text(.p50))
        }
        #expect(service.count == UInt64(answered.count), "\(name): service times")
        return counters
    }
}

/// An authority for one test, and a server's certificate of it.
struct SelfMadeAuthority {
    let server: TLSServerContext
    let security: TargetSecurity

    init() throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"]))
        server = try TLSServerContext(TLSServerOptions(identity: identity))
        let options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
        security = TargetSecurity(context: try TLSClientContext(options), serverName: nil)
    }
}
