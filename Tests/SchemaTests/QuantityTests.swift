import Basis
import Schema
import Testing

@Suite("Durations, sizes, shares and rates as people write them")
struct QuantityTests {
    @Test(
        "A duration is the sum of its parts, units from large to small",
        arguments: [
            ("500ms", 500_000_000), ("10s", 10_000_000_000), ("1m30s", 90_000_000_000), ("2h", 7_200_000_000_000),
            ("1.5s", 1_500_000_000), ("0.000000001s", 1), ("250us", 250_000), ("250µs", 250_000), ("7ns", 7), ("0", 0),
            ("1d", 86_400_000_000_000), ("1h0m1s", 3_601_000_000_000), ("1.50s", 1_500_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) throws {
        #expect(try DurationText.parse(text) == Nanoseconds(nanoseconds))
    }

    @Test(
        "An invalid duration is refused",
        arguments: [
            "", "s", "10 s", "10S", "-5s", "1s1m", "1s1s", "1.s", ".5s", "1e3s", "0x10s", "10s ", "ten", "∞", "0.1ns",
            "1m30", "-1", "99999999999999999999s", "300000d", "1_000s", "５s",
        ])
    func badDurations(text: String) {
        #expect(throws: QuantityProblem.self) { try DurationText.parse(text) }
    }

    @Test("A bare number as a duration is refused with the remedy")
    func bareNumber() {
        #expect {
            try DurationText.parse("10")
        } throws: { error in
            let problem = error as? QuantityProblem
            return problem?.kind == .bareNumber && "\(error)".contains("write 10s for seconds")
        }
    }

    @Test("Formatting a duration and reading it again loses nothing", arguments: [1, 2, 3])
    func durationRoundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            let span = Nanoseconds(Int64(random.next() >> random.index(below: 60).advanced(by: 1)))
            #expect(try DurationText.parse(DurationText.format(span)) == span)
        }
    }

    @Test(
        "A size counts in powers of two",
        arguments: [("512B", 512), ("4KiB", 4_096), ("1.5KiB", 1_536), ("2MiB", 2 << 20), ("0", 0)])
    func sizes(text: String, bytes: Int) throws {
        #expect(try SizeText.parse(text) == bytes)
        #expect(try SizeText.parse(SizeText.format(bytes)) == bytes)
    }

    @Test(
        "A size without a clear unit is refused with the remedy",
        arguments: [
            ("4096", "4096B"), ("4K", "4KiB"), ("4kb", "4KiB"), ("4KB", "4KiB"), ("2M", "2MiB"), ("2mb", "2MiB"),
        ])
    func badSizes(text: String, remedy: String) {
        #expect { try SizeText.parse(text) } throws: { "\($0)".contains(remedy) }
    }

    @Test(
        "An invalid size is refused",
        arguments: ["", "KiB", "-1KiB", "1.0001KiB", "1 KiB", "99999999999999999999B", "1GiB"])
    func noSizes(text: String) {
        #expect(throws: QuantityProblem.self) { try SizeText.parse(text) }
    }

    @Test(
        "A share is a percentage or a decimal",
        arguments: [("2%", 0.02), ("0.02", 0.02), ("100%", 1), ("0%", 0), ("0", 0), ("1.0", 1), ("12.5%", 0.125)])
    func shares(text: String, share: Double) throws {
        #expect(try ShareText.parse(text) == share)
    }

    @Test(
        "A share out of range, ambiguous or garbled is refused",
        arguments: ["1", "50", "101%", "-1%", "1.01", "2 %", "%", "", "nan", "inf%", "1e-2", "0x1p-2", "+-3%"])
    func badShares(text: String) {
        #expect(throws: QuantityProblem.self) { try ShareText.parse(text) }
    }

    @Test("Formatting a share and reading it again loses nothing", arguments: [1, 2])
    func shareRoundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<2_000 {
            let share = round % 2 == 0 ? random.unit() : Double(random.index(below: 10_001)) / 10_000
            #expect(try ShareText.parse(ShareText.format(share)) == share)
            let fromPercent = try ShareText.parse(
                "\(NumberText.shortest(Double(random.index(below: 100_001)) / 1_000))%")
            #expect(try ShareText.parse(ShareText.format(fromPercent)) == fromPercent)
        }
        for (share, text) in [
            (1e-9, "0.0000001%"), (0, "0%"), (1, "100%"), (0.104, "10.4%"), (0.02, "2%"), (0.005, "0.5%"),
        ] {
            #expect(ShareText.format(share) == text)
            #expect(try ShareText.parse(text) == share)
        }
    }

    @Test(
        "A rate says per what",
        arguments: [("500/s", 500), ("90/m", 1.5), ("90/min", 1.5), ("1800/h", 0.5), ("2.5/s", 2.5)])
    func rates(text: String, perSecond: Double) throws {
        #expect(try RateText.parse(text) == perSecond)
        #expect(try RateText.parse(RateText.format(perSecond)) == perSecond)
    }

    @Test("An invalid rate is refused", arguments: ["500", "500/", "/s", "-5/s", "5/d", "5 /s", "", "1e3/s"])
    func badRates(text: String) {
        #expect(throws: QuantityProblem.self) { try RateText.parse(text) }
    }
}
