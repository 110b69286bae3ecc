import OpAMP
import Protobuf
import Testing

/// Decoding is linear in the bytes for every message in both directions, however fields repeat.
///
/// What is counted: a step for each tag that is read, and one for each element of a list or map that moves in memory.
@Suite("Decoding costs a number of steps that is linear in the bytes")
struct LinearDecodingTests {
    /// More than any well-formed message needs: a tag takes two bytes at least, and growing memory moves an element
    /// twice at most.
    private static let stepsPerByte = 4

    @Test("A field that repeats many times, at each level of each message", arguments: [true, false])
    func repeatedFields(isReport: Bool) throws {
        for path in try FieldPath.all(from: isReport ? "AgentToServer" : "ServerToAgent") {
            for level in 0...path.fields.count {
                let bytes = path.repeated(400, fromLevel: level)
                for (reader, steps) in try isReport ? Self.steps(ofReport: bytes) : Self.steps(ofAnswer: bytes) {
                    #expect(
                        steps <= Self.stepsPerByte * bytes.count,
                        "\(path.numbers), repeated from level \(level), \(reader): \(steps) steps")
                }
            }
        }
    }

    @Test("A map whose key occurs twice at each level", arguments: [5, 14] as [UInt8], [16, 40])
    func repeatedKeys(field: UInt8, depth: Int) throws {
        for isFirstFull in [true, false] {
            let bytes = Self.nested(depth, in: field, isFirstFull: isFirstFull)
            for (reader, steps) in try Self.steps(ofReport: bytes) {
                #expect(steps <= Self.stepsPerByte * bytes.count, "\(reader)")
            }
        }
    }

    @Test("A sub-message in 5,000 parts, each with one entry, header or attribute")
    func parts() throws {
        let uid = FieldBytes.field(1, [UInt8](0..<16))
        let key = FieldBytes.field(1, FieldBytes.field(1, [0x61]))
        var answer = uid
        for _ in 0..<5000 { answer += FieldBytes.field(4, FieldBytes.field(2, FieldBytes.field(2, key))) }
        for (reader, steps) in try Self.steps(ofAnswer: answer) {
            #expect(steps <= Self.stepsPerByte * answer.count, "\(reader)")
        }
        for field: UInt32 in [3, 8, 14] {
            var report = uid
            for index in 0..<5000 {
                let entry = FieldBytes.field(1, Array(String(index).utf8)) + FieldBytes.field(2, [])
                report += FieldBytes.field(field, FieldBytes.field(1, entry))
            }
            for (reader, steps) in try Self.steps(ofReport: report) {
                #expect(steps <= Self.stepsPerByte * report.count, "\(reader)")
            }
        }
    }

    /// Nested maps: health (5) or components (14), each level with the same key twice, one of them holding the next
    /// level.
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

    /// What each way to read a report costs.
    private static func steps(ofReport bytes: [UInt8]) throws -> [(reader: String, steps: Int)] {
        var decoder = ArenaDecoder()
        _ = try decoder.withAgentToServer(bytes.span.bytes) { $0.sequenceNumber }
        return try steps(AgentToServer.self, bytes) + [("arena", decoder.stepCount)]
    }

    /// What each way to read an answer costs.
    private static func steps(ofAnswer bytes: [UInt8]) throws -> [(reader: String, steps: Int)] {
        var decoder = ArenaDecoder()
        _ = try decoder.withServerToAgent(bytes.span.bytes) { $0.flags }
        return try steps(ServerToAgent.self, bytes) + [("arena", decoder.stepCount)]
    }

    private static func steps<Message: SchemaMessage>(
        _ type: Message.Type, _ bytes: [UInt8]
    ) throws -> [(reader: String, steps: Int)] {
        let decoding = try WireReader.read(bytes.span.bytes, limits: .default) { (reader) throws(DecodingError) in
            var message = Message()
            try message.merge(from: &reader)
            return reader.stepCount
        }
        let checking = try WireReader.read(bytes.span.bytes, limits: .default) { (reader) throws(DecodingError) in
            try Message.check(&reader)
            return reader.stepCount
        }
        return [("decoder", decoding), ("check", checking)]
    }
}
