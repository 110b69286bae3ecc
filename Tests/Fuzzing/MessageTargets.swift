import Basis
import OTLP
import OpAMP
import Protobuf

/// Protocol Buffers, in both directions: full decoding, views and the arena read the same, and what was read is written
/// so that it is read as the same again.
extension FuzzTarget {
    static let messages: [String: FuzzTarget] = [
        "agent-to-server": FuzzTarget { input in
            let full = decoded(AgentToServer.self, input)
            let viewed = try? AgentToServerView(input).report()
            hold(full == viewed, "the view reads another report")
            var arena = ArenaDecoder(capacity: 256)
            let copied = try? arena.withAgentToServer(input) { $0.copied() }
            hold(full == copied, "the arena reads another report")
        },
        "server-to-agent": FuzzTarget { input in
            let full = decoded(ServerToAgent.self, input)
            let viewed = try? ServerToAgentView(input).answer()
            hold(full == viewed, "the view reads another answer")
            var arena = ArenaDecoder(capacity: 256)
            let copied = try? arena.withServerToAgent(input) { $0.copied() }
            hold(full == copied, "the arena reads another answer")
        },
        "otlp": FuzzTarget { input in
            let bytes = array(input)
            for signal in TelemetrySignal.allCases {
                if let items = try? ExportTally.items(in: bytes, of: signal) {
                    hold(items <= bytes.count, "more items than bytes")
                }
            }
            _ = try? ExportTally.rejected(in: bytes)
        },
    ]

    /// The message; nil where the bytes are not valid.
    private static func decoded<Message: WireMessage>(_: Message.Type, _ input: RawSpan) -> Message? {
        guard let message = try? Message(decoding: input) else { return nil }
        let bytes = message.encoded()
        hold(bytes.count == message.encodedSize, "another size than was measured")
        // An entry of a map may be two bytes on the wire and six when written with its empty key and value.
        hold(bytes.count <= 3 * input.byteCount, "it grew to \(bytes.count) bytes")
        hold((try? Message(decoding: bytes)) == message, "what was written is read as something else")
        return message
    }

    static func array(_ input: RawSpan) -> [UInt8] {
        input.withUnsafeBytes { Array($0) }
    }
}
