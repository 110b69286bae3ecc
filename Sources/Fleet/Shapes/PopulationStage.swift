public import AgentModel
public import Basis
public import Hosting
public import Schema

/// A part of how the number of agents changes over a run.
public enum PopulationStage: Hashable, Sendable {
    /// The number goes evenly to another.
    case to(Target)
    /// It stays.
    case hold(length: Nanoseconds)
    /// It follows a day, again and again until the run ends.
    case daily(Daily)
    /// It follows points.
    case points(Points)

    /// Where it goes.
    public struct Target: Hashable, Sendable {
        public var to = PopulationTarget.share(1)
        public var over = Nanoseconds.zero
        public var leave = LeavePlan()
        public var first = LeaveOrder.last
    }

    /// A low at night and a high at noon, as half a wave each.
    public struct Daily: Hashable, Sendable {
        public var low = PopulationTarget.share(0.4)
        public var high = PopulationTarget.share(1)
        /// The length of a day.
        public var day = Nanoseconds.seconds(600)
        public var leave = LeavePlan()
        public var first = LeaveOrder.drawn
    }

    /// Times from the stage's start with numbers of agents; between them the number goes evenly.
    public struct Points: Hashable, Sendable {
        public struct Point: Hashable, Sendable {
            public var at = Nanoseconds.zero
            public var agents = 0
        }

        public var points: [Point] = []
        public var leave = LeavePlan()
        public var first = LeaveOrder.drawn
    }
}

extension PopulationStage {
    static let kind = Kind<PopulationStage>.oneOf(
        wanted: "a stage with one of 'to' (agents), 'hold' (a time), 'daily', 'file' and 'points'"
    ) { forms in
        let target = forms.keys("to", "The number goes evenly to another.") { (stage: Target) in .to(stage) }
        let hold = forms.key("hold", .duration(.zero ... .days(31)), "The number stays.") { .hold(length: $0) }
        let daily = forms.key("daily", Kind<Daily>.section, "The number follows a day until the run ends.") {
            .daily($0)
        }
        _ = forms.keys(
            "file", "The number follows a CSV file with a time and a number of agents a line."
        ) { (stage: CurveFile) in .points(stage.points) }
        let points = forms.keys("points", "The number follows points.") { (stage: Points) in .points(stage) }
        return { stage in
            switch stage {
            case .to(let stage): target(stage)
            case .hold(let length): hold(length)
            case .daily(let stage): daily(stage)
            case .points(let stage): points(stage)
            }
        }
    }

    static let list = Kind<[PopulationStage]>.list("stages", 0...1_000, of: kind)
}

extension LeaveOrder {
    static let kind = Kind<LeaveOrder>.oneOf(wanted: "last, drawn, {zone: NAME} or {attribute: {key: K, text: T}}") {
        forms in
        let last = forms.word("last", .last, "Those that came last.")
        let drawn = forms.word("drawn", .drawn, "Drawn.")
        let zone = forms.key("zone", .text(1...1_000), "Those in that zone, then others.") { .zone($0) }
        let attribute = forms.key(
            "attribute", Kind<AttributeText>.section, "Those with that attribute in their descriptions, then others."
        ) { .attribute(key: $0.key, text: $0.text) }
        return { order in
            switch order {
            case .last: last
            case .drawn: drawn
            case .zone(let name): zone(name)
            case .attribute(let key, let text): attribute(AttributeText(key: key, text: text))
            }
        }
    }

    struct AttributeText: Settings {
        var key = ""
        var text = ""

        static let standard = AttributeText()
        static let schema = Schema<AttributeText>(
            "attribute", "An attribute of an agent's description.",
            [
                Key("key", \.key, .text(1...200), "Its key.", required: true),
                Key("text", \.text, .text(0...1_000), "Its value, a text.", required: true),
            ])
    }
}

extension PopulationStage.Target: Settings {
    public static let standard = PopulationStage.Target()

    public static let schema = Schema<PopulationStage.Target>(
        "population to", "The number of agents goes evenly to another.",
        [
            Key("to", \.to, PopulationTarget.anyKind, "Agents, or a share of the fleet.", required: true),
            Key("over", \.over, .duration(.zero ... .days(31)), "How long that takes; 0s: at once."),
            Key("leave", \.leave, LeavePlan.shortKind, "How agents leave where the number falls."),
            Key("first", \.first, LeaveOrder.kind, "Which agents leave first."),
        ])
}

extension PopulationStage.Daily: Settings {
    public static let standard = PopulationStage.Daily()

    public static let schema = Schema<PopulationStage.Daily>(
        "daily", "The number of agents rises from a low to a high and falls again, once a day, until the run ends.",
        [
            Key("low", \.low, PopulationTarget.anyKind, "The lowest number, at the start of each day."),
            Key("high", \.high, PopulationTarget.anyKind, "The highest number, in the middle of each day."),
            Key("day", \.day, .duration(.seconds(1) ... .days(31)), "The length of a day."),
            Key("leave", \.leave, LeavePlan.shortKind, "How agents leave where the number falls."),
            Key("first", \.first, LeaveOrder.kind, "Which agents leave first."),
        ])
}

extension PopulationStage.Points: Settings {
    public static let standard = PopulationStage.Points()

    public static let schema = Schema<PopulationStage.Points>(
        "points", "The number of agents follows points.",
        [
            Key(
                "points", \.points, .list("points", 2...2_000, of: .section),
                "Times from the stage's start, ascending.",
                required: true),
            Key("leave", \.leave, LeavePlan.shortKind, "How agents leave where the number falls."),
            Key("first", \.first, LeaveOrder.kind, "Which agents leave first."),
        ],
        rules: [
            Rule { stage, check in
                guard zip(stage.points, stage.points.dropFirst()).contains(where: { $0.at > $1.at }) else { return }
                check.contradiction(\.points, "the times of the points do not ascend")
            }
        ])
}

extension PopulationStage.Points.Point: Settings {
    public static let standard = PopulationStage.Points.Point()

    public static let schema = Schema<PopulationStage.Points.Point>(
        "point", "A time with a number of agents.",
        [
            Key("at", \.at, .duration(.zero ... .days(31)), "From the stage's start.", required: true),
            Key("agents", \.agents, .integer(0...Profile.agentRange.upperBound), "How many agents.", required: true),
        ])
}

extension PopulationTarget {
    /// As `kind`, and none at all.
    static let anyKind = Kind<PopulationTarget>.oneOf(wanted: "a whole number, or a share of the fleet such as 50%") {
        forms in
        let share = forms.scalar(.share, "Of the fleet.", PopulationTarget.share) { $0.hasSuffix("%") }
        let agents = forms.scalar(
            .integer(0...Profile.agentRange.upperBound), "In all.", PopulationTarget.agents)
        return { value in
            switch value {
            case .agents(let count): agents(count)
            case .share(let part): share(part)
            }
        }
    }
}
