import Basis
import Testing

@testable import Observing

@Suite("Figures of bounded size")
struct FigureTests {
    @Test("A reservoir keeps at most its limit, and each value has the same chance to be in it")
    func reservoir() {
        var reservoir = Reservoir<Double>(limit: 1_000, seed: 3)
        for value in 0..<100_000 { reservoir.add(Double(value)) }
        #expect(reservoir.kept.count == 1_000)
        #expect(reservoir.count == 100_000)
        // The mean of 1,000 even values has a standard error of 913.
        #expect(abs(reservoir.mean - 50_000) < 4 * 913, "\(reservoir.mean)")
    }

    @Test(
        "A series keeps every agent that came or left when its steps are lengthened", arguments: [10, 1_000, 100_000])
    func series(_ seconds: Int64) {
        var series = PopulationSeries(start: .zero)
        for second in 0..<seconds { series.came(at: .zero + .seconds(second)) }
        series.left(at: .zero + .seconds(seconds / 2))
        #expect(series.steps.count <= PopulationSeries.limit)
        #expect(series.counts.last == Int(seconds) - 1)
        #expect(series.width.seconds * Double(series.steps.count) >= Double(seconds) - 1)
    }

    static let lives: [Distribution] = [
        .exponential(mean: .seconds(60)), .uniform(.seconds(20), .seconds(90)), .constant(.seconds(40)),
        .logNormal(median: .seconds(40), sigma: 0.5),
    ]

    @Test(
        "Lives that go on are not left out: the mean is within 5 % although half of them have not ended",
        arguments: lives)
    func censored(_ distribution: Distribution) throws {
        var random = SeededRandom(seed: 5)
        let lives = (0..<4_000).map { _ in
            let (span, watched) = (distribution.draw(&random).seconds, 100 * random.unit())
            return SpanFit.Life(span: min(span, watched), weight: 1, hasEnded: span <= watched)
        }
        let fit = try #require(SpanFit(lives).distribution)
        #expect(abs(fit.mean.seconds - distribution.mean.seconds) <= 0.05 * distribution.mean.seconds, "\(fit)")
        switch (distribution, fit) {
        case (.exponential, .exponential), (.uniform, .uniform), (.constant, .constant), (.logNormal, .quantiles): break
        default: Issue.record("\(distribution) was taken for \(fit)")
        }
    }

    @Test("Without an end there is no distribution")
    func noEnds() {
        #expect(SpanFit([]).distribution == nil)
        #expect(SpanFit([SpanFit.Life(span: 3, weight: 1, hasEnded: false)]).distribution == nil)
    }

    @Test("Beyond its share of the time nothing is watched, until the next window")
    func pace() {
        var pace = ObservingPace(limit: 0.5)
        let start = Instant.zero + .seconds(1)
        var answers = [pace.hasTime(at: start)]
        pace.spent(.milliseconds(99))
        answers.append(pace.hasTime(at: start + .milliseconds(120)))
        pace.spent(.milliseconds(2))
        answers.append(pace.hasTime(at: start + .milliseconds(150)))
        answers.append(pace.hasTime(at: start + .milliseconds(201)))
        #expect(answers == [true, true, false, true])
        var none = ObservingPace(limit: 0)
        let isWatched = none.hasTime(at: start)
        #expect(!isWatched)
    }
}
