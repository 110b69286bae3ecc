import Testing
import Transport

@Suite("WebSocket frame writer")
struct WebSocketFrameTests {
    @Test("The examples of RFC 6455, section 5.7, are written as it says")
    func examplesOfTheRFC() {
        var bytes: [UInt8] = []
        WebSocketFrame.append(.text, payload: utf8("Hello").span.bytes, mask: nil, to: &bytes)
        #expect(bytes == hex("81 05 48 65 6c 6c 6f"))
        bytes = []
        WebSocketFrame.append(.text, payload: utf8("Hello").span.bytes, mask: 0x37FA_213D, to: &bytes)
        #expect(bytes == hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"))
        bytes = []
        WebSocketFrame.append(.text, payload: utf8("Hel").span.bytes, mask: nil, isFinal: false, to: &bytes)
        WebSocketFrame.append(.continuation, payload: utf8("lo").span.bytes, mask: nil, to: &bytes)
        #expect(bytes == hex("01 03 48 65 6c 80 02 6c 6f"))
        bytes = []
        WebSocketFrame.append(.ping, payload: utf8("Hello").span.bytes, mask: nil, to: &bytes)
        #expect(bytes == hex("89 05 48 65 6c 6c 6f"))
    }

    @Test("Lengths have the minimal number of bytes", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
    func lengths(count: Int) {
        let payload = [UInt8](repeating: 0xA5, count: count)
        for mask in [nil, 0xDEAD_BEEF] as [UInt32?] {
            var bytes: [UInt8] = [1, 2, 3]
            WebSocketFrame.append(.binary, payload: payload.span.bytes, mask: mask, to: &bytes)
            #expect(bytes.count - 3 == WebSocketFrame.encodedSize(payload: count, isMasked: mask != nil))
            #expect(Array(bytes[..<3]) == [1, 2, 3])
            let role: WebSocketRole = mask == nil ? .client : .server
            #expect(
                WebSocketTranscript([Array(bytes[3...])], role: role).entries == [.message(.binary, payload)])
        }
    }

    @Test("A prefix goes before the payload, masked with it", arguments: [0, 1, 124, 125, 65_534, 65_535])
    func prefix(count: Int) {
        let payload = [UInt8](repeating: 0x5A, count: count)
        for mask in [nil, 0x0102_0304] as [UInt32?] {
            var prefixed: [UInt8] = []
            WebSocketFrame.append(.binary, prefix: 0, payload: payload.span.bytes, mask: mask, to: &prefixed)
            var plain: [UInt8] = []
            WebSocketFrame.append(.binary, payload: ([0] + payload).span.bytes, mask: mask, to: &plain)
            #expect(prefixed == plain)
        }
    }

    @Test("A close frame is cut to 125 bytes between characters and never carries a code that may not be sent")
    func closeFrames() {
        var bytes: [UInt8] = []
        WebSocketFrame.appendClose(.goingAway, reason: "bye", mask: nil, to: &bytes)
        #expect(bytes == hex("88 05 03E9 627965"))
        bytes = []
        WebSocketFrame.appendClose(nil, reason: "ignored", mask: nil, to: &bytes)
        WebSocketFrame.appendClose(.noStatus, reason: "ignored", mask: nil, to: &bytes)
        #expect(bytes == hex("88 00 88 00"))
        bytes = []
        let reason = String(repeating: "é", count: 100)
        WebSocketFrame.appendClose(.normal, reason: reason, mask: 0x1122_3344, to: &bytes)
        #expect(
            WebSocketTranscript([bytes], role: .server).entries
                == [.close(.normal, String(repeating: "é", count: 61))])
    }

    @Test("The compressed bit and the final bit are written where asked for")
    func bits() {
        var bytes: [UInt8] = []
        WebSocketFrame.append(
            .binary, payload: [UInt8]().span.bytes, mask: nil, isFinal: false, isCompressed: true, to: &bytes)
        WebSocketFrame.append(.binary, payload: [UInt8]().span.bytes, mask: nil, isCompressed: true, to: &bytes)
        #expect(bytes == hex("42 00 C2 00"))
    }
}
