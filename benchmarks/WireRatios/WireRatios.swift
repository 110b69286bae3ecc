import Basis
import Engine
import Foundation
import OpAMP
import Transport

/// What compression and batching cost and save, on the messages of a collector and its server.
///
///     WireRatios [compression|batching]
@main
struct WireRatios {
    static func main() async throws {
        switch CommandLine.arguments.dropFirst().first {
        case "compression": try compression()
        case "batching": try await Batching.measure()
        default:
            try compression()
            print("")
            try await Batching.measure()
        }
    }

    // MARK: - Compression

    private static func compression() throws {
        print("Compression: ns and bytes a message; ratio: of the plain bytes, and of zlib's level 6 in time.")
        print("message        coding               bytes   of plain   compress ns   of zlib 6   decompress ns")
        for (name, message) in [
            ("heartbeat", CodecFixtures.heartbeat.encoded()), ("full report", CodecFixtures.fullReport.encoded()),
            ("remote config", CodecFixtures.remoteConfig.encoded()),
        ] {
            var reference = 1.0
            for coding in Coding.all {
                let row = try coding.measure(message)
                if coding.name == "gzip 6" { reference = row.compress }
                print(
                    pad(name, 14), pad(coding.name, 17), right("\(row.bytes)", 8),
                    right(percent(Double(row.bytes) / Double(message.count)), 10), right(number(row.compress), 13),
                    right(coding.name == "none" ? "" : ratio(row.compress / reference), 11),
                    right(number(row.decompress), 15))
            }
        }
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func number(_ value: Double) -> String {
        value < 10 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
    }
    static func ratio(_ value: Double) -> String { "\((value * 100).rounded() / 100)x" }
    static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

/// One way to send a message.
struct Coding {
    struct Figures {
        var bytes: Int
        var compress: Double
        var decompress: Double
    }

    let name: String
    /// Fill the buffer with the coded, and with the decoded form.
    let encode: ([UInt8], inout [UInt8]) throws -> Void
    let decode: ([UInt8], inout [UInt8]) throws -> Void

    /// gzip first, because level 6 is what the others are held against.
    static var all: [Coding] {
        [none] + [6, 1, 9].map(gzip) + [3, 1, 9, 19].map(zstd) + [6, 1, 9].map(deflate)
    }

    private static var none: Coding {
        Coding(
            name: "none", encode: { message, bytes in bytes.append(contentsOf: message) },
            decode: { message, bytes in bytes.append(contentsOf: message) })
    }

    private static func gzip(_ level: Int) -> Coding {
        content("gzip \(level)", .gzip, ContentCoder(gzipLevel: level))
    }

    private static func zstd(_ level: Int) -> Coding {
        content("zstd \(level)", .zstd, ContentCoder(zstdLevel: level))
    }

    private static func content(_ name: String, _ coding: ContentCoding, _ coder: ContentCoder) -> Coding {
        Coding(
            name: name, encode: { message, bytes in coder.encode(message.span.bytes, as: coding, into: &bytes) },
            decode: { message, bytes in
                try coder.decode(message.span.bytes, as: coding, limit: 1 << 24, into: &bytes)
            })
    }

    private static func deflate(_ level: Int) -> Coding {
        let (deflater, inflater) = (Deflater(level: level), Inflater())
        return Coding(
            name: "permessage \(level)",
            encode: { message, bytes in deflater?.message(message.span.bytes, prefix: 0, into: &bytes) },
            decode: { message, bytes in
                try inflater.message(.binary, message.span.bytes, limit: 1 << 24, into: &bytes)
            })
    }

    func measure(_ message: [UInt8]) throws -> Figures {
        var (coded, decoded) = ([UInt8](), [UInt8]())
        try encode(message, &coded)
        let packed = coded
        let compress = try least {
            coded.removeAll(keepingCapacity: true)
            try encode(message, &coded)
        }
        let decompress = try least {
            decoded.removeAll(keepingCapacity: true)
            try decode(packed, &decoded)
        }
        guard decoded.suffix(message.count).elementsEqual(message) else { throw Lossy(name: name) }
        return Figures(bytes: packed.count, compress: compress, decompress: decompress)
    }

    struct Lossy: Error {
        let name: String
    }

    /// The least of many short batches, in ns: the time the work takes when nothing interrupts it.
    private func least(_ work: () throws -> Void) rethrows -> Double {
        func time(_ count: Int) throws -> Double {
            let start = ContinuousClock.now
            for _ in 0..<count { try work() }
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(count)
        }
        var count = 1
        while count < 1 << 20, (try? time(count)).map({ $0 * Double(count) < 200_000 }) == true { count *= 2 }
        var best = Double.infinity
        for _ in 0..<50 { best = min(best, (try? time(count)) ?? .infinity) }
        return best
    }
}
