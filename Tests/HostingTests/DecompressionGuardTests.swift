import AgentModel
import Basis
import Metrics
import OpAMP
import OrderedCollections
import TestSupport
import Testing
import Transport

@testable import Hosting

@Suite("Servers whose messages decompress to too much")
struct DecompressionGuardTests {
    private let start = Instant.zero + .seconds(1)

    @Test(
        "After a bomb the server's messages are decompressed to a small size only, each time for longer"
    )
    func pauses() {
        var state = DecompressionGuard()
        #expect(state.limit(64 << 20, for: "a:1", at: start) == 64 << 20)
        state.exceeded(by: "a:1", at: start)
        #expect(state.limit(64 << 20, for: "a:1", at: start) == DecompressionGuard.limitDuringPause)
        #expect(state.limit(1_000, for: "a:1", at: start) == 1_000)
        #expect(state.limit(64 << 20, for: "b:1", at: start) == 64 << 20)
        // During the pause more of them change nothing.
        let later = start + DecompressionGuard.firstPause
        state.exceeded(by: "a:1", at: later - .seconds(1))
        #expect(state.limit(64 << 20, for: "a:1", at: later) == 64 << 20)
        state.exceeded(by: "a:1", at: later)
        let double = DecompressionGuard.firstPause * 2
        #expect(state.limit(64 << 20, for: "a:1", at: later + double - .seconds(1)) < 64 << 20)
        #expect(state.limit(64 << 20, for: "a:1", at: later + double) == 64 << 20)
        var at = later
        for _ in 0..<20 {
            at += DecompressionGuard.longestPause
            state.exceeded(by: "a:1", at: at)
        }
        #expect(state.limit(64 << 20, for: "a:1", at: at + DecompressionGuard.longestPause) == 64 << 20)
    }

    @Test("Any number of servers uses bounded memory")
    func manyServers() {
        var state = DecompressionGuard()
        for index in 0..<5_000 { state.exceeded(by: "host:\(index)", at: start) }
        #expect(state.serverCount <= 1_024)
        // Those whose pauses are over make room.
        let later = start + DecompressionGuard.firstPause
        state.exceeded(by: "new:1", at: later)
        #expect(state.limit(64 << 20, for: "new:1", at: later) == DecompressionGuard.limitDuringPause)
    }

    /// A compressed answer with a configuration of so many bytes; 0: with none.
    private static func answer(_ size: Int, isPolling: Bool) -> HTTPReaction {
        var answer = ServerToAgent(capabilities: [.acceptsStatus])
        if size > 0 {
            let file = AgentConfigFile(body: [UInt8](repeating: 0x61, count: size))
            answer.remoteConfig = AgentRemoteConfig(config: AgentConfigMap(configMap: ["": file]), configHash: [1])
        }
        var bytes: [UInt8] = []
        guard !isPolling else {
            ContentCoder().encode(answer.encoded().span.bytes, as: .gzip, into: &bytes)
            return .answer(bytes, "Content-Encoding: gzip\r\n")
        }
        Deflater()?.message(([0] + answer.encoded()).span.bytes, into: &bytes)
        return .upgrades(
            extensions: "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            then: .says(HostileFrames.frame(0xC2, bytes)))
    }

    @Test(
        "After a bomb an agent decompresses no large message of the server, small ones are answers",
        arguments: [true, false])
    func agents(isPolling: Bool) async throws {
        let large = DecompressionGuard.limitDuringPause * 3 / 2
        let server = try ScriptedHTTPServer { request in
            switch request.number {
            case 0: Self.answer(8 << 20, isPolling: isPolling)
            // Within the agents' own limit.
            case 1: Self.answer(large, isPolling: isPolling)
            default: Self.answer(0, isPolling: isPolling)
            }
        }
        let target = try SmallFleet.target(
            server.address, transport: isPolling ? .polling(PollingPlan(connections: 1)) : .webSocket,
            limits: WebSocketLimits(messageBytes: 4 << 20, frameBytes: 4 << 20)
        ) { $0.compression.offersDeflate = true }
        let fleet = try SmallFleet(1, at: target) { plan in
            plan.reconnect = .fixed(.milliseconds(10))
            if isPolling { plan.pollingInterval = .milliseconds(100) }
        }
        try await fleet.wait(until: "the second is a bomb too", timeout: .seconds(20)) { $0[.decompressionBomb] >= 2 }
        try await fleet.wait(until: "an answer", timeout: .seconds(20)) { $0[.agentsAnswered] == 1 }
        await fleet.stop()
        await server.stop()
        #expect(fleet.counters[.decompressionBomb] == 2 && fleet.counters[.remoteConfigsReceived] == 0)
    }
}
