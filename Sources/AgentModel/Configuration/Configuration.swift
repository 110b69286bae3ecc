import Basis
import OpAMP

/// What an agent does with remote configurations: a state machine of its own beside the life cycle, because applying
/// continues whether or not there is a connection.
///
/// All its transitions are in this file. The status and the effective configuration that reports carry are derived from
/// the state, never stored beside it.
struct Configuration {
    /// What agents say of a configuration that failed.
    static let componentFailed = "a component failed to start"
    static let failedByMarker = "failed because of a marker in the configuration"
    static let crashedApplying = "the agent crashed while it applied the configuration"
    static let crashedRunning = "the agent crashed because of the configuration and returned to the one before"

    enum State {
        case notConfigured
        case configuring(Application)
        case configured(ReceivedConfig)
        case updating(Application, from: ReceivedConfig)
        /// The last offer failed; `running` is what the agent runs instead, `nil` being its local configuration.
        case error(ReceivedConfig, message: String, running: ReceivedConfig?)
    }

    /// A configuration being applied.
    struct Application {
        let config: ReceivedConfig
        let done: Instant
        let outcome: Outcome
    }

    /// How an application will end; drawn when it begins, so that it does not depend on what else the agent draws.
    enum Outcome: Hashable {
        case success
        case failure(String)
        case crash
    }

    private enum Stage { case notConfigured, configuring, configured, updating, error }

    // The parts of the state, beside each other: most is read far more often than the whole.
    private var stage = Stage.notConfigured
    /// The last accepted offer, in any state.
    private(set) var lastOffer: ReceivedConfig?
    /// What runs while an application is under way or after one that failed, beside the local configuration.
    private var former: ReceivedConfig?
    /// When the application under way is done; `.distantFuture`: none is.
    private(set) var applicationDue: Instant = .distantFuture
    private(set) var outcome = Outcome.success
    /// Of an error.
    private(set) var message = ""

    /// Where the agent is with the last offer. The only way to change it.
    private(set) var state: State {
        get {
            guard let lastOffer else { return .notConfigured }
            switch stage {
            case .notConfigured: return .notConfigured
            case .configured: return .configured(lastOffer)
            case .error: return .error(lastOffer, message: message, running: former)
            case .configuring:
                return .configuring(Application(config: lastOffer, done: applicationDue, outcome: outcome))
            case .updating:
                let application = Application(config: lastOffer, done: applicationDue, outcome: outcome)
                return former.map { .updating(application, from: $0) } ?? .configuring(application)
            }
        }
        set {
            (former, message, outcome, applicationDue) = (nil, "", .success, .distantFuture)
            switch newValue {
            case .notConfigured: (stage, lastOffer) = (.notConfigured, nil)
            case .configuring(let application): begin(application, .configuring)
            case .configured(let config): (stage, lastOffer) = (.configured, config)
            case .updating(let application, let from):
                former = from
                begin(application, .updating)
            case .error(let config, let message, let running):
                (stage, lastOffer, former) = (.error, config, running)
                self.message = message
            }
        }
    }

    private mutating func begin(_ application: Application, _ stage: Stage) {
        (self.stage, lastOffer) = (stage, application.config)
        (applicationDue, outcome) = (application.done, application.outcome)
    }

    /// When the present offer came.
    private(set) var offeredAt: Instant = .zero
    /// Configurations that worked.
    private(set) var past = ConfigHistory()
    /// The same, the newest last.
    var history: [ReceivedConfig] { past.configs }
    /// How far the present offer has been reported; `.received` where nothing has been.
    private(set) var reported = OfferStage.received
    /// The agent crashes because of its configuration then; `.distantFuture` where it does not.
    var dies: Instant = .distantFuture
    /// A failed configuration is tried again then; `.distantFuture` where it is not.
    var retries: Instant = .distantFuture
    /// Reports APPLIED together with a former effective configuration.
    var lies = false

    /// Nothing has been offered yet.
    init() {}

    /// What became of the last offer, as it was kept.
    enum Kept {
        case applying(Outcome)
        case applied
        case failed(String)
    }

    /// Becomes a configuration as it was kept.
    /// - Parameters:
    ///   - history: revisions of the table, as a word; nil: those that it has.
    ///   - deadline: what `nextDeadline` was.
    mutating func restore(
        _ kept: Kept, of offer: ReceivedConfig, running: ReceivedConfig?, history: UInt32?, _ table: RevisionTable,
        reported: OfferStage, lies: Bool, deadline: Instant
    ) {
        lastOffer = offer
        former = running
        (outcome, message, offeredAt) = (.success, "", .zero)
        (applicationDue, dies, retries) = (.distantFuture, .distantFuture, .distantFuture)
        switch kept {
        case .applying(let outcome):
            stage = running == nil ? .configuring : .updating
            (self.outcome, applicationDue) = (outcome, deadline)
        case .applied:
            (stage, former, dies) = (.configured, nil, deadline)
        case .failed(let text):
            (stage, message, retries) = (.error, text, deadline)
        }
        if let history { past.become(history, table) }
        self.reported = reported
        self.lies = lies
    }

    /// When the present offer was received is not known.
    mutating func forgetWhenOffered() { offeredAt = .zero }

    /// Whether anything has been offered.
    var hasOffer: Bool { stage != .notConfigured }

    /// Whether an application is under way.
    var isApplying: Bool { stage == .configuring || stage == .updating }

    /// Whether the last offer is in force.
    var isApplied: Bool { stage == .configured }

    /// Whether the last offer failed.
    var hasFailed: Bool { stage == .error }

    /// What the agent runs beside its local configuration.
    var running: ReceivedConfig? { stage == .configured ? lastOffer : former }

    var application: Application? {
        guard isApplying, let lastOffer else { return nil }
        return Application(config: lastOffer, done: applicationDue, outcome: outcome)
    }

    /// What the agent reports of the last offer (RemoteConfigStatus Message).
    var status: RemoteConfigStatus {
        switch state {
        case .notConfigured:
            return RemoteConfigStatus()
        case .configuring(let application), .updating(let application, _):
            return RemoteConfigStatus(lastRemoteConfigHash: application.config.hash, status: .applying)
        case .configured(let config):
            return RemoteConfigStatus(lastRemoteConfigHash: config.hash, status: .applied)
        case .error(let config, let message, _):
            return RemoteConfigStatus(lastRemoteConfigHash: config.hash, status: .failed, errorMessage: message)
        }
    }

    /// When the agent next has something to do about its configuration.
    var nextDeadline: Instant {
        min(applicationDue, dies, retries)
    }

    /// Starts to apply an offer; an offer that is being applied is abandoned.
    mutating func begin(_ application: Application, at now: Instant) {
        switch state {
        case .notConfigured, .configuring: state = .configuring(application)
        case .configured(let config): state = .updating(application, from: config)
        case .updating(_, let config): state = .updating(application, from: config)
        case .error(_, _, let running?): state = .updating(application, from: running)
        case .error(_, _, nil): state = .configuring(application)
        }
        offeredAt = now
        reported = .received
        dies = .distantFuture
        retries = .distantFuture
        lies = false
    }

    /// The application is done and the configuration in force.
    mutating func applied(historyLimit: Int) {
        switch state {
        case .configuring(let application), .updating(let application, _):
            state = .configured(application.config)
            past.append(application.config, limit: historyLimit)
        case .notConfigured, .configured, .error:
            break
        }
    }

    /// The application failed; the agent keeps what it ran before.
    mutating func failed(_ message: String) {
        switch state {
        case .configuring(let application): state = .error(application.config, message: message, running: nil)
        case .updating(let application, let config):
            state = .error(application.config, message: message, running: config)
        case .notConfigured, .configured, .error: break
        }
    }

    /// The configuration in force turned out bad: back to the newest one that is known to be good.
    mutating func rollBack(_ message: String) {
        dies = .distantFuture
        switch state {
        case .configured(let config):
            // The same offer may have been read twice, for this agent and for all of a simulated fleet.
            if past.last?.hash == config.hash { past.removeLast() }
            state = .error(config, message: message, running: past.last)
            reported = .received
        case .notConfigured, .configuring, .updating, .error: break
        }
    }

    /// A report with this stage has been sent.
    /// - Returns: Whether that is new.
    mutating func hasReported(_ stage: OfferStage) -> Bool {
        guard stage > reported else { return false }
        reported = stage
        return true
    }
}
