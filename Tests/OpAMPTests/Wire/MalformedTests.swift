import OpAMP
import OrderedCollections
import Testing

@Suite("Malformed bytes are refused with the fault and its place")
struct MalformedTests {
    /// Bytes that are no `AgentToServer`, and why.
    static let cases: [([UInt8], DecodingError.Fault, Int)] = [
        ([0x10], .truncated, 1),
        ([0x10, 0x80], .truncated, 2),
        ([0x0A, 3, 1, 2], .truncated, 2),
        ([0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], .truncated, 6),
        ([0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .truncated, 11),
        ([0x2A, 4, 0x11, 1, 2, 3], .truncated, 3),
        ([0x2A, 3, 0x1A, 2, 0x61], .truncated, 4),
        ([0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], .overlongVarint, 11),
        ([0x90, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01], .overlongVarint, 6),
        ([0x00, 0x01], .invalidFieldNumber, 1),
        ([0x02, 0x00], .invalidFieldNumber, 1),
        ([0xF8, 0xFF, 0xFF, 0xFF, 0x1F, 0x00], .invalidFieldNumber, 5),
        ([0x0E], .invalidWireType, 1),
        ([0x0F], .invalidWireType, 1),
        ([0x0C], .unbalancedGroup, 1),
        ([0xA3, 0x06, 0x0C], .unbalancedGroup, 3),
        ([0xA3, 0x06, 0x08, 0x01], .truncated, 4),
        ([0x2A, 1, 0x0C, 0x0C], .unbalancedGroup, 3),
        ([0x2A, 4, 0x22, 2, 0xC3, 0x28], .invalidUTF8, 6),
    ]

    @Test("The decoder and the view name the same fault at the same byte", arguments: cases)
    func faults(bytes: [UInt8], fault: DecodingError.Fault, offset: Int) {
        let expected = DecodingError(fault, offset: offset)
        #expect(throws: expected) { try AgentToServer(decoding: bytes) }
        #expect(throws: expected) { _ = try AgentToServerView(bytes.span.bytes).present }
    }

    @Test(
        "Text that is not UTF-8 is refused: overlong, surrogate, too high, cut short, stray",
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFF], [0x80], [0xBF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x92], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28],
            [0xF0, 0x9F, 0x28, 0x80], [0xF0, 0x9F, 0x92, 0x28],
        ] as [[UInt8]])
    func badText(text: [UInt8]) {
        for padding in [0, 1, 7, 8, 20] {
            let ascii = [UInt8](repeating: 0x61, count: padding)
            for bytes in [ascii + text, text + ascii, ascii + text + ascii] {
                let header = [0x0A, UInt8(bytes.count)] + bytes
                #expect(throws: DecodingError(.invalidUTF8, offset: header.count)) { try Header(decoding: header) }
            }
        }
    }

    @Test("Every character that Unicode has passes as text, at the borders of the forms")
    func goodText() throws {
        for value: UInt32 in [0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF] {
            let scalar = try #require(Unicode.Scalar(value))
            let header = Header(key: String(Character(scalar)), value: "padding \(scalar) padding")
            #expect(try Header(decoding: header.encoded()) == header)
        }
    }

    @Test("Messages may be nested as deep as the limit says and no deeper", arguments: [1, 2, 64, 100])
    func depth(limit: Int) throws {
        let limits = DecodingLimits(depth: limit)
        let fits = AgentToServer(health: Self.health(levels: limit)).encoded()
        let deeper = AgentToServer(health: Self.health(levels: limit + 1)).encoded()
        #expect(try AgentToServer(decoding: fits, limits: limits).encoded() == fits)
        #expect(try AgentToServerView(fits.span.bytes, limits: limits).report().encoded() == fits)
        #expect { try AgentToServer(decoding: deeper, limits: limits) } throws: {
            ($0 as? DecodingError)?.fault == .tooDeep
        }
        #expect { _ = try AgentToServerView(deeper.span.bytes, limits: limits).present } throws: {
            ($0 as? DecodingError)?.fault == .tooDeep
        }
    }

    @Test("Unknown groups count as levels too")
    func groupDepth() throws {
        func groups(_ count: Int) -> [UInt8] {
            [UInt8](repeating: 0x7B, count: count) + [UInt8](repeating: 0x7C, count: count)
        }
        #expect(try AgentToServer(decoding: groups(100)) == AgentToServer())
        #expect(throws: DecodingError(.tooDeep, offset: 101)) { try AgentToServer(decoding: groups(101)) }
        #expect(throws: DecodingError(.tooDeep, offset: 101)) { try AgentToServer(decoding: groups(1_000_000)) }
        let deep = groups(1_000_000)
        #expect(try ServerToAgent(decoding: groups(100)) == ServerToAgent())
        #expect(throws: DecodingError(.tooDeep, offset: 101)) { try ServerToAgent(decoding: deep) }
        #expect(throws: DecodingError(.tooDeep, offset: 101)) { _ = try ServerToAgentView(deep.span.bytes).present }
        var decoder = ArenaDecoder()
        #expect(throws: DecodingError(.tooDeep, offset: 101)) {
            try decoder.withAgentToServer(deep.span.bytes) { $0.sequenceNumber }
        }
        #expect(throws: DecodingError(.tooDeep, offset: 101)) {
            try decoder.withServerToAgent(deep.span.bytes) { $0.capabilities }
        }
    }

    @Test("A message larger than the limit is refused unread")
    func size() throws {
        let bytes = [UInt8](repeating: 0xFF, count: 11)
        let limits = DecodingLimits(byteCount: 10)
        #expect(throws: DecodingError(.tooLarge, offset: 10)) { try AgentToServer(decoding: bytes, limits: limits) }
        #expect(throws: DecodingError(.tooLarge, offset: 10)) {
            _ = try AgentToServerView(bytes.span.bytes, limits: limits).present
        }
    }

    private static func health(levels: Int) -> ComponentHealth {
        var health = ComponentHealth(healthy: true)
        for _ in 1..<levels { health = ComponentHealth(componentHealthMap: ["part": health]) }
        return health
    }
}
