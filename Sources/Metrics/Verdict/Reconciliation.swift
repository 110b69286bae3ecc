/// What the server counted of a run; nil where it does not say.
public struct ServerSideCounts: Hashable, Sendable {
    public var connectionsAccepted: UInt64?
    /// Those of them on which no request was received: whose they were is not known.
    public var connectionsUnused: UInt64
    /// Distinct agents that reported.
    public var agentsSeen: UInt64?
    public var reportsReceived: UInt64?
    public var answersSent: UInt64?
    /// Data points, spans and log records of own telemetry.
    public var telemetryItems: UInt64?

    public init(
        connectionsAccepted: UInt64? = nil, connectionsUnused: UInt64 = 0, agentsSeen: UInt64? = nil,
        reportsReceived: UInt64? = nil, answersSent: UInt64? = nil, telemetryItems: UInt64? = nil
    ) {
        self.connectionsAccepted = connectionsAccepted
        self.connectionsUnused = connectionsUnused
        self.agentsSeen = agentsSeen
        self.reportsReceived = reportsReceived
        self.answersSent = answersSent
        self.telemetryItems = telemetryItems
    }

    /// The connections of agents, of which the tool has opened so many. An unused one is theirs where the tool has
    /// opened it, and that of an exporter, say, where it has not.
    func connections(opened: UInt64) -> UInt64? {
        connectionsAccepted.map { $0 - min(connectionsUnused, $0 > opened ? $0 - opened : 0) }
    }
}

/// Client and server counts of a run.
public struct Reconciliation: Hashable, Sendable {
    /// One thing that both sides count, or that the tool alone counts.
    public struct Line: Hashable, Sendable {
        /// What is counted.
        public var what: String
        public var tool: UInt64
        /// Nil where the server does not say.
        public var server: UInt64?
        /// What a difference comes from, as far as counts of this run show it; nil where there is none, or where it is
        /// not known.
        public var remark: String?

        package init(what: String, tool: UInt64, server: UInt64? = nil, remark: String? = nil) {
            self.what = what
            self.tool = tool
            self.server = server
            self.remark = remark
        }

        /// The server's count less the tool's; nil where the server does not say.
        public var difference: Int64? {
            server.map { Int64(clamping: $0) - Int64(clamping: tool) }
        }

        public var agrees: Bool { (difference ?? 0) == 0 }
    }

    public let lines: [Line]
    /// Whether the server's counts are known at all.
    public let isServerKnown: Bool

    /// Whether nothing that is known differs.
    public var agrees: Bool { lines.allSatisfy(\.agrees) }

    package init(lines: [Line], isServerKnown: Bool) {
        self.lines = lines
        self.isServerKnown = isServerKnown
    }

    /// - Parameter named: what was counted under names; faults among them explain some differences.
    public init(_ counters: CounterTable, named: NamedCounters = NamedCounters(), server: ServerSideCounts?) {
        isServerKnown = server != nil
        let started = counters[.agentsStarted]
        let connected = counters[.agentsConnected]
        var lines = [Line(what: "agents started", tool: started)]
        let ends = Ends(counters)
        lines.append(
            Self.compare(
                "agents connected", connected, server?.agentsSeen,
                fewer: named["fault_isClone"] + named["fault_reusesInstanceUID"] > 0
                    ? "agents with the instance uid of others: an injected fault" : nil,
                more: named["fault_forgetsInstanceUID"] > 0
                    ? "agents that reconnected with a new instance uid: an injected fault"
                    : counters[.uidsAssigned] > 0
                        ? "the server assigned \(counters[.uidsAssigned]) agents a new instance uid" : nil))
        lines.append(Line(what: "agents never connected", tool: started > connected ? started - connected : 0))
        lines.append(Line(what: "agents answered", tool: counters[.agentsAnswered]))
        lines.append(Line(what: "agents never answered", tool: counters[.agentsUnanswered]))
        let upgrades = counters[.upgradeClosed] + counters[.upgradeTimedOut] + counters[.upgradeMalformed]
        lines.append(
            Self.compare(
                "connections opened", counters[.connectionsOpened],
                server?.connections(opened: counters[.connectionsOpened]), fewer: nil,
                more: upgrades > 0 ? "\(upgrades) upgrades whose answer was not received" : nil))
        lines.append(
            Self.compare(
                "reports sent", counters.reportsSent, server?.reportsReceived,
                fewer: ends.withoutAnswer > 0 ? "of the reports sent \(ends.text) have no answer" : nil, more: nil))
        lines.append(
            Self.compare(
                "answers received", counters[.answersReceived] + counters[.reportsRefused], server?.answersSent,
                fewer: nil, more: ends.withoutAnswer > 0 ? "of the reports sent \(ends.text) have no answer" : nil))
        // Only where there is any: most runs have none.
        let telemetry = (counters[.telemetryItems], server?.telemetryItems)
        if telemetry.0 > 0 || telemetry.1 ?? 0 > 0 {
            lines.append(Self.compare("telemetry items", telemetry.0, telemetry.1, fewer: nil, more: nil))
        }
        self.lines = lines
    }

    private static func compare(
        _ what: String, _ tool: UInt64, _ server: UInt64?, fewer: String?, more: String?
    ) -> Line {
        var line = Line(what: what, tool: tool, server: server)
        if let difference = line.difference, difference != 0 { line.remark = difference < 0 ? fewer : more }
        return line
    }
}

/// The reports that ended without an answer.
private struct Ends {
    let withoutAnswer: UInt64
    /// How many of each kind, in words.
    let text: String

    init(_ counters: CounterTable) {
        let kinds: [(Counter, String)] = [
            (.unanswered, "unanswered"), (.answersLost, "lost with their connections"),
            (.reportsWithheld, "withheld by the profile"), (.reportsCut, "cut"),
            (.agentDisconnectsUnanswered, "agent_disconnects"),
        ]
        withoutAnswer = kinds.reduce(0) { $0 + counters[$1.0] }
        text = kinds.filter { counters[$0.0] > 0 }.map { "\(counters[$0.0]) \($0.1)" }.joined(separator: ", ")
    }
}
