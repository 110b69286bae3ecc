import Basis
import Metrics

/// What became of the agents themselves, as far as the profile has it so.
extension ClosingTable {
    /// How the names of faults begin among the named counters: what the profile asks for is no error.
    static let faultPrefix = "fault_"

    /// Agents that a marker in a configuration steered: asked for by the profile as well.
    static let steered = "steered"

    /// The named counters that have no section of their own.
    static func otherNames(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { !$0.name.hasPrefix(verdictPrefix) && !isAskedFor($0.name) }
            .map { (name: $0.name, count: $0.count) }
    }

    /// How often each fault struck, by its name in profiles, and how many agents were steered.
    static func faultCounts(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { isAskedFor($0.name) }
            .map { (name: $0.name.replacing(faultPrefix, with: "", maxReplacements: 1), count: $0.count) }
    }

    private static func isAskedFor(_ name: String) -> Bool {
        name.hasPrefix(faultPrefix) || name == steered
    }

    /// The same as lines; none where no fault struck.
    static func faults(_ summary: RunSummary) -> [PaintedLine] {
        var table = TextTable(header: ["", "count"])
        for (name, count) in faultCounts(summary) { table.append([name, Figures.count(count)]) }
        return table.isEmpty ? [] : table.lines()
    }
}
