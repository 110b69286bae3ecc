import Basis
import Engine
import Synchronization
import Testing

/// Events noted from any thread, which a test can await.
final class Recorder<Event: Sendable>: Sendable {
    private struct State {
        var events: [Event] = []
        var waiters: [(isMet: ([Event]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var events: [Event] { state.withLock { $0.events } }

    func note(_ event: Event) {
        let met = state.withLock { state in
            state.events.append(event)
            let events = state.events
            let met = state.waiters.filter { $0.isMet(events) }.map(\.continuation)
            state.waiters.removeAll { $0.isMet(events) }
            return met
        }
        for continuation in met { continuation.resume() }
    }

    /// Waits until what has been noted meets `condition`. The suite's time limit bounds the wait.
    @discardableResult
    func until(_ condition: @escaping @Sendable ([Event]) -> Bool) async -> [Event] {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if condition(state.events) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
        return events
    }

    @discardableResult
    func until(count: Int) async -> [Event] {
        await until { $0.count >= count }
    }
}

/// What a scripted endpoint saw.
enum Sight: Hashable, Sendable {
    case connected
    case received([UInt8])
    case peerFinished
    case drained
    case closed(CloseCause)
    case timer(Instant)

    var isClosed: Bool {
        if case .closed = self { return true }
        return false
    }
}

extension [Sight] {
    /// All bytes received, in order.
    var bytes: [UInt8] {
        flatMap { sight -> [UInt8] in
            if case .received(let bytes) = sight { return bytes }
            return []
        }
    }
}

/// An endpoint that notes what it sees and then does what the test says.
final class ScriptedEndpoint: Endpoint, @unchecked Sendable {
    let sights = Recorder<Sight>()
    var onConnected: (ScriptedEndpoint) -> Void = { _ in }
    var onReceived: (ScriptedEndpoint, [UInt8]) -> Void = { _, _ in }
    var onPeerFinished: (ScriptedEndpoint) -> Bool = { _ in false }
    var onDrained: (ScriptedEndpoint) -> Void = { _ in }
    var onClosed: (ScriptedEndpoint, CloseCause) -> Void = { _, _ in }
    var onTimer: (ScriptedEndpoint, Instant) -> Void = { _, _ in }
    var onReceiveTimeout: (ScriptedEndpoint) -> Instant? = { _ in nil }

    override func connected() {
        sights.note(.connected)
        onConnected(self)
    }

    override func received(_ bytes: RawSpan) {
        let copy = bytes.withUnsafeBytes { [UInt8]($0) }
        sights.note(.received(copy))
        onReceived(self, copy)
    }

    override func peerFinished() -> Bool {
        sights.note(.peerFinished)
        return onPeerFinished(self)
    }

    override func drained() {
        sights.note(.drained)
        onDrained(self)
    }

    override func closed(_ cause: CloseCause) {
        sights.note(.closed(cause))
        onClosed(self, cause)
    }

    override func receiveTimedOut() -> Instant? { onReceiveTimeout(self) }

    override func timerFired(due: Instant) {
        sights.note(.timer(due))
        onTimer(self, due)
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool { write(bytes.span.bytes) }

    /// All bytes received so far.
    var bytes: [UInt8] { sights.events.bytes }

    /// Waits for the first end and answers with its cause.
    func end() async -> CloseCause? {
        for case .closed(let cause) in await sights.until({ $0.contains(where: \.isClosed) }) { return cause }
        return nil
    }
}

/// Answers with what it receives.
final class EchoEndpoint: Endpoint, @unchecked Sendable {
    override func received(_ bytes: RawSpan) { write(bytes) }
}

/// Runs `body` with a shard that is stopped afterwards.
func withShard(
    options: ShardOptions = ShardOptions(), _ body: @Sendable (Shard) async throws -> Void
) async throws {
    let shard = try Shard(label: "test", options: options)
    do {
        try await body(shard)
    } catch {
        await shard.stop()
        throw error
    }
    await shard.stop()
}

extension Shard {
    /// Runs `work` on the shard and waits for its answer.
    @discardableResult
    func run<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: work()) }
        }
    }

    /// Blocks the shard for a while, to let sockets and timers pile up.
    func rest(milliseconds: Int64) async {
        await run {
            let end = Shard.clock + .milliseconds(milliseconds)
            while Shard.clock < end {}
        }
    }
}

/// A loopback address that nothing here listens on.
func unusedAddress() throws -> SocketAddress {
    try #require(SocketAddress("127.0.77.77:9"))
}
