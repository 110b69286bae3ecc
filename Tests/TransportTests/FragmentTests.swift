import Basis
import Testing

@testable import Transport

@Suite("Fragmented messages (RFC 6455, section 5.4)")
struct FragmentTests {
    @Test(
        "A message in frames of a given size is read as one, and no frame is larger",
        arguments: [0, 1, 2, 3, 125, 126, 127, 4_096, 70_000], [1, 2, 126, 4_096, .max])
    func readAsOne(count: Int, size: Int) throws {
        guard count / size < 5_000 else { return }
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var bytes: [UInt8] = []
        var masks: UInt32 = 0
        WebSocketFrame.appendFragments(
            .binary, prefix: 9, payload: payload.span.bytes, ofSize: size,
            nextMask: {
                masks += 1
                return masks &* 0x9E37_79B9
            }, to: &bytes)
        var reader = WebSocketReader(role: .server, limits: WebSocketLimits())
        var offset = 0
        var scratch: [UInt8] = []
        guard case .message(.binary, let content)? = try reader.next(bytes.span.bytes, at: &offset, scratch: &scratch)
        else {
            Issue.record("no message")
            return
        }
        let read = content.bytes(input: bytes.span.bytes, scratch: scratch).withUnsafeBytes { Array($0) }
        #expect(read == [9] + payload)
        #expect(offset == bytes.count)
        #expect(masks == UInt32(max((count + 1 + min(size, count + 1) - 1) / min(size, count + 1), 1)))
    }
}
