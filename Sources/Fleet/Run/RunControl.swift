import Basis
import Engine
public import Metrics
import Synchronization

/// What is asked of a run while it goes on, and what those who watch it see: the one thing that a run shares with its
/// live page. Any thread may use it.
///
/// The state of the run is made only while somebody watches; one is kept, whoever and however many watch.
public final class RunControl: Sendable {
    /// What a run can be asked to do.
    public enum Command: Hashable, Sendable {
        /// End the run now: the agents disconnect one after another, and the results are those up to now.
        case drain
        /// End the run at once: no time for the agents to disconnect in order.
        case abort
        /// Name this moment in the results.
        case mark(String)
        /// Have so many agents; nil: as many as the profile plans again.
        case agents(Int?)
        /// Have agents report so many times as often as planned.
        case pace(Double)
    }

    /// What the load of a run can be changed to.
    public struct Possible: Hashable, Sendable {
        /// The most agents; nil: the profile has no population whose number could change.
        public var maxAgents: Int?
        /// Whether agents report by a schedule, which a pace can change.
        public var changesPace: Bool
    }

    /// Why a command is not carried out.
    public enum Refusal: Error, Hashable, CustomStringConvertible {
        case agentsFixed
        case agentsOutOfRange(max: Int)
        case noPace
        case paceOutOfRange
        case emptyName
        case tooMany
        case ended

        public var description: String {
            switch self {
            case .agentsFixed: "the number of agents can change only where the profile has a population"
            case .agentsOutOfRange(let max): "agents: a number from 0 to \(max), the most that the profile plans"
            case .noPace: "no agent of this profile reports by a schedule"
            case .paceOutOfRange: "pace: a number from 0.1 to 10"
            case .emptyName: "a mark needs a name of 1 to \(RunControl.maxName) characters"
            case .tooMany: "too many commands wait to be carried out: try again in a second"
            case .ended: "the run is ending"
            }
        }
    }

    public static let paceRange = 0.1...10.0
    /// The length of a mark's name.
    public static let maxName = 60
    /// Commands that wait at most: they are carried out within a tenth of a second.
    private static let maxWaiting = 16
    /// Whoever watches asks once a second.
    private static let watchedFor = Nanoseconds.seconds(4)

    private struct State {
        var possible: Possible?
        var waiting: [Command] = []
        var isEnding = false
        var watchedUntil = Instant.zero
        var record: RunRecord?
        var version = 0
    }

    private let state = Mutex(State())

    public init() {}

    // MARK: - For those who watch

    /// Gives a command to the run.
    /// - Throws: `Refusal`; nothing is done then.
    public func send(_ command: Command) throws(Refusal) {
        let refusal: Refusal? = state.withLock { state in
            if let refusal = Self.refusal(command, state) { return refusal }
            state.waiting.append(command)
            return nil
        }
        if let refusal { throw refusal }
    }

    private static func refusal(_ command: Command, _ state: State) -> Refusal? {
        if state.isEnding, command != .abort { return .ended }
        if state.waiting.count >= maxWaiting { return .tooMany }
        switch command {
        case .drain, .abort: return nil
        case .mark(let name): return (1...maxName).contains(name.count) ? nil : .emptyName
        case .agents(let count):
            guard let max = state.possible?.maxAgents else { return .agentsFixed }
            return count.map { (0...max).contains($0) } ?? true ? nil : .agentsOutOfRange(max: max)
        case .pace(let factor):
            guard state.possible?.changesPace == true else { return .noPace }
            return paceRange.contains(factor) ? nil : .paceOutOfRange
        }
    }

    /// What the load can be changed to; nil before the run has begun.
    public var possible: Possible? { state.withLock { $0.possible } }

    /// The run as of its last tick that was watched, with a number that grows; nil before the first. Asking is
    /// watching: the run makes the next one.
    public func watch() -> (record: RunRecord, version: Int)? {
        let now = Shard.clock
        return state.withLock { state in
            state.watchedUntil = now + Self.watchedFor
            return state.record.map { ($0, state.version) }
        }
    }

    // MARK: - For the run

    func begin(_ possible: Possible) { state.withLock { $0.possible = possible } }

    /// The run takes no more commands but to abort.
    func ending() { state.withLock { $0.isEnding = true } }

    /// Whether a state has been made.
    var isShown: Bool { state.withLock { $0.record != nil } }

    var hasCommands: Bool { state.withLock { !$0.waiting.isEmpty } }

    func take() -> [Command] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    func isWatched(at now: Instant) -> Bool { state.withLock { $0.watchedUntil >= now } }

    func show(_ record: RunRecord) {
        state.withLock { state in
            state.record = record
            state.version += 1
        }
    }
}
