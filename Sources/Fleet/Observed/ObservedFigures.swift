import AgentModel
import Basis
import Observing

/// What was seen, for people: a table of quantiles for each cohort, and what was not watched.
struct ObservedFigures {
    let lines: [String]

    /// - Parameter names: of the cohorts, in their order.
    init(_ observation: Observation, names: [String]) {
        let span = Figures.clock(observation.end - observation.start)
        var lines = ["What muster observe saw of \(Figures.count(observation.agents)) agents in \(span)."]
        for (cohort, name) in zip(observation.cohorts, names) {
            lines += ["", "\(name): \(Self.summary(cohort))"]
            lines += Self.table(cohort)
        }
        let notes = Self.notes(observation)
        if !notes.isEmpty { lines += [""] + notes }
        if observation.checksConformance { lines += [""] + Self.violations(observation, names: names) }
        self.lines = lines
    }

    private static func summary(_ cohort: CohortFigures) -> String {
        var parts = ["\(Figures.count(cohort.agents)) agents", "\(Figures.count(cohort.reports)) reports"]
        if cohort.polling > 0 { parts.append("\(Figures.count(cohort.polling)) over plain HTTP") }
        if cohort.deflating > 0 {
            parts.append(
                "\(Figures.count(cohort.deflating)) of \(Figures.count(cohort.connections)) connections compressed")
        }
        if cohort.reconnects > 0 { parts.append("\(Figures.count(cohort.reconnects)) reconnects") }
        if cohort.lives.count > 0 { parts.append("\(Figures.count(cohort.lives.count)) left") }
        if cohort.healthChanges > 0 { parts.append("\(Figures.count(cohort.healthChanges)) changes of health") }
        if cohort.configChanges > 0 { parts.append("\(Figures.count(cohort.configChanges)) changes of configuration") }
        return parts.joined(separator: " · ")
    }

    private static let ranks: [(title: String, rank: Double)] = [
        ("min", 0), ("p5", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99), ("max", 1),
    ]

    private static func table(_ cohort: CohortFigures) -> [String] {
        var table = TextTable(header: ["", "count"] + ranks.map(\.title))
        func row(_ title: String, _ values: Reservoir<Double>, _ format: (Double) -> String) {
            guard let quantiles = values.quantiles else { return }
            table.append([title, Figures.count(values.count)] + ranks.map { format(quantiles[$0.rank]) })
        }
        let span = { (seconds: Double) in Figures.duration(Nanoseconds(seconds: seconds)) }
        let bytes = { (count: Double) in Figures.binaryBytes(count) }
        let number = { (count: Double) in Figures.count(Int(count.rounded())) }
        row("time between heartbeats", cohort.heartbeatGaps, span)
        row("connection to first heartbeat", cohort.firstHeartbeats, span)
        row("first report", cohort.firstReportBytes, bytes)
        row("heartbeat", cohort.heartbeatBytes, bytes)
        row("other report", cohort.otherReportBytes, bytes)
        row("effective configuration", cohort.configBytes, bytes)
        row("available components", cohort.components, number)
        row("pipelines", cohort.pipelines, number)
        row("healthy for", cohort.healthyTimes, span)
        row("unhealthy for", cohort.unhealthyTimes, span)
        row("configuration applied in", cohort.applyTimes, span)
        row("lost connections lived", cohort.endedConnections.spans, span)
        row("back after", cohort.reconnectDelays, span)
        row("agents that left lived", cohort.lives.spans, span)
        return table.isEmpty ? [] : table.plainLines()
    }

    /// What is not in the figures.
    private static func notes(_ observation: Observation) -> [String] {
        var notes = observation.unwatched.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, count in
            "Not watched to their end: \(Figures.count(count)) connections, \(words(for: reason))."
        }
        if observation.agentsBeyondLimit > 0 {
            notes.append(
                "Not watched: \(Figures.count(observation.agentsBeyondLimit)) reports of agents beyond the limit.")
        }
        if observation.unreadable > 0 {
            notes.append("Not readable: \(Figures.count(observation.unreadable)) messages.")
        }
        let polling = observation.cohorts.reduce(0) { $0 + $1.polling }
        if polling > 0, polling < observation.agents {
            notes.append("WebSocket and plain HTTP were both used; the profile has the one that most agents used.")
        }
        return notes
    }

    private static func words(for reason: UnwatchedReason) -> String {
        switch reason {
        case .busy: "because there was no time for it"
        case .notUnderstood: "because their bytes were neither HTTP nor a WebSocket"
        case .decompressors: "because each needs a decompressor of its own"
        case .tooLarge: "because of a message that was too large"
        }
    }

    private static func violations(_ observation: Observation, names: [String]) -> [String] {
        var table = TextTable(header: ["violations", "rule", "section of the specification", "count"])
        for (cohort, name) in zip(observation.cohorts, names) {
            for (rule, count) in cohort.violations.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                table.append([name, rule.rawValue, rule.section, Figures.count(count)])
            }
        }
        for (rule, count) in observation.serverViolations.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            table.append(["server", rule.rawValue, rule.section, Figures.count(count)])
        }
        return table.isEmpty
            ? ["No violation of the specification was found."] : table.plainLines(leftColumns: [1, 2])
    }
}

extension Reservoir<CohortFigures.EndedSpan> {
    /// The lengths alone.
    fileprivate var spans: Reservoir<Double> {
        var spans = Reservoir<Double>()
        for life in kept { spans.add(life.span) }
        return spans
    }
}
