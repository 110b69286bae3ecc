public import Basis

/// Which run it was: what it was asked to do, with what, where and when.
public struct RunIdentity: Hashable, Sendable {
    /// The run's name, which is also its directory's.
    public var run: String
    public var profile: String
    /// The address of the server under test.
    public var server: String
    public var seed: UInt64
    /// How many agents were planned.
    public var agents: Int
    public var shards: Int
    /// When the run began, which is time zero of its figures: seconds since 1970.
    public var startedAt: Double
    /// Name and version of the tool.
    public var tool: String
    /// The machine it ran on, in words.
    public var machine: String
    /// Whether the server is the one that the run brings along.
    public var isEmbedded: Bool
    /// The part of the fleet that it was; nil: all of it.
    public var part: RunPart?

    public init(
        run: String, profile: String, server: String, seed: UInt64, agents: Int, shards: Int, startedAt: Double,
        tool: String, machine: String, isEmbedded: Bool = false, part: RunPart? = nil
    ) {
        self.run = run
        self.profile = profile
        self.server = server
        self.seed = seed
        self.agents = agents
        self.shards = shards
        self.startedAt = startedAt
        self.tool = tool
        self.machine = machine
        self.isEmbedded = isEmbedded
        self.part = part
    }
}

/// How a run ended.
public enum RunOutcome: Hashable, Sendable {
    /// As planned.
    case completed
    /// The user stopped it; the figures are of the part that ran.
    case interrupted
    /// It could not continue, for the reason given.
    case failed(String)
    /// It was ended early because this threshold had failed, as the threshold asks.
    case stopped(threshold: String)

    /// Why it did not end as planned, where that is known.
    public var reason: String? {
        switch self {
        case .completed, .interrupted: nil
        case .failed(let reason): reason
        case .stopped(let threshold): "the threshold '\(threshold)' failed"
        }
    }

    /// The name in files: stable from release to release.
    public var name: String {
        switch self {
        case .completed: "completed"
        case .interrupted: "interrupted"
        case .failed: "failed"
        case .stopped: "stopped"
        }
    }
}

/// Something about a run, apart from how it was measured, that changes what its figures mean.
public struct RunWarning: Hashable, Sendable {
    /// What kind of warning it is, as `docs/results.md` names it.
    public var rule: String
    public var message: String
    /// What to do about it.
    public var remedy: String

    public init(rule: String, message: String, remedy: String) {
        self.rule = rule
        self.message = message
        self.remedy = remedy
    }
}

/// A moment of a run that the user named while it went on.
public struct RunMark: Hashable, Sendable {
    /// From the start of the run.
    public var at: Nanoseconds
    public var name: String

    public init(at: Nanoseconds, name: String) {
        self.at = at
        self.name = name
    }
}

/// A run in figures.
public struct RunSummary: Sendable {
    public var identity: RunIdentity
    public var outcome: RunOutcome
    public var duration: Nanoseconds
    public var verdict: Verdict
    /// By `Measure.index`; of a measure that never occurred the count is zero.
    public var measures: [MeasureSummary]
    public var counters: CounterTable
    public var named: NamedCounters
    /// Agents by state at the end.
    public var states: StateTable
    /// Agents by the health that they last reported.
    public var health: HealthTable
    /// The most at any tick, of each health by itself.
    public var healthPeaks: HealthTable
    public var phases: [PhaseSummary]
    /// Every offer that reached an agent, in the order in which they began.
    public var waves: [WaveSummary]
    /// The steps that agents' lives took.
    public var transitions: TransitionTable
    public var process: ProcessSummary
    /// Each cohort in the order of the profile; empty in a run of one.
    public var cohorts: [CohortSummary]
    /// For how many seconds the tool was the bottleneck.
    public var toolBoundSeconds: Double
    public var reconciliation: Reconciliation
    /// The number of agents where they come without an end; nil where they do not.
    public var churn: ChurnSummary?
    /// What else a reader has to know before the figures are used.
    public var warnings: [RunWarning] = []
    /// What became of each threshold, in the order of the profile.
    public var thresholds: [ThresholdOutcome] = []
    /// The marks that the user set, in the order of their times.
    public var marks: [RunMark] = []
    /// Whether a threshold that is not decided does not keep the run from passing.
    public var allowsUndecided = false
    /// What the server used; nil where it was not watched.
    public var server: ServerUse?
    /// The runs that it was merged from; empty: none.
    public var merged: [MergedRun] = []

    package init(
        identity: RunIdentity, outcome: RunOutcome, duration: Nanoseconds, verdict: Verdict,
        measures: [MeasureSummary], counters: CounterTable, named: NamedCounters, states: StateTable,
        health: HealthTable, healthPeaks: HealthTable, phases: [PhaseSummary], waves: [WaveSummary],
        transitions: TransitionTable, process: ProcessSummary, cohorts: [CohortSummary], toolBoundSeconds: Double,
        reconciliation: Reconciliation, thresholds: [ThresholdOutcome] = []
    ) {
        self.identity = identity
        self.outcome = outcome
        self.duration = duration
        self.verdict = verdict
        self.measures = measures
        self.counters = counters
        self.named = named
        self.states = states
        self.health = health
        self.healthPeaks = healthPeaks
        self.phases = phases
        self.waves = waves
        self.transitions = transitions
        self.process = process
        self.cohorts = cohorts
        self.toolBoundSeconds = toolBoundSeconds
        self.reconciliation = reconciliation
        self.thresholds = thresholds
    }

    /// Whether the run passes: it ended as planned, and so did every threshold; nil where it has none.
    public var hasPassed: Bool? {
        thresholds.state.map { state in
            outcome == .completed && (state == .passed || state == .notDecided && allowsUndecided)
        }
    }

    /// The figures of one measure.
    public subscript(measure: Measure) -> MeasureSummary { measures[measure.index] }

    /// The tool's own part of the response time; nil where too little is known.
    public var ownShare: OwnShare? { OwnShare(measures) }
}

/// Everything that is written about a run.
public struct RunRecord: Sendable {
    public var summary: RunSummary
    public var series: [SeriesRow]
    /// The totals, the phases and the intervals of every measure.
    public var histograms: [TaggedHistogram]
    /// The text of the resolved profile.
    public var profile: String
    /// The steps of the agents that were traced, in the order of their times.
    public var trace: [TracedTransition]

    package init(
        summary: RunSummary, series: [SeriesRow], histograms: [TaggedHistogram], profile: String,
        trace: [TracedTransition] = []
    ) {
        self.summary = summary
        self.series = series
        self.histograms = histograms
        self.profile = profile
        self.trace = trace
    }
}
