import Basis
import Foundation
import Testing
import Transport

@testable import Packages

@Suite("Hostile package files and signatures: nothing crashes, hangs or grows")
struct PackageFuzzTests {
    static let rounds = ProcessInfo.processInfo.environment["MUSTER_FUZZ"] == "long" ? 20_000 : 400

    @Test(
        "Archives with bytes changed, cut and repeated are judged, the same however they arrive",
        arguments: 1...4 as ClosedRange<UInt64>)
    func archives(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let starts = [ArchiveTests.good, ArchiveTests.zip, GzipFixture.bytes]
        for round in 0..<Self.rounds {
            var bytes = starts[random.index(below: starts.count)]
            for _ in 0...random.index(below: 4) {
                guard !bytes.isEmpty else { break }
                let place = random.index(below: bytes.count)
                switch random.index(below: 4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] ^= 1 << UInt8(random.index(below: 8))
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.index(below: 600)))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 64)], at: place)
                }
            }
            let policy = ArchivePolicy(unpackedLimit: 1 << 20)
            let whole = ArchiveTests.inspect(bytes, policy: policy, sandbox: SandboxPolicy(fileLimit: 5))
            let pieces = ArchiveTests.inspect(
                bytes, piece: 1 + random.index(below: 700), policy: policy, sandbox: SandboxPolicy(fileLimit: 5))
            #expect(whole.contents.name == pieces.contents.name, "seed \(seed), round \(round)")
            #expect(whole.sandbox.name == pieces.sandbox.name, "seed \(seed), round \(round)")
        }
    }

    @Test(
        "Signature files with bytes changed are read as what they are, or not at all",
        arguments: 1...4 as ClosedRange<UInt64>)
    func signatures(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let start = DetachedSignature(
            algorithm: .ed25519, signer: "release", package: PackageName("collector", version: "1%"),
            signature: [UInt8](0..<64))
        for round in 0..<Self.rounds {
            var bytes = Array(start.text.utf8)
            for _ in 0...random.index(below: 3) {
                let place = random.index(below: bytes.count)
                if random.chance(0.5) {
                    bytes[place] = UInt8(truncatingIfNeeded: random.next())
                } else {
                    bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.index(below: 20)))
                    if bytes.isEmpty { bytes = [0] }
                }
            }
            // What is read has one text only: its own.
            if let read = try? DetachedSignature(bytes) {
                #expect(Array(read.text.utf8) == bytes, "seed \(seed), round \(round)")
            }
        }
    }

    @Test(
        "Responses with bytes changed end in an event, and no more of a file arrives than is allowed",
        arguments: 1...4 as ClosedRange<UInt64>)
    func responses(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let url = try #require(FileURL("http://files/p"))
        let starts = [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"a\"\r\n\r\n0123456789",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789",
            "HTTP/1.1 302 Found\r\nLocation: ../q?x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
        ]
        for round in 0..<Self.rounds {
            var transfer = FileTransfer(
                url: url, fields: .init(), limits: .init(bytes: 20, redirects: 2), canResumeBlindly: true)
            for _ in 0..<4 {
                var request: [UInt8] = []
                transfer.begin(appendingRequestTo: &request)
                var bytes = Array(starts[random.index(below: starts.count)].utf8)
                for _ in 0..<random.index(below: 3) {
                    bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                var offset = 0
                var events = 0
                while let event = transfer.next(bytes.span.bytes, at: &offset) {
                    events += 1
                    if case .body(let range) = event { #expect(range.upperBound <= bytes.count) }
                    guard events < 100 else {
                        Issue.record("no end of events: seed \(seed), round \(round)")
                        return
                    }
                }
                _ = transfer.connectionEnded()
                #expect(transfer.received <= 20, "seed \(seed), round \(round)")
            }
        }
    }
}
