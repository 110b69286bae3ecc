import Basis
import Metrics

extension ClosingTable {
    /// How the names of verdicts on package files begin among the named counters: they are no errors of themselves.
    static let verdictPrefix = "verdict_"

    /// What became of the package files that agents fetched; nothing where none did.
    static func packageFiles(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let counters = summary.counters
        guard counters[.downloadsStarted] > 0 else { return [] }
        let courses: [Counter] = [
            .downloadsQueued, .downloadsRetried, .downloadsResumed, .downloadsStartedOver, .downloadsRedirected,
        ]
        let (finished, started) = (counters[.downloadsFinished], counters[.downloadsStarted])
        let parts =
            [
                "\(Figures.count(finished)) of \(Figures.count(started)) fetched and verified",
                Figures.bytes(Double(counters[.downloadBytes])),
            ] + courses.filter { counters[$0] > 0 }.map { "\(Figures.count(counters[$0])) \($0.title)" }
        var lines = joined(parts, indent: 2, width: width).map { PaintedLine($0) }
        for (name, count) in summary.named.sorted where name.hasPrefix(verdictPrefix) {
            lines.append(
                PaintedLine(
                    "  \(Figures.count(count)) \(name.dropFirst(verdictPrefix.count).replacing("_", with: " "))"))
        }
        return lines
    }
}
