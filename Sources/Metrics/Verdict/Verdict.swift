/// Whether the figures of a run are valid: was the server measured, or the tool itself?
public struct Verdict: Hashable, Sendable {
    public enum Level: Int, Comparable, Sendable {
        /// The tool's own share is below 10 % of each figure, or below 100 µs.
        case clear
        /// The figures hold within the tool's own share, which is given.
        case shared
        /// The tool was the bottleneck: the figures are its own as much as the server's.
        case toolBound

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        /// The name in files and texts: stable from release to release.
        public var name: String {
            switch self {
            case .clear: "clear"
            case .shared: "shared"
            case .toolBound: "tool-bound"
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
        /// The figure that was compared with the rule's limits, in the rule's own unit: the greater, the worse.
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

    /// - Parameter findings: each rule is told once.
    public init(findings: [Finding] = []) {
        self.findings = findings.enumerated()
            .sorted { ($1.element.level, $0.offset) < ($0.element.level, $1.offset) }
            .map(\.element)
    }

    /// The verdict on a run and its phases: of each rule the worst finding, with the number of the other phases that
    /// it was found in.
    public init(run: [Finding], phases: [PhaseSummary]) {
        let ofPhases = phases.flatMap(\.findings)
        var rules: [String] = []
        for finding in ofPhases + run where !rules.contains(finding.rule) { rules.append(finding.rule) }
        self.init(
            findings: rules.compactMap { rule in
                let found = ofPhases.filter { $0.rule == rule }
                let worst = found.max { ($0.level, $0.figure) < ($1.level, $1.figure) }
                let ofRun = run.first { $0.rule == rule }
                guard var finding = worst, finding.level >= ofRun?.level ?? .clear else { return ofRun }
                if found.count > 1 {
                    finding.message += ", less in \(found.count - 1) other phase\(found.count > 2 ? "s" : "")"
                }
                return finding
            })
    }

    public var level: Level { findings.first?.level ?? .clear }

    public var isToolBound: Bool { level == .toolBound }

    /// The line that comes before everything else when the tool was the bottleneck; nil when it was not.
    public var headline: String? {
        guard isToolBound, let first = findings.first else { return nil }
        return "\(Self.headlineStart): \(first.message). These figures measure the generator as well as the server."
    }

    /// How the headline begins.
    public static let headlineStart = "TOOL-BOUND"

    /// What the verdict means for the figures, in a sentence; the findings give the reasons.
    public var sentence: String {
        switch level {
        case .clear:
            "Clear: the generator's own share of each response percentile is below 10 % or below 100 µs."
        case .shared: "Shared: the figures hold within the generator's own share, which is given with its cause."
        case .toolBound: headline ?? ""
        }
    }
}
