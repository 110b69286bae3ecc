public import AgentModel
import Basis
public import Schema

extension FaultPlan: Settings {
    public static let standard = FaultPlan()

    public static let schema = Schema<FaultPlan>(
        "faults", "Which agents of a cohort are faulty, and how.",
        [
            Key(
                "rates", \.positiveRates,
                .each(
                    "rates", "The share of the agents that has each fault, drawn from the seed.", of: .share,
                    key: { (fault: Fault) in fault.name }, { $0.sentence }),
                "The share of the agents that has each fault."),
            Key("recurrence", \.recurrence, .share, "The share of the reports with which repeated faults occur."),
            Key("time_to_death", \.timeToDeath, times, "How long an agent runs with a configuration that crashes it."),
            Key("time_to_recovery", \.timeToRecovery, times, "The time until a failed configuration works."),
            Key(
                "time_between_crashes", \.timeBetweenCrashes, times,
                "The time between two crashes of an agent with this fault."),
            Key(
                "clock_skew", \.clockSkew, .duration(.zero ... .days(31)),
                "The error of a skewed clock; half of the clocks are behind, half ahead."),
            Key(
                "slow_reading", \.slowReadingRate, .size(1...(1 << 20)),
                "The bytes that a slow reader reads per second."),
            Key("oversized", \.oversizedBytes, .size(0...(80 << 20)), "The size of an oversized report."),
        ])

    private static let times = Distribution.kind(.zero ... .days(31))

    /// The rates without those that are 0, which a cohort may write to be without a fault that the others have.
    fileprivate var positiveRates: [Fault: Double] {
        get { rates }
        set { rates = newValue.filter { $0.value > 0 } }
    }
}

extension Fault {
    /// What it is, for the reference.
    fileprivate var sentence: String {
        switch self {
        case .ignoresOffers: "Receives offers and never reports anything about them."
        case .appliesSlowly: "Needs ten times as long to apply."
        case .failsToApply: "Fails to apply every configuration."
        case .diesAfterApplying: "Applies a configuration, runs with it for a time, and crashes."
        case .recovers: "Has a failed configuration that works at a later time."
        case .crashesInstalling: "Crashes while it installs a package."
        case .reportsWrongHash: "Reports another hash than the offered one."
        case .reportsOtherConfig: "Reports APPLIED with the former effective configuration."
        case .chats: "Reports its health every second, with a tree of fifteen components."
        case .readsSlowly: "Reads much more slowly than the server writes."
        case .forgetsInstanceUID: "Has another instance uid after each restart."
        case .isClone: "Shares its instance uid with all other clones of the cohort."
        case .skipsSequenceNumbers: "Sometimes skips a sequence number."
        case .reusesInstanceUID: "Has the instance uid of the agent before it."
        case .sendsOversized: "Sometimes sends a report above the usual size limit."
        case .sendsMalformed: "Sometimes sends an invalid report."
        case .ignoresThrottling: "Ignores UNAVAILABLE and Retry-After."
        case .hasSkewedClock: "Has a clock that is hours off."
        case .leavesWithoutAgentDisconnect: "Disconnects without an agent_disconnect and without a WebSocket Close."
        case .reconnectsTooFast: "Reconnects at once after every loss, without backoff."
        case .crashes: "Sometimes restarts, without a reason that the server can see."
        }
    }
}
