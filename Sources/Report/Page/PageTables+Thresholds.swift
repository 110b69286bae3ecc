import Basis
import Metrics

extension PageTables {
    /// The first block of the page: whether the run passes, and why.
    static func thresholds(_ summary: RunSummary) -> String {
        guard let state = summary.thresholds.state else { return "" }
        let items = summary.thresholds.map { outcome in
            let parts = [outcome.figure, outcome.reason ?? ""].filter { !$0.isEmpty }
            let end = parts.isEmpty ? "" : ": " + parts.joined(separator: "; ")
            return "<li>\(outcome.state.title): <code>\(Markup.escaped(outcome.threshold.text))</code>"
                + "\(Markup.escaped(end))</li>"
        }
        return "<div class=\"verdict \(state.rawValue)\"><b>\(Markup.escaped(ClosingTable.thresholdHeadline(summary)))"
            + "</b><ul>\(items.joined())</ul></div>"
    }
    /// The moments that the user named.
    static func marks(_ summary: RunSummary) -> String {
        Markup.table(
            header: ["at", "mark"], rows: summary.marks.map { [Figures.clock($0.at), $0.name] }, texts: [1])
    }
}
