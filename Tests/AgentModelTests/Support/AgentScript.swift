import Basis
import OpAMP
import Testing

@testable import AgentModel

/// One agent in a scripted world: a clock that only the script moves, a timer that fires exactly, a server that says
/// what the script says. Everything the agent asked for is kept for the test to look at.
struct AgentScript {
    struct Sent {
        let report: AgentToServer
        let kind: ReportKind
        let dueAt: Instant
        let at: Instant
    }

    var agent: Agent
    var now: Instant
    private(set) var timer: Instant = .distantFuture
    private(set) var effects = Effects()

    /// What happened in the last step.
    private(set) var sent: [Sent] = []
    private(set) var steps: [Effect] = []
    /// What happened since the beginning.
    private(set) var allSent: [Sent] = []
    private(set) var allSteps: [Effect] = []
    /// Watches the conversation.
    var checker = ConformanceChecker()

    init(_ plan: CohortPlan = CohortPlan(name: "test"), index: UInt64 = 7, seed: UInt64 = 42, now: Instant = .zero) {
        agent = Agent(index: index, cohort: Cohort(plan, seed: seed, unixOrigin: 1_780_000_000_000_000_000))
        self.now = now
    }

    init(agent: Agent, now: Instant) {
        self.agent = agent
        self.now = now
    }

    /// One step of the agent at the present time.
    mutating func step(_ body: (inout Agent, Instant, inout Effects) -> Void) {
        effects.removeAll()
        body(&agent, now, &effects)
        sent = []
        steps = effects.list
        for effect in effects.list {
            switch effect {
            case .send(let slice): take(slice)
            case .close: checker.closedByClient()
            case .abort, .leaveTransport: checker.gone()
            case .stateChanged(let change):
                if change.cause == .restarted { checker.restarted(agent.instanceUID) }
            default: break
            }
        }
        allSent += sent
        allSteps += steps
        if let wakeAt = effects.wakeAt { timer = wakeAt }
    }

    private mutating func take(_ slice: ReportSlice) {
        let bytes = Array(effects.bytes[slice.range])
        checker.sent(bytes, at: now)
        guard slice.kind != .malformed else { return }
        do {
            let report = try AgentToServer(decoding: bytes)
            sent.append(Sent(report: report, kind: slice.kind, dueAt: slice.dueAt, at: now))
        } catch {
            Issue.record("a report cannot be read: \(error)")
        }
    }

    mutating func start() { step { $0.start(at: $1, &$2) } }
    mutating func opened() {
        checker.opened(at: now)
        step { $0.connected(at: $1, &$2) }
    }
    mutating func lost(_ cause: LossCause = .reset) {
        checker.gone()
        step { $0.connectionLost(cause, at: $1, &$2) }
    }
    mutating func failed(_ cause: ConnectFailure = .refused) { step { $0.connectionFailed(cause, at: $1, &$2) } }
    mutating func drain() { step { $0.drain(at: $1, &$2) } }
    mutating func closed() {
        checker.gone()
        step { $0.closeCompleted(at: $1, &$2) }
    }

    /// The server says something; it goes through bytes as on a wire.
    mutating func receive(_ answer: ServerToAgent) {
        let bytes = answer.encoded()
        if agent.state.isOnline { checker.received(answer, at: now) }
        step { agent, now, effects in
            do {
                let view = try ServerToAgentView(bytes.span.bytes)
                agent.received(view, at: now, &effects)
            } catch {
                Issue.record("an answer of the script cannot be read: \(error)")
            }
        }
    }

    /// The server acknowledges the oldest report.
    mutating func acknowledge(capabilities: ServerCapabilities = []) {
        receive(ServerToAgent(instanceUID: .uid(agent.instanceUID), capabilities: capabilities))
    }

    /// Start, open, first report answered: a running agent.
    mutating func run(server: ServerCapabilities = .all) {
        start()
        opened()
        acknowledge(capabilities: server)
    }

    /// Lets the time pass, firing the timer whenever it is due.
    /// - Returns: What was sent meanwhile.
    @discardableResult
    mutating func pass(_ span: Nanoseconds, acknowledging: Bool = false) -> [Sent] {
        let end = now + span
        var meanwhile: [Sent] = []
        var fired = 0
        while timer <= end, timer != .distantFuture {
            now = max(timer, now)
            timer = .distantFuture
            step { $0.wake(at: $1, &$2) }
            let reports = sent
            meanwhile += reports
            if acknowledging { for _ in reports { acknowledge() } }
            fired += 1
            if fired > 100_000 {
                Issue.record("the agent's timer does not move on")
                break
            }
        }
        now = end
        return meanwhile
    }

    /// The timer fires late: at `span` from now, whatever it was set to.
    mutating func wakeLate(_ span: Nanoseconds) {
        now = now + span
        timer = .distantFuture
        step { $0.wake(at: $1, &$2) }
    }

    func counts(_ anomaly: Anomaly) -> Int { allSteps.counts(anomaly) }
    var connects: Int { allSteps.connects }
}

extension [Effect] {
    func counts(_ wanted: Anomaly) -> Int {
        reduce(0) { sum, effect in
            if case .count(wanted, let times) = effect { return sum + Int(times) }
            return sum
        }
    }

    var connects: Int {
        filter { if case .connect = $0 { true } else { false } }.count
    }

    var aborts: Int {
        filter { if case .abort = $0 { true } else { false } }.count
    }

    var closeCodes: [UInt16] {
        compactMap { if case .close(let code) = $0 { code } else { nil } }
    }

    var answered: [AnsweredReport] {
        compactMap { if case .answered(let report) = $0 { report } else { nil } }
    }

    var unanswered: [UnansweredReport] {
        compactMap { if case .unanswered(let report) = $0 { report } else { nil } }
    }

    /// How many reports were given up for this reason.
    func unanswered(_ cause: UnansweredReport.Cause) -> Int { unanswered.count { $0.cause == cause } }

    var changes: [StateChange] {
        compactMap { if case .stateChanged(let change) = $0 { change } else { nil } }
    }

    var firstAnswers: [Nanoseconds] {
        compactMap { if case .firstAnswered(let span) = $0 { span } else { nil } }
    }
}

extension ServerCapabilities {
    static let all: ServerCapabilities = [
        .acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig, .offersPackages, .acceptsPackagesStatus,
        .offersConnectionSettings, .acceptsConnectionSettingsRequest,
    ]
}

extension CohortPlan {
    /// A plan with what differs set by `change`.
    static func with(_ change: (inout CohortPlan) -> Void) -> CohortPlan {
        var plan = CohortPlan(name: "test")
        change(&plan)
        return plan
    }
}
