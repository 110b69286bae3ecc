public import Basis

/// How the agents of a cohort apply remote configurations (Configuration).
public struct RemoteConfigPlan: Hashable, Sendable {
    /// From the offer to APPLIED or FAILED. Zero: the outcome is reported at once, without APPLYING before it.
    public var applyTime: Distribution
    /// The odds that a valid configuration fails to apply, 0 ... 1.
    public var failureOdds: Double
    /// The top-level settings that a configuration may have; `nil`: any. What else it holds makes it fail
    /// (Configuration Restrictions).
    public var allowedSettings: [String]?
    /// How many configurations that worked are remembered, to fall back on.
    public var historyLimit: Int
    /// What parts of the agent do when a setting that they watch has changed.
    public var watchers: [ConfigWatcher]

    public init(
        applyTime: Distribution = .uniform(.milliseconds(200), .milliseconds(2_000)),
        failureOdds: Double = 0,
        allowedSettings: [String]? = nil,
        historyLimit: Int = 5,
        watchers: [ConfigWatcher] = [ConfigWatcher(setting: "service", reaction: .restartPipelines)]
    ) {
        self.applyTime = applyTime
        self.failureOdds = failureOdds
        self.allowedSettings = allowedSettings
        self.historyLimit = min(max(historyLimit, 1), Self.maximumHistory)
        self.watchers = watchers
    }

    /// An agent that remembered more would no longer be small.
    public static let maximumHistory = 32
}

/// A part of an agent that subscribes to a setting of its configuration.
public struct ConfigWatcher: Hashable, Sendable {
    /// The top-level setting, such as `service`.
    public var setting: String
    public var reaction: Reaction

    public init(setting: String, reaction: Reaction) {
        self.setting = setting
        self.reaction = reaction
    }

    public enum Reaction: String, CaseIterable, Hashable, Sendable {
        /// The pipelines start again: the health report has another start time.
        case restartPipelines = "restart-pipelines"
        /// The agent's process restarts, and its connection with it.
        case restartAgent = "restart-agent"
    }
}
