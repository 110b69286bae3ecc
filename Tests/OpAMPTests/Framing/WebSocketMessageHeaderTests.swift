import OpAMP
import Testing

@Suite("The header of a WebSocket message")
struct WebSocketMessageHeaderTests {
    @Test("It is one zero byte, and the message follows")
    func written() throws {
        var bytes: [UInt8] = []
        WebSocketMessageHeader.append(to: &bytes)
        #expect(bytes == [0])
        RetryInfo(retryAfterNanoseconds: 3).encode(appendingTo: &bytes)
        #expect(try WebSocketMessageHeader.body(of: bytes.span.bytes).copied() == [0x08, 3])
    }

    @Test("Zero written in up to ten bytes is zero", arguments: 1...10)
    func longZero(count: Int) throws {
        let header = [UInt8](repeating: 0x80, count: count - 1) + [0]
        #expect(try WebSocketMessageHeader.length(in: (header + [7]).span.bytes) == count)
        #expect(try WebSocketMessageHeader.body(of: header.span.bytes).byteCount == 0)
    }

    @Test("Any other header is refused", arguments: [[1], [0x80, 1], [0x81, 0], [0x0A, 16]] as [[UInt8]])
    func otherHeaders(bytes: [UInt8]) {
        #expect { try WebSocketMessageHeader.length(in: bytes.span.bytes) } throws: {
            ($0 as? DecodingError)?.fault == .unknownHeader
        }
    }

    @Test("A header that does not end is refused")
    func endless() {
        #expect(throws: DecodingError(.truncated, offset: 0)) {
            try WebSocketMessageHeader.length(in: [UInt8]().span.bytes)
        }
        #expect(throws: DecodingError(.truncated, offset: 2)) {
            try WebSocketMessageHeader.length(in: ([0x80, 0x80] as [UInt8]).span.bytes)
        }
        #expect(throws: DecodingError(.overlongVarint, offset: 10)) {
            try WebSocketMessageHeader.length(in: [UInt8](repeating: 0x80, count: 11).span.bytes)
        }
    }
}
