import AgentModel
public import Basis
import Metrics
public import Schema

/// What an event waits for instead of a time: another event, or that agents are connected.
public struct EventCondition: Hashable, Sendable {
    /// How far the other event is.
    public enum Progress: String, CaseIterable, Hashable, Sendable {
        case begun, recovered
    }

    /// What happens where the condition is not met in time.
    public enum Otherwise: String, CaseIterable, Hashable, Sendable {
        case skip, happen
    }

    /// The name of the other event.
    public var event: String?
    public var progress = Progress.recovered
    /// The share of the agents that are there.
    public var connected: Double?
    /// How long it waits further.
    public var plus = Nanoseconds.zero
    /// From the run's start; nil: until the run ends.
    public var timeout: RunTime?
    public var otherwise = Otherwise.skip
}

extension EventCondition: Settings {
    public static let standard = EventCondition()

    public static let schema = Schema<EventCondition>(
        "after", "What an event waits for. It is looked at once a second.",
        [
            Key("event", \.event, .optional(.name), "The name of another event."),
            Key("is", \.progress, .word { $0.sentence }, "How far that event has to be."),
            Key("connected", \.connected, .optional(.share), "The share of the agents that has to be connected."),
            Key("plus", \.plus, .duration(.zero ... .days(1)), "How long it waits further."),
            Key("timeout", \.timeout, .optional(RunTime.kind), "The time of the run at which it waits no longer."),
            Key("otherwise", \.otherwise, .word { $0.sentence }, "What happens then."),
        ],
        rules: [
            Rule { condition, check in
                if (condition.event == nil) == (condition.connected == nil) {
                    check.contradiction("an event waits for one of 'event' and 'connected'")
                }
            }
        ])

    /// In words.
    var text: String {
        let what =
            event.map { "'\($0)' has \(progress == .begun ? "begun" : "recovered")" }
            ?? "\(ShareText.format(connected ?? 1)) of the agents are connected"
        return "after \(what)" + (plus > .zero ? " and \(plus) more" : "")
    }
}

extension EventCondition.Progress {
    fileprivate var sentence: String {
        switch self {
        case .begun: "It has happened."
        case .recovered: "It has happened, and since then every agent that is there was connected and answered again."
        }
    }
}

extension EventCondition.Otherwise {
    fileprivate var sentence: String {
        switch self {
        case .skip: "The event does not happen, and the results say so."
        case .happen: "The event happens all the same."
        }
    }
}

extension TimedEvent {
    /// When it happens, from the run's start; of one that waits for something, the run's end.
    func offset(in duration: Nanoseconds) -> Nanoseconds { at?.offset(in: duration) ?? duration }

    /// When it happens, in words.
    func timeText(in duration: Nanoseconds) -> String {
        let time = at.map { "at \($0.offset(in: duration))" } ?? after?.text ?? ""
        guard let every else { return time }
        return "\(time), then every \(every)" + (until.map { " until \($0.offset(in: duration))" } ?? "")
    }

    /// The instants at which it happens in a run.
    func occurrences(from first: Instant, start: Instant, in profile: Profile) -> [Instant] {
        guard let every else { return [first] }
        let end = start + (until.map { $0.offset(in: profile.duration) } ?? profile.duration)
        var random = SeededRandom(seed: profile.seed ^ 0x6576_6572_79, stream: first.nanoseconds)
        var times: [Instant] = []
        var next = first
        while next < end, times.count < Self.maxOccurrences {
            times.append(next + jitter.scaled(by: random.unit()))
            next = next + every
        }
        return times
    }

    /// Beyond that a run is a list of events.
    static let maxOccurrences = 10_000
}

/// The events of a run that wait for something: when they happen is decided once a second.
struct WaitingEvents {
    private var waiting: [Int]
    private let profile: Profile
    private let start: Instant
    /// When each named event last began.
    private var begun: [String: Instant] = [:]
    /// Those of them from which the fleet has recovered.
    private var recovered: Set<String> = []
    /// Those that never happened because their conditions were not met.
    private(set) var skipped: [Int] = []

    init(_ profile: Profile, start: Instant) {
        self.profile = profile
        self.start = start
        waiting = profile.events.indices.filter { profile.events[$0].at == nil }
    }

    /// An event has happened.
    mutating func happened(_ event: Int, at now: Instant) {
        guard let name = profile.events[event].name else { return }
        begun[name] = now
        recovered.remove(name)
    }

    /// The events whose time has come, each with the instant at which it is to happen.
    /// - Parameter isSettled: whether every agent that is there is connected and answered.
    mutating func due(_ snapshot: Snapshot, isSettled: Bool, at now: Instant) -> [(event: Int, at: Instant)] {
        if isSettled {
            for (name, time) in begun where now - time >= .seconds(1) { recovered.insert(name) }
        }
        var due: [(event: Int, at: Instant)] = []
        var still: [Int] = []
        for index in waiting {
            guard let condition = profile.events[index].after else { continue }
            if isMet(condition, snapshot) {
                due.append((index, now + condition.plus))
            } else if let timeout = condition.timeout, now >= start + timeout.offset(in: profile.duration) {
                if condition.otherwise == .happen { due.append((index, now)) } else { skipped.append(index) }
            } else {
                still.append(index)
            }
        }
        waiting = still
        return due
    }

    private func isMet(_ condition: EventCondition, _ snapshot: Snapshot) -> Bool {
        if let name = condition.event {
            return condition.progress == .begun ? begun[name] != nil : recovered.contains(name)
        }
        let present = snapshot.states.total - snapshot.states[.disconnected]
        return present > 0 && Double(snapshot.states.online) >= Double(present) * (condition.connected ?? 1)
    }

    /// A warning for each event that never happened.
    var warnings: [RunWarning] {
        (skipped + waiting).map { index in
            let event = profile.events[index]
            return RunWarning(
                rule: "event-not-reached",
                message: "\(event.action.key) \(event.after?.text ?? "") did not happen: its condition was not met",
                remedy: "look at whether the fleet recovers, or give the event a time")
        }
    }
}
