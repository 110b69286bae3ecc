import Basis
import Testing

@Suite("Figures for people")
struct FiguresTests {
    @Test(
        "Durations have three significant digits and the unit that fits",
        arguments: [
            (Nanoseconds(0), "0"), (Nanoseconds(64), "64 ns"), (Nanoseconds(999), "999 ns"),
            (Nanoseconds(1000), "1.00 µs"), (Nanoseconds(312_400), "312 µs"), (Nanoseconds(999_499), "999 µs"),
            (Nanoseconds(999_500), "1.00 ms"), (Nanoseconds(1_204_000), "1.20 ms"),
            (Nanoseconds(12_340_000), "12.3 ms"),
            (Nanoseconds(99_960_000), "100 ms"), (Nanoseconds(999_600_000), "1.00 s"), (.seconds(59), "59.0 s"),
            (.seconds(125), "2m05s"), (.seconds(3900), "1h05m"), (.seconds(190_000), "2d04h"),
            (Nanoseconds(-1500), "-1.50 µs"),
        ])
    func durations(span: Nanoseconds, text: String) {
        #expect(Figures.duration(span) == text)
    }

    @Test(
        "Counts have their thousands apart",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (-12345, "-12,345"), (1_234_567, "1,234,567"),
            (1_020_003, "1,020,003"), (Int.min, "-9,223,372,036,854,775,808"),
        ])
    func counts(value: Int, text: String) {
        #expect(Figures.count(value) == text)
    }

    @Test(
        "Decimals have as many places as are asked for",
        arguments: [
            (0, 0, "0"), (0, 2, "0.00"), (0.5, 0, "1"), (1.005, 1, "1.0"), (1.05, 2, "1.05"), (-0.04, 1, "0.0"),
            (-2.5, 1, "-2.5"), (12.0101, 4, "12.0101"), (99.999, 2, "100.00"), (3.000_001, 6, "3.000001"),
            (Double.infinity, 2, "0"),
        ])
    func decimals(value: Double, places: Int, text: String) {
        #expect(Figures.decimals(value, places) == text)
    }

    @Test(
        "Rates",
        arguments: [(0, "0"), (0.254, "0.25"), (12.34, "12.3"), (205.77, "206"), (1234.4, "1,234"), (Double.nan, "0")])
    func rates(value: Double, text: String) {
        #expect(Figures.rate(value) == text)
    }

    @Test(
        "Bytes in powers of ten",
        arguments: [
            (0, "0 B"), (512, "512 B"), (999.6, "1.00 kB"), (45_600_000, "45.6 MB"), (-1, "0 B"),
            (1e30, "1000000000000 EB"),
        ])
    func bytes(value: Double, text: String) {
        if value < 1e29 {
            #expect(Figures.bytes(value) == text)
        } else {
            #expect(Figures.bytes(value).hasSuffix(" EB"))
        }
    }

    @Test(
        "Shares",
        arguments: [
            (0, "0 %"), (0.0001, "<0.1 %"), (0.003, "0.3 %"), (0.0994, "9.9 %"), (0.0996, "10 %"), (0.34, "34 %"),
        ])
    func percents(share: Double, text: String) {
        #expect(Figures.percent(share) == text)
    }

    @Test(
        "Bytes in powers of two",
        arguments: [
            (0, "0 B"), (850, "850 B"), (1024, "1 KiB"), (6_200, "6.1 KiB"), (10_239, "10 KiB"), (20_971_520, "20 MiB"),
            (-1, "0 B"),
        ])
    func binaryBytes(value: Double, text: String) {
        #expect(Figures.binaryBytes(value) == text)
    }

    @Test("A table's columns are as wide as their widest cells, the first to the left, the others to the right")
    func table() {
        var table = TextTable(header: ["cohort", "agents", "heartbeat"])
        table.append(["a", "1,000", "10s"])
        table.append(["longer one", "2", "none"])
        #expect(
            table.plainLines(leftColumns: [2]) == [
                "  cohort      agents  heartbeat", "  a            1,000  10s", "  longer one       2  none",
            ])
    }
}
