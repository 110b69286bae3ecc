import Basis
import Metrics

/// Which pictures the page shows, and of what.
enum PageCharts {
    /// A picture has no room for more.
    static let maxRows = 300
    /// The most errors drawn by name; the others are one trace.
    static let maxErrors = 6

    static func html(for record: RunRecord) -> String {
        let rows = Series.condensed(record.series.filter { $0.length > .zero }, to: maxRows)
        let charts = [
            latency(rows, .heartbeatResponse, "Response time", "from the moment a heartbeat was due to its answer"),
            percentiles(record),
            rates(rows),
            states(rows),
            health(rows),
            latency(rows, .firstReport, "First report", "from sending the first full report to its answer"),
            latency(rows, .connect, "Connect", "from asking for a TCP connection to having it"),
            latency(
                rows, .configConverged, "Configuration: converged",
                "from its arrival to the report of a matching effective configuration"),
            latency(
                rows, .packagesConverged, "Packages: converged", "from their offer to the report that all are installed"
            ),
            waves(rows, record.summary.waves),
            errors(rows),
            traffic(rows),
            ownDelay(rows),
            ownCPU(rows),
        ]
        return charts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static func latency(_ rows: [SeriesRow], _ measure: Measure, _ title: String, _ caption: String) -> String {
        let summaries = rows.map { $0.summary(of: measure) }
        func trace(_ name: String, _ colour: String, _ value: (MeasureSummary) -> Nanoseconds) -> TimeChart.Trace {
            // An empty second has no latency; a zero has no place on a logarithmic axis.
            TimeChart.Trace(
                name: name, colour: colour,
                values: summaries.map { $0.count > 0 ? max(value($0).seconds, 1e-9) : nil })
        }
        return TimeChart(
            title: title, caption: caption, form: .lines, isLogarithmic: true, rows: rows,
            traces: [
                trace("p50", "c", \.p50), trace("p90", "a", \.p90), trace("p99", "e", \.p99), trace("max", "b", \.max),
            ],
            format: { Figures.duration(Nanoseconds(seconds: $0)) }, marksSaturation: true
        ).html
    }

    private static func percentiles(_ record: RunRecord) -> String {
        let found = LiveFrame.measures.compactMap { measure in
            record.histograms.first { $0.tag == "total/\(measure.name)" }.map { (measure.title, $0.histogram) }
        }
        let curves = found.enumerated().map { index, entry in
            PercentileChart.Curve(
                name: entry.0, colour: PageStyle.palette[index % PageStyle.palette.count], histogram: entry.1)
        }
        return PercentileChart(title: "All latencies", caption: "how long the slowest take", curves: curves).html
    }

    private static func rates(_ rows: [SeriesRow]) -> String {
        TimeChart(
            title: "Rates", caption: "a second", form: .lines, rows: rows,
            traces: [
                TimeChart.Trace(
                    name: "reports sent", colour: "a", values: rows.map { $0.rate($0.counters.reportsSent) }),
                TimeChart.Trace(name: "answers", colour: "b", values: rows.map { $0.rate(of: .answersReceived) }),
                TimeChart.Trace(
                    name: "connections opened", colour: "c", values: rows.map { $0.rate(of: .connectionsOpened) }),
            ],
            format: Figures.rate
        ).html
    }

    /// From the ground up: what is well below, what is on its way above it, what is over or not begun on top.
    static let states: [(state: LifeState, colour: String)] = [
        (.running, "c"), (.connected, "k"), (.configuring, "h"), (.updating, "e"), (.restarting, "i"),
        (.connecting, "a"),
        (.backingOff, "b"), (.draining, "d"), (.failed, "j"), (.stopped, "f"), (.planned, "g"),
    ]

    private static func states(_ rows: [SeriesRow]) -> String {
        TimeChart(
            title: "Agents", caption: "by state", form: .stacked, rows: rows,
            traces: states.map { state, colour in
                TimeChart.Trace(
                    name: state.title, colour: colour, values: rows.map { Double(max($0.states[state], 0)) })
            },
            format: { Figures.count(Int64($0)) }
        ).html
    }

    /// Only where agents were ill.
    private static func health(_ rows: [SeriesRow]) -> String {
        guard rows.contains(where: { $0.health.ailing > 0 }) else { return "" }
        let classes: [(health: ReportedHealth, colour: String)] = [
            (.unhealthy, "b"), (.degraded, "e"), (.healthy, "c"),
        ]
        return TimeChart(
            title: "Health", caption: "agents by what they last reported", form: .stacked, rows: rows,
            traces: classes.map { health, colour in
                TimeChart.Trace(
                    name: health.name, colour: colour, values: rows.map { Double(max($0.health[health], 0)) })
            },
            format: { Figures.count(Int64($0)) }
        ).html
    }

    /// The most waves drawn; the later ones are in the table.
    static let maxWaves = 8

    private static func waves(_ rows: [SeriesRow], _ waves: [WaveSummary]) -> String {
        let traces = waves.prefix(maxWaves).enumerated().map { index, wave in
            TimeChart.Trace(
                name: wave.wave.label, colour: PageStyle.palette[index % PageStyle.palette.count],
                values: rows.map { row in
                    let since = row.start + row.length - wave.start
                    return since >= .zero ? wave.share(of: .converged, by: since) : nil
                })
        }
        return TimeChart(
            title: "Share converged", caption: "of the agents that received each offer", form: .lines, rows: rows,
            traces: Array(traces), format: Figures.percent
        ).html
    }

    private static func errors(_ rows: [SeriesRow]) -> String {
        var totals = CounterTable()
        for row in rows { for counter in Counter.errors { totals[counter] &+= row.counters[counter] } }
        let entries = ErrorList.entries(totals)
        var traces = entries.prefix(maxErrors).enumerated().map { index, entry in
            TimeChart.Trace(
                name: entry.counter.title, colour: PageStyle.palette[index],
                values: rows.map { $0.rate(of: entry.counter) })
        }
        let others = entries.dropFirst(maxErrors).map(\.counter)
        if !others.isEmpty {
            traces.append(
                TimeChart.Trace(
                    name: "other", colour: "f", values: rows.map { row in others.reduce(0) { $0 + row.rate(of: $1) } }))
        }
        return TimeChart(
            title: "Errors", caption: "a second, by name", form: .stacked, rows: rows, traces: traces,
            format: Figures.rate
        ).html
    }

    private static func traffic(_ rows: [SeriesRow]) -> String {
        TimeChart(
            title: "Traffic", caption: "bytes a second, TLS not counted", form: .lines, rows: rows,
            traces: [
                TimeChart.Trace(name: "out", colour: "a", values: rows.map { $0.rate(of: .bytesSent) }),
                TimeChart.Trace(name: "in", colour: "b", values: rows.map { $0.rate(of: .bytesReceived) }),
            ],
            format: Figures.bytes
        ).html
    }

    private static func ownDelay(_ rows: [SeriesRow]) -> String {
        latency(
            rows, .schedulingDelay, "The tool's own delay",
            "from the moment a timer was due to the moment it ran: the error of the tool itself")
    }

    private static func ownCPU(_ rows: [SeriesRow]) -> String {
        TimeChart(
            title: "The tool's processor time", caption: "of the cores it may use", form: .lines, rows: rows,
            traces: [TimeChart.Trace(name: "CPU", colour: "e", values: rows.map(\.cpuShare))],
            format: Figures.percent, marksSaturation: true
        ).html
    }
}
