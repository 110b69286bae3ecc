import AgentModel
import Basis
import ControlPlane

/// A run in virtual time, written down beforehand: agents that heartbeat, a network, a server, and how late the tool
/// is.
struct FleetScript: Sendable {
    var agents = 100
    var interval = Nanoseconds.seconds(1)
    /// `fromConnection` or `lockstep`: with these the due times follow from the script alone.
    var phase = HeartbeatPhase.fromConnection
    /// No heartbeat that is due later is sent.
    var until = Instant.zero + .seconds(30)
    /// How long a message takes from one side to the other.
    var transit = Nanoseconds.microseconds(50)
    var server = ServerPlan()
    var seed: UInt64 = 1
    var lateness = Lateness.none

    /// How late the tool wakes an agent.
    enum Lateness: Sendable {
        case none
        /// Anything up to the span, each time another.
        case drawn(upTo: Nanoseconds, seed: UInt64)
        /// The tool stops: what is due meanwhile happens at the end.
        case standstill(from: Instant, until: Instant)

        func wake(of agent: Int, due: Instant) -> Instant {
            switch self {
            case .none:
                return due
            case .drawn(let span, let seed):
                var random = SeededRandom(seed: seed &+ UInt64(agent), stream: due.nanoseconds)
                return due + span.scaled(by: random.unit())
            case .standstill(let from, let until):
                return due >= from && due < until ? until : due
            }
        }
    }

    /// When an agent starts: one after the other over an interval, none together with another.
    func start(of agent: Int) -> Instant {
        Instant.zero + .milliseconds(1) + Nanoseconds(interval.count * Int64(agent) / Int64(agents))
    }

    /// When its connection is open: the upgrade takes a round trip, the TCP connection nothing.
    func opened(by agent: Int) -> Instant {
        start(of: agent) + transit + transit
    }

    /// When its first heartbeat is due.
    func firstHeartbeat(of agent: Int) -> Instant {
        let opened = opened(by: agent)
        guard phase == .lockstep else { return opened + interval }
        let step = interval.count.magnitude
        return Instant(nanoseconds: (opened.nanoseconds / step + 1) * step)
    }

    var cohortPlan: CohortPlan {
        var plan = CohortPlan(name: "scripted")
        plan.heartbeat = HeartbeatPlan(interval: interval, phase: phase)
        plan.sizes.effectiveConfigBytes = 64
        plan.sizes.availableComponents = 1
        return plan
    }
}

/// What must come of a script, computed from nothing but the script: every heartbeat with its three instants, and every
/// lateness of the tool. No agent, no registry and no histogram has a part in it.
struct Forecast {
    private(set) var exchanges: [Exchange] = []
    private(set) var delays: [Nanoseconds] = []

    private struct Report {
        let agent: Int
        let due: Instant
        let sent: Instant
        let isHeartbeat: Bool
    }

    init(_ script: FleetScript) {
        var reports: [Report] = []
        for agent in 0..<script.agents {
            let opened = script.opened(by: agent)
            reports.append(Report(agent: agent, due: opened, sent: opened, isHeartbeat: false))
            var due = script.firstHeartbeat(of: agent)
            while due <= script.until {
                // One wake-up sends all that is due by then, each with its own due time.
                let wake = script.lateness.wake(of: agent, due: due)
                delays.append(wake - due)
                while due <= wake {
                    reports.append(Report(agent: agent, due: due, sent: wake, isHeartbeat: true))
                    due += script.interval
                }
            }
        }
        answer(reports.sorted { $0.sent < $1.sent }, script)
    }

    /// The server draws a delay for each report in the order in which they come, keeps the order of a connection, and
    /// holds back in a pause what would leave in it.
    private mutating func answer(_ reports: [Report], _ script: FleetScript) {
        var random = SeededRandom(seed: script.seed, stream: 0)
        var latest = [Instant](repeating: .zero, count: script.agents)
        for report in reports {
            var leaves = report.sent + script.transit + script.server.answerDelay.draw(&random)
            leaves = max(leaves, latest[report.agent])
            for pause in script.server.pauses where leaves >= pause.from && leaves < pause.until {
                leaves = pause.until
            }
            latest[report.agent] = leaves
            guard report.isHeartbeat else { continue }
            exchanges.append(Exchange(due: report.due, sent: report.sent, answered: leaves + script.transit))
        }
    }

    var responseTimes: ExpectedFigures { ExpectedFigures(exchanges.map(\.responseTime)) }
    var serviceTimes: ExpectedFigures { ExpectedFigures(exchanges.map(\.serviceTime)) }
    var schedulingDelays: ExpectedFigures { ExpectedFigures(delays) }
}
