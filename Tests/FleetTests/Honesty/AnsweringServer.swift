import Basis
import Engine
import OpAMP
import Transport

/// An OpAMP server on the loopback, made of the engine and the transport alone, that answers each report after a
/// scripted delay and writes down when it really had it and when it really answered it, on the same monotonic axis as
/// the fleet's.
final class AnsweringServer: Sendable {
    struct Script: Sendable {
        var delay = Distribution.constant(.zero)
        var seed: UInt64 = 1
        var pause: Pause?
    }

    /// From when so many agents have sent three heartbeats each, nothing is answered for `length`; reports are read all
    /// the same.
    struct Pause: Sendable {
        var agents: Int
        var length: Nanoseconds
        static let beats = 3
    }

    /// One report, from the server's side.
    struct Entry: Sendable {
        let connection: Int
        let isHeartbeat: Bool
        let received: Instant
        /// When the script wanted it answered.
        let due: Instant
        /// When the answer was written; `nil` where the connection ended before.
        var answered: Instant?
    }

    struct Log: Sendable {
        var entries: [Entry] = []
        /// Round trips of pings through the fleet's shard and back, each from when the ping was due: how far away the
        /// two were from each other in the course of the run, whichever of them was late.
        var roundTrips: [Nanoseconds] = []
        var pause: Range<Instant>?

        /// Heartbeats with an answer, in the order in which they came.
        var heartbeats: [Entry] { entries.filter { $0.isHeartbeat && $0.answered != nil } }
    }

    let port: UInt16
    private let shard: Shard
    private let listener: Listener
    private let desk: AnsweringDesk

    init(_ script: Script) throws {
        let shard = try Shard(label: "answering")
        let desk = AnsweringDesk(shard: shard, script: script)
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            AnsweringConnection(shard: shard, desk: desk)
        }
        self.shard = shard
        self.desk = desk
        port = listener.addresses[0].port
        shard.perform { desk.setTimer(at: shard.now) }
    }

    /// What is written down by now.
    func log() async -> Log {
        await withCheckedContinuation { continuation in
            shard.perform { [desk] in continuation.resume(returning: desk.log) }
        }
    }

    var address: SocketAddress { .loopback(port: port) }
    var url: String { "ws://127.0.0.1:\(port)/v1/opamp" }

    /// Ends everything and hands over the log.
    func stop() async -> Log {
        listener.close()
        await shard.stop()
        return await log()
    }

    /// The time between two pings: what a delay of either side can hide in.
    static let pingInterval = Nanoseconds.milliseconds(2)
}

/// What the connections of the server share, and its metronome. An endpoint without a connection; confined to its
/// shard.
private final class AnsweringDesk: Endpoint, @unchecked Sendable {
    private let script: AnsweringServer.Script
    private var random: SeededRandom
    var log = AnsweringServer.Log()
    private var connections: [AnsweringConnection] = []
    /// Heartbeats by connection.
    private var beats: [Int] = []
    private var turn = 0

    init(shard: Shard, script: AnsweringServer.Script) {
        self.script = script
        random = SeededRandom(seed: script.seed)
        super.init(shard: shard)
    }

    /// - Returns: The number of the connection.
    func opened(_ connection: AnsweringConnection) -> Int {
        connections.append(connection)
        beats.append(0)
        return beats.count - 1
    }

    func closed(_ connection: AnsweringConnection) {
        connections.removeAll { $0 === connection }
    }

    /// Writes a report down.
    /// - Parameter earliest: when the answer before it on the connection is due.
    /// - Returns: Its place in the log, and when it is to be answered.
    func received(_ isHeartbeat: Bool, on connection: Int, earliest: Instant) -> (place: Int, due: Instant) {
        let now = Shard.clock
        if isHeartbeat { beats[connection] += 1 }
        if let pause = script.pause, log.pause == nil,
            beats.count(where: { $0 >= AnsweringServer.Pause.beats }) == pause.agents
        {
            log.pause = now..<(now + pause.length)
        }
        var due = max(now + script.delay.draw(&random), earliest)
        if let pause = log.pause, pause.contains(due) { due = pause.upperBound }
        log.entries.append(
            AnsweringServer.Entry(connection: connection, isHeartbeat: isHeartbeat, received: now, due: due))
        return (log.entries.count - 1, due)
    }

    /// A ping is due on one of the connections. Those that fell due meanwhile go with it, each from its own due time: a
    /// late server must not look away while it is late.
    override func timerFired(due: Instant) {
        var missed = 1
        while due + AnsweringServer.pingInterval * Int64(missed) <= shard.now { missed += 1 }
        if !connections.isEmpty {
            turn = (turn + 1) % connections.count
            connections[turn].ping(due: due, count: missed)
        }
        setTimer(at: due + AnsweringServer.pingInterval * Int64(missed))
    }

    func ponged(due: Instant, count: Int) {
        let now = Shard.clock
        for index in 0..<count {
            log.roundTrips.append(now - (due + AnsweringServer.pingInterval * Int64(index)))
        }
    }
}

private final class AnsweringConnection: Endpoint, @unchecked Sendable {
    private struct Pending {
        let place: Int
        let due: Instant
        let uid: InstanceUIDField
    }

    private let desk: AnsweringDesk
    private var requests: HTTPReader? = HTTPReader(.requests)
    private var frames = WebSocketReader(role: .server)
    private var scratch: [UInt8] = []
    private var output: [UInt8] = []
    private var number = 0
    private var hasReported = false
    private var pending: [Pending] = []
    private var pings: [(due: Instant, count: Int)] = []

    init(shard: Shard, desk: AnsweringDesk) {
        self.desk = desk
        super.init(shard: shard)
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        do {
            if requests != nil { try upgrade(bytes, &offset) }
            if requests == nil { try readFrames(bytes, &offset) }
        } catch {
            abort()
        }
    }

    override func closed(_ cause: CloseCause) {
        desk.closed(self)
    }

    override func timerFired(due: Instant) {
        answer()
    }

    func ping(due: Instant, count: Int) {
        pings.append((due, count))
        WebSocketFrame.append(.ping, payload: [UInt8]().span.bytes, mask: nil, to: &output)
        flush()
    }

    private func upgrade(_ bytes: RawSpan, _ offset: inout Int) throws {
        while let event = try requests?.next(bytes, at: &offset) {
            guard case .request(let head) = event else { continue }
            guard WebSocketServerHandshake.isUpgrade(head) else {
                HTTPWriter.appendResponse(404, contentLength: 0, keepAlive: false, to: &output)
                flush()
                return closeGracefully()
            }
            _ = try WebSocketServerHandshake.accept(head, to: &output)
            flush()
            requests = nil
            number = desk.opened(self)
            return
        }
    }

    private func readFrames(_ bytes: RawSpan, _ offset: inout Int) throws {
        // Where a masked frame is put together; taken out meanwhile, so that the bytes in it can be borrowed.
        var scratch: [UInt8] = []
        swap(&scratch, &self.scratch)
        defer { swap(&scratch, &self.scratch) }
        while isOpen, let event = try frames.next(bytes, at: &offset, scratch: &scratch) {
            switch event {
            case .message(_, let payload):
                try take(payload.bytes(input: bytes, scratch: scratch))
            case .pong:
                let ping = pings.removeFirst()
                desk.ponged(due: ping.due, count: ping.count)
            case .close(let code, _):
                // What is not answered by now stays so.
                pending = []
                cancelTimer()
                desk.closed(self)
                WebSocketFrame.appendClose(code, mask: nil, to: &output)
                flush()
                closeGracefully()
            case .ping, .compressedMessage:
                break
            }
        }
    }

    private func take(_ message: RawSpan) throws {
        let body = try WebSocketMessageHeader.body(of: message)
        let report = try AgentToServerView(body)
        let (place, due) = desk.received(
            hasReported && report.isHeartbeat, on: number, earliest: pending.last?.due ?? .zero)
        hasReported = true
        pending.append(Pending(place: place, due: due, uid: report.instanceUID))
        if due <= shard.now {
            answer()
        } else if pending.count == 1 {
            setTimer(at: due)
        }
    }

    /// Everything that is due, in order.
    private func answer() {
        while let next = pending.first, next.due <= shard.now {
            pending.removeFirst()
            let bytes = ServerToAgent(instanceUID: next.uid, capabilities: [.acceptsStatus]).encoded()
            WebSocketFrame.append(.binary, prefix: 0, payload: bytes.span.bytes, mask: nil, to: &output)
            desk.log.entries[next.place].answered = Shard.clock
            flush()
        }
        if let next = pending.first { setTimer(at: next.due) }
    }

    private func flush() {
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
    }
}
