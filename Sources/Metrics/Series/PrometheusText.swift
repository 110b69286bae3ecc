import AgentModel
import Basis

/// The state of a run in Prometheus' text exposition format: the body of `/metrics`, served as
/// `text/plain; version=0.0.4; charset=utf-8`.
public enum PrometheusText {
    /// The content type that belongs to `body`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// One page of metrics. Counters count from the start of the run; durations are in seconds, over the whole run.
    public static func body(for snapshot: Snapshot) -> String {
        var page = Page()
        page.family("muster_agents", "gauge", "Agents by state.")
        for state in AgentState.allCases {
            page.sample("muster_agents", ["state": state.key], Double(snapshot.states[state]))
        }
        page.family("muster_agents_by_health", "gauge", "Agents by the health that they last reported.")
        for health in HealthGrade.allCases {
            page.sample("muster_agents_by_health", ["health": health.name], Double(snapshot.health[health]))
        }
        for counter in Counter.allCases where !counter.isError {
            let name = "muster_\(counter.name)_total"
            page.family(name, "counter", counter.summary)
            page.sample(name, [:], Double(snapshot.counters[counter]))
        }
        page.family("muster_errors_total", "counter", "Errors by name and by fault: network, server or tool.")
        for counter in Counter.errors {
            guard case .error(let fault) = counter.family else { continue }
            let labels = ["error": counter.name, "fault": fault.rawValue]
            page.sample("muster_errors_total", labels, Double(snapshot.counters[counter]))
        }
        if !snapshot.named.isEmpty {
            page.family("muster_named_total", "counter", "Events without a counter of their own, by name.")
            for (name, count) in snapshot.named.sorted {
                page.sample("muster_named_total", ["name": name], Double(count))
            }
        }
        for summary in snapshot.measures where summary.count > 0 {
            page.append(summary)
            page.append(summary.measure, snapshot.histograms[summary.measure.index].estimate)
        }
        page.append(cohorts: snapshot.cohorts)
        page.append(gauges: snapshot)
        return page.text
    }

    private struct Page {
        var text = ""

        mutating func family(_ name: String, _ type: String, _ help: String) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }

        mutating func sample(_ name: String, _ labels: [String: String], _ value: Double) {
            text += name
            if !labels.isEmpty {
                let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
                text += "{\(pairs.joined(separator: ","))}"
            }
            text += value == .infinity ? " +Inf\n" : " \(value)\n"
        }

        mutating func append(_ summary: MeasureSummary) {
            let name = "muster_\(summary.measure.name)_seconds"
            family(name, "summary", "Time \(summary.measure.summary).")
            samples(name, [:], summary)
            guard summary.isBounded else { return }
            let base = "muster_\(summary.measure.name)"
            family("\(base)_low_seconds", "gauge", "Lower bound of the quantile: some values are known within bounds.")
            for (quantile, figure) in Self.quantiles {
                sample("\(base)_low_seconds", ["quantile": quantile], summary.bounds(of: figure).low.seconds)
            }
            family("\(base)_high_seconds", "gauge", "Upper bound of the quantile; +Inf where it is not known.")
            for (quantile, figure) in Self.quantiles {
                let high = summary.bounds(of: figure).high?.seconds ?? .infinity
                sample("\(base)_high_seconds", ["quantile": quantile], high)
            }
        }

        private static let quantiles: [(String, MeasureSummary.Figure)] = [
            ("0.5", .p50), ("0.9", .p90), ("0.99", .p99), ("0.999", .p999),
        ]

        private mutating func samples(_ name: String, _ labels: [String: String], _ summary: MeasureSummary) {
            for (quantile, figure) in Self.quantiles {
                sample(name, labels.merging(["quantile": quantile]) { $1 }, summary[figure].seconds)
            }
            sample("\(name)_sum", labels, summary.mean.seconds * Double(summary.count))
            sample("\(name)_count", labels, Double(summary.count))
        }

        /// A classic histogram: the quantiles of several generators cannot be added, these can.
        mutating func append(_ measure: Measure, _ histogram: CompactHistogram) {
            let name = "muster_\(measure.name)_distribution_seconds"
            family(name, "histogram", "The same times in buckets.")
            for (bound, label) in Self.bounds {
                let below = histogram.share(atMost: bound) * Double(histogram.count)
                sample("\(name)_bucket", ["le": label], below.rounded())
            }
            sample("\(name)_bucket", ["le": "+Inf"], Double(histogram.count))
            sample("\(name)_sum", [:], histogram.mean.seconds * Double(histogram.count))
            sample("\(name)_count", [:], Double(histogram.count))
        }

        /// 1, 2 and 5 times each power of ten from 100 µs to 100 s.
        private static let bounds: [(Nanoseconds, String)] = (-4...2).flatMap { power -> [(Nanoseconds, String)] in
            [1.0, 2, 5].compactMap { step in
                let scale = (0..<abs(power)).reduce(1.0) { product, _ in product * 10 }
                let seconds = power < 0 ? step / scale : step * scale
                return seconds > 100 ? nil : (Nanoseconds(seconds: seconds), "\(seconds)")
            }
        }

        /// One sample of each family for each cohort.
        mutating func append(cohorts: [CohortSummary]) {
            guard !cohorts.isEmpty else { return }
            for count in CohortSummary.counts {
                let name = "muster_cohort_\(count.name)_total"
                family(name, "counter", "Of each cohort: \(count.meaning).")
                for cohort in cohorts { sample(name, ["cohort": cohort.name], Double(count.value(cohort))) }
            }
            for measure in [\CohortSummary.response, \.service] {
                guard let first = cohorts.first?[keyPath: measure].measure else { continue }
                let name = "muster_cohort_\(first.name)_seconds"
                family(name, "summary", "Of each cohort: time \(first.summary).")
                for cohort in cohorts where cohort[keyPath: measure].count > 0 {
                    samples(name, ["cohort": cohort.name], cohort[keyPath: measure])
                }
            }
        }

        mutating func append(gauges snapshot: Snapshot) {
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
            for (name, help, value) in gauges {
                family(name, "gauge", help)
                sample(name, [:], value)
            }
            if let server = snapshot.row.server, let bytes = server.residentBytes {
                family("muster_server_cpu_seconds_total", "counter", "CPU time of the server in this run.")
                sample("muster_server_cpu_seconds_total", [:], snapshot.server?.cpu?.seconds ?? 0)
                family("muster_server_resident_bytes", "gauge", "Memory that the server holds.")
                sample("muster_server_resident_bytes", [:], Double(bytes))
                family("muster_server_threads", "gauge", "Threads of the server.")
                sample("muster_server_threads", [:], Double(server.threads ?? 0))
            }
            family("muster_phase", "gauge", "1 for the current phase.")
            sample("muster_phase", ["phase": snapshot.phase], 1)
        }

        private static func escaped(_ value: String) -> String {
            var text = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\\": text += "\\\\"
                case "\"": text += "\\\""
                case "\n": text += "\\n"
                default: text.unicodeScalars.append(scalar)
                }
            }
            return text
        }
    }
}
