import Basis
import Testing

@testable import AgentModel

@Suite("The life cycle: one table of transitions")
struct LifeCycleTests {
    static let session = LifeCycle.Session(begun: .zero, lastContact: .zero)

    static let phases: [LifeCycle.Phase] = [
        .initializing, .connecting(begun: .zero), .connected(session), .running(session), .configuring(session),
        .updating(session), .backingOff(until: .zero), .closing(deadline: .zero, afterwards: .stop),
        .restarting(until: .zero), .disconnected,
    ]

    static let events: [(name: String, event: LifeCycle.Event)] = [
        ("started", .started),
        ("transport opened", .transportOpened),
        ("connection failed", .connectionFailed(retryAt: .zero)),
        ("connection lost", .connectionLost(retryAt: .zero)),
        ("wait ended", .waitEnded),
        ("first report answered", .firstReportAnswered([])),
        ("configuring began", .workChanged(.configuring)),
        ("updating began", .workChanged([.configuring, .updating])),
        ("work ended", .workChanged([])),
        ("close began", .closeBegan(deadline: .zero, afterwards: .stop)),
        ("close ended", .closeEnded),
        ("crashed", .crashed(until: .zero)),
        ("stopped", .stopped),
    ]

    /// What each event makes of each state, in words: the table of the documentation.
    static func table() -> [String] {
        phases.flatMap { phase in
            events.map { entry in
                var life = LifeCycle(in: phase)
                let outcome: String
                switch life.apply(entry.event, because: .started, at: .zero) {
                case .moved(let change): outcome = change.to.name
                case .stayed: outcome = "stays"
                case .rejected: outcome = "rejected"
                }
                return "\(phase.state.name) | \(entry.name) | \(outcome)"
            }
        }
    }

    @Test("An agent has spent no time in the run before it starts, whatever the clock says")
    func firstStep() {
        var life = LifeCycle()
        let start = Instant.zero + .seconds(90_000)
        guard case .moved(let first) = life.apply(.started, because: .started, at: start),
            case .moved(let second) = life.apply(
                .transportOpened, because: .transportOpened, at: start + .milliseconds(7))
        else {
            Issue.record("an agent that starts and connects changes its state twice")
            return
        }
        #expect(first.spent == .zero)
        #expect(second.spent == .milliseconds(7))
    }

    @Test("The phases of the tests are all there are")
    func phasesAreComplete() {
        #expect(Set(Self.phases.map(\.state)) == Set(AgentState.allCases))
    }

    @Test("Every transition that is not rejected is one of these")
    func transitions() {
        let legal = Self.table().filter { !$0.hasSuffix("rejected") && !$0.hasSuffix("stays") }
        #expect(legal == Self.expected)
    }

    static let expected = [
        "initializing | started | connecting",
        "initializing | stopped | disconnected",
        "connecting | transport opened | connected",
        "connecting | connection failed | backing off",
        "connecting | crashed | restarting",
        "connecting | stopped | disconnected",
        "connected | connection lost | backing off",
        "connected | first report answered | running",
        "connected | close began | closing",
        "connected | crashed | restarting",
        "connected | stopped | disconnected",
        "running | connection lost | backing off",
        "running | configuring began | configuring",
        "running | updating began | updating",
        "running | close began | closing",
        "running | crashed | restarting",
        "running | stopped | disconnected",
        "configuring | connection lost | backing off",
        "configuring | updating began | updating",
        "configuring | work ended | running",
        "configuring | close began | closing",
        "configuring | crashed | restarting",
        "configuring | stopped | disconnected",
        "updating | connection lost | backing off",
        "updating | configuring began | configuring",
        "updating | work ended | running",
        "updating | close began | closing",
        "updating | crashed | restarting",
        "updating | stopped | disconnected",
        "backing off | wait ended | connecting",
        "backing off | crashed | restarting",
        "backing off | stopped | disconnected",
        "closing | connection lost | disconnected",
        "closing | close ended | disconnected",
        "closing | stopped | disconnected",
        "restarting | started | connecting",
        "restarting | stopped | disconnected",
    ]

    @Test(
        "A closed connection leads to the state that was requested with the close",
        arguments: [
            (LifeCycle.Afterwards.stop, AgentState.disconnected),
            (.reconnect(at: .zero), .backingOff),
            (.restart(until: .zero), .restarting),
        ])
    func afterwards(_ afterwards: LifeCycle.Afterwards, state: AgentState) {
        var life = LifeCycle(in: .closing(deadline: .zero, afterwards: afterwards))
        _ = life.apply(.closeEnded, because: .closed, at: .zero)
        #expect(life.phase.state == state)
    }

    @Test("A step is recorded with its cause, its time and the time spent before it")
    func record() {
        var life = LifeCycle()
        _ = life.apply(.started, because: .started, at: .zero + .seconds(1))
        let outcome = life.apply(.transportOpened, because: .transportOpened, at: .zero + .seconds(4))
        #expect(
            outcome
                == .moved(
                    StateChange(
                        from: .connecting, to: .connected, cause: .transportOpened, at: .zero + .seconds(4),
                        spent: .seconds(3))))
    }
}
