import Basis
import RecordSupport
import Testing

@testable import TLSRecords

@Suite("Streams of records")
struct StreamTests {
    @Test("EVP makes the same records and opens them; a flipped bit is refused", arguments: RecordSuite.allCases)
    func bothWays(suite: RecordSuite) {
        var random = SeededRandom(seed: 41)
        let secrets = (random.bytes(suite.secretBytes), random.bytes(suite.secretBytes))
        func pair(byEVP: Bool) -> RecordPair {
            RecordPair(suite, clientSecret: secrets.0, serverSecret: secrets.1, byEVP: byEVP)
        }
        var direct = pair(byEVP: false)
        var evp = pair(byEVP: true)
        for count in [0, 1, 15, 16, 17, 150, 4_096, 16_384, 16_385, 40_000] {
            let (first, second) = (random.bytes(count), random.bytes(count))
            let sealed = direct.client.seal(first, padding: count % 7, direct.resources)
            #expect(sealed == evp.client.seal(first, padding: count % 7, evp.resources))
            #expect(evp.server.open(sealed, evp.resources).0 == first)
            #expect(direct.server.open(sealed, direct.resources).0 == first)
            let answer = evp.server.seal(second, evp.resources)
            #expect(answer == direct.server.seal(second, direct.resources))
            #expect(direct.client.open(answer, direct.resources).0 == second)
            #expect(evp.client.open(answer, evp.resources).0 == second)
        }
        var flipped = evp.client.seal(random.bytes(150), evp.resources)
        flipped[flipped.count - 1] ^= 1
        #expect(evp.server.open(flipped, evp.resources).1.end == .failed(.badRecord))
        let isDirectFreed = direct.end()
        let isEVPFreed = evp.end()
        #expect(isDirectFreed && isEVPFreed)
    }

    @Test(
        "A flipped bit anywhere in a record is refused, with the alert that belongs to it",
        arguments: RecordSuite.allCases)
    func flips(suite: RecordSuite) {
        var random = SeededRandom(seed: 11)
        let secrets = (random.bytes(suite.secretBytes), random.bytes(suite.secretBytes))
        var sender = RecordPair(suite, clientSecret: secrets.0, serverSecret: secrets.1)
        let record = sender.client.seal(random.bytes(150), sender.resources)
        for bit in 0..<(record.count * 8) {
            var pair = RecordPair(suite, clientSecret: secrets.0, serverSecret: secrets.1)
            var changed = record
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            // Where the length has become longer, the bytes that it announces follow.
            let (data, result) = pair.server.open(changed + [UInt8](repeating: 0, count: 17_000), pair.resources)
            let length = Int(changed[3]) << 8 + Int(changed[4])
            let expected: RecordFailure =
                bit < 8 ? .unexpectedRecord(changed[0]) : length > 16_640 ? .overflow : .badRecord
            #expect(result.end == .failed(expected), "bit \(bit)")
            #expect(data.isEmpty, "bit \(bit)")
            let alert = pair.server.control(pair.resources)
            #expect(expected.alert.map { pair.client.open(alert, pair.resources).1.end == .failed(.alert($0)) } == true)
            #expect(pair.server.control(pair.resources).isEmpty && pair.server.seal([1], pair.resources).isEmpty)
            let isFreed = pair.end()
            #expect(isFreed)
        }
        let isFreed = sender.end()
        #expect(isFreed)
    }

    @Test("Random streams give the same data however they are cut", arguments: 0..<90)
    func cuts(seed: Int) {
        var random = SeededRandom(seed: 12, stream: UInt64(seed))
        var pair = RecordPair(RecordSuite.allCases[seed % 3], limitShift: seed % 5 == 0 ? 2 : 24, &random)
        let (stream, data) = pair.randomStream(&random)
        var opened: [UInt8] = []
        var position = 0
        while position < stream.count {
            let bound = [3, 40, 700, 30_000][random.index(below: 4)]
            let end = min(position + 1 + random.index(below: bound), stream.count)
            var piece = Array(stream[position..<end])
            position = end
            while true {
                let (more, result) = pair.client.open(piece, room: random.chance(0.3) ? 16_700 : 60_000, pair.resources)
                opened += more
                if result.end == .needsRoom {
                    piece = Array(piece[result.consumed...])
                    continue
                }
                #expect(result.end == .needsInput && result.consumed == piece.count, "seed \(seed)")
                break
            }
            let answer = pair.client.control(pair.resources)
            if !answer.isEmpty { #expect(pair.server.open(answer, pair.resources).1.end == .needsInput) }
        }
        #expect(opened == data, "seed \(seed)")
        #expect(!pair.client.isAmidRecord && pair.resources.bytesInPieces == 0)
        let text = random.bytes(100)
        #expect(pair.server.open(pair.client.seal(text, pair.resources), pair.resources).0 == text, "the way back")
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("A target of any size is never exceeded, and what fits is complete")
    func targets() throws {
        var random = SeededRandom(seed: 13)
        var pair = RecordPair(.aes128GCM, maxFragment: 512, &random)
        let text = random.bytes(5000)
        for room in 0..<600 {
            var target = [UInt8](repeating: 0xEE, count: room + 8)
            var span = target.mutableSpan
            var bytes = span.mutableBytes
            var part = bytes._mutatingExtracting(0..<room)
            let (taken, made) = pair.client.seal(text.span.bytes, into: &part, pair.resources) ?? (0, 0)
            #expect(made <= room && target[room...].allSatisfy { $0 == 0xEE }, "room \(room)")
            #expect(pair.server.open(Array(target[0..<made]), pair.resources).0 == Array(text[0..<taken]))
        }
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("A record in pieces takes a buffer of its size, and a message in pieces the smallest")
    func buffers() {
        var random = SeededRandom(seed: 14)
        var pair = RecordPair(.aes128GCM, &random)
        let record = pair.server.seal(random.bytes(16_384), pair.resources)
        _ = pair.client.open(Array(record[0..<3]), pair.resources)
        #expect(pair.resources.bytesInPieces == RecordMemory.bufferSizes[0])
        _ = pair.client.open(Array(record[3..<100]), pair.resources)
        #expect(pair.resources.bytesInPieces == RecordMemory.bufferSizes[2])
        #expect(pair.client.open(Array(record[100...]), pair.resources).0.count == 16_384)
        #expect(pair.resources.bytesInPieces == 0)
        // A ticket of which a large first part came in a record that was in pieces itself.
        let ticket = pair.server.record(22, [4, 0, 0x40, 0] + random.bytes(9_000), pair.resources)
        _ = pair.client.open(Array(ticket[0..<7_000]), pair.resources)
        _ = pair.client.open(Array(ticket[7_000...]), pair.resources)
        #expect(pair.resources.bytesInPieces == RecordMemory.bufferSizes[0])
        _ = pair.client.open(pair.server.record(22, random.bytes(0x4000 - 9_000), pair.resources), pair.resources)
        #expect(pair.resources.bytesInPieces == 0)
        #expect(pair.resources.counts.ticketsSkipped == 1)
        let isFreed = pair.end()
        #expect(isFreed)
    }
}

extension RecordPair {
    /// What a server may send: data, empty records, padding, tickets in pieces, key updates. And the data in it.
    mutating func randomStream(_ random: inout SeededRandom) -> (stream: [UInt8], data: [UInt8]) {
        var (stream, data): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<(3 + random.index(below: 12)) {
            switch random.index(below: 8) {
            case 0: stream += server.seal([], padding: random.index(below: 40), resources)
            case 1:
                let length = random.index(below: 300)
                var rest = ([4, 0, UInt8(length >> 8), UInt8(length & 255)] + random.bytes(length))[...]
                while !rest.isEmpty {
                    let count = 1 + random.index(below: random.chance(0.5) ? 4 : rest.count)
                    let padding = random.chance(0.5) ? random.index(below: 20) : 0
                    stream += server.record(22, Array(rest.prefix(count)), padding: padding, resources)
                    rest = rest.dropFirst(count)
                }
            case 2: stream += server.update(requesting: random.chance(0.5), resources)
            case 3:
                let text = random.bytes(random.index(below: 30_000))
                data += text
                if !text.isEmpty { stream += server.seal(text, room: 24_000, resources) }
            default:
                let text = random.bytes(1 + random.index(below: 400))
                data += text
                stream += server.seal(text, padding: random.chance(0.25) ? random.index(below: 100) : 0, resources)
            }
        }
        return (stream, data)
    }
}
