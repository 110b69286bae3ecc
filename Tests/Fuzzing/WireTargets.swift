import Basis
import Transport

/// What arrives from the network: the same bytes are read alike however they are cut, within the limits of memory.
extension FuzzTarget {
    private static let limits = WebSocketLimits(messageBytes: 4_096, frameBytes: 4_096)
    private static let http = {
        var limits = HTTPLimits()
        limits.bodyBytes = 4_096
        return limits
    }()
    private static let inflatedLimit = 65_536

    static let wire: [String: FuzzTarget] = [
        "websocket": FuzzTarget { input in
            for role in [WebSocketRole.client, .server] {
                for deflate in [false, true] {
                    let whole = frames([0..<input.byteCount], of: input, role, deflate)
                    hold(whole == frames(pieces(of: input), of: input, role, deflate), "cut, other frames are read")
                }
            }
        },
        "http-response": FuzzTarget { input in
            let whole = responses([0..<input.byteCount], of: input)
            hold(whole == responses(pieces(of: input), of: input), "cut, another response is read")
        },
        "upgrade-response": FuzzTarget { input in
            let whole = upgrade([0..<input.byteCount], of: input)
            hold(whole == upgrade(pieces(of: input), of: input), "cut, the upgrade ends otherwise")
        },
        "http-request": FuzzTarget { input in
            let whole = requests([0..<input.byteCount], of: input)
            hold(whole == requests(pieces(of: input), of: input), "cut, another request is read")
        },
        "permessage-deflate": FuzzTarget { input in
            var plain: [UInt8] = []
            let inflater = Inflater()
            try? inflater.message(.binary, input, limit: UInt32(inflatedLimit), into: &plain)
            hold(plain.count <= inflatedLimit, "beyond the limit")
        },
        "content-coding": FuzzTarget { input in
            let coder = ContentCoder()
            for coding in [ContentCoding.gzip, .zstd] {
                var plain: [UInt8] = []
                try? coder.decode(input, as: coding, limit: inflatedLimit, into: &plain)
                hold(plain.count <= inflatedLimit, "beyond the limit")
                var coded: [UInt8] = []
                coder.encode(input, as: coding, into: &coded)
                var again: [UInt8] = []
                try? coder.decode(coded.span.bytes, as: coding, limit: input.byteCount, into: &again)
                hold(again == array(input), "\(coding.name): decoded as something else")
            }
        },
    ]

    /// The events of a connection, as text with their payloads, and the error at the end.
    private static func frames(
        _ parts: [Range<Int>], of input: RawSpan, _ role: WebSocketRole, _ deflate: Bool
    ) -> [String] {
        var reader = WebSocketReader(role: role, limits: limits, permessageDeflate: deflate)
        var scratch: [UInt8] = []
        var events: [String] = []
        do throws(WebSocketError) {
            for part in parts {
                let bytes = input.extracting(part)
                var offset = 0
                while let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                    func text(_ payload: WebSocketPayload) -> String {
                        "\(array(payload.bytes(input: bytes, scratch: scratch)))"
                    }
                    switch event {
                    case .message(let kind, let payload): events.append("\(kind) \(text(payload))")
                    case .compressedMessage(let kind, let payload): events.append("deflated \(kind) \(text(payload))")
                    case .ping(let payload): events.append("ping \(text(payload))")
                    case .pong(let payload): events.append("pong \(text(payload))")
                    case .close(let code, let reason): events.append("close \(String(describing: code)) \(reason)")
                    }
                }
                hold(reader.reservedBytes <= 4 * Int(limits.messageBytes), "\(reader.reservedBytes) bytes held")
            }
        } catch {
            events.append("\(error)")
        }
        return events
    }

    private static func responses(_ parts: [Range<Int>], of input: RawSpan) -> [String] {
        var exchange = HTTPExchange(limits: http)
        var request: [UInt8] = []
        exchange.begin(.post, target: "/", host: "host", fields: HTTPFields(), body: nil, to: &request)
        var events: [String] = []
        do throws(HTTPExchangeError) {
            for part in parts {
                let bytes = input.extracting(part)
                var offset = 0
                while let response = try exchange.next(bytes, at: &offset) {
                    events.append("\(response) \(exchange.body)")
                    guard exchange.isReady else { return events }
                    exchange.begin(.post, target: "/", host: "host", fields: HTTPFields(), body: nil, to: &request)
                }
            }
            events.append("\(exchange.transportClosed())")
        } catch {
            events.append("\(error)")
        }
        return events
    }

    /// What an upgrade ends in, and how many bytes it reads.
    private static func upgrade(_ parts: [Range<Int>], of input: RawSpan) -> String {
        // The sample nonce of RFC 6455, section 1.3.
        var handshake = WebSocketClientHandshake(nonce: (0x7468_6520_7361_6D70, 0x6C65_206E_6F6E_6365))
        var read = 0
        do throws(WebSocketHandshakeError) {
            for part in parts {
                var offset = 0
                let agreement = try handshake.next(input.extracting(part), at: &offset)
                read += offset
                if let agreement { return "\(agreement), \(read) bytes" }
            }
            return "\(handshake.transportClosed())"
        } catch {
            return "\(error)"
        }
    }

    private static func requests(_ parts: [Range<Int>], of input: RawSpan) -> [String] {
        var exchange = HTTPServerExchange(limits: http)
        var events: [String] = []
        do throws(HTTPError) {
            for part in parts {
                let bytes = input.extracting(part)
                var offset = 0
                while let event = try exchange.next(bytes, at: &offset) {
                    if case .upgrade = event { return events + ["upgrade"] }
                    events.append("\(event) \(exchange.body)")
                }
                hold(exchange.reservedBytes < 256 * 1_024, "\(exchange.reservedBytes) bytes held")
            }
        } catch {
            events.append("\(error)")
        }
        return events
    }
}
