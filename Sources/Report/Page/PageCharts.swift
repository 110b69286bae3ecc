import AgentModel
import Basis
import Metrics
import OpAMP

/// Which charts the page shows, and of what. One of which there is nothing to draw is left out.
struct PageCharts {
    let rows: [SeriesRow]
    let startedAt: Double

    /// A chart has no room for more.
    static let maxRows = 300
    /// How many errors are drawn by name; the others are one trace.
    static let maxErrors = 6

    static func html(for record: RunRecord) -> String {
        let rows = Series.condensed(record.series.filter { $0.length > .zero }, to: maxRows)
        let charts = PageCharts(rows: rows, startedAt: record.summary.identity.startedAt).charts(of: record)
            .filter { !$0.isEmpty }
        guard !charts.isEmpty else { return "" }
        return "\(PageStyle.hatches)<div class=\"charts\">\(charts.joined(separator: "\n"))</div>"
    }

    private func charts(of record: RunRecord) -> [String] {
        [
            latency(.heartbeatResponse, "Response time", "from the moment a heartbeat was due to its answer"),
            percentiles(record),
            rates,
            heartbeats,
            latency(
                .timeWithoutServer, "Time without server",
                "from the last answer before a loss to the first on a later connection"),
            states,
            health,
            latency(.firstReport, "First report", "from sending the first full report to its answer"),
            latency(.connect, "Connect", "from asking for a TCP connection to having it"),
            latency(
                .configConverged, "Configuration: converged",
                "from its arrival to the report of a matching effective configuration"),
            latency(
                .packagesConverged, "Packages: converged", "from their offer to the report that all are installed"),
            waves(record.summary.waves),
            errors,
            traffic,
            latency(
                .schedulingDelay, "Scheduling lag",
                "of the generator, from the moment a timer was due to the moment it ran"),
            generatorCPU,
        ]
    }

    private func latency(_ measure: Measure, _ title: String, _ caption: String) -> String {
        let summaries = rows.map { $0.summary(of: measure) }
        // A single value is in the table, and would be a dot here.
        guard summaries.count(where: { $0.count > 0 }) > 1 else { return "" }
        func trace(_ name: String, _ colour: String, _ value: (MeasureSummary) -> Nanoseconds) -> TimeChart.Trace {
            // A second without a value has no latency; a zero has no place on a logarithmic axis.
            TimeChart.Trace(
                name: name, colour: colour,
                values: summaries.map { $0.count > 0 ? max(value($0).seconds, 1e-9) : nil })
        }
        return chart(
            title, caption, isLogarithmic: true,
            traces: [
                trace("p50", "c", \.p50), trace("p90", "a", \.p90), trace("p99", "e", \.p99), trace("max", "b", \.max),
            ],
            format: { Figures.duration(Nanoseconds(seconds: $0)) }, marksVerdict: true)
    }

    private func percentiles(_ record: RunRecord) -> String {
        let found = LiveFrame.measures.compactMap { measure in
            record.histograms.first { $0.tag == "total/\(measure.name)" }.map { (measure.title, $0.histogram) }
        }
        let curves = found.enumerated().map { index, entry in
            PercentileChart.Curve(
                name: entry.0, colour: PageStyle.palette[index % PageStyle.palette.count], histogram: entry.1)
        }
        return PercentileChart(title: "All latencies", caption: "how long the slowest take", curves: curves).html
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
        traces: [TimeChart.Trace], format: @escaping (Double) -> String, marksVerdict: Bool = false
    ) -> String {
        TimeChart(
            title: title, caption: caption, form: form, isLogarithmic: isLogarithmic, rows: rows,
            startedAt: startedAt, traces: traces, format: format, marksVerdict: marksVerdict
        ).html
    }
}
