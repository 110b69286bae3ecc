public import Basis

/// What a reader has to know of the server before the percentiles of a run are used: answers that were not given,
/// heartbeats that were missed, connections that came too fast. Pure: figures in, warnings out.
public struct ServerFindings: Hashable, Sendable {
    /// A server that has given no answer from some moment to the end of the run.
    public struct Stop: Hashable, Sendable {
        /// From the start of the run to the end of the last interval with an answer.
        public var last: Nanoseconds
        /// Reports that were sent, and heartbeats that were not possible, from then on.
        public var reports: UInt64
        /// How long that was.
        public var length: Nanoseconds

        /// What it is, in words.
        public var text: String {
            "the server stopped answering: none of \(reports) reports of the last \(Figures.duration(length)) "
                + "has an answer"
        }
    }

    /// When the server stopped answering; nil where it did not.
    public var stop: Stop?
    public var warnings: [RunWarning] = []

    /// From so many connections an agent and minute on, agents reconnect more than a storm or a restart explains.
    private static let minReconnects = 6.0
    /// A shorter silence is no stop.
    private static let minStop = Nanoseconds.seconds(2)

    /// - Parameters:
    ///   - rows: the series of the run.
    ///   - duration: of the run.
    public init(_ counters: CounterTable, rows: [SeriesRow], duration: Nanoseconds) {
        stop = Self.stop(rows, agents: counters[.agentsConnected])
        if let stop {
            warnings.append(
                RunWarning(
                    rule: "server-stopped-answering", message: stop.text,
                    remedy: "look at the server at \(Figures.duration(stop.last)) after the start of the run"))
        }
        warnings += PartWarning.all.compactMap { $0.warning(counters) }
        warnings += [
            Self.pool(counters), Self.reconnects(counters, duration),
        ].compactMap { $0 }
    }

    /// Agents that leave send agent_disconnect, which needs no answer, so these do not count.
    private static func stop(_ rows: [SeriesRow], agents: UInt64) -> Stop? {
        guard let last = rows.lastIndex(where: { $0.counters[.answersReceived] > 0 }) else { return nil }
        let silent = rows[(last + 1)...]
        let reports = silent.reduce(0) {
            $0 + $1.counters.reportsSent - $1.counters[.agentDisconnects] + $1.counters[.heartbeatsNotPossible]
        }
        let withheld = silent.reduce(0) { $0 + $1.counters[.reportsWithheld] }
        let length = silent.reduce(Nanoseconds.zero) { $0 + $1.length }
        let refused = silent.reduce(0) { $0 + $1.counters[.reportsRefused] }
        // A server that nobody asked has not stopped: agents may be waiting before they reconnect.
        let asked = silent.reduce(0) {
            $0 + $1.counters.reportsSent - $1.counters[.agentDisconnects] + $1.counters[.connectionsAttempted]
        }
        guard length >= minStop, reports > refused + withheld, asked > refused + withheld,
            asked * 10 >= max(agents, 1)
        else { return nil }
        return Stop(last: rows[last].start + rows[last].length, reports: reports, length: length)
    }

    private static func pool(_ counters: CounterTable) -> RunWarning? {
        let count = counters[.pollsWithoutConnection]
        guard count > 0 else { return nil }
        return RunWarning(
            rule: "pool-too-small",
            message:
                "\(count) of \(counters[.heartbeatsDue]) polls were not sent, because every connection of the pool "
                + "was in use",
            remedy: "raise polling.connections, unless a pool of this size is what you test")
    }

    private static func reconnects(_ counters: CounterTable, _ duration: Nanoseconds) -> RunWarning? {
        let agents = max(counters[.agentsConnected], 1)
        let count = counters[.reconnects] - min(counters[.connectionsCut], counters[.reconnects])
        let perMinute = duration > .zero ? Double(count) / Double(agents) / duration.seconds * 60 : 0
        guard perMinute >= minReconnects, count >= 2 * agents else { return nil }
        return RunWarning(
            rule: "reconnect-rate",
            message:
                "agents reconnected \(Figures.rate(perMinute)) times a minute each (\(Figures.count(count)) times in "
                + "all): the server ends connections, and the reconnect policy does not wait after one that was open",
            remedy: "clients of opamp-go do this; policy spec-minimum waits at least 30 s")
    }
}

/// A warning about a part of what was sent or received, once that part is large enough to change the percentiles.
private struct PartWarning: Sendable {
    let rule: String
    let part: @Sendable (CounterTable) -> UInt64
    let whole: @Sendable (CounterTable) -> UInt64
    /// What is counted, and what became of the part: "12 of 100 reports (12 %) were …".
    let what: String
    let fate: String
    let remedy: String

    /// A smaller share of the whole is worth no warning.
    private static let minShare = 0.01

    func warning(_ counters: CounterTable) -> RunWarning? {
        let (part, whole) = (part(counters), whole(counters))
        guard part > 0, Double(part) >= Self.minShare * Double(whole) else { return nil }
        let share = Figures.percent(whole > 0 ? Double(part) / Double(whole) : 0)
        return RunWarning(rule: rule, message: "\(part) of \(whole) \(what) (\(share)) \(fate)", remedy: remedy)
    }

    static let all = [
        PartWarning(
            rule: "reports-unanswered", part: { $0[.unanswered] + $0[.answersLost] },
            whole: { $0.reportsSent - $0[.agentDisconnects] }, what: "reports",
            fate: "were never answered; in the response times they count as at least what they waited",
            remedy: "read percentiles that begin with > as lower bounds"),
        PartWarning(
            rule: "reports-withheld", part: { $0[.reportsWithheld] },
            whole: { $0.reportsSent - $0[.agentDisconnects] }, what: "reports",
            fate: "were not answered because the profile kept their agents from the server: a partition, a slow "
                + "network, slow reading",
            remedy: "read them as what the profile asks for: the server could not answer them in time"),
        PartWarning(
            rule: "reports-refused", part: { $0[.reportsRefused] }, whole: { $0.reportsSent }, what: "reports",
            fate: "were answered with an error; they are not in the latencies",
            remedy: "read the latencies as those of the other reports"),
        PartWarning(
            rule: "heartbeats-not-possible", part: { $0[.heartbeatsNotPossible] }, whole: { $0[.heartbeatsDue] },
            what: "heartbeats",
            fate: "were due while the agent had no connection; in the response times they count from when they were "
                + "due to the next answer",
            remedy: "look at time without server; service time has only what was sent"),
        PartWarning(
            rule: "answers-ambiguous", part: { $0[.answersAmbiguous] }, whole: { $0[.answersReceived] },
            what: "answers",
            fate: "may be to another report, because answers carry no number; percentiles are ranges where that "
                + "matters",
            remedy: "use a heartbeat interval of at least 3 times p99, or add jitter"),
    ]
}
