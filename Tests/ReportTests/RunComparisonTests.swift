import Basis
import Foundation
import Statistics
import Testing

@testable import Report

@Suite("Comparing the results of runs")
struct RunComparisonTests {
    private let results = SampleResults()

    private func row(_ comparison: RunComparison, _ figure: ComparedFigure) throws -> RunComparison.Row {
        try #require(comparison.rows.first { $0.figure == figure })
    }

    @Test("Equal builds show no difference in what varies little, and are not worse")
    func equal() throws {
        defer { results.remove() }
        let (a, b) = try results.sides(3, factor: 1, perSecond: 1_000)
        let comparison = try RunComparison(a, b, margin: 0.05)
        #expect(comparison.gate == .notWorse)
        #expect(comparison.method == .pooled)
        #expect(try row(comparison, .responseP50).verdict == .noDifference)
        // The arrival, fifty times slower, is not among the figures.
        #expect(try row(comparison, .responseP50).a.map { (0.0015...0.0025).contains($0.exponential) } == true)
    }

    @Test("A build that is 40 % slower is worse, in the table, Markdown, JUnit and JSON")
    func worse() throws {
        defer { results.remove() }
        let (a, b) = try results.sides(3, factor: 1.4)
        let comparison = try RunComparison(a, b, margin: 0.05)
        #expect(comparison.gate == .worse([.responseP50, .responseP99]))
        let p50 = try row(comparison, .responseP50)
        #expect(p50.verdict == .worse)
        #expect(p50.interval?.contains(0.4) == true, "\(String(describing: p50.interval))")
        #expect(comparison.lines(style: .plain)[0] == "WORSE: response p50, response p99 (3 runs of A, 3 of B)")
        #expect(comparison.markdown.contains("| response p50 | "))
        #expect(comparison.junit.contains("failures=\"2\""))
        let document = try JSONSerialization.jsonObject(with: comparison.document.json()) as? [String: Any]
        #expect(document?["gate"] as? String == "worse")
        // The other way round it is better.
        #expect(try row(RunComparison(b, a, margin: 0.05), .responseP50).verdict == .better)
    }

    @Test("All runs of one side before the others: verdicts, but no gate")
    func order() throws {
        defer { results.remove() }
        let (a, b) = try results.sides(3, factor: 1.4, inTurn: false)
        let comparison = try RunComparison(a, b, margin: 0.05)
        guard case .none(let reason) = comparison.gate else {
            Issue.record("there is a gate")
            return
        }
        #expect(reason.contains("the machine may have changed"))
    }

    @Test("One run a side: figures with their interval, and no verdict")
    func single() throws {
        defer { results.remove() }
        let comparison = try RunComparison(
            [results.make("a", SampleResults.Made(seconds: 20))],
            [results.make("b", SampleResults.Made(factor: 1.4, seconds: 20))], margin: 0.05)
        #expect(comparison.rows.allSatisfy { $0.verdict == nil })
        let p50 = try row(comparison, .responseP50)
        let interval = try #require(p50.interval)
        #expect(interval.contains(0.4) && interval.lowerBound > 0.2, "\(interval)")
        #expect(p50.neededRepeatability != nil)
        let text = comparison.lines(style: .plain).joined(separator: "\n")
        #expect(text.contains("can't be told from one run a side"))
        #expect(!text.contains("worse:") && comparison.gate != .notWorse)
    }

    @Test("One run a side with former runs of one build: a verdict that says what it assumes", arguments: [1.0, 1.4])
    func knownNoise(factor: Double) throws {
        defer { results.remove() }
        let noise = try (0..<8).map { try results.make("n\($0)", SampleResults.Made(startedAt: Double($0) - 100)) }
        let sides = try (
            results.make("a", SampleResults.Made(startedAt: 1)),
            results.make("b", SampleResults.Made(factor: factor, startedAt: 2))
        )
        let comparison = try RunComparison([sides.0], [sides.1], margin: 0.1, noise: noise)
        let verdict = try row(comparison, .responseP50).verdict
        #expect(factor > 1 ? verdict == .worse : verdict != .worse && verdict != nil)
        #expect(comparison.remarks.contains { $0.contains("vary as the 8 runs of --noise-from") })
        #expect((comparison.gate == .notWorse) == (factor == 1))
        #expect(throws: ComparisonError.self) {
            try RunComparison([sides.0], [sides.1], margin: 0.1, noise: Array(noise.prefix(7)))
        }
    }

    @Test("One run against five of another build: verdicts, and no gate", arguments: [false, true])
    func baseline(isFirst: Bool) throws {
        defer { results.remove() }
        let several = try (0..<5).map { try results.make("n\($0)", SampleResults.Made(startedAt: Double($0))) }
        let one = [try results.make("b", SampleResults.Made(factor: 1.4, startedAt: 9))]
        let comparison = try RunComparison(isFirst ? one : several, isFirst ? several : one, margin: 0.05)
        #expect(try row(comparison, .responseP50).verdict == (isFirst ? .better : .worse))
        #expect(comparison.remarks.contains { $0.contains("both builds vary alike") })
        guard case .none = comparison.gate else {
            Issue.record("there is a gate")
            return
        }
    }

    @Test("Runs of another load, profile or length are refused; another server is not")
    func refused() throws {
        defer { results.remove() }
        let a = try results.make("a", SampleResults.Made())
        func problem(_ made: SampleResults.Made, _ name: String) throws -> String {
            let b = try results.make(name, made)
            do throws(ComparisonError) {
                _ = try RunComparison([a], [b], margin: 0.05)
                return ""
            } catch { return "\(error)" }
        }
        let other = "name: q\nagents: 10\nserver: wss://b.example/v1/opamp\nheartbeat: {interval: 1s}\n"
        #expect(try problem(SampleResults.Made(profile: other), "server") == "")
        let faster = other.replacing("1s", with: "2s")
        #expect(try problem(SampleResults.Made(profile: faster), "profile").contains("'heartbeat: {interval: 1s}'"))
        #expect(try problem(SampleResults.Made(seconds: 30), "length").contains("was steady for"))
    }

    @Test("A figure of too few samples is not judged")
    func tooFew() throws {
        defer { results.remove() }
        let a = try (0..<3).map {
            try results.make("a\($0)", SampleResults.Made(startedAt: Double($0 * 2), perSecond: 20))
        }
        let b = try (0..<3).map {
            try results.make("b\($0)", SampleResults.Made(startedAt: Double($0 * 2 + 1), perSecond: 20))
        }
        let comparison = try RunComparison(a, b, margin: 0.05)
        #expect(try row(comparison, .responseP99).reason?.contains("too few samples") == true)
        #expect(try row(comparison, .responseP50).verdict != nil)
    }

    @Test("Runs in which the tool was the bottleneck are left out")
    func toolBound() throws {
        defer { results.remove() }
        var (a, b) = try results.sides(3, factor: 1)
        a.append(try results.make("bound", SampleResults.Made(startedAt: 7, isBound: true)))
        b.append(try results.make("free", SampleResults.Made(startedAt: 8)))
        let comparison = try RunComparison(a, b, margin: 0.05)
        #expect(comparison.runs.a == 3 && comparison.runs.b == 4)
        #expect(comparison.remarks.contains { $0.contains("the tool was the bottleneck") })
        #expect(comparison.method == .welch)
    }

    @Test("What is no directory of results is refused with its name")
    func noResults() {
        do throws(ComparisonError) {
            _ = try ComparedRun(path: "/nowhere")
            Issue.record("it is read")
        } catch { #expect("\(error)".contains("/nowhere/summary.json")) }
    }
}
