import AgentModel
import Basis
import Metrics
import OpAMP

/// Which charts the page of a run shows, and of what. One of which there is nothing to draw is left out.
struct PageCharts {
    private let record: RunRecord
    private let rows: [SeriesRow]
    /// The figures of each row, by `Measure.index`.
    private let figures: [[MeasureSummary]]
    private let timeline: Timeline
    private let percentiles: String
    private let heatmap: String

    /// How many errors are drawn by name; the others are one trace.
    static let maxErrors = 6

    init(_ record: RunRecord, _ kept: inout DrawnRows) {
        let drawn = kept.rows(of: record.series)
        self.record = record
        let responses = kept.responses(of: drawn, by: TimeChart.tableGroup(of: drawn.count))
        rows = drawn.map(\.row)
        figures = drawn.map(\.figures)
        timeline = Timeline(record, rows: rows)
        percentiles = Self.percentiles(record, &kept.curves)
        heatmap = Self.heatmap(timeline, rows, responses, &kept.columns)
    }

    /// Those of which there is nothing to draw are empty.
    var all: [String] {
        [
            latency(.heartbeatResponse, "Response time", "from the moment a heartbeat was due to its answer"),
            heatmap, distribution, percentiles, states, connections, recovery,
            latency(
                .timeWithoutServer, "Time without server",
                "from the last answer before a loss to the first on a later connection"),
            rates, heartbeats, health,
            latency(.firstReport, "First report", "from sending the first full report to its answer"),
            latency(.connect, "Connect", "from asking for a TCP connection to having it"),
            waves(record.summary.waves),
            latency(
                .configConverged, "Configuration: converged",
                "from its arrival to the report of a matching effective configuration"),
            latency(
                .packagesConverged, "Packages: converged", "from their offer to the report that all are installed"),
            CohortChart(cohorts: record.summary.cohorts).html, errors, ownShare,
            latency(
                .schedulingDelay, "Scheduling lag",
                "of the generator, from the moment a timer was due to the moment it ran"),
            generatorCPU, traffic,
        ]
    }

    private func latency(_ measure: Measure, _ title: String, _ caption: String) -> String {
        let summaries = figures.map { $0[measure.index] }
        // A single value is in the table, and would be a dot here.
        guard summaries.count(where: { $0.count > 0 }) > 1 else { return "" }
        func trace(_ name: String, _ colour: String, _ value: (MeasureSummary) -> Nanoseconds) -> TimeChart.Trace {
            // A second without a value has no latency; a zero has no place on a logarithmic axis.
            TimeChart.Trace(
                name: name, colour: colour,
                values: summaries.map { $0.count > 0 ? max(value($0).seconds, 1e-9) : nil })
        }
        return chart(
            title, caption, .bands, isLogarithmic: true,
            traces: [
                trace("p50", "a", \.p50), trace("p90", "c", \.p90), trace("p99", "e", \.p99), trace("max", "f", \.max),
            ],
            format: { Figures.duration(Nanoseconds(seconds: $0)) }, marksVerdict: true, limit: limit(of: measure))
    }

    /// The first limit that the run has for a percentile of a measure.
    private func limit(of measure: Measure) -> (value: Double, name: String)? {
        record.summary.thresholds.lazy.map(\.threshold).compactMap { threshold in
            guard case .time(measure, .percentile(let percentile)) = threshold.metric,
                threshold.relation == .below || threshold.relation == .atMost
            else { return nil }
            return (threshold.limit / 1e9, "limit of p\(Plot.short(Figures.decimals(percentile, 2)))")
        }.first
    }

    private static func heatmap(
        _ timeline: Timeline, _ rows: [SeriesRow], _ groups: [CompactHistogram], _ kept: inout DrawnColumns
    ) -> String {
        let histograms = rows.map { $0.histograms[Measure.heartbeatResponse.index].estimate }
        return HeatmapChart(
            title: "Heatmap of response time", caption: "heartbeats by their response time; darker: more of them",
            timeline: timeline, histograms: histograms, groups: groups
        ).html(&kept)
    }

    private func total(_ measure: Measure) -> CompactHistogram? { Self.total(measure, record) }

    private static func total(_ measure: Measure, _ record: RunRecord) -> CompactHistogram? {
        record.histograms.first { $0.tag == "total/\(measure.name)" }?.histogram
    }

    private var distribution: String {
        let kinds: [(Measure, String)] = [(.heartbeatResponse, "a"), (.heartbeatService, "b")]
        return DensityChart(
            title: "Distribution", caption: "which share of the heartbeats took how long",
            curves: kinds.compactMap { measure, colour in
                total(measure).map { .init(name: measure.title, colour: colour, histogram: $0) }
            }
        ).html
    }

    private static func percentiles(_ record: RunRecord, _ kept: inout DrawnCurves) -> String {
        let found = LiveFrame.measures.compactMap { measure in total(measure, record).map { (measure.title, $0) } }
        let curves = found.enumerated().map { index, entry in
            PercentileChart.Curve(
                name: entry.0, colour: PageStyle.palette[index % PageStyle.palette.count], histogram: entry.1)
        }
        return PercentileChart(title: "All latencies", caption: "how long the slowest take", curves: curves).html(&kept)
    }

    private var connections: String {
        let lost: [Counter] = [.reset, .peerClosed, .idleTimeout, .connectionsCut]
        func trace(_ name: String, _ colour: String, _ count: (CounterTable) -> UInt64) -> TimeChart.Trace {
            TimeChart.Trace(name: name, colour: colour, values: rows.map { $0.rate(count($0.counters)) })
        }
        return chart(
            "Connections", "per second",
            traces: [
                trace("opened", "c") { $0[.connectionsOpened] },
                trace("not opened", "b") {
                    $0[.connectionsAttempted] - min($0[.connectionsOpened], $0[.connectionsAttempted])
                },
                trace("lost", "d") { counters in lost.reduce(0) { $0 + counters[$1] } },
                trace("closed in order", "a") { $0[.connectionsClosed] },
            ],
            format: Figures.rate)
    }

    private var recovery: String { RecoveryChart(record).html }

    /// The tool's own part of the percentiles, second by second.
    private var ownShare: String {
        let shares = figures.map { OwnShare($0) }
        let kinds: [(percentile: Double, colour: String)] = [(50, "a"), (90, "c"), (99, "e")]
        return chart(
            "Own share", "the generator's own part of the response time at each percentile",
            traces: kinds.map { percentile, colour in
                TimeChart.Trace(
                    name: "p\(Int(percentile))", colour: colour,
                    values: shares.map { $0?.parts.first { $0.percentile == percentile }?.share })
            },
            format: Figures.percent, marksVerdict: true)
    }

    private var rates: String {
        chart(
            "Rates", "per second",
            traces: [
                TimeChart.Trace(
                    name: "reports sent", colour: "a", values: rows.map { $0.rate($0.counters.reportsSent) }),
                TimeChart.Trace(name: "answers", colour: "b", values: rows.map { $0.rate(of: .answersReceived) }),
                TimeChart.Trace(
                    name: "connections opened", colour: "c", values: rows.map { $0.rate(of: .connectionsOpened) }),
            ],
            format: Figures.rate)
    }

    /// Only where heartbeats were not answered in time.
    private var heartbeats: String {
        let kinds: [(Counter, String)] = [
            (.heartbeatsLate, "e"), (.heartbeatsRefused, "d"), (.heartbeatsUnanswered, "b"),
            (.heartbeatsNotPossible, "a"),
        ]
        let found = kinds.filter { kind in rows.contains { $0.counters[kind.0] > 0 } }
        guard !found.isEmpty else { return "" }
        return chart(
            "Heartbeats not answered in time", "per second, counted when their end was known", .stacked,
            traces: found.map { counter, colour in
                TimeChart.Trace(name: counter.title, colour: colour, values: rows.map { $0.rate(of: counter) })
            },
            format: Figures.rate)
    }

    /// From the bottom up: connected agents, those on their way, those that have not begun or have ended.
    static let stateColours: [(state: AgentState, colour: String)] = [
        (.running, "c"), (.connected, "k"), (.configuring, "h"), (.updating, "e"), (.restarting, "i"),
        (.connecting, "a"),
        (.backingOff, "b"), (.closing, "d"), (.disconnected, "f"), (.initializing, "g"),
    ]

    private var states: String {
        chart(
            "Agents", "by state", .stacked,
            traces: Self.stateColours.map { state, colour in
                TimeChart.Trace(
                    name: state.name, colour: colour, values: rows.map { Double(max($0.states[state], 0)) })
            },
            format: { Figures.count(Int64($0)) })
    }

    /// Only where agents were not healthy.
    private var health: String {
        guard rows.contains(where: { $0.health.notHealthy > 0 }) else { return "" }
        let classes: [(health: HealthGrade, colour: String)] = [
            (.unhealthy, "b"), (.degraded, "e"), (.healthy, "c"),
        ]
        return chart(
            "Health", "agents by what they last reported", .stacked,
            traces: classes.map { health, colour in
                TimeChart.Trace(
                    name: health.name, colour: colour, values: rows.map { Double(max($0.health[health], 0)) })
            },
            format: { Figures.count(Int64($0)) })
    }

    /// How many waves are drawn; all are in the table.
    static let maxWaves = 8

    private func waves(_ waves: [WaveSummary]) -> String {
        let traces = waves.prefix(Self.maxWaves).enumerated().map { index, wave in
            TimeChart.Trace(
                name: wave.wave.label, colour: PageStyle.palette[index % PageStyle.palette.count],
                values: rows.map { row in
                    let since = row.start + row.length - wave.start
                    return since >= .zero ? wave.share(of: .converged, by: since) : nil
                })
        }
        return chart(
            "Share converged", "of the agents that received each offer",
            traces: Array(traces), format: Figures.percent)
    }

    private var errors: String {
        var totals = CounterTable()
        for row in rows { for counter in Counter.errors { totals[counter] &+= row.counters[counter] } }
        let entries = ErrorList.entries(totals)
        var traces = entries.prefix(Self.maxErrors).enumerated().map { index, entry in
            TimeChart.Trace(
                name: entry.counter.title, colour: PageStyle.palette[index],
                values: rows.map { $0.rate(of: entry.counter) })
        }
        let others = entries.dropFirst(Self.maxErrors).map(\.counter)
        if !others.isEmpty {
            traces.append(
                TimeChart.Trace(
                    name: "other", colour: "f", values: rows.map { row in others.reduce(0) { $0 + row.rate(of: $1) } }))
        }
        return chart(
            "Errors", "per second, by name", .stacked, traces: traces,
            format: Figures.rate)
    }

    private var traffic: String {
        chart(
            "Traffic", "bytes per second, without TLS",
            traces: [
                TimeChart.Trace(name: "out", colour: "a", values: rows.map { $0.rate(of: .bytesSent) }),
                TimeChart.Trace(name: "in", colour: "b", values: rows.map { $0.rate(of: .bytesReceived) }),
            ],
            format: Figures.bytes)
    }

    private var generatorCPU: String {
        chart(
            "Generator CPU", "of the cores that it may use",
            traces: [TimeChart.Trace(name: "CPU", colour: "e", values: rows.map(\.cpuShare))],
            format: Figures.percent, marksVerdict: true)
    }

    private func chart(
        _ title: String, _ caption: String, _ form: TimeChart.Form = .lines, isLogarithmic: Bool = false,
        traces: [TimeChart.Trace], format: @escaping (Double) -> String, marksVerdict: Bool = false,
        limit: (value: Double, name: String)? = nil
    ) -> String {
        TimeChart(
            title: title, caption: caption, form: form, isLogarithmic: isLogarithmic, timeline: timeline,
            traces: traces, format: format, marksVerdict: marksVerdict, limit: limit
        ).html
    }
}
