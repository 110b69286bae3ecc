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

    private(set) var state: State = .notConfigured
    /// When the present offer came.
    private(set) var offeredAt: Instant = .zero
    /// Configurations that worked, the newest last.
    private(set) var history: [ReceivedConfig] = []
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

    /// Becomes a configuration as it was kept.
    /// - Parameter deadline: what `nextDeadline` was.
    mutating func restore(
        _ state: State, history: [ReceivedConfig], reported: OfferStage, lies: Bool, deadline: Instant
    ) {
        self.state = state
        self.history = history
        self.reported = reported
        self.lies = lies
        offeredAt = .zero
        dies = .distantFuture
        retries = .distantFuture
        switch state {
        case .configured: dies = deadline
        case .error: retries = deadline
        case .notConfigured, .configuring, .updating: break
        }
    }

    /// When the present offer was received is not known.
    mutating func forgetWhenOffered() { offeredAt = .zero }

    /// Whether anything has been offered.
    var hasOffer: Bool {
        switch state {
        case .notConfigured: return false
        case .configuring, .configured, .updating, .error: return true
        }
    }

    /// Whether an application is under way.
    var isApplying: Bool {
        switch state {
        case .configuring, .updating: return true
        case .notConfigured, .configured, .error: return false
        }
    }

    /// When the application under way is done; `.distantFuture`: none is.
    var applicationDue: Instant {
        switch state {
        case .configuring(let application), .updating(let application, _): return application.done
        case .notConfigured, .configured, .error: return .distantFuture
        }
    }

    /// The last accepted offer, in any state.
    var lastOffer: ReceivedConfig? {
        switch state {
        case .notConfigured: return nil
        case .configuring(let application), .updating(let application, _): return application.config
        case .configured(let config), .error(let config, _, _): return config
        }
    }

    /// What the agent runs beside its local configuration.
    var running: ReceivedConfig? {
        switch state {
        case .notConfigured, .configuring: return nil
        case .configured(let config), .updating(_, let config): return config
        case .error(_, _, let running): return running
        }
    }

    var application: Application? {
        switch state {
        case .configuring(let application), .updating(let application, _): return application
        case .notConfigured, .configured, .error: return nil
        }
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
            history.append(application.config)
            if history.count > historyLimit { history.removeFirst() }
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
            if history.last === config { history.removeLast() }
            state = .error(config, message: message, running: history.last)
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
