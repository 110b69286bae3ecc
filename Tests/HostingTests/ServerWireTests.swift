import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import TestSupport
import Testing
import Transport

/// The embedded server's own ways with connections, and agents that meet them.
@Suite("The embedded server's switches")
struct ServerWireTests {
    private static func with(
        _ wire: ServerWire, _ body: (SocketAddress, OpAMPServer) async throws -> Void
    ) async throws {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: 1_800_000_000_000)
        try await body(server.addresses[0], server)
        _ = await server.stop()
    }

    private static func polling(
        _ address: SocketAddress, _ compression: WireCompression = WireCompression()
    ) throws -> AgentTarget {
        try SmallFleet.target(address, transport: .polling(PollingPlan(connections: 2))) {
            $0.compression = compression
        }
    }

    @Test("A server that closes after every answer costs a handshake a poll, and nothing else")
    func closes() async throws {
        var wire = ServerWire()
        wire.closesAfterAnswer = true
        try await Self.with(wire) { address, server in
            let fleet = try SmallFleet(4, at: Self.polling(address))
            try await fleet.wait(until: "twenty answers") { $0[.answersReceived] >= 20 }
            let counters = fleet.counters
            await fleet.stop()
            #expect(counters.errors == 0)
            #expect(counters[.keepAliveRefusals] >= 20)
            #expect(counters[.connectionsOpened] >= 20)
            let counts = await server.counts()
            #expect(counts.connectionsAccepted >= 20)
        }
    }

    @Test("A server that drops idle connections between two polls costs new connections, and no error")
    func idle() async throws {
        var wire = ServerWire()
        wire.idleTimeout = .milliseconds(30)
        try await Self.with(wire) { address, _ in
            let fleet = try SmallFleet(3, at: Self.polling(address)) {
                $0.heartbeat = HeartbeatPlan(interval: .milliseconds(100), phase: .fromConnection)
            }
            try await fleet.wait(until: "many polls over new connections") {
                $0[.answersReceived] >= 20 && $0[.connectionsOpened] >= 4
            }
            let counters = fleet.counters
            await fleet.stop()
            #expect(counters.errors == 0)
            #expect(counters[.reconnects] == 0)
        }
    }

    @Test("A report above the server's limit is refused once with 413 and not repeated, and the polls continue")
    func tooLarge() async throws {
        var wire = ServerWire()
        wire.largestMessage = 1_024
        try await Self.with(wire) { address, _ in
            let fleet = try SmallFleet(1, at: Self.polling(address)) { $0.sizes.effectiveConfigBytes = 8_192 }
            try await fleet.wait(until: "polls behind the refusal") { $0[.answersReceived] >= 3 }
            let counters = fleet.counters
            await fleet.stop()
            #expect(counters[.requestTooLarge] >= 1)
            #expect(counters.errors == counters[.requestTooLarge])
        }
    }

    @Test("Requests use a coding that the server accepts", arguments: [ContentCoding.gzip, .zstd])
    func codings(_ coding: ContentCoding) async throws {
        try await Self.with(ServerWire()) { address, server in
            let fleet = try SmallFleet(3, at: Self.polling(address, WireCompression(requests: coding)))
            try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 3 }
            let counts = await server.counts()
            #expect(fleet.counters.errors == 0)
            #expect(fleet.counters[.compressedSent] == 3)
            #expect(counts.compressedBytesIn == fleet.counters[.compressedSentWireBytes])
            #expect(counts.decompressedBytesIn == fleet.counters[.compressedSentPlainBytes])
            await fleet.stop()
        }
    }

    @Test(
        "After a 415 the report is sent again at once, with a coding that the server names, or none",
        arguments: [[ContentCoding.gzip], []])
    func refusedCoding(taken: [ContentCoding]) async throws {
        var wire = ServerWire()
        wire.codings = taken
        try await Self.with(wire) { address, server in
            let fleet = try SmallFleet(6, at: Self.polling(address, WireCompression(requests: .zstd))) {
                $0.sizes.effectiveConfigBytes = 4_096
            }
            try await fleet.wait(until: "answers") { $0[.agentsAnswered] == 6 }
            let counters = fleet.counters
            await fleet.stop()
            #expect(counters.errors == 0)
            // The pool remembers: no more than were under way at once meet the refusal.
            #expect((1...2).contains(counters[.compressionRefusals]))
            #expect(counters[.firstReports] == 6)
            let counts = await server.counts()
            #expect(counts.fullReports == 6)
            #expect(counts.compressedIn == (taken.isEmpty ? 0 : 6))
        }
    }

    @Test("Waiting answers for one connection are sent in one system call once they are due")
    func corked() async throws {
        try await Self.with(ServerWire()) { address, server in
            let fleet = try SmallFleet(40, at: SmallFleet.target(address)) {
                $0.gatewayMembers = 39
                $0.heartbeat = HeartbeatPlan(interval: .milliseconds(200), phase: .lockstep)
            }
            try await fleet.wait(until: "beats of all behind one gateway") {
                $0[.agentsAnswered] == 40 && $0[.heartbeats] >= 200
            }
            let counters = fleet.counters
            await fleet.stop()
            #expect(counters[.connectionsOpened] == 1)
            #expect(counters[.writeCalls] < counters[.messagesSent] / 2)
            let errors = Counter.errors.filter { counters[$0] > 0 }.map(\.name)
            #expect(errors.isEmpty, "\(errors)")
        }
    }
}
