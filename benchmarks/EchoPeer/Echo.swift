import Basis
import Engine
import Transport

/// An open WebSocket that sends messages back, compressed where that was agreed on. Confined to its shard.
struct Echo {
    private var reader: WebSocketReader
    private let role: WebSocketRole
    private let inflater: Inflater
    private let deflater: Deflater?
    private var scratch: [UInt8] = []
    private var random = SeededRandom(seed: 1)
    /// The last message, as text.
    private(set) var lastMessage = ""
    /// The connection is over: a close has been sent.
    private(set) var isOver = false

    init(_ role: WebSocketRole, deflate: DeflateParameters?) {
        self.role = role
        reader = WebSocketReader(role: role, permessageDeflate: deflate != nil)
        let peer: WebSocketRole = role == .client ? .server : .client
        inflater = Inflater(keepsContext: deflate.map { !$0.noContextTakeover(sentBy: peer) } ?? false)
        deflater = deflate.flatMap {
            Deflater(windowBits: $0.windowBits(sentBy: role), keepsContext: !$0.noContextTakeover(sentBy: role))
        }
    }

    /// Reads frames and appends the answers to them.
    mutating func received(_ bytes: RawSpan, from start: Int = 0, output: inout [UInt8]) {
        var offset = start
        do throws(WebSocketError) {
            while !isOver, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    echo(kind, Self.array(payload.bytes(input: bytes, scratch: scratch)), &output)
                case .compressedMessage(let kind, let payload):
                    var plain: [UInt8] = []
                    try inflater.message(
                        kind, payload.bytes(input: bytes, scratch: scratch), limit: 64 << 20, into: &plain)
                    echo(kind, plain, &output)
                case .ping(let payload):
                    let content = Self.array(payload.bytes(input: bytes, scratch: scratch))
                    WebSocketFrame.append(.pong, payload: content.span.bytes, mask: mask(), to: &output)
                case .pong:
                    break
                case .close(let code, _):
                    end(code, &output)
                }
            }
        } catch {
            end(error.closeCode, &output)
        }
    }

    private mutating func echo(_ kind: WebSocketMessageKind, _ message: [UInt8], _ output: inout [UInt8]) {
        lastMessage = String(decoding: message, as: UTF8.self)
        let opcode: WebSocketOpcode = kind == .text ? .text : .binary
        guard let deflater else {
            return WebSocketFrame.append(opcode, payload: message.span.bytes, mask: mask(), to: &output)
        }
        var compressed: [UInt8] = []
        deflater.message(message.span.bytes, into: &compressed)
        WebSocketFrame.append(
            opcode, payload: compressed.span.bytes, mask: mask(), isCompressed: true, to: &output)
    }

    private mutating func end(_ code: WebSocketCloseCode?, _ output: inout [UInt8]) {
        WebSocketFrame.appendClose(code, mask: mask(), to: &output)
        isOver = true
    }

    private mutating func mask() -> UInt32? {
        role == .client ? UInt32(truncatingIfNeeded: random.next()) : nil
    }

    private static func array(_ bytes: RawSpan) -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}

/// The server's end of one connection.
final class EchoServer: Endpoint, @unchecked Sendable {
    private var exchange = HTTPServerExchange()
    private var echo: Echo?

    override func received(_ bytes: RawSpan) {
        var output: [UInt8] = []
        var offset = 0
        if echo == nil {
            guard case .upgrade(let request)? = try? exchange.next(bytes, at: &offset) else { return }
            do throws(WebSocketHandshakeError) {
                let policy = DeflatePolicy(noContextTakeover: false)
                echo = Echo(
                    .server, deflate: try WebSocketServerHandshake.accept(request, deflate: policy, to: &output))
            } catch {
                return abort()
            }
        }
        echo?.received(bytes, from: offset, output: &output)
        if !output.isEmpty { _ = write(output.span.bytes) }
        if echo?.isOver == true { closeGracefully(within: .seconds(2)) }
    }
}

/// The client's end of one connection.
final class EchoClient: Endpoint, @unchecked Sendable {
    private let target: String
    /// With its port, which the suite wants to see.
    private let host: String
    private var handshake = WebSocketClientHandshake(nonce: (1, 2), offer: DeflateOffer())
    private var echo: Echo?
    private var ended: (@Sendable (String) -> Void)?

    private init(shard: Shard, target: String, host: String, ended: @escaping @Sendable (String) -> Void) {
        self.target = target
        self.host = host
        self.ended = ended
        super.init(shard: shard)
    }

    /// Runs one connection to its end.
    /// - Returns: the last message that was received.
    static func run(_ target: String, on shard: Shard, at address: SocketAddress) async -> String {
        await withCheckedContinuation { continuation in
            shard.perform {
                let client = EchoClient(shard: shard, target: target, host: "\(address)") {
                    continuation.resume(returning: $0)
                }
                client.connect(to: address, timeout: .seconds(10))
            }
        }
    }

    override func connected() {
        var request: [UInt8] = []
        handshake.appendRequest(target: target, host: host, to: &request)
        _ = write(request.span.bytes)
    }

    override func received(_ bytes: RawSpan) {
        var output: [UInt8] = []
        var offset = 0
        if echo == nil {
            do throws(WebSocketHandshakeError) {
                guard let agreement = try handshake.next(bytes, at: &offset) else { return }
                echo = Echo(.client, deflate: agreement.deflate)
            } catch {
                return abort()
            }
        }
        echo?.received(bytes, from: offset, output: &output)
        if !output.isEmpty { _ = write(output.span.bytes) }
        if echo?.isOver == true { closeGracefully(within: .seconds(2)) }
    }

    override func closed(_ cause: CloseCause) {
        ended?(echo?.lastMessage ?? "")
        ended = nil
    }
}
