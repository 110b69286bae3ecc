import Basis
import Testing

@Suite("Instants and spans saturate instead of overflowing")
struct InstantTests {
    @Test("Going there and back again ends where it began", arguments: 0..<UInt64(200))
    func thereAndBack(stream: UInt64) {
        var random = SeededRandom(seed: 1, stream: stream)
        let start = Instant(nanoseconds: random.next() >> 2 | 1 << 61)
        let span = Nanoseconds(Int64(bitPattern: random.next()) >> 3)
        #expect(start + span - span == start)
        #expect((start + span) - start == span)
        #expect((start + span > start) == (span > .zero))
    }

    @Test("The ends of the axis are not passed")
    func ends() {
        #expect(Instant.zero - .seconds(1) == .zero)
        #expect(Instant.zero + Nanoseconds(.min) == .zero)
        #expect(Instant.distantFuture + .max == .distantFuture)
        #expect(Instant.distantFuture - Instant.zero == .max)
        #expect(Instant.zero - Instant.distantFuture == .zero - .max)
    }

    @Test("Spans saturate in every direction", arguments: [1, -1] as [Int64])
    func saturation(sign: Int64) {
        let most = Nanoseconds.max * sign
        #expect(most + most == most)
        #expect(most - (.zero - most) == most)
        #expect(most * 3 == most)
        #expect(most * -3 == .zero - most)
        #expect(most.scaled(by: 10) == most)
    }

    @Test("Seconds survive as far as a Double is exact", arguments: [0, 0.5, 1, -2.25, 86_400, 0.000_001, 1e9])
    func seconds(value: Double) {
        #expect(Nanoseconds(seconds: value).seconds == value)
    }

    @Test("A number of seconds that is none, or too many, is bounded")
    func oddSeconds() {
        #expect(Nanoseconds(seconds: .nan) == .zero)
        #expect(Nanoseconds(seconds: .infinity) == .max)
        #expect(Nanoseconds(seconds: -.infinity) == .zero - .max)
    }

    @Test(
        "A span is written in its most readable unit",
        arguments: [
            (0, "0ns"), (999, "999ns"), (1_000, "1µs"), (12_500, "12.5µs"), (3_250_000, "3.25ms"),
            (10_000_000_000, "10s"),
            (150_000_000_000, "2m30s"), (3_900_000_000_000, "1h5m"), (-1_500_000, "-1.5ms"),
        ] as [(Int64, String)])
    func description(count: Int64, expected: String) {
        #expect(Nanoseconds(count).description == expected)
    }
}
