internal import Protobuf

extension WireReader {
    /// The content of an instance uid field; empty is absent.
    @inline(__always)
    mutating func instanceUID() throws(DecodingError) -> InstanceUIDField {
        let bytes = try content()
        guard let base = bytes.baseAddress, bytes.count == InstanceUID.byteCount else {
            return bytes.isEmpty ? .absent : .malformed([UInt8](bytes))
        }
        return .uid(
            InstanceUID(
                high: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self))))
    }
}

extension InstanceUIDField {
    /// The content of an instance uid field; empty is absent.
    init(_ content: RawSpan) {
        self =
            InstanceUID(bytes: content).map { .uid($0) } ?? (content.isEmpty ? .absent : .malformed(content.copied()))
    }
}

extension FieldVisitor {
    @inline(__always)
    mutating func instanceUID(_ tag: UInt32, _ value: InstanceUIDField) {
        switch value {
        case .absent: break
        case .uid(let uid): member(tag, high: uid.high, low: uid.low)
        case .malformed(let bytes): self.bytes(tag, bytes)
        }
    }
}
