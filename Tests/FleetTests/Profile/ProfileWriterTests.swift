import Basis
import Testing

@testable import Fleet

@Suite("The resolved profile")
struct ProfileWriterTests {
    @Test("Printed and read again, a profile is the same", arguments: 1...8 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var maker = RandomProfile(seed: seed)
        for round in 0..<60 {
            let profile = maker.profile()
            let text = profile.resolvedYAML
            do {
                let again = try ProfileReader().read(text: text, source: "resolved")
                let lines = zip(text.split(separator: "\n"), again.resolvedYAML.split(separator: "\n"))
                let difference = lines.first { $0 != $1 }.map { "'\($0)' became '\($1)'" }
                #expect(difference == nil, "seed \(seed), round \(round)")
                let isSame = again == profile
                #expect(isSame, "seed \(seed), round \(round)")
            } catch {
                Issue.record("seed \(seed), round \(round): \(error)\n\(text)")
            }
        }
    }

    @Test("A default profile reads well to people too")
    func readable() {
        let text = Profile.standard.resolvedYAML
        #expect(
            text.hasPrefix(
                "name: unnamed\ndescription: \"\"\nagents: 100\nseed: 1\nserver:\n  embedded:\n    port: 0\n"))
        #expect(text.contains("\ncohorts:\n  - name: collector\n    weight: 1\n"))
        #expect(text.hasSuffix("sources: []\nshards: auto\n"))
    }
}
