import Basis

@testable import TLSRecords

/// Records of TLS 1.3: as bytes, which nobody has sealed, and as what a peer with the right key may put inside.
extension FuzzTarget {
    static let records: [String: FuzzTarget] = [
        "tls-records": FuzzTarget { input in
            for isServer in [false, true] {
                let whole = opened([0..<input.byteCount], of: input, isServer: isServer)
                hold(whole == opened(pieces(of: input), of: input, isServer: isServer), "cut, it ends otherwise")
            }
        },
        "tls-record-contents": FuzzTarget { input in
            for isServer in [false, true] {
                let stream = sealed(input, isServer: isServer)
                let bytes = stream.span.bytes
                let whole = opened([0..<stream.count], of: bytes, isServer: isServer)
                hold(whole == opened(pieces(of: bytes), of: bytes, isServer: isServer), "cut, other data is read")
            }
        },
    ]

    private static let secret = [UInt8](repeating: 7, count: 32)

    private static func layer(isServer: Bool, _ resources: RecordResources) -> RecordLayer {
        RecordLayer(
            .aes128GCM, isServer: isServer, writeSecret: secret, readSecret: secret, written: 0, read: 0,
            resources)
    }

    /// The records that an input describes: of each its type, its padding, its length and its content. A record that
    /// is a key update makes the sender go over to its next key.
    private static func sealed(_ input: RawSpan, isServer: Bool) -> [UInt8] {
        let resources = RecordResources()
        var sender = layer(isServer: !isServer, resources)
        var stream: [UInt8] = []
        var position = 0
        while position + 4 <= input.byteCount {
            let types: [UInt8] = [21, 22, 23, input.byte(position)]
            let type = types[Int(input.byte(position) % 4)]
            let padding = Int(input.byte(position + 1) % 8)
            let length = min(Int(input.bigEndian(UInt16.self, at: position + 2) % 512), input.byteCount - position - 4)
            let content = input.extracting((position + 4)..<(position + 4 + length))
            position += 4 + length
            var record = [UInt8](repeating: 0, count: length + padding + RecordLayer.overhead)
            var span = record.mutableSpan
            var room = span.mutableBytes
            _ = sender.sealRecord(type, content, padding: padding, into: &room, at: 0, resources)
            stream += record
            if type == 22, length == 5, content.byte(0) == 24 { sender.block.renewKeys(.write, resources) }
        }
        sender.end(resources)
        return stream
    }

    /// The application data of a stream and how it ends, with what this side sends for it at last.
    private static func opened(_ parts: [Range<Int>], of input: RawSpan, isServer: Bool) -> [String] {
        let resources = RecordResources()
        var layer = layer(isServer: isServer, resources)
        var target = [UInt8](repeating: 0, count: input.byteCount + 20_000)
        var data: [UInt8] = []
        var end = RecordEnd.needsInput
        for part in parts where end == .needsInput {
            var span = target.mutableSpan
            var room = span.mutableBytes
            let result = layer.open(input.extracting(part), into: &room, resources)
            hold(result.consumed == part.count, "\(result.consumed) of \(part.count) bytes used")
            end = result.end
            data += target[0..<result.plaintext]
        }
        hold(end != .needsRoom, "a target larger than the input is full")
        if end != .needsInput { hold(!layer.isAmidRecord, "a buffer is kept after the end") }
        var span = target.mutableSpan
        var room = span.mutableBytes
        let owed = layer.control(into: &room, resources)
        hold(owed <= RecordLayer.controlRoom, "\(owed) bytes of control")
        layer.end(resources)
        hold(resources.connections == 0 && resources.bytesInPieces == 0, "memory is kept")
        return ["\(data)", "\(end)", "\(owed)"]
    }
}
