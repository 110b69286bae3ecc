import AgentModel
import Basis
import Testing

@testable import Metrics

@Suite("Histograms of values that are not known exactly")
struct BoundedHistogramTests {
    /// One value as it is recorded, with every reading that it may have; `nil` among them: it may not exist; `.max`:
    /// any time from the one before on.
    struct Uncertain {
        var best: Nanoseconds
        var low: Nanoseconds
        var high: Nanoseconds
        var isOptional = false
        var isOpen = false
    }

    static func histogram(certain: [Nanoseconds], uncertain: [Uncertain]) -> BoundedHistogram {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        for value in certain { metrics.record(.heartbeatService, value) }
        for value in uncertain {
            metrics.record(.heartbeatService, value.best)
            if value.isOpen {
                metrics.record(.heartbeatService, value.best, .atLeast)
                continue
            }
            metrics.record(.heartbeatService, value.best, .ambiguous)
            metrics.record(.heartbeatService, value.low, value.isOptional ? .optionalLow : .low)
            metrics.record(.heartbeatService, value.high, value.isOptional ? .optionalHigh : .high)
        }
        metrics.publish()
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        let snapshot = recorder.tick(at: .zero + .seconds(1), process: .idle)
        return snapshot.row.histograms[Measure.heartbeatService.index]
    }

    /// Every set of values that the readings allow, by their ends.
    static func readings(certain: [Nanoseconds], uncertain: [Uncertain]) -> [[Nanoseconds]] {
        uncertain.reduce([certain]) { sets, value in
            sets.flatMap { set in
                var all = [set + [value.low], set + [value.high]]
                if value.isOptional { all.append(set) }
                return all
            }
        }
    }

    @Test("The bounds of a percentile hold every reading of the uncertain values", arguments: [UInt64](1...40))
    func boundsHold(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func time() -> Nanoseconds { .milliseconds(Int64(1 + random.index(below: 500))) }
        let certain = (0..<random.index(below: 12)).map { _ in time() }
        let uncertain = (0..<1 + random.index(below: 6)).map { _ in
            let (one, other) = (time(), time())
            let isOpen = random.chance(0.2)
            return Uncertain(
                best: isOpen ? min(one, other) : one, low: min(one, other),
                high: isOpen ? .seconds(3000) : max(one, other), isOptional: !isOpen && random.chance(0.4),
                isOpen: isOpen)
        }
        let histogram = Self.histogram(certain: certain, uncertain: uncertain)
        let percentiles: [Double] = [0, 10, 50, 90, 99, 100]
        let bounds = histogram.bounds(atPercentiles: percentiles)
        for values in Self.readings(certain: certain, uncertain: uncertain) where !values.isEmpty {
            for (percentile, bound) in zip(percentiles, bounds) {
                let exact = KnownAnswers.percentile(percentile, of: values)
                #expect(bound.low <= exact, "p\(percentile) of \(values)")
                #expect(bound.high ?? .max >= exact, "p\(percentile) of \(values)")
            }
            let mean = values.reduce(0.0) { $0 + $1.seconds } / Double(values.count)
            #expect(histogram.meanBounds.low.seconds <= mean * 1.001)
            #expect(histogram.meanBounds.high?.seconds ?? .infinity >= mean * 0.999)
        }
    }

    @Test("A percentile among values that are certain has one number, one among open ones only a lower bound")
    func openEnd() throws {
        let answered = [Nanoseconds](repeating: .milliseconds(5), count: 95)
        let waited = Uncertain(best: .seconds(3), low: .seconds(3), high: .max, isOpen: true)
        let histogram = Self.histogram(certain: answered, uncertain: [Uncertain](repeating: waited, count: 5))
        let summary = MeasureSummary(.heartbeatResponse, of: histogram)
        #expect(summary.count == 100)
        #expect(summary.atLeast == 5)
        #expect(summary.text(.p50) == "5.00 ms")
        #expect(summary.text(.p90) == "5.00 ms")
        #expect(summary.text(.p99) == "> 3.00 s")
        #expect(summary.text(.max) == "> 3.00 s")
        #expect(summary.bounds(of: .p99).high == nil)
    }

    @Test(
        "A duration is written as one number, as a range or as a lower bound",
        arguments: [
            (
                Nanoseconds.milliseconds(1500), Nanoseconds.milliseconds(201), Nanoseconds.milliseconds(2010),
                "0.20–2.01 s"
            ),
            (.milliseconds(20), .milliseconds(18), .milliseconds(512), "18.0–512 ms"),
            (.milliseconds(20), .milliseconds(20), .microseconds(20_300), "20.0 ms"),
            (.milliseconds(20), .milliseconds(20), .microseconds(20_500), "20.0–20.5 ms"),
            (.milliseconds(5), .milliseconds(5), .milliseconds(2010), "5.00 ms–2.01 s"),
            (.zero, .zero, .zero, "0"),
        ])
    func text(estimate: Nanoseconds, low: Nanoseconds, high: Nanoseconds, text: String) {
        #expect(Figures.duration(estimate, within: TimeBounds(low: low, high: high)) == text)
    }

    @Test("Bounds outlast intervals, phases and merged rows")
    func merging() {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        for second in 1...4 {
            if second == 3 { recorder.enterPhase("later", at: .zero + .seconds(2)) }
            metrics.sent(.heartbeat)
            metrics.record(
                AnsweredReport(
                    kind: .heartbeat, responseTime: .milliseconds(20), serviceTime: .milliseconds(20),
                    range: .milliseconds(20)...(.milliseconds(120))))
            metrics.sent(.heartbeat)
            metrics.record(UnansweredReport(kind: .heartbeat, cause: .timedOut, waited: .seconds(3)))
            metrics.publish()
            recorder.tick(at: .zero + .seconds(Int64(second)), process: .idle)
        }
        let record = recorder.record(of: .sample, outcome: .completed, profile: "")
        let response = record.summary[.heartbeatResponse]
        #expect(response.count == 8)
        #expect((response.ambiguous, response.atLeast) == (4, 4))
        #expect(response.text(.p50) == "20.0–120 ms")
        #expect(response.text(.p99) == "> 3.00 s")
        #expect(record.summary[.heartbeatService].text(.p99) == "20.0–120 ms")
        let rows = record.series.reduce(BoundedHistogram.empty) {
            $0.merged(with: $1.histograms[Measure.heartbeatResponse.index])
        }
        #expect(MeasureSummary(.heartbeatResponse, of: rows) == response)
        let tags = Set(record.histograms.map(\.tag))
        #expect(tags.contains("total/heartbeat_response/at_least"))
        #expect(tags.contains("phase/later/heartbeat_response/high"))
        #expect(record.summary.counters[.answersAmbiguous] == 4)
        #expect(record.summary.counters[.unanswered] == 4)
    }

    @Test(
        "Heartbeats that were not possible count from their due moments, however many they are",
        arguments: [1, 16, 2_500])
    func missedHeartbeats(count: Int) {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        let interval = Nanoseconds.milliseconds(500)
        let longest = interval * Int64(count)
        metrics.record(MissedHeartbeats(count: count, longest: longest, interval: interval, isAnswered: true))
        metrics.publish()
        let snapshot = recorder.tick(at: .zero + .seconds(1), process: .idle)
        let response = snapshot.measures[Measure.heartbeatResponse.index]
        #expect(response.count == UInt64(count))
        #expect(snapshot.counters[.heartbeatsDue] == UInt64(count))
        #expect(snapshot.counters[.heartbeatsNotPossible] == UInt64(count))
        let exact = (0..<count).map { longest - interval * Int64($0) }
        let tolerance = 0.002 + 1.5 / Double(min(count, 1_000))
        for (percentile, value) in zip(MeasureSummary.percentiles, [response.p50, response.p90, response.p99]) {
            let expected = KnownAnswers.percentile(percentile, of: exact).seconds
            #expect(abs(value.seconds - expected) <= tolerance * longest.seconds)
        }
        #expect(!response.isBounded)
    }
}
