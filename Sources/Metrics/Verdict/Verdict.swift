/// Whether the figures of a run are valid: was the server measured, or the tool itself?
public struct Verdict: Hashable, Sendable {
    public enum Level: Int, Comparable, Sendable {
        /// The generator kept its schedule.
        case fine
        /// The generator was late now and then; the figures are approximate.
        case strained
        /// The generator was the bottleneck: what it measured is, in part, itself.
        case saturated

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        /// The name in files: stable from release to release.
        public var name: String {
            switch self {
            case .fine: "fine"
            case .strained: "strained"
            case .saturated: "saturated"
            }
        }
    }

    /// One reason, in words.
    public struct Finding: Hashable, Sendable {
        /// The rule that found it, as `docs/results.md` names it.
        public var rule: String
        public var level: Level
        /// What was seen, with its figures.
        public var message: String
        /// What to do about it.
        public var remedy: String
        /// What was held against the rule's limit, in the rule's own unit: the greater, the worse.
        public var figure: Double

        public init(rule: String, level: Level, message: String, remedy: String, figure: Double = 0) {
            self.rule = rule
            self.level = level
            self.message = message
            self.remedy = remedy
            self.figure = figure
        }
    }

    /// The reasons, the most severe first.
    public private(set) var findings: [Finding]

    public init(findings: [Finding] = []) {
        self.findings = findings.enumerated()
            .sorted { ($1.element.level, $0.offset) < ($0.element.level, $1.offset) }
            .map(\.element)
    }

    /// The verdict on several phases together: of each rule the worst finding, with a word on how many others there
    /// are.
    public init(phases: [PhaseSummary]) {
        let findings = phases.flatMap(\.findings)
        var rules: [String] = []
        for finding in findings where !rules.contains(finding.rule) { rules.append(finding.rule) }
        self.init(
            findings: rules.compactMap { rule in
                let ofRule = findings.filter { $0.rule == rule }
                guard var worst = ofRule.max(by: { ($0.level, $0.figure) < ($1.level, $1.figure) }) else { return nil }
                if ofRule.count > 1 {
                    worst.message += ", less in \(ofRule.count - 1) other phase\(ofRule.count > 2 ? "s" : "")"
                }
                return worst
            })
    }

    public var level: Level { findings.first?.level ?? .fine }

    public var isSaturated: Bool { level == .saturated }

    /// The line that comes before everything else when the generator was the bottleneck; nil when it was not.
    public var headline: String? {
        guard isSaturated, let first = findings.first else { return nil }
        return "GENERATOR SATURATED: \(first.message). These figures measure the generator as well as the server."
    }
}
