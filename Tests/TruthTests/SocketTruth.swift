import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import OpAMP
import OpenSSL
import Synchronization
import TestSupport
import Testing
import Transport

/// A scripted OpAMP server on a real socket, WebSocket and plain HTTP on one port, whose log is the truth.
final class SocketTruth: Sendable {
    /// What it does with a report.
    enum Answering: Sendable {
        case answers(after: Nanoseconds)
        /// Over HTTP it holds the request for ever.
        case never
        /// Closes the connection without an answer.
        case closes
    }

    /// A report as it was received, and when its answer was written.
    struct Entry: Sendable {
        let isHeartbeat: Bool
        let received: Instant
        let connection: Int
        let number: Int
        var answered: Instant?
    }

    typealias Script = @Sendable (_ entry: Entry, _ heartbeats: Int) -> Answering

    fileprivate struct State {
        var entries: [Entry] = []
        var connections = 0
        var heartbeats = 0
    }

    let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let script: Box

    fileprivate final class Box: Sendable {
        let script: Script
        let log = Mutex(State())
        init(_ script: @escaping Script) { self.script = script }
    }

    init(tls: TLSServerContext? = nil, _ script: @escaping Script) throws {
        let box = Box(script)
        self.script = box
        shard = try Shard(label: "truth.server")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)], tls: tls) { shard, _ in
            let number = box.log.withLock { log in
                log.connections += 1
                return log.connections - 1
            }
            return Connection(shard: shard, number: number, box: box)
        }
        address = listener.addresses[0]
    }

    var entries: [Entry] { script.log.withLock { $0.entries } }

    func stop() async {
        listener.close()
        await shard.stop()
    }

    private final class Connection: Endpoint, @unchecked Sendable {
        private let box: Box
        private let number: Int
        private var exchange = HTTPServerExchange()
        private var reader: WebSocketReader?
        private var count = 0
        /// Answers that wait, in the order of their times.
        private var waiting: [(at: Instant, entry: Int)] = []

        init(shard: Shard, number: Int, box: Box) {
            self.box = box
            self.number = number
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            do {
                var offset = 0
                if reader == nil {
                    while reader == nil, let event = try exchange.next(bytes, at: &offset) {
                        switch event {
                        case .head: continue
                        case .request(let head, _):
                            head.method == .post ? report(exchange.body) : abort()
                        case .upgrade(let head): try upgrade(head)
                        }
                    }
                }
                try readFrames(bytes, &offset)
            } catch {
                abort()
            }
        }

        private func upgrade(_ head: HTTPRequestHead) throws {
            var output: [UInt8] = []
            _ = try WebSocketServerHandshake.accept(head, to: &output)
            write(output.span.bytes)
            reader = WebSocketReader(role: .server)
        }

        private func readFrames(_ bytes: RawSpan, _ offset: inout Int) throws {
            guard var reader else { return }
            defer { self.reader = reader }
            var scratch: [UInt8] = []
            while let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(_, let payload):
                    let message = payload.bytes(input: bytes, scratch: scratch)
                    report(message.withUnsafeBytes { Array($0.dropFirst()) })
                case .ping(let payload):
                    var output: [UInt8] = []
                    WebSocketFrame.append(
                        .pong, payload: payload.bytes(input: bytes, scratch: scratch), mask: nil, to: &output)
                    write(output.span.bytes)
                case .close(let code, _):
                    var output: [UInt8] = []
                    WebSocketFrame.appendClose(code, mask: nil, to: &output)
                    write(output.span.bytes)
                    closeGracefully()
                case .compressedMessage, .pong: break
                }
            }
        }

        private func report(_ bytes: [UInt8]) {
            guard let report = try? AgentToServer(decoding: bytes) else { return }
            let isDisconnect = report.agentDisconnect != nil
            let isHeartbeat =
                !isDisconnect && report.agentDescription == nil && report.health == nil
                && (count > 0 || reader == nil)
            let made = Entry(
                isHeartbeat: isHeartbeat, received: shard.now, connection: number,
                number: count)
            count += 1
            let (place, heartbeats) = box.log.withLock { log in
                log.entries.append(made)
                if isHeartbeat { log.heartbeats += 1 }
                return (log.entries.count - 1, log.heartbeats)
            }
            switch box.script(made, heartbeats) {
            case .answers(let span) where span <= .zero: answer(place)
            case .answers(let span):
                waiting.append((shard.now + span, place))
                waiting.sort { $0.at < $1.at }
                setTimer(at: waiting[0].at)
            case .never: break
            case .closes: closeGracefully()
            }
        }

        override func timerFired(due: Instant) {
            while let next = waiting.first, next.at <= shard.now {
                waiting.removeFirst()
                answer(next.entry)
            }
            if let next = waiting.first { setTimer(at: next.at) }
        }

        private func answer(_ entry: Int) {
            // An empty ServerToAgent acknowledges, and names nobody.
            var output: [UInt8] = []
            if reader == nil {
                output += Array(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n".utf8)
            } else {
                let payload: [UInt8] = [0]
                WebSocketFrame.append(.binary, payload: payload.span.bytes, mask: nil, to: &output)
            }
            box.log.withLock { $0.entries[entry].answered = shard.now }
            write(output.span.bytes)
        }
    }
}
