import Testing
import Transport

@Suite("WebSocket reader")
struct WebSocketReaderTests {
    typealias Entry = WebSocketTranscript.Entry

    @Test("The examples of RFC 6455, section 5.7, read as it says")
    func examplesOfTheRFC() {
        let text = utf8("Hello")
        #expect(
            WebSocketTranscript([hex("81 05 48 65 6c 6c 6f")], role: .client).entries == [.message(.text, text)])
        #expect(
            WebSocketTranscript([hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")], role: .server).entries
                == [.message(.text, text)])
        #expect(
            WebSocketTranscript([hex("01 03 48 65 6c"), hex("80 02 6c 6f")], role: .client).entries
                == [.message(.text, text)])
        #expect(WebSocketTranscript([hex("89 05 48 65 6c 6c 6f")], role: .client).entries == [.ping(text)])
        #expect(
            WebSocketTranscript([hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58")], role: .server).entries == [.pong(text)])
        let zeros = [UInt8](repeating: 0, count: 256)
        #expect(
            WebSocketTranscript([hex("82 7E 0100") + zeros], role: .client).entries == [.message(.binary, zeros)])
        let many = [UInt8](repeating: 7, count: 65_536)
        #expect(
            WebSocketTranscript([hex("82 7F 0000000000010000") + many], role: .client).entries
                == [.message(.binary, many)])
    }

    @Test("A whole unmasked frame is not copied, and nothing is held after it")
    func zeroCopy() {
        let input = hex("82 02 0102 82 01 03 89 00")
        let transcript = WebSocketTranscript([input], role: .client)
        #expect(transcript.entries == [.message(.binary, [1, 2]), .message(.binary, [3]), .ping([])])
        #expect(transcript.zeroCopy == 3)
        #expect(transcript.maxHeld == 0)
        #expect(!transcript.isMidMessage)
    }

    @Test("Control frames between fragments are delivered first, and the message stays complete")
    func interleavedControlFrames() {
        let input = hex("02 01 61  89 02 7071  00 00  8A 01 72  80 01 62  88 02 03E8")
        let expected: [Entry] = [
            .ping(utf8("pq")), .pong(utf8("r")), .message(.binary, utf8("ab")), .close(.normal, ""),
        ]
        #expect(WebSocketTranscript([input], role: .client).entries == expected)
        #expect(WebSocketTranscript(Splits.single(input), role: .client).entries == expected)
    }

    @Test("An idle reader is small, and holds partial frames only while they are partial")
    func smallAndEmpty() throws {
        #expect(MemoryLayout<WebSocketReader>.size <= 48)
        var reader = WebSocketReader(role: .server)
        var scratch: [UInt8] = []
        var frame: [UInt8] = []
        WebSocketFrame.append(
            .binary, payload: [UInt8](repeating: 9, count: 300).span.bytes, mask: 0x0102_0304, to: &frame)
        for (index, byte) in frame.enumerated() {
            var offset = 0
            let event = try reader.next([byte].span.bytes, at: &offset, scratch: &scratch)
            let isLast = index == frame.count - 1
            #expect((event != nil) == isLast)
            #expect(reader.heldBytes == (isLast ? 0 : index + 1))
            #expect(reader.isMidMessage == !isLast)
        }
    }

    @Test(
        "Text split inside a character between fragments is one valid text",
        arguments: [1, 2, 3])
    func textSplitInsideCharacter(cut: Int) {
        let emoji = utf8("😀")
        let first = Array(emoji[..<cut])
        let second = Array(emoji[cut...])
        let input = [0x01, UInt8(first.count)] + first + [0x80, UInt8(second.count)] + second
        #expect(WebSocketTranscript([input], role: .client).entries == [.message(.text, emoji)])
    }

    @Test("A close frame carries nothing, a code, or a code and a reason; nothing is read behind it")
    func closeFrames() {
        #expect(WebSocketTranscript([hex("88 00 FF FF")], role: .client).entries == [.close(nil, "")])
        let goingAway = hex("88 06 03E9 61626364")
        #expect(WebSocketTranscript([goingAway, hex("FF FF")], role: .client).entries == [.close(.goingAway, "abcd")])
        #expect(
            WebSocketTranscript([hex("88 02 1387")], role: .client).entries
                == [.close(WebSocketCloseCode(rawValue: 4999), "")])
    }

    @Test("Limits hold to the byte: the frame's, and the message's over all its fragments")
    func limitsToTheByte() {
        let limits = WebSocketLimits(messageBytes: 10, frameBytes: 6)
        let six = [UInt8](repeating: 1, count: 6)
        #expect(
            WebSocketTranscript([hex("82 06") + six], role: .client, limits: limits).entries == [.message(.binary, six)]
        )
        #expect(
            WebSocketTranscript([hex("82 07")], role: .client, limits: limits).entries
                == [.error(.frameTooLarge(announced: 7, limit: 6))])
        let ten = hex("02 06") + six + hex("80 04 01010101")
        #expect(
            WebSocketTranscript([ten], role: .client, limits: limits).entries
                == [.message(.binary, [UInt8](repeating: 1, count: 10))])
        let eleven = hex("02 06") + six + hex("80 05")
        #expect(
            WebSocketTranscript([eleven], role: .client, limits: limits).entries
                == [.error(.messageTooLarge(limit: 10))])
        #expect(WebSocketError.messageTooLarge(limit: 10).closeCode == .messageTooBig)
        #expect(WebSocketError.frameTooLarge(announced: 7, limit: 6).closeCode == .messageTooBig)
    }

    @Test("Control frames are not held to the message's limit")
    func controlFramesBesideLimits() {
        let limits = WebSocketLimits(messageBytes: 1, frameBytes: 1)
        #expect(WebSocketTranscript([hex("89 02 0102")], role: .client, limits: limits).entries == [.ping([1, 2])])
    }

    @Test("The default limit is 64 MiB, and an announced length makes nothing grow")
    func announcedLengthAllocatesNothing() throws {
        #expect(WebSocketLimits().messageBytes == 64 << 20)
        var reader = WebSocketReader(role: .client)
        var scratch: [UInt8] = []
        var offset = 0
        let announced = hex("82 7F 0000000004000000 01")
        let event = try reader.next(announced.span.bytes, at: &offset, scratch: &scratch)
        #expect(event == nil)
        #expect(reader.heldBytes == 11)
        #expect(
            WebSocketTranscript([hex("82 7F 0000000004000001")], role: .client).entries
                == [.error(.frameTooLarge(announced: 0x400_0001, limit: 0x400_0000))])
    }

    static let faults: [(String, WebSocketRole, WebSocketError)] = [
        ("92 00", .client, .reservedBits(1)),
        ("A2 00", .client, .reservedBits(2)),
        ("C2 00", .client, .reservedBits(4)),
        ("F2 00", .client, .reservedBits(7)),
        ("83 00", .client, .unknownOpcode(3)),
        ("8B 00", .client, .unknownOpcode(11)),
        ("8F 00", .client, .unknownOpcode(15)),
        ("09 00", .client, .fragmentedControlFrame),
        ("08 00", .client, .fragmentedControlFrame),
        ("89 7E 007E", .client, .longControlFrame),
        ("89 7F", .client, .longControlFrame),
        ("82 00", .server, .unmaskedFrame),
        ("82 80", .client, .maskedFrame),
        ("82 7E 007D", .client, .lengthNotMinimal),
        ("82 7F 000000000000FFFF", .client, .lengthNotMinimal),
        ("82 7F 8000000000000000", .client, .lengthOutOfRange),
        ("80 00", .client, .unexpectedContinuation),
        ("00 00", .client, .unexpectedContinuation),
        ("02 00 82 00", .client, .interruptedMessage),
        ("02 00 01 00", .client, .interruptedMessage),
        ("82 01 00 80 00", .client, .unexpectedContinuation),
        ("81 01 FF", .client, .invalidUTF8),
        ("01 01 C3 80 01 41", .client, .invalidUTF8),
        ("88 01 03", .client, .truncatedCloseCode),
        ("88 03 03E8 FF", .client, .invalidUTF8),
        ("88 02 0000", .client, .invalidCloseCode(0)),
        ("88 02 03E7", .client, .invalidCloseCode(999)),
        ("88 02 03EC", .client, .invalidCloseCode(1004)),
        ("88 02 03ED", .client, .invalidCloseCode(1005)),
        ("88 02 03EE", .client, .invalidCloseCode(1006)),
        ("88 02 03F7", .client, .invalidCloseCode(1015)),
        ("88 02 0BB7", .client, .invalidCloseCode(2999)),
        ("88 02 1388", .client, .invalidCloseCode(5000)),
    ]

    @Test("Every way to break the framing has its error and close code, however it arrives", arguments: faults)
    func brokenFraming(digits: String, role: WebSocketRole, error: WebSocketError) {
        let input = hex(digits)
        let whole = WebSocketTranscript([input + [0x89, 0]], role: role)
        #expect(whole.entries.last == .error(error))
        #expect(WebSocketTranscript(Splits.single(input + [0x89, 0]), role: role) == whole)
        switch error {
        case .invalidUTF8: #expect(error.closeCode == .invalidPayload)
        default: #expect(error.closeCode == .protocolError)
        }
    }

    @Test("The first reserved bit marks a compressed message where that was agreed, and only on its first frame")
    func compressedBit() {
        #expect(
            WebSocketTranscript([hex("C2 01 07")], role: .client, deflate: true).entries == [.compressed(.binary, [7])])
        #expect(
            WebSocketTranscript([hex("41 01 07 80 01 08 82 01 09")], role: .client, deflate: true).entries
                == [.compressed(.text, [7, 8]), .message(.binary, [9])])
        #expect(
            WebSocketTranscript([hex("42 01 07 C0 01 08")], role: .client, deflate: true).entries
                == [.error(.reservedBits(4))])
        #expect(WebSocketTranscript([hex("C9 00")], role: .client, deflate: true).entries == [.error(.reservedBits(4))])
        #expect(WebSocketTranscript([hex("E2 00")], role: .client, deflate: true).entries == [.error(.reservedBits(6))])
    }

    @Test("Error names are distinct")
    func errorNames() {
        let names = Set(Self.faults.map { $0.2.name })
        #expect(names.count == 13)
        #expect(names.allSatisfy { $0.hasPrefix("websocket_") })
    }

    @Test("A scratch buffer that a large message left behind is given back at the next call")
    func largeScratchIsGivenBack() throws {
        var reader = WebSocketReader(role: .server)
        var scratch: [UInt8] = []
        var wire: [UInt8] = []
        let large = [UInt8](repeating: 3, count: 2 << 20)
        WebSocketFrame.append(.binary, payload: large.span.bytes, mask: 1, to: &wire)
        var offset = 0
        let event = try reader.next(wire.span.bytes, at: &offset, scratch: &scratch)
        #expect(event == .message(.binary, .scratch(0..<large.count)))
        #expect(scratch.capacity >= large.count)
        let nothing = try reader.next(wire.span.bytes, at: &offset, scratch: &scratch)
        #expect(nothing == nil)
        #expect(scratch.capacity == 0)
    }

    @Test("After an error or a close the reader discards what comes")
    func nothingAfterTheEnd() {
        let good = hex("82 01 07")
        #expect(WebSocketTranscript([hex("83 00"), good, good], role: .client).entries == [.error(.unknownOpcode(3))])
        #expect(WebSocketTranscript([hex("88 00"), good, good], role: .client).entries == [.close(nil, "")])
    }
}
