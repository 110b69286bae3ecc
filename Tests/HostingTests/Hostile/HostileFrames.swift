import Basis
import OpAMP
import Transport

/// Bytes of frames and bodies that hostile peers send.
enum HostileFrames {
    /// A frame as it is given, whether or not RFC 6455 allows it. From a client the mask is zero.
    static func frame(
        _ first: UInt8, _ payload: [UInt8] = [], announcing count: UInt64? = nil, isMasked: Bool = false
    ) -> [UInt8] {
        let count = count ?? UInt64(payload.count)
        let mask: UInt8 = isMasked ? 0x80 : 0
        var bytes = [first]
        if count < 126 {
            bytes.append(mask | UInt8(count))
        } else if count <= 0xFFFF {
            bytes += [mask | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        } else {
            bytes.append(mask | 127)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> UInt64($0 * 8)) }
        }
        return bytes + (isMasked ? [0, 0, 0, 0] : []) + payload
    }

    static func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        Array(repeatElement(bytes, count: count).joined())
    }

    static func close(_ code: UInt16?, reason: [UInt8] = [], isMasked: Bool = false) -> [UInt8] {
        let payload = code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + reason } ?? reason
        return frame(0x88, payload, isMasked: isMasked)
    }

    /// Small content that decodes to 8 MiB of zeros.
    static func bomb(_ coding: ContentCoding) -> [UInt8] {
        var bytes: [UInt8] = []
        ContentCoder().encode([UInt8](repeating: 0, count: 8 << 20).span.bytes, as: coding, into: &bytes)
        return bytes
    }

    /// The same as the content of a compressed WebSocket message: a deflate stream without head and tail.
    static let deflateBomb: [UInt8] = Array(bomb(.gzip).dropFirst(10).dropLast(8))

    static let report: [UInt8] = {
        var random = SeededRandom(seed: 3)
        let uid = InstanceUID(unixMilliseconds: 1_800_000_000_000, random: &random)
        return AgentToServer(instanceUID: .uid(uid), sequenceNumber: 0).encoded()
    }()

    /// An answer that acknowledges.
    static let acknowledgement = frame(0x82, [0])

    static func answer(_ answer: ServerToAgent) -> [UInt8] { frame(0x82, [0] + answer.encoded()) }
}
