import Basis
import RecordSupport
import Testing

@testable import TLSRecords

/// A record, by its inner content type, and what comes of it.
struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var before: [(UInt8, [UInt8])] = []
    let type: UInt8
    let content: [UInt8]
    var padding = 0
    var isToServer = false
    let end: RecordEnd

    var testDescription: String { name }
}

@Suite("Rules of records after the handshake (RFC 8446)")
struct RuleTests {
    private static let alerts = [
        Case(name: "close_notify", type: 21, content: [1, 0], end: .peerFinished),
        Case(name: "close_notify at the fatal level", type: 21, content: [2, 0], end: .peerFinished),
        Case(name: "user_canceled", type: 21, content: [1, 90], end: .needsInput),
        Case(name: "handshake_failure", type: 21, content: [2, 40], end: .failed(.alert(40))),
        Case(name: "an alert at the warning level", type: 21, content: [1, 112], end: .failed(.alert(112))),
        Case(name: "an unknown alert", type: 21, content: [2, 231], end: .failed(.alert(231))),
        Case(name: "an empty alert", type: 21, content: [], end: .failed(.emptyRecord)),
        Case(name: "half an alert", type: 21, content: [1], end: .failed(.malformedAlert)),
        Case(name: "two alerts", type: 21, content: [1, 0, 1, 0], end: .failed(.malformedAlert)),
        Case(name: "an alert of an unknown level", type: 21, content: [7, 0], end: .failed(.malformedAlert)),
    ]

    private static let messages = [
        Case(name: "an empty handshake record", type: 22, content: [], end: .failed(.emptyRecord)),
        Case(name: "a key update", type: 22, content: [24, 0, 0, 1, 0], end: .needsInput),
        Case(
            name: "a key update that requests 2", type: 22, content: [24, 0, 0, 1, 2],
            end: .failed(.unknownKeyUpdate(2))),
        Case(name: "a long key update", type: 22, content: [24, 0, 0, 2, 0, 0], end: .failed(.malformedKeyUpdate)),
        Case(name: "an empty key update", type: 22, content: [24, 0, 0, 0], end: .failed(.malformedKeyUpdate)),
        Case(
            name: "two key updates in a record", type: 22, content: [24, 0, 0, 1, 0, 24, 0, 0, 1, 0],
            end: .failed(.acrossKeys)),
        Case(name: "a key update and more", type: 22, content: [24, 0, 0, 1, 1, 4], end: .failed(.acrossKeys)),
        Case(
            name: "a key update over two records, and more", before: [(22, [24, 0, 0])], type: 22,
            content: [1, 0, 1, 0], end: .failed(.acrossKeys)),
        Case(
            name: "a key update over two records", before: [(22, [24, 0, 0])], type: 22, content: [1, 0],
            end: .needsInput),
        Case(
            name: "a key update's body in a record of its own", before: [(22, [24, 0, 0, 1])], type: 22, content: [0],
            end: .needsInput),
        Case(
            name: "data amid a key update", before: [(22, [24, 0, 0])], type: 23, content: [1],
            end: .failed(.interleaved)),
        Case(
            name: "an alert amid a ticket", before: [(22, [4, 0, 0, 9, 1])], type: 21, content: [1, 0],
            end: .failed(.interleaved)),
        Case(
            name: "two tickets in a record", type: 22, content: [4, 0, 0, 3, 1, 2, 3, 4, 0, 0, 1, 0], end: .needsInput),
        Case(
            name: "a ticket and a key update in a record", type: 22, content: [4, 0, 0, 3, 1, 2, 3, 24, 0, 0, 1, 1],
            end: .needsInput),
        Case(name: "a ticket longer than any", type: 22, content: [4, 3, 0, 0], end: .failed(.malformedTicket)),
        Case(
            name: "a ticket to a server", type: 22, content: [4, 0, 0, 1, 1], isToServer: true,
            end: .failed(.unexpectedMessage(4))),
    ]

    private static let contents = [
        Case(name: "no content type", type: 0, content: [], end: .failed(.noContentType)),
        Case(name: "zeros only", type: 0, content: [0, 0, 0], padding: 99, end: .failed(.noContentType)),
        Case(
            name: "the largest record", type: 23, content: [UInt8](repeating: 7, count: 16_384), end: .needsInput),
        Case(name: "the longest padding", type: 23, content: [7], padding: 16_383, end: .needsInput),
        Case(
            name: "a byte too much inside", type: 23, content: [UInt8](repeating: 7, count: 16_385),
            end: .failed(.overflow)),
        Case(name: "a byte too much by padding", type: 23, content: [7], padding: 16_384, end: .failed(.overflow)),
    ]

    private static let unexpected =
        [0, 1, 2, 5, 8, 11, 13, 15, 20, 25, 254].map { type in
            Case(name: "message \(type)", type: 22, content: [type, 0, 0, 0], end: .failed(.unexpectedMessage(type)))
        }
        + [1, 20, 24, 26, 255].map { type in
            Case(name: "content type \(type)", type: type, content: [1], end: .failed(.unexpectedRecord(type)))
        }

    @Test(
        "Each kind of record and message ends as the table says", arguments: alerts + messages + contents + unexpected)
    func outcome(example: Case) {
        var random = SeededRandom(seed: 1)
        for suite in RecordSuite.allCases {
            var pair = RecordPair(suite, &random)
            var result = OpenedRecords()
            let records = example.before.map { ($0.0, $0.1, 0) } + [(example.type, example.content, example.padding)]
            for (type, content, padding) in records {
                if example.isToServer {
                    let record = pair.client.record(type, content, padding: padding, pair.resources)
                    result = pair.server.open(record, pair.resources).1
                } else {
                    let record = pair.server.record(type, content, padding: padding, pair.resources)
                    result = pair.client.open(record, pair.resources).1
                }
            }
            #expect(result.end == example.end)
            if case .failed(let failure) = result.end, !example.isToServer {
                let alert = pair.client.control(pair.resources)
                #expect(result.owesOutput == (failure.alert != nil))
                #expect(alert.isEmpty == (failure.alert == nil))
                #expect(pair.client.seal([1], pair.resources).isEmpty, "nothing is sent after an alert")
            }
            let isFreed = pair.end()
            #expect(isFreed)
        }
    }

    @Test(
        "What is not a record of application data is refused by its first wrong byte, however it is cut",
        arguments: [
            ([21, 3, 3, 0, 2, 2, 40], RecordFailure.unexpectedRecord(21)),
            ([20, 3, 3, 0, 1, 1], .unexpectedRecord(20)), ([22, 3, 3, 0, 4, 0, 0, 0, 0], .unexpectedRecord(22)),
            (Array("HTTP/1.1 400".utf8), .unexpectedRecord(72)), ([23, 3, 3, 0x41, 1], .overflow),
            ([23, 3, 3, 0, 16], .badRecord), ([23, 3, 3, 0, 0], .badRecord),
        ] as [([UInt8], RecordFailure)], [1, 2, 3, 4, 5, 100])
    func plaintext(bytes: ([UInt8], RecordFailure), step: Int) {
        var random = SeededRandom(seed: 2)
        var pair = RecordPair(.aes256GCM, &random)
        var end = RecordEnd.needsInput
        for start in stride(from: 0, to: bytes.0.count, by: step) where end == .needsInput {
            let piece = Array(bytes.0[start..<min(bytes.0.count, start + step)])
            end = pair.client.open(piece, pair.resources).1.end
        }
        #expect(end == .failed(bytes.1))
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test(
        "The 33rd record in a row without data ends the connection",
        arguments: [
            (23, []), (22, [24, 0, 0, 1, 0]), (22, [24, 0, 0, 1, 1]), (22, [4, 0, 0, 1, 1]), (21, [1, 90]),
        ] as [(UInt8, [UInt8])])
    func floods(record: (UInt8, [UInt8])) {
        var random = SeededRandom(seed: 3)
        var pair = RecordPair(.chacha20Poly1305, &random)
        var count = 0
        var end = RecordEnd.needsInput
        while end == .needsInput, count < 100 {
            let bytes = pair.server.record(record.0, record.1, pair.resources)
            // The sender of a key update goes over to its next key.
            if record.1.first == 24 { pair.server.block.renewKeys(.write, pair.resources) }
            end = pair.client.open(bytes, pair.resources).1.end
            count += 1
        }
        #expect(end == .failed(.useless))
        #expect(count == 33)
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("Key updates with data between them are followed without end, and one answer serves all of a read")
    func manyUpdates() {
        var random = SeededRandom(seed: 4)
        var pair = RecordPair(.aes128GCM, &random)
        for _ in 0..<50 {
            var stream: [UInt8] = []
            for _ in 0..<10 { stream += pair.server.update(requesting: true, pair.resources) }
            stream += pair.server.seal([1], pair.resources)
            let (data, result) = pair.client.open(stream, pair.resources)
            #expect(data == [1])
            #expect(result.owesOutput)
            let answer = pair.client.control(pair.resources)
            #expect(answer.count == RecordLayer.updateRecordBytes)
            #expect(pair.client.control(pair.resources).isEmpty)
            let followed = pair.server.open(answer, pair.resources).1
            #expect(followed.end == .needsInput)
            #expect(!followed.owesOutput, "an answer asks for nothing")
        }
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("An answer that was not fetched is sent before the next data")
    func answerBeforeData() {
        var random = SeededRandom(seed: 5)
        var pair = RecordPair(.aes128GCM, &random)
        _ = pair.client.open(pair.server.update(requesting: true, pair.resources), pair.resources)
        let sent = pair.client.seal([5], pair.resources)
        #expect(sent.count == RecordLayer.updateRecordBytes + 1 + RecordLayer.overhead)
        #expect(pair.server.open(sent, pair.resources).0 == [5])
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("After the peer's close_notify nothing is looked at, and writing continues until this side's")
    func halfClosed() {
        var random = SeededRandom(seed: 6)
        var pair = RecordPair(.aes256GCM, &random)
        let end = pair.server.close(pair.resources)
        #expect(pair.client.open(end + [1, 2, 3], pair.resources).1.end == .peerFinished)
        #expect(pair.client.open([9, 9], pair.resources).1.end == .peerFinished)
        #expect(pair.server.open(pair.client.seal([8], pair.resources), pair.resources).0 == [8])
        #expect(pair.server.seal([1], pair.resources).isEmpty)
        #expect(pair.server.close(pair.resources).isEmpty)
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("A key is replaced before it has sealed more than its limit (RFC 8446 §5.5)")
    func ownLimit() {
        var random = SeededRandom(seed: 7)
        var pair = RecordPair(.aes256GCM, limitShift: 3, &random)
        var longest: UInt64 = 0
        for index in 0..<100 {
            #expect(
                pair.server.open(pair.client.seal([UInt8(index)], pair.resources), pair.resources).0 == [UInt8(index)])
            longest = max(longest, pair.client.writeSequence)
            let answer = pair.server.control(pair.resources)
            if !answer.isEmpty { _ = pair.client.open(answer, pair.resources) }
        }
        #expect(longest == 8)
        #expect((11...12).contains(pair.resources.counts.updatesByLimit))
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("A peer that never replaces its key is asked once")
    func lazyPeer() {
        var random = SeededRandom(seed: 8)
        var pair = RecordPair(.aes128GCM, limitShift: 24, serverLimitShift: 3, &random)
        var asked = 0
        for _ in 0..<20 {
            _ = pair.server.open(pair.client.seal([1], pair.resources), pair.resources)
            asked += pair.server.control(pair.resources).isEmpty ? 0 : 1
        }
        #expect(asked == 1)
        #expect(pair.resources.counts.updatesRequested == 1)
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("Records have at most the fragment's size that was agreed on (RFC 6066 §4)")
    func fragments() {
        var random = SeededRandom(seed: 9)
        var pair = RecordPair(.aes128GCM, maxFragment: 512, &random)
        let text = random.bytes(5000)
        let stream = pair.client.seal(text, pair.resources)
        #expect(stream.count == 5000 + 10 * RecordLayer.overhead)
        #expect(pair.server.open(stream, pair.resources).0 == text)
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("Secrets and keys are wiped when a connection ends")
    func wiped() {
        let resources = RecordResources()
        let secret = [UInt8](repeating: 0xA5, count: 32)
        let layer = RecordLayer(
            .aes128GCM, isServer: false, writeSecret: secret, readSecret: secret, written: 0, read: 0, resources)
        layer.end(resources)
        // The next connection gets the same block, before anything is written to it.
        let block = resources.memory.takeBlock(.aes128GCM)
        let bytes = UnsafeRawBufferPointer(start: block, count: RecordBlock.bytes(of: .aes128GCM))
        #expect(bytes.allSatisfy { $0 == 0 })
        resources.memory.putBlock(block, .aes128GCM)
    }
}
