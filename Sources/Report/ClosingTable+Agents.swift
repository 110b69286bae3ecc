import Basis
import Metrics

/// What became of the agents themselves, as far as the profile has it so.
extension ClosingTable {
    /// How the names of faults begin among the named counters: what the profile asks for is no error.
    static let faultPrefix = "fault_"

    /// The named counters that have no section of their own.
    static func otherNames(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { !$0.name.hasPrefix(verdictPrefix) && !$0.name.hasPrefix(faultPrefix) }
            .map { (name: $0.name, count: $0.count) }
    }

    /// How often each fault struck, by its name in profiles.
    static func faultCounts(_ summary: RunSummary) -> [(name: String, count: UInt64)] {
        summary.named.sorted.filter { $0.name.hasPrefix(faultPrefix) }
            .map { (name: String($0.name.dropFirst(faultPrefix.count)), count: $0.count) }
    }

    /// The same as lines; none where no fault struck.
    static func faults(_ summary: RunSummary) -> [PaintedLine] {
        var table = TextTable(header: ["", "count"])
        for (name, count) in faultCounts(summary) { table.append([name, Figures.count(count)]) }
        return table.isEmpty ? [] : table.lines()
    }
}
