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
                "Which share of the agents has each fault."),
            Key("recurrence", \.recurrence, .share, "Of the reports with which recurring faults strike."),
            Key("time_to_death", \.timeToDeath, times, "How long an agent runs on a configuration that it dies of."),
            Key("time_to_recovery", \.timeToRecovery, times, "After which a failed configuration works after all."),
            Key("time_between_crashes", \.timeBetweenCrashes, times, "Between the crashes of an agent that crashes."),
            Key(
                "clock_skew", \.clockSkew, .duration(.zero ... .days(31)),
                "How far a skewed clock is off; half of the agents are behind, half ahead."),
            Key("slow_reading", \.slowReadingRate, .size(1...(1 << 20)), "How much a slow reader reads in a second."),
            Key("oversized", \.oversizedBytes, .size(0...(80 << 20)), "How large an oversized report is."),
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
        case .diesAfterApplying: "Applies a configuration, runs on it for a while, and dies of it."
        case .recovers: "Has a failed configuration that works after a while after all."
        case .crashesInstalling: "Dies while it installs a package."
        case .reportsWrongHash: "Reports another hash than the one that was offered."
        case .reportsOtherConfig: "Reports APPLIED and the effective configuration from before."
        case .chats: "Reports its health every second, with a tree of fifteen components."
        case .readsSlowly: "Reads far more slowly than the server writes."
        case .forgetsInstanceUID: "Has another instance uid after each restart."
        case .isClone: "Shares its instance uid with all other clones of the cohort."
        case .skipsSequenceNumbers: "Leaves out a sequence number now and then."
        case .reusesInstanceUID: "Has the instance uid of the agent before it."
        case .sendsOversized: "Sends a report beyond the usual size limit now and then."
        case .sendsMalformed: "Sends bytes that are no report now and then."
        case .ignoresThrottling: "Ignores UNAVAILABLE and Retry-After."
        case .hasSkewedClock: "Has a clock that is hours off."
        case .leavesWithoutAgentDisconnect: "Disconnects without an agent_disconnect and without a WebSocket Close."
        case .reconnectsTooFast: "Reconnects at once after every loss, without any back-off."
        case .crashes: "Restarts now and then, for no reason that the server could see."
        }
    }
}
