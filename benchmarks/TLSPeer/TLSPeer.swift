import Basis
import Engine
import Foundation
import OpenSSL

/// One end of TLS for other people's programs at the other end: benchmarks/tls-peers.
///
///     TLSPeer server PORT CERTIFICATE KEY echo|http
///     TLSPeer client PORT AUTHORITIES echo|line|rev|http|answer [COUNT [PATH]]
///
/// A server serves until its input ends, a client until it is done. Both print what the engine has counted, as one line
/// of JSON.
@main
struct TLSPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let port = UInt16(arguments[2]) else {
            FileHandle.standardError.write(Data("TLSPeer server|client PORT FILES... MODE\n".utf8))
            exit(2)
        }
        let shard = try Shard(label: "peer")
        let address = SocketAddress.loopback(port: port)
        if arguments[1] == "server" {
            try await serve(shard, address, arguments[3], arguments[4], arguments.count > 5 ? arguments[5] : "echo")
        } else {
            let count = arguments.count > 5 ? Int(arguments[5]) ?? 1 : 1
            let path = arguments.count > 6 ? arguments[6] : "/"
            try await connect(shard, address, arguments[3], Exchange(arguments[4], count: count, path: path))
        }
    }

    private static func serve(
        _ shard: Shard, _ address: SocketAddress, _ certificate: String, _ key: String, _ mode: String
    ) async throws {
        let identity = try TLSIdentity(
            chainPEM: String(contentsOfFile: certificate, encoding: .utf8),
            keyPEM: String(contentsOfFile: key, encoding: .utf8))
        let context = try TLSServerContext(TLSServerOptions(identity: identity))
        let listener = try Listener(shard: shard, addresses: [address], tls: context) { shard, _ in
            mode == "http" ? Responder(shard: shard) : Echo(shard: shard)
        }
        // Until the input ends.
        while readLine() != nil {}
        listener.close()
        await report(shard, [:])
    }

    private static func connect(
        _ shard: Shard, _ address: SocketAddress, _ authorities: String, _ exchange: Exchange
    ) async throws {
        let pem = try String(contentsOfFile: authorities, encoding: .utf8)
        var options = TLSClientOptions(trust: .authorities(pem))
        options.resumes = false
        let context = try TLSClientContext(options)
        let client = Client(shard: shard, exchange)
        let ending = await withCheckedContinuation { continuation in
            client.onEnd = { continuation.resume(returning: $0) }
            shard.perform { client.connect(to: address, tls: context, serverName: "localhost") }
        }
        await report(
            shard, ["done": "\(client.exchange.done)", "of": "\(client.exchange.count)", "end": "\"\(ending)\""])
    }

    private static func report(_ shard: Shard, _ values: [String: String]) async {
        let counters = await shard.value { shard.tlsCounters }
        var values = values
        values["handed_over"] = "\(counters.handedOver)"
        values["kept"] = "\(counters.keptInAll)"
        values["first_records_refused"] = "\(counters.firstRecordsRefused)"
        for event in counters.events where event.count > 0 { values[event.name] = "\(event.count)" }
        let fields = values.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
        print("{\(fields.joined(separator: ", "))}")
    }
}

/// Sends back what comes.
final class Echo: Endpoint, @unchecked Sendable {
    override func received(_ bytes: RawSpan) { write(bytes) }
    override func peerFinished() -> Bool {
        closeGracefully()
        return true
    }
}

/// Answers each head of a request with a small response.
final class Responder: Endpoint, @unchecked Sendable {
    private static let response = Array("HTTP/1.0 200 ok\r\ncontent-length: 2\r\n\r\nok".utf8)
    /// The last bytes of the head.
    private var tail: [UInt8] = []

    override func received(_ bytes: RawSpan) {
        tail = (tail + bytes.withUnsafeBytes { Array($0) }).suffix(4)
        if tail == Array("\r\n\r\n".utf8) { write(Self.response.span.bytes) }
    }

    override func peerFinished() -> Bool {
        closeGracefully()
        return true
    }
}

/// What a client sends, and what has to come back.
struct Exchange {
    enum Mode: String {
        /// The same bytes.
        case echo
        /// The same line.
        case line
        /// The line reversed.
        case rev
        /// A response with its length.
        case http
        /// Whatever the server sends is sent back, until it ends the connection.
        case answer
    }

    private static let sizes = [1, 150, 16_384, 16_385, 100_000, 150]
    let mode: Mode
    let path: String
    let count: Int
    private(set) var done = 0
    private var expected: [UInt8] = []
    private var got: [UInt8] = []

    init(_ mode: String, count: Int, path: String) {
        self.mode = Mode(rawValue: mode) ?? .echo
        self.count = self.mode == .echo ? count * Self.sizes.count : count
        self.path = path
    }

    /// What to send now; nil: it is over, or the server begins.
    mutating func next() -> [UInt8]? {
        guard done < count, mode != .answer else { return nil }
        got = []
        switch mode {
        case .echo:
            var random = SeededRandom(seed: UInt64(done))
            expected = (0..<Self.sizes[done % Self.sizes.count]).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return expected
        case .line, .rev:
            let line = Array("line \(done) and some more".utf8)
            expected = (mode == .rev ? line.reversed() : line) + [10]
            return line + [10]
        case .http: return Array("GET \(path) HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8)
        case .answer: return nil
        }
    }

    /// Whether what was awaited has come; nil: something else has.
    mutating func received(_ bytes: [UInt8]) -> Bool? {
        got += bytes
        switch mode {
        case .answer: return false
        case .echo, .line, .rev:
            guard got.count >= expected.count else { return false }
            guard got == expected else { return nil }
        case .http:
            let text = String(decoding: got.prefix(2_000), as: UTF8.self).lowercased()
            guard let end = text.range(of: "\r\n\r\n"), let length = text.range(of: "content-length: ") else {
                return false
            }
            let digits = text[length.upperBound...].prefix(while: \.isNumber)
            let head = text[..<end.upperBound].utf8.count
            guard got.count >= head + (Int(digits) ?? 0) else { return false }
        }
        done += 1
        return true
    }
}

/// Makes an exchange. Confined to its shard.
final class Client: Endpoint, @unchecked Sendable {
    var exchange: Exchange
    var onEnd: (CloseCause) -> Void = { _ in }

    init(shard: Shard, _ exchange: Exchange) {
        self.exchange = exchange
        super.init(shard: shard)
    }

    override func connected() {
        idleTimeout = .seconds(10)
        sendNext()
    }

    override func received(_ bytes: RawSpan) {
        if exchange.mode == .answer {
            write(bytes)
            return
        }
        guard let isComplete = exchange.received(bytes.withUnsafeBytes { Array($0) }) else { return abort() }
        if isComplete { sendNext() }
    }

    override func closed(_ cause: CloseCause) { onEnd(cause) }

    private func sendNext() {
        if let bytes = exchange.next() {
            write(bytes.span.bytes)
        } else if exchange.mode != .answer {
            closeGracefully()
        }
    }
}
