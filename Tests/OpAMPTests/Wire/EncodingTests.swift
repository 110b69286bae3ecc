import OpAMP
import Testing

@Suite("Encoding is exact and appends")
struct EncodingTests {
    @Test("A number has one byte for each seven bits", arguments: 0..<64)
    func varintLengths(bits: Int) throws {
        for value in [UInt64(1) << UInt64(bits), (1 << UInt64(bits)) - 1, .max >> UInt64(63 - bits)] where value != 0 {
            let info = RetryInfo(retryAfterNanoseconds: value)
            let bytes = info.encoded()
            #expect(bytes.count == 1 + (64 - value.leadingZeroBitCount + 6) / 7)
            #expect(info.encodedSize == bytes.count)
            #expect(try RetryInfo(decoding: bytes) == info)
        }
    }

    @Test("What the buffer held before stays before")
    func appends() {
        var bytes: [UInt8] = [1, 2, 3]
        RetryInfo(retryAfterNanoseconds: 5).encode(appendingTo: &bytes)
        RetryInfo().encode(appendingTo: &bytes)
        #expect(bytes == [1, 2, 3, 0x08, 5])
    }

    @Test("A buffer with room is written where it is")
    func keepsCapacity() {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        let before = bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        for _ in 0..<3 {
            bytes.removeAll(keepingCapacity: true)
            AgentToServer(instanceUID: .uid(InstanceUID(high: 1, low: 2)), sequenceNumber: 9).encode(
                appendingTo: &bytes)
        }
        #expect(bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } == before)
    }

    @Test("A large sub-message's length has more than one byte", arguments: [127, 128, 16_383, 16_384, 3_000_000])
    func longLengths(count: Int) throws {
        let report = AgentToServer(
            customMessage: CustomMessage(data: [UInt8](repeating: 7, count: count)))
        let bytes = report.encoded()
        #expect(report.encodedSize == bytes.count)
        #expect(try AgentToServer(decoding: bytes) == report)
    }

    @Test("An empty sub-message is on the wire, an absent one is not")
    func presence() throws {
        #expect(AgentToServer(agentDisconnect: AgentDisconnect()).encoded() == [0x4A, 0])
        #expect(AgentToServer().encoded() == [])
        #expect(KeyValue("k", AnyValue.null).encoded() == [0x0A, 1, 0x6B, 0x12, 0])
        #expect(KeyValue(key: "k").encoded() == [0x0A, 1, 0x6B])
    }
}
