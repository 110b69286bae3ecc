import Basis
import Foundation
import Schema
import Testing

@testable import Fleet

@Suite("Mutated profiles")
struct ProfileFuzzTests {
    /// With MUSTER_FUZZ=long many times as many.
    static var rounds: Int {
        ProcessInfo.processInfo.environment["MUSTER_FUZZ"] == "long" ? 5_000 : 400
    }

    @Test(
        "However a profile is mangled, reading it ends with a valid profile or with typed errors",
        arguments: 1...4 as ClosedRange<UInt64>)
    func mangled(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var seeds = ProfileFilesTests.names.compactMap { name in
            FileManager.default.contents(atPath: ProfileFilesTests.folder.appendingPathComponent("\(name).yaml").path)
                .map(Array.init)
        }
        for _ in 0..<5 { seeds.append(Array(Profile.schema.write(Profile.schema.sample(&random)).utf8)) }
        var (good, bad) = (0, 0)
        for round in 0..<Self.rounds {
            let bytes = Self.mutate(seeds[random.index(below: seeds.count)], &random)
            let read = Result { () throws(Problems) in try ProfileReader().read(bytes: bytes, source: "fuzz") }
            switch read {
            case .success(let profile):
                good += 1
                // What is read well prints well.
                let again = try ProfileReader().read(text: Profile.schema.write(profile), source: "again")
                #expect(again == profile, "seed \(seed), round \(round)")
            case .failure(let errors):
                bad += 1
                #expect((1...Problems.maxKept).contains(errors.list.count), "seed \(seed), round \(round)")
                #expect("\(errors)".utf8.count < 200_000, "seed \(seed), round \(round)")
            }
        }
        // Both ends are reached, or the mutations say nothing.
        #expect(good > 0 && bad > 0)
    }

    private static let words = [
        "&a ", "*a", "!!str ", "{", "}", "[", "]", "- ", ": ", "? ", "|\n", ">\n", "\"", "'", "\t", "\u{E000}", "---\n",
        "...\n", "%YAML 1.1\n",
        "<<: ", "-1", "99999999999999999999", "1e999", "nan", "0x7f", "0s", "-5s", "1000000h", "500%", "~", "null",
        "{{", "}}", "{{index}}",
        "agents: 1\n", "cohorts: []\n", "\u{0}", "\u{FEFF}", "\r", "🙂", "# ", "5s", "50%", "3/s", "true",
    ].map { Array($0.utf8) }

    private static func mutate(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = original
        for _ in 0...random.index(below: 4) {
            let at = random.index(below: bytes.count + 1)
            let length = min(random.index(below: 30), bytes.count - at)
            switch random.index(below: 6) {
            case 0: bytes.removeSubrange(at..<(at + length))
            case 1: bytes.insert(contentsOf: words[random.index(below: words.count)], at: at)
            case 2: bytes.replaceSubrange(at..<(at + length), with: words[random.index(below: words.count)])
            case 3: if at < bytes.count { bytes[at] ^= UInt8(1 << random.index(below: 8)) }
            case 4: bytes.insert(contentsOf: bytes[at..<(at + length)], at: random.index(below: bytes.count + 1))
            default: bytes.removeLast(random.index(below: bytes.count / 4 + 1))
            }
        }
        return bytes
    }
}
