import AgentModel
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import OpenSSL
import Transport

/// What Muster's own server has counted at one moment: the side of the reconciliation that the fleet does not control.
struct ServerTally: Sendable {
    private var connectionsAccepted: UInt64
    private var connectionsUnused: UInt64
    private var agentsKnown: UInt64
    private var reports: UInt64
    private var answers: UInt64
    private var telemetryItems: UInt64 = 0

    init(_ counts: ServerCounts) {
        // Connections of exporters, and those for package files, are counted apart from agents' own.
        let others = counts.telemetryConnections + counts.fileConnections
        connectionsAccepted = counts.connectionsAccepted - min(others, counts.connectionsAccepted)
        connectionsUnused = counts.connectionsUnused
        agentsKnown = counts.agentsKnown
        telemetryItems = counts.telemetryDataPoints + counts.telemetrySpans + counts.telemetryLogRecords
        reports = counts.reports
        answers = counts.answers
    }

    /// The counts that `muster serve` returns over HTTP.
    /// - Parameter json: an object of numbers; the result is `nil` if it is something else.
    init?(json: [UInt8]) {
        guard let counts = try? JSONDecoder().decode([String: UInt64].self, from: Data(json)),
            let connectionsAccepted = counts["connections_accepted"], let agentsKnown = counts["agents_known"],
            let reports = counts["reports"], let answers = counts["answers"]
        else { return nil }
        let others = (counts["telemetry_connections"] ?? 0) &+ (counts["file_connections"] ?? 0)
        self.connectionsAccepted = connectionsAccepted - min(others, connectionsAccepted)
        connectionsUnused = counts["connections_unused"] ?? 0
        telemetryItems = ["telemetry_data_points", "telemetry_spans", "telemetry_log_records"]
            .reduce(0) { $0 &+ (counts[$1] ?? 0) }
        self.agentsKnown = agentsKnown
        self.reports = reports
        self.answers = answers
    }

    /// The difference since `earlier`. A server that was restarted since counts from zero again.
    func since(_ earlier: ServerTally) -> ServerSideCounts {
        ServerSideCounts(
            connectionsAccepted: difference(connectionsAccepted, earlier.connectionsAccepted),
            connectionsUnused: difference(connectionsUnused, earlier.connectionsUnused),
            agentsSeen: difference(agentsKnown, earlier.agentsKnown),
            reportsReceived: difference(reports, earlier.reports), answersSent: difference(answers, earlier.answers),
            telemetryItems: difference(telemetryItems, earlier.telemetryItems))
    }

    /// Without the connection that the second question came on; that of the first is in both tallies.
    func withoutQuestion() -> ServerTally {
        var tally = self
        tally.connectionsAccepted -= min(tally.connectionsAccepted, 1)
        return tally
    }

    private func difference(_ later: UInt64, _ earlier: UInt64) -> UInt64 {
        later >= earlier ? later - earlier : later
    }
}

/// Where a run asks for the server's side of the reconciliation.
enum TallySource: Sendable {
    case embedded(OpAMPServer)
    /// A server elsewhere that answered the first question; each question is a connection of its own, which is not one
    /// of the fleet's.
    case remote(Question)
    /// A server elsewhere that has no counts.
    case none
    /// A server elsewhere that is not to be asked.
    case unasked

    /// How a server elsewhere is asked: as one of its agents, with the same credentials.
    struct Question: Sendable {
        let target: AgentTarget
        let fields: HTTPFields
        let identity: PackedIdentity?
        let shard: Shard

        func ask() async -> ServerTally? {
            let json = await CountsProbe.ask(
                target.addresses[0], host: target.host, fields: fields, through: target.proxy,
                security: target.security, identity: identity, on: shard)
            return json.flatMap(ServerTally.init(json:))
        }
    }

    /// The source for the server that agents connect to, and its first tally; `none` where it is not Muster's own.
    /// - Parameter agent: one of the agents that connect to `target`.
    static func find(_ target: AgentTarget, as agent: Agent, on shard: Shard) async -> (TallySource, ServerTally?) {
        let identity = try? target.security?.identities?.identity(of: agent.index, cohort: agent.cohort.plan.name)
        let question = Question(target: target, fields: target.fields(of: agent), identity: identity, shard: shard)
        guard let tally = await question.ask() else { return (.none, nil) }
        return (.remote(question), tally)
    }

    func tally() async -> ServerTally? {
        switch self {
        case .embedded(let server): ServerTally(await server.counts())
        case .remote(let question): await question.ask()?.withoutQuestion()
        case .none, .unasked: nil
        }
    }
}
