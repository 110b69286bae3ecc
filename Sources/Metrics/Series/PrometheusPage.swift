import AgentModel
import Basis
public import Prometheus

/// The state of a run for a Prometheus server: the body of `/metrics`.
public enum PrometheusPage {
    /// One page of metrics. Counters count from the start of the run; durations are in seconds, over the whole run.
    public static func body(for snapshot: Snapshot, as format: ExpositionFormat) -> [UInt8] {
        format.page(families(for: snapshot, hasNative: format == .protobuf))
    }

    /// - Parameter hasNative: whether histograms have native buckets beside the classic ones.
    static func families(for snapshot: Snapshot, hasNative: Bool) -> [ExposedFamily] {
        var families = agents(snapshot) + counters(snapshot)
        for summary in snapshot.measures where summary.count > 0 {
            families += self.families(for: summary)
            families.append(
                distribution(summary, snapshot.histograms[summary.measure.index].estimate, hasNative))
        }
        return families + cohorts(snapshot.cohorts) + gauges(snapshot) + server(snapshot) + [phase(snapshot)]
    }

    private static func sample(_ value: Double, _ labels: (name: String, value: String)...) -> ExposedFamily.Sample {
        .init(labels.map { .init($0.name, $0.value) }, .number(value))
    }

    private static func agents(_ snapshot: Snapshot) -> [ExposedFamily] {
        [
            ExposedFamily(
                "muster_agents", .gauge, "Agents by state.",
                AgentState.allCases.map { sample(Double(snapshot.states[$0]), ("state", $0.key)) }),
            ExposedFamily(
                "muster_agents_by_health", .gauge, "Agents by the health that they last reported.",
                HealthGrade.allCases.map { sample(Double(snapshot.health[$0]), ("health", $0.name)) }),
        ]
    }

    private static func counters(_ snapshot: Snapshot) -> [ExposedFamily] {
        var families = Counter.allCases.filter { !$0.isError }.map { counter in
            ExposedFamily(
                "muster_\(counter.name)_total", .counter, counter.summary, Double(snapshot.counters[counter]))
        }
        let errors = Counter.errors.compactMap { counter -> ExposedFamily.Sample? in
            guard case .error(let fault) = counter.family else { return nil }
            return sample(Double(snapshot.counters[counter]), ("error", counter.name), ("fault", fault.rawValue))
        }
        families.append(
            ExposedFamily(
                "muster_errors_total", .counter, "Errors by name and by fault: network, server or tool.", errors))
        guard !snapshot.named.isEmpty else { return families }
        families.append(
            ExposedFamily(
                "muster_named_total", .counter, "Events without a counter of their own, by name.",
                snapshot.named.sorted.map { sample(Double($0.1), ("name", $0.0)) }))
        return families
    }

    private static let quantiles: [(share: Double, figure: MeasureSummary.Figure)] = [
        (0.5, .p50), (0.9, .p90), (0.99, .p99), (0.999, .p999),
    ]

    private static func families(for summary: MeasureSummary) -> [ExposedFamily] {
        let base = "muster_\(summary.measure.name)"
        let whole = ExposedFamily(
            "\(base)_seconds", .summary, "Time \(summary.measure.summary).", [.init([], value(of: summary))])
        guard summary.isBounded else { return [whole] }
        func bounds(_ name: String, _ help: String, _ value: (TimeBounds) -> Double) -> ExposedFamily {
            ExposedFamily(
                "\(base)_\(name)_seconds", .gauge, help,
                quantiles.map { sample(value(summary.bounds(of: $0.figure)), ("quantile", "\($0.share)")) })
        }
        return [
            whole,
            bounds("low", "Lower bound of the quantile: some values are known within bounds.") { $0.low.seconds },
            bounds("high", "Upper bound of the quantile; +Inf where it is not known.") {
                $0.high?.seconds ?? .infinity
            },
        ]
    }

    private static func value(of summary: MeasureSummary) -> ExposedFamily.Value {
        .summary(
            count: summary.count, sum: summary.mean.seconds * Double(summary.count),
            quantiles.map { .init($0.share, summary[$0.figure].seconds) })
    }

    /// A histogram: the quantiles of several generators cannot be added, its counts can.
    private static func distribution(
        _ summary: MeasureSummary, _ histogram: CompactHistogram, _ hasNative: Bool
    ) -> ExposedFamily {
        var cumulative: UInt64 = 0
        let counts = histogram.counts(upTo: bounds + [Nanoseconds(Int64(LatencyScale.highest))])
        let buckets = zip(bounds, counts).map { bound, count in
            cumulative &+= count
            return ExposedFamily.Distribution.Bucket(bound: bound.seconds, cumulative: cumulative)
        }
        let values = ExposedFamily.Distribution(
            count: histogram.count, sum: summary.mean.seconds * Double(histogram.count), buckets: buckets,
            native: hasNative ? NativeBuckets(histogram) : nil)
        return ExposedFamily(
            "muster_\(summary.measure.name)_distribution_seconds", .histogram, "The same times in buckets.",
            [.init([], .distribution(values))])
    }

    /// 1, 2 and 5 times each power of ten from 100 µs to 100 s.
    private static let bounds: [Nanoseconds] = (-4...2).flatMap { power -> [Nanoseconds] in
        [Int64(1), 2, 5].compactMap { step in
            let span = (0..<power + 4).reduce(Nanoseconds.microseconds(step * 100)) { span, _ in span.scaled(by: 10) }
            return span > .seconds(100) ? nil : span
        }
    }

    /// One sample of each family for each cohort.
    private static func cohorts(_ cohorts: [CohortSummary]) -> [ExposedFamily] {
        guard !cohorts.isEmpty else { return [] }
        let counts = CohortSummary.counts.map { count in
            ExposedFamily(
                "muster_cohort_\(count.name)_total", .counter, "Of each cohort: \(count.meaning).",
                cohorts.map { sample(Double(count.value($0)), ("cohort", $0.name)) })
        }
        return counts
            + [\CohortSummary.response, \.service].compactMap { measure in
                guard let first = cohorts.first?[keyPath: measure].measure else { return nil }
                return ExposedFamily(
                    "muster_cohort_\(first.name)_seconds", .summary, "Of each cohort: time \(first.summary).",
                    cohorts.filter { $0[keyPath: measure].count > 0 }.map {
                        .init([.init("cohort", $0.name)], value(of: $0[keyPath: measure]))
                    })
            }
    }

    private static func gauges(_ snapshot: Snapshot) -> [ExposedFamily] {
        let gauges: [(String, String, Double)] = [
            ("muster_elapsed_seconds", "Time since the start of the run.", snapshot.elapsed.seconds),
            ("muster_cpu_share", "Share of the available cores that the tool used last.", snapshot.row.cpuShare),
            ("muster_resident_bytes", "Memory that the tool holds.", Double(snapshot.process.residentBytes)),
            (
                "muster_generator_tool_bound", "1 while the tool itself is the bottleneck.",
                snapshot.verdict.isToolBound ? 1 : 0
            ),
            ("muster_generator_tool_bound_seconds", "For how long it was so far.", snapshot.toolBoundSeconds),
        ]
        return gauges.map { ExposedFamily($0.0, .gauge, $0.1, $0.2) }
    }

    private static func server(_ snapshot: Snapshot) -> [ExposedFamily] {
        guard let server = snapshot.row.server, let bytes = server.residentBytes else { return [] }
        return [
            ExposedFamily(
                "muster_server_cpu_seconds_total", .counter, "CPU time of the server in this run.",
                snapshot.server?.cpu?.seconds ?? 0),
            ExposedFamily(
                "muster_server_resident_bytes", .gauge, "Memory that the server holds.", Double(bytes)),
            ExposedFamily(
                "muster_server_threads", .gauge, "Threads of the server.", Double(server.threads ?? 0)),
        ]
    }

    private static func phase(_ snapshot: Snapshot) -> ExposedFamily {
        ExposedFamily("muster_phase", .gauge, "1 for the current phase.", [sample(1, ("phase", snapshot.phase))])
    }
}
