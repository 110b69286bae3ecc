import Basis
import Schema
import Testing

@testable import Fleet

@Suite("The resolved profile")
struct ProfileWriterTests {
    @Test("Printed and read again, a profile of random values is the same", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let profile = Profile.schema.sample(&random)
        let text = Profile.schema.write(profile)
        do throws(Problems) {
            let again = try Profile.schema.read(Array(text.utf8), source: "resolved", judging: false)
            let lines = zip(text.split(separator: "\n"), Profile.schema.write(again).split(separator: "\n"))
            let difference = lines.first { $0 != $1 }.map { "'\($0)' became '\($1)'" }
            #expect(difference == nil)
            #expect(again == profile || difference != nil, "equal text, another profile:\n\(text)")
        } catch {
            Issue.record("\(error)\n\(text)")
        }
    }

    @Test("A default profile has a short summary")
    func readable() {
        let text = Profile.standard.resolvedYAML
        #expect(
            text.hasPrefix(
                "name: unnamed\ndescription: \"\"\nagents: 100\nseed: 1\nserver:\n  embedded:\n    port: 0\n"))
        #expect(text.contains("\ncohorts:\n  - name: collector\n    weight: 1\n"))
        #expect(text.hasSuffix("sources: []\nshards: auto\n"))
    }

    @Test("Every key has a sentence")
    func sentences() {
        let keys = Profile.schema.allKeys
        #expect(keys.filter { !$0.documentation.hasSuffix(".") }.map(\.way) == [])
        #expect(Set(keys.map(\.way)).count >= 182)
    }

    @Test("Every key at the top and in its sections refuses a list of lists at its section's path")
    func refusals() {
        for key in Profile.schema.allKeys where !key.way.contains("[]") && !key.way.contains("*") {
            let parts = key.way.split(separator: ".").map(String.init)
            let text = parts.reversed().reduce("[[x]]") { "{\($1): \($0)}" }
            do throws(Problems) {
                _ = try Profile.schema.read(Array(text.utf8), source: "test")
                Issue.record("\(key.way) accepts a list of lists")
            } catch {
                #expect(error.list.contains { $0.path.hasPrefix(parts[0]) }, "\(key.way): \(error)")
            }
        }
    }
}
