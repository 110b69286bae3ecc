public import AgentModel
public import Basis
import Hosting
public import Schema

/// Agents that leave at one moment.
public struct HerdLeave: Hashable, Sendable {
    public var whom = HerdTarget.everybody
    public var leave = LeavePlan()
}

extension HerdLeave: HerdEvent {
    public static let standard = HerdLeave()

    public static let schema = Schema<HerdLeave>(
        "leave event", "Agents leave at one moment.",
        herdKeys + [
            Key("by", \.leave.methods, LeaveMix.kind, "How they leave."),
            Key("then", \.leave.sequel, LeavePlan.Sequel.kind, "What follows for them."),
        ])

    static let kind = Kind<HerdLeave>.oneOf(wanted: ShareText.wanted) { forms in
        let share = forms.scalar(.share, "That share of the agents, as the specification asks for, and gone.") {
            HerdLeave(whom: HerdTarget(share: $0))
        }
        let section = forms.section("In another way.")
        return { herd in
            herd == HerdLeave(whom: HerdTarget(share: herd.whom.share)) ? share(herd.whom.share) : section(herd)
        }
    }

    var text: String {
        let methods = leave.methods.map(\.method.rawValue).joined(separator: ", ")
        switch leave.sequel {
        case .gone: return "\(whom.text) leave for good (\(methods))"
        case .back(let pause): return "\(whom.text) leave (\(methods)) and are back after \(pause.words)"
        case .replaced(let pause): return "\(whom.text) leave (\(methods)) and are replaced after \(pause.words)"
        }
    }
}

/// Agents that are cut off from their server for a while.
public struct HerdPartition: Hashable, Sendable {
    /// What agents do about it.
    public enum Then: String, CaseIterable, Hashable, Sendable {
        case resume, notice
    }

    public var whom = HerdTarget.everybody
    public var length = Nanoseconds.zero
    public var then = Then.resume
    public var noticeAfter = Distribution.constant(.seconds(30))
}

extension HerdPartition: HerdEvent {
    public static let standard = HerdPartition()

    public static let schema = Schema<HerdPartition>(
        "partition", "Agents are cut off: nothing passes in either direction, and no connection ends.",
        herdKeys + [
            Key("for", \.length, .duration(.milliseconds(1) ... .days(1)), "How long.", required: true),
            Key("then", \.then, .word { $0.sentence }, "Whether agents notice it."),
            Key(
                "notice_after", \.noticeAfter, Distribution.kind(.milliseconds(1) ... .days(1)),
                "After which time without a byte an agent notices."),
        ])

    var plan: PartitionPlan { PartitionPlan(length: length, notice: then == .notice ? noticeAfter : nil) }

    var text: String {
        let noticed = then == .notice ? ", which they notice after \(noticeAfter.words)" : ""
        return "\(whom.text) are cut off from their server for \(length)\(noticed)"
    }
}

extension HerdPartition.Then {
    fileprivate var sentence: String {
        switch self {
        case .resume: "Connections go on where they were: what agents sent meanwhile arrives late."
        case .notice: "Agents notice by their own timeout, give the connection up and connect again."
        }
    }
}

/// Agents that report a part of their status at one moment.
public struct HerdReport: Hashable, Sendable {
    public var whom = HerdTarget.everybody
    public var part = StatusPart.all
}

extension HerdReport: HerdEvent {
    public static let standard = HerdReport()

    public static let schema = Schema<HerdReport>(
        "report_status", "Agents report a part of their status at one moment.",
        herdKeys + [Key("part", \.part, .word { $0.sentence }, "Which part.")])

    static let kind = Kind<HerdReport>.oneOf(
        wanted: StatusPart.allCases.map(\.rawValue).joined(separator: " or ")
    ) { forms in
        let part = forms.scalar(Kind<StatusPart>.word { $0.sentence }, "That part, of all agents.") {
            HerdReport(part: $0)
        }
        let section = forms.section("Of some agents.")
        return { $0.whom == .everybody ? part($0.part) : section($0) }
    }

    var text: String { "\(whom.text) report \(part.rawValue == "all" ? "their whole status" : part.rawValue)" }
}

extension StatusPart {
    fileprivate var sentence: String {
        switch self {
        case .health: "Their health."
        case .effectiveConfig: "Their effective configuration."
        case .components: "The list of their available components, as after an upgrade of the collector."
        case .all: "All of it."
        }
    }
}

/// Agents that an operator restarts: all at once, or a part after a part.
public struct HerdRestart: Hashable, Sendable {
    public var whom = HerdTarget.everybody
    /// The share of the agents that restarts together; 1: all of them.
    public var each = 1.0
    /// Zone by zone instead.
    public var byZone = false
    /// From one part to the next.
    public var every = Nanoseconds.seconds(30)
}

extension HerdRestart: HerdEvent {
    public static let standard = HerdRestart()

    public static let schema = Schema<HerdRestart>(
        "restart event", "An operator restarts agents, some after others.",
        herdKeys + [
            Key(
                "each", \.each, .share(from: 0.001),
                "How many of the agents restart together; 100%: all of them at once."),
            Key("by_zone", \.byZone, .boolean, "Whether a zone restarts after another instead."),
            Key("every", \.every, .duration(.milliseconds(1) ... .days(1)), "From one part to the next."),
        ])

    static let kind = Kind<HerdRestart>.oneOf(wanted: ShareText.wanted) { forms in
        let share = forms.scalar(.share, "That share of the agents at once.") {
            HerdRestart(whom: HerdTarget(share: $0))
        }
        let section = forms.section("Some after others.")
        return { $0 == HerdRestart(whom: HerdTarget(share: $0.whom.share)) ? share($0.whom.share) : section($0) }
    }

    /// The agents of each part, with the time from the first.
    func parts(zones: [String], seed: UInt64) -> [(after: Nanoseconds, herd: Herd)] {
        let whole = whom.herd(seed: seed)
        if byZone {
            return zones.enumerated().map { number, zone in
                var herd = whole
                herd.zone = zone
                return (every * Int64(number), herd)
            }
        }
        let steps = max(Int((1 / each).rounded(.up)), 1)
        let width = whole.part.upperBound / Double(steps)
        return (0..<steps).map { step in
            var herd = whole
            let end = step + 1 == steps ? whole.part.upperBound : width * Double(step + 1)
            herd.part = width * Double(step)..<end
            return (every * Int64(step), herd)
        }
    }

    var text: String {
        if byZone { return "\(whom.text) are restarted, zone after zone every \(every)" }
        return each < 1
            ? "\(whom.text) are restarted, \(ShareText.format(each)) of them every \(every)"
            : "\(whom.text) are restarted"
    }
}

extension HerdTarget {
    /// The agents for the run's shards.
    func herd(seed: UInt64) -> Herd {
        Herd(part: 0..<share, zone: zone, attributes: attributes.map { ($0.key, $0.text) }, seed: seed)
    }
}

/// The section of an event that agents do themselves.
protocol HerdEvent: Settings {
    var whom: HerdTarget { get set }
}

extension HerdEvent {
    /// The keys that say which agents.
    static var herdKeys: [Key<Self>] {
        [
            Key("share", \Self.whom.share, .share, "This share of the agents that fit, drawn."),
            Key("zone", \Self.whom.zone, .optional(.text(1...1_000)), "Only agents of that zone."),
            Key(
                "attributes", \Self.whom.attributes, HerdTarget.attributeKind,
                "Only agents whose descriptions have these attributes, with exactly these values."),
        ]
    }
}

extension Kind<Double> {
    /// A share that is not too small.
    fileprivate static func share(from least: Double) -> Kind {
        Kind.share.checked {
            $0 >= least ? nil : "at least \(ShareText.format(least)) is allowed"
        } mend: {
            max($0, least)
        }
    }
}

extension Distribution {
    /// In words, for a summary.
    var words: String {
        switch self {
        case .constant(let span): "\(span)"
        case .uniform(let low, let high): "\(low) to \(high)"
        case .exponential(let mean): "\(mean) on average"
        case .logNormal(let median, _): "\(median) in the median"
        case .quantiles: "\(mean) on average"
        }
    }
}
