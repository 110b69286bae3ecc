import Basis
import Testing

@Suite("Seeded random numbers")
struct SeededRandomTests {
    @Test("The numbers are SplitMix64's published ones")
    func knownNumbers() {
        var random = SeededRandom(seed: 1_234_567)
        let numbers = (0..<5).map { _ in random.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test("A stream repeats, and neighbours share nothing")
    func streams() {
        var seen: Set<UInt64> = []
        for stream in 0..<UInt64(500) {
            var (first, second) = (SeededRandom(seed: 5, stream: stream), SeededRandom(seed: 5, stream: stream))
            for _ in 0..<20 {
                let number = first.next()
                #expect(number == second.next())
                seen.insert(number)
            }
        }
        #expect(seen.count == 500 * 20)
    }

    @Test("A unit number is in 0 ..< 1 and an index is below its count", arguments: [1, 2, 7, 1_000_000])
    func ranges(count: Int) {
        var random = SeededRandom(seed: 8)
        for _ in 0..<1_000 {
            #expect((0..<1).contains(random.unit()))
            #expect((0..<count).contains(random.index(below: count)))
        }
        #expect(random.index(below: 0) == 0)
    }

    @Test("A chance comes true as often as it says", arguments: [0, 0.1, 0.5, 0.9, 1])
    func chance(probability: Double) {
        var random = SeededRandom(seed: 13)
        let hits = (0..<20_000).count { _ in random.chance(probability) }
        #expect(abs(Double(hits) / 20_000 - probability) < 0.015)
    }
}
