import AgentModel
import Basis
import Metrics

extension ClosingTable {
    /// The run in a handful of lines.
    static func overview(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let counters = summary.counters
        let steady = summary.steady
        func rate(_ path: KeyPath<SteadyPart, Double>) -> String {
            let rate = Figures.rate((steady ?? SteadyPart(whole: summary))[keyPath: path])
            return "\(rate)/s \(steady == nil ? "on average" : "when steady")"
        }
        func line(_ label: String, _ parts: [String]) -> [PaintedLine] { labelled(label, parts, width: width) }
        let sent = counters.reportsSent
        let kinds: [Counter] = [.firstReports, .heartbeats, .statusReports, .fullStateReports, .agentDisconnects]
        let byKind = kinds.filter { counters[$0] > 0 }.map { "\(Figures.count(counters[$0])) \($0.title)" }
        let messages = counters[.messagesSent] + counters[.messagesReceived]
        let perMessage =
            messages > 0
            ? "\(Figures.duration(Nanoseconds(summary.process.cpu.count / Int64(clamping: messages)))) CPU a message"
            : ""
        let process = summary.process
        return [
            line(
                "agents",
                [
                    "\(Figures.count(counters[.agentsStarted])) started",
                    "\(Figures.count(counters[.agentsConnected])) connected",
                    "\(Figures.count(counters[.agentsAnswered])) answered",
                    "\(Figures.count(counters[.agentsUnanswered])) never answered",
                    "\(Figures.count(counters[.reconnects])) reconnects",
                ]),
            comings(counters).map { line("population", $0) },
            churn(summary).map { line("churn", $0) },
            line("reports", ["\(Figures.count(sent)) sent", rate(\.reportsPerSecond)] + byKind),
            line(
                "answers",
                ["\(Figures.count(counters[.answersReceived])) received", rate(\.answersPerSecond)]
                    + withoutAnswer(counters)),
            heartbeats(counters).map { line("heartbeats", $0) },
            line(
                "traffic",
                [
                    "\(Figures.bytes(Double(counters[.bytesSent]))) out",
                    "\(Figures.bytes(Double(counters[.bytesReceived]))) in",
                ]),
            links(summary).map { line("slow links", $0) },
            health(summary).map { line("health", $0) },
            compression(counters).map { line("compression", $0) },
            line(
                "generator",
                [
                    "CPU \(Figures.percent(process.meanCPUShare)) of \(Figures.cores(process.availableCores))"
                        + ", peak \(Figures.percent(process.peakCPUShare))",
                    perMessage, "\(Figures.bytes(Double(process.peakResidentBytes))) memory",
                ].filter { !$0.isEmpty }),
            server(summary).map { line("server", $0) },
            line("own share", [summary.verdict.level.name] + ownShare(summary)),
        ].compactMap { $0 }.flatMap { $0 }
    }

    /// At each percentile the generator's own part of the response time.
    private static func ownShare(_ summary: RunSummary) -> [String] {
        summary.ownShare?.parts.map { part in
            "\(part.name) \(Figures.percent(part.share)) (\(Figures.duration(part.lag)) of "
                + "\(Figures.duration(part.figure)))"
        } ?? []
    }

    /// The reports that have no answer, by why.
    private static func withoutAnswer(_ counters: CounterTable) -> [String] {
        let kinds: [(Counter, String)] = [
            (.agentDisconnectsUnanswered, "agent_disconnects unanswered"), (.reportsRefused, "refused"),
            (.answersLost, "lost"), (.reportsWithheld, "withheld"), (.reportsCut, "cut"), (.lateAnswers, "late"),
            (.answersAmbiguous, "ambiguous"),
        ]
        return ["\(Figures.count(counters[.unanswered])) reports unanswered"]
            + kinds.filter { counters[$0.0] > 0 }.map { "\(Figures.count(counters[$0.0])) \($0.1)" }
    }

    /// The heartbeats that were due, by what became of them.
    private static func heartbeats(_ counters: CounterTable) -> [String]? {
        guard counters[.heartbeatsDue] > 0 else { return nil }
        let kinds: [(Counter, String)] = [
            (.heartbeatsLate, "late"), (.heartbeatsRefused, "refused"), (.heartbeatsUnanswered, "unanswered"),
            (.heartbeatsWithheld, "withheld"), (.heartbeatsNotPossible, "not possible"), (.heartbeatsCut, "cut"),
            (.skippedHeartbeats, "skipped"),
        ]
        return [
            "\(Figures.count(counters[.heartbeatsDue])) due",
            "\(availability(counters)) answered in time",
        ] + kinds.filter { counters[$0.0] > 0 }.map { "\(Figures.count(counters[$0.0])) \($0.1)" }
    }

    /// Never rounded up: 100 % is all of them.
    static func availability(_ counters: CounterTable) -> String {
        let hundredths = (counters.availability * 10_000).rounded(.down)
        return Figures.decimals(hundredths / 100, hundredths.remainder(dividingBy: 100) == 0 ? 0 : 2) + " %"
    }

    /// A label and its text; text that does not fit on the line continues on the next one.
    private static func labelled(_ label: String, _ parts: [String], width: Int) -> [PaintedLine] {
        joined(parts, indent: labelColumn, width: width).enumerated().map { index, text in
            guard index == 0 else { return PaintedLine(text) }
            return PaintedLine("  " + label.padded(to: labelColumn - 2) + text.dropFirst(labelColumn))
        }
    }

    private static let labelColumn = 15

    /// Only where agents were not healthy: what they last reported, and the maximum at one time.
    private static func health(_ summary: RunSummary) -> [String]? {
        guard summary.healthPeaks.notHealthy > 0 else { return nil }
        let worst: [HealthGrade] = [.degraded, .unhealthy]
        return ["at the end"]
            + HealthGrade.allCases.map { "\(Figures.count(summary.health[$0])) \($0.name)" }
            + worst.filter { summary.healthPeaks[$0] > 0 }.map {
                "peak \(Figures.count(summary.healthPeaks[$0])) \($0.name)"
            }
    }

    /// Only where anything was compressed: bytes before and after.
    private static func compression(_ counters: CounterTable) -> [String]? {
        let directions: [(String, Counter, plain: Counter, wire: Counter)] = [
            ("out", .compressedSent, .compressedSentPlainBytes, .compressedSentWireBytes),
            ("in", .compressedReceived, .compressedReceivedPlainBytes, .compressedReceivedWireBytes),
        ]
        let parts = directions.filter { counters[$0.1] > 0 }.map { way, messages, plain, wire in
            let share = Double(counters[wire]) / Double(max(counters[plain], 1))
            return "\(Figures.count(counters[messages])) \(way): \(Figures.bytes(Double(counters[plain]))) as "
                + "\(Figures.bytes(Double(counters[wire]))) (\(Figures.percent(share)))"
        }
        return parts.isEmpty ? nil : parts
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }
}
