import Basis
import Engine
import Metrics
import Testing
import Transport

@testable import Hosting

/// Attempts to connect on real sockets.
@Suite("Connecting on sockets")
struct ConnectAttemptTests {
    /// An endpoint that only connects, and says how that ended.
    private final class Caller: Endpoint, @unchecked Sendable {
        private var attempt: ConnectAttempt?
        private var ended: (@Sendable (ConnectError?) -> Void)?

        static func connect(_ plan: ConnectPlan, on shard: Shard) async -> ConnectError? {
            await withCheckedContinuation { continuation in
                shard.perform {
                    let caller = Caller(shard: shard)
                    let attempt = ConnectAttempt(plan, at: shard.now)
                    caller.attempt = attempt
                    caller.ended = { continuation.resume(returning: $0) }
                    #expect(attempt.begin(on: caller))
                }
            }
        }

        override func connected() {
            guard let attempt else { return }
            progressed(attempt.connected(on: self))
        }

        override func received(_ bytes: RawSpan) {
            guard let attempt else { return }
            var offset = 0
            progressed(attempt.received(bytes, at: &offset, on: self))
        }

        override func closed(_ cause: CloseCause) {
            if let attempt, attempt.phase != nil { end(attempt.closed(cause)) }
        }

        private func progressed(_ progress: ConnectAttempt.Progress) {
            switch progress {
            case .underWay: break
            case .ready:
                end(nil)
                abort()
            case .failed(let error): end(error)
            }
        }

        private func end(_ error: ConnectError?) {
            ended?(error)
            ended = nil
        }
    }

    /// A peer that accepts and is silent.
    private final class Silent: Endpoint, @unchecked Sendable {}

    @Test(
        "A peer that is silent in a phase ends it at the deadline of that phase",
        arguments: [ConnectStateMachine.Phase.tunnel, .tls])
    func silent(_ phase: ConnectStateMachine.Phase) async throws {
        let shard = try Shard(label: "connect")
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in Silent(shard: shard) }
        var timeouts = ConnectTimeouts(each: .seconds(60))
        switch phase {
        case .dial: timeouts.dial = .milliseconds(50)
        case .tunnel: timeouts.tunnel = .milliseconds(50)
        case .tls: timeouts.tls = .milliseconds(50)
        }
        let tls = ConnectPlan.TLSRequest(context: try TLSClientContext(), resumes: false)
        let plan = ConnectPlan(
            address: listener.addresses[0], tunnel: phase == .tunnel ? ("server:443", HTTPFields()) : nil, tls: tls,
            timeouts: timeouts)
        let error = await Caller.connect(plan, on: shard)
        #expect(error == ConnectError(phase: phase, reason: .timedOut))
        listener.close()
        await shard.stop()
    }

    @Test("An address where nothing listens fails in the phase dial")
    func refused() async throws {
        let shard = try Shard(label: "connect")
        let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in Silent(shard: shard) }
        let address = listener.addresses[0]
        listener.close()
        // What is asked of a shard is done in order: by now nothing listens.
        let error = await Caller.connect(ConnectPlan(address: address), on: shard)
        #expect(error == ConnectError(phase: .dial, reason: .closed(.refused)))
        await shard.stop()
    }
}
