import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics

/// What Muster's own server has counted at one moment: the side of the reconciliation that the fleet does not control.
struct ServerTally: Sendable {
    private var connectionsAccepted: UInt64
    private var agentsKnown: UInt64
    private var reports: UInt64
    private var answers: UInt64
    private var telemetryItems: UInt64 = 0

    init(_ counts: ControlPlane.ServerCounts) {
        // Connections of exporters are none of agents.
        connectionsAccepted = counts.connectionsAccepted - min(counts.telemetryConnections, counts.connectionsAccepted)
        agentsKnown = counts.agentsKnown
        telemetryItems = counts.telemetryDataPoints + counts.telemetrySpans + counts.telemetryLogRecords
        reports = counts.reports
        answers = counts.answers
    }

    /// The counts that `muster serve` tells over HTTP.
    /// - Parameter json: an object of numbers; `nil` comes back where it is something else.
    init?(json: [UInt8]) {
        guard let counts = try? JSONDecoder().decode([String: UInt64].self, from: Data(json)),
            let connectionsAccepted = counts["connections_accepted"], let agentsKnown = counts["agents_known"],
            let reports = counts["reports"], let answers = counts["answers"]
        else { return nil }
        self.connectionsAccepted = connectionsAccepted - min(counts["telemetry_connections"] ?? 0, connectionsAccepted)
        telemetryItems = ["telemetry_data_points", "telemetry_spans", "telemetry_log_records"]
            .reduce(0) { $0 &+ (counts[$1] ?? 0) }
        self.agentsKnown = agentsKnown
        self.reports = reports
        self.answers = answers
    }

    /// What came to pass since `earlier`. A server that was restarted meanwhile counts from zero again.
    func since(_ earlier: ServerTally) -> Metrics.ServerCounts {
        Metrics.ServerCounts(
            connectionsAccepted: difference(connectionsAccepted, earlier.connectionsAccepted),
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
    /// A server elsewhere that answered the first question; the question is a connection of its own, which is not the fleet's.
    case remote(SocketAddress, host: String, ProxyRoute?, Shard)
    case none

    /// The source for the server at `address`, and its first tally; `none` where it is not Muster's own.
    static func find(
        at address: SocketAddress, host: String, through proxy: ProxyRoute?, on shard: Shard
    ) async -> (TallySource, ServerTally?) {
        guard let json = await CountsProbe.ask(address, host: host, through: proxy, on: shard),
            let tally = ServerTally(json: json)
        else {
            return (.none, nil)
        }
        return (.remote(address, host: host, proxy, shard), tally)
    }

    func tally() async -> ServerTally? {
        switch self {
        case .embedded(let server): ServerTally(await server.counts())
        case .remote(let address, let host, let proxy, let shard):
            await CountsProbe.ask(address, host: host, through: proxy, on: shard)
                .flatMap(ServerTally.init(json:))?.withoutQuestion()
        case .none: nil
        }
    }
}
