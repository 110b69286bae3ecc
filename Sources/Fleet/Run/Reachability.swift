import Basis
import Metrics

/// Whether the server under test can be reached, judged by what the fleet's attempts to connect have come to.
///
/// One agent that the server has answered, or told to come later, is enough: from then on the run goes on whatever
/// happens.
struct Reachability {
    enum Step: Equatable {
        case goOn
        /// A message that is shown once.
        case tell(String)
        /// The run is over: why.
        case giveUp(String)
    }

    private enum State {
        case unknown
        /// Failures were seen and reported.
        case failing(since: Instant)
        /// No agent had a result in time, and this was reported.
        case silent
        case over
    }

    private let endpoint: String
    /// Whether agents poll: then a connection alone is no answer.
    private let isPolling: Bool
    private let waits: Bool
    private let start: Instant
    private var state: State

    /// - Parameters:
    ///   - start: the first agent's start.
    ///   - waits: whether the run continues if the server cannot be reached.
    init(endpoint: String, isPolling: Bool, waits: Bool, start: Instant) {
        self.endpoint = endpoint
        self.isPolling = isPolling
        self.waits = waits
        self.start = start
        state = .unknown
    }

    /// For a run with its own server, which needs no check.
    static var known: Reachability {
        var reachability = Reachability(endpoint: "", isPolling: false, waits: true, start: .zero)
        reachability.state = .over
        return reachability
    }

    /// After each tick.
    mutating func judge(_ counters: CounterTable, _ named: NamedCounters, at now: Instant) -> Step {
        if case .over = state { return .goOn }
        if isReached(counters) {
            state = .over
            return .goOn
        }
        guard let problem = ConnectProblem.prevailing(in: counters, named) else {
            guard case .unknown = state, counters[.agentsStarted] > 0, now - start >= Self.limit else { return .goOn }
            state = .silent
            return .tell("\(endpoint) has not answered yet: neither a connection nor an error; waiting")
        }
        switch state {
        case .failing(let since):
            guard !waits, now - since >= Self.limit - Self.firstLook else { return .goOn }
            state = .over
            return .giveUp("\(problem.words(endpoint)); \(problem.remedy), or wait for the server with --wait")
        case .unknown, .silent:
            state = .failing(since: now)
            let how = waits ? "waiting (--wait)" : "waiting for \(Self.limit), --wait to continue"
            return .tell("\(problem.words(endpoint)); \(how)")
        case .over:
            return .goOn
        }
    }

    private func isReached(_ counters: CounterTable) -> Bool {
        let answers: [Counter] = [.answersReceived, .throttled, .errorAnswers, .malformedAnswer]
        let delays: [Counter] = [.upgradeThrottled, .requestThrottled]
        return (answers + delays + (isPolling ? [] : [.connectionsOpened])).contains { counters[$0] > 0 }
    }

    /// How long an unreachable server is waited for, from the first agent's start.
    static let limit = Nanoseconds.seconds(5)
    /// When failures are seen first: the first tick.
    private static let firstLook = Nanoseconds.seconds(1)
}
