import Basis
import Foundation
import Testing

@testable import Report
@testable import Simulation

@Suite("A sweep in the terminal, as JSON and as a page")
struct SweepTests {
    private static let bent = [
        ("1%", 1_000.0, 10.0), ("3%", 400, 20), ("9%", 200, 30), ("27%", 150, 300), ("81%", 120, 900),
    ]
    private static let straight = [
        ("1%", 1_000.0, 10.0), ("3%", 700, 300), ("9%", 500, 500), ("27%", 300, 700), ("81%", 100, 900),
    ]

    /// - Parameter noise: how much the seeds differ.
    private static func points(_ table: [(String, Double, Double)], noise: Double) -> [Sweep.Point] {
        var random = SeededRandom(seed: 5)
        return table.map { point in
            Sweep.Point(
                value: point.0,
                runs: (0..<40).map { seed in
                    Sweep.Run(
                        seed: UInt64(seed), seconds: point.1 * (1 + noise * (random.unit() - 0.5)),
                        broken: Int(point.2 * (1 + noise * (random.unit() - 0.5))), offered: 100, isFinished: true)
                })
        }
    }

    @Test("The knee is marked where the seeds agree on it")
    func marked() {
        let points = Self.points(Self.bent, noise: 0.1)
        let lines = SweepText.lines("canary.size", points)
        #expect(lines.filter { $0.contains("the knee") }.map { $0.contains("9%") } == [true, true])
        #expect(lines.first { $0.hasSuffix("the knee") }?.contains(" 9% ") == true, "\(lines)")
        let knee = SweepDocument("canary.size", points).knee
        #expect(knee?.value == "9%" && knee?.from == "9%" && knee?.to == "9%")
        let page = SweepPage.html("canary.size", points, plan: "a<b", command: "muster rehearse x")
        #expect(page.contains("9%: the knee") && page.contains("a&lt;b") && !page.contains("a<b"))
        // A mark with its figures for each value, and the same figures as a table.
        #expect(page.components(separatedBy: "class=\"hint\"").count == points.count + 1)
        #expect(page.components(separatedBy: " broken</td>").count == 3 * points.count + 1)
    }

    @Test("Nothing is marked where they do not, and the interval is said")
    func unmarked() {
        let points = Self.points(Self.straight, noise: 1)
        let lines = SweepText.lines("canary.size", points)
        #expect(lines.last?.contains("no knee is marked: it lies between") == true, "\(lines)")
        #expect(!lines.contains { $0.hasSuffix("the knee") })
        let knee = SweepDocument("canary.size", points).knee
        #expect(knee?.value == nil && knee?.from != knee?.to)
        let page = SweepPage.html("canary.size", points, plan: "plan", command: "muster rehearse x")
        #expect(page.contains("no knee is marked") && !page.contains(": the knee"))
    }
}
