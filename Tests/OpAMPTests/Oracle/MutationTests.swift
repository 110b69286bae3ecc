import Basis
import Foundation
import OpAMP
import SwiftProtobuf
import Testing

/// A million damaged messages: none may crash, hang or be judged differently by two ways of reading it.
@Suite("Damaged messages are refused or read, never worse")
struct MutationTests {
    private static let seed: UInt64 = 0x00A6_E47F
    private static let isLong = ProcessInfo.processInfo.environment["MUSTER_FUZZ"] == "long"
    /// Cases run side by side; the counts below are for each.
    private static let streams = 0..<UInt64(10)
    private static var countEach: Int { isLong ? 5_000_000 : 50_000 }

    /// The oracle, the slowest of the three, judges one message in this many.
    private static let oracleShare = 8
    /// The arena's decoder reads one message in this many.
    private static let arenaShare = 4

    @Test("A report is read alike by the decoder, the view, the arena and the oracle", arguments: streams)
    func reports(stream: UInt64) throws {
        var decoder = ArenaDecoder(capacity: 256)
        try run(AgentToServer.self, maps: MisshapenEntry.report, stream: stream) { bytes in
            let view = try AgentToServerView(bytes)
            return (view.report().encoded(), view.unknownFieldCount)
        } arena: { bytes in
            try decoder.withAgentToServer(bytes) { $0.copied().encoded() }
        }
    }

    @Test("An answer is read alike by the decoder, the view, the arena and the oracle", arguments: streams)
    func answers(stream: UInt64) throws {
        var decoder = ArenaDecoder(capacity: 256)
        try run(ServerToAgent.self, maps: MisshapenEntry.answer, stream: stream + 1000) { bytes in
            let view = try ServerToAgentView(bytes)
            return (view.answer().encoded(), view.unknownFieldCount)
        } arena: { bytes in
            try decoder.withServerToAgent(bytes) { $0.copied().encoded() }
        }
    }

    private func run<Message: OracleTwin>(
        _: Message.Type, maps: [UInt64: MisshapenEntry.Path], stream: UInt64,
        view: (RawSpan) throws -> (bytes: [UInt8], unknown: Int), arena: (RawSpan) throws -> [UInt8]
    ) throws {
        var draw = TwinDraw(seed: Self.seed, stream: stream)
        let corpus = (0..<256).map { _ in Message.twins(&draw).0.encoded() }.filter { $0.count < 600 }
        var mutation = Mutation(seed: Self.seed, stream: stream)
        var verdicts = (accepted: 0, refused: 0)
        var excused = 0
        for number in 0..<Self.countEach {
            let original = corpus[number % corpus.count]
            let bytes = mutation.damaged(original, with: corpus[(number &* 7 + 3) % corpus.count])
            let problem =
                judge(
                    Message.self, bytes, view: view, askOracle: number % Self.oracleShare == 0, &verdicts)
                ?? (number % Self.arenaShare == 0 ? judgeArena(Message.self, bytes, arena) : nil)
            if let problem {
                if problem.contains("the oracle"), MisshapenEntry.exists(in: bytes[...], maps) {
                    excused += 1
                    continue
                }
                Issue.record("\(problem) (stream \(stream), number \(number)): \(bytes)")
                return
            }
        }
        // Damage of both kinds came up, so both judgements were tested.
        #expect(verdicts.accepted > Self.countEach / 20)
        #expect(verdicts.refused > Self.countEach / 20)
        #expect(excused < Self.countEach / 200)
    }

    /// What is wrong with the way `bytes` were read; nothing when all is well.
    private func judge<Message: OracleTwin>(
        _: Message.Type, _ bytes: [UInt8], view: (RawSpan) throws -> (bytes: [UInt8], unknown: Int),
        askOracle: Bool, _ verdicts: inout (accepted: Int, refused: Int)
    ) -> String? {
        let viewed = Result { try view(bytes.span.bytes) }
        var message = Message()
        let unknown: Int
        do throws(OpAMP.DecodingError) {
            unknown = try message.merge(decoding: bytes.span.bytes, limits: .default)
        } catch {
            verdicts.refused += 1
            guard case .failure(let failure) = viewed else { return "only the view accepts" }
            if failure as? OpAMP.DecodingError != error { return "decoder: \(error); view: \(failure)" }
            if error.offset > bytes.count { return "an error beyond the end: \(error)" }
            if !askOracle { return nil }
            return oracleReading(Message.self, bytes) == nil ? nil : "only the oracle accepts: \(error)"
        }
        verdicts.accepted += 1
        guard case .success(let seen) = viewed else { return "only the decoder accepts" }
        let encoded = message.encoded()
        if seen.bytes != encoded { return "the view holds something else" }
        if seen.unknown != unknown { return "\(unknown) unknown fields; the view counts \(seen.unknown)" }
        // An entry of a map may be two bytes on the wire and six when written with its empty key and value.
        if encoded.count > 3 * bytes.count { return "it grew to \(encoded.count) bytes" }
        if !askOracle { return nil }
        guard let theirs = oracleReading(Message.self, bytes) else { return "the oracle refuses" }
        guard let ours = oracleReading(Message.self, encoded) else { return "the oracle refuses what was written" }
        return ours == theirs ? nil : "the oracle reads something else"
    }

    /// What is wrong with the way the arena read `bytes`; nothing when it read them as the decoder does.
    private func judgeArena<Message: OracleTwin>(
        _: Message.Type, _ bytes: [UInt8], _ arena: (RawSpan) throws -> [UInt8]
    ) -> String? {
        let inArena = Result { try arena(bytes.span.bytes) }
        switch (Result { try Message(decoding: bytes).encoded() }, inArena) {
        case (.success(let ours), .success(let copied)): return ours == copied ? nil : "the arena holds something else"
        case (.failure(let ours), .failure(let other)):
            let isSame = ours as? OpAMP.DecodingError == other as? OpAMP.DecodingError
            return isSame ? nil : "decoder: \(ours); arena: \(other)"
        case (.success, .failure(let error)): return "the arena refuses: \(error)"
        case (.failure, .success): return "only the arena accepts"
        }
    }

    /// The oracle's own bytes for the message, unknown fields dropped and maps sorted; nothing where it refuses it.
    private func oracleReading<Message: OracleTwin>(_: Message.Type, _ bytes: [UInt8]) -> [UInt8]? {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        var sorted = BinaryEncodingOptions()
        sorted.useDeterministicOrdering = true
        guard let message = try? Message.Oracle(serializedBytes: bytes, options: options) else { return nil }
        return try? message.serializedBytes(options: sorted)
    }
}
