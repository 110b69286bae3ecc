import Basis
import Metrics

/// What the profile did to the agents, and events that have no counter of their own.
extension ClosingTable {
    /// How the names of injected faults begin among the named counters: what the profile asks for is no error.
    static let faultPrefix = "fault_"

    /// Agents that a marker in a configuration steered: asked for by the profile as well.
    static let steered = "steered"

    /// The named counters that have no section of their own.
    static func otherNames(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { !$0.name.hasPrefix(verdictPrefix) && !isAskedFor($0.name) }
            .map { (name: $0.name, count: $0.count) }
    }

    /// How often each fault was injected, by its name in profiles, and how many agents were steered.
    static func faultCounts(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { isAskedFor($0.name) }
            .map { (name: $0.name.replacing(faultPrefix, with: "", maxReplacements: 1), count: $0.count) }
    }

    private static func isAskedFor(_ name: String) -> Bool {
        name.hasPrefix(faultPrefix) || name == steered
    }

    /// The same as lines; none where no fault was injected.
    static func faults(_ summary: RunSummary) -> [PaintedLine] { counts(faultCounts(summary)) }

    /// Details of what happened, mostly of errors, by their names.
    static func otherEvents(_ summary: RunSummary) -> [PaintedLine] { counts(otherNames(summary)) }

    private static func counts(_ entries: [(name: String, count: UInt64)]) -> [PaintedLine] {
        var table = TextTable(header: ["", "count"])
        for (name, count) in entries { table.append([name, Figures.count(count)]) }
        return table.isEmpty ? [] : table.lines()
    }
}
