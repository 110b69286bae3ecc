import Testing

@testable import OpAMP

/// Decoding is linear in the bytes for every message in both directions, however fields repeat.
///
/// What is counted: a step for each tag that is read, and one for each element of a list or map that moves in memory.
@Suite("Decoding costs a number of steps that is linear in the bytes")
struct LinearDecodingTests {
    /// More than any well-formed message needs: a tag takes two bytes at least, and growing memory moves an element twice at most.
    private static let stepsPerByte = 4

    @Test("A field that repeats many times, at each level of each message", arguments: [true, false])
    func repeatedFields(isReport: Bool) throws {
        for path in FieldPath.all(from: isReport ? .agentToServer : .serverToAgent) {
            for level in 0...path.fields.count {
                let bytes = path.repeated(400, fromLevel: level)
                let steps = try isReport ? Self.steps(AgentToServer.self, bytes) : Self.steps(ServerToAgent.self, bytes)
                #expect(
                    steps <= Self.stepsPerByte * bytes.count,
                    "\(path.numbers), repeated from level \(level): \(steps) steps")
            }
        }
    }

    @Test("A map whose key occurs twice at each level", arguments: [5, 14] as [UInt8], [16, 40])
    func repeatedKeys(field: UInt8, depth: Int) throws {
        for isFirstFull in [true, false] {
            let bytes = Self.nested(depth, in: field, isFirstFull: isFirstFull)
            #expect(try Self.steps(AgentToServer.self, bytes) <= Self.stepsPerByte * bytes.count)
        }
    }

    @Test("A sub-message in 5,000 parts, each with one entry, header or attribute")
    func parts() throws {
        let uid = FieldBytes.field(1, [UInt8](0..<16))
        let key = FieldBytes.field(1, FieldBytes.field(1, [0x61]))
        var answer = uid
        for _ in 0..<5000 { answer += FieldBytes.field(4, FieldBytes.field(2, FieldBytes.field(2, key))) }
        #expect(try Self.steps(ServerToAgent.self, answer) <= Self.stepsPerByte * answer.count)
        for field: UInt32 in [3, 8, 14] {
            var report = uid
            for index in 0..<5000 {
                let entry = FieldBytes.field(1, Array(String(index).utf8)) + FieldBytes.field(2, [])
                report += FieldBytes.field(field, FieldBytes.field(1, entry))
            }
            #expect(try Self.steps(AgentToServer.self, report) <= Self.stepsPerByte * report.count, "field \(field)")
        }
    }

    /// Nested maps: health (5) or components (14), each level with the same key twice, one of them holding the next level.
    static func nested(_ depth: Int, in field: UInt8, isFirstFull: Bool) -> [UInt8] {
        let key = FieldBytes.field(1, [0x61])
        var content: [UInt8] = []
        for level in (0..<depth).reversed() {
            let number: UInt32 = field == 5 ? 6 : level == 0 ? 1 : 2
            let full = FieldBytes.field(number, key + FieldBytes.field(2, content))
            let empty = FieldBytes.field(number, key + FieldBytes.field(2, []))
            content = isFirstFull ? full + empty : empty + full
        }
        return FieldBytes.field(UInt32(field), content)
    }

    static func steps<Message: FieldTable>(_ type: Message.Type, _ bytes: [UInt8]) throws -> Int {
        try WireReader.read(bytes.span.bytes, limits: .default) { (reader) throws(DecodingError) in
            var message = Message()
            try message.decodeFields(from: &reader)
            return reader.stepCount
        }
    }
}
