import Basis

/// The share of the fleet with an open connection, at each tick of a scope: when it first kept a limit, and its last
/// value before the agents disconnect.
struct ConnectedShare {
    private var start: Nanoseconds?
    private var last: (share: Double, text: String)?
    /// The ticks before and at which the limit was first kept, since the start of the scope.
    private var reached: (after: Nanoseconds, by: Nanoseconds)?
    private var latest = Nanoseconds.zero

    mutating func add(_ row: SeriesRow, _ threshold: Threshold) {
        // The agents disconnect then, as planned.
        guard row.phase != "drain", row.states.total > 0 else { return }
        let start = start ?? row.start
        self.start = start
        let (online, total) = (row.states.online, row.states.total)
        let share = Double(online) / Double(total)
        last = (share, "\(Figures.share(share)) (\(Figures.count(online)) of \(Figures.count(total)))")
        latest = row.start + row.length - start
        if reached == nil, threshold.relation.holds(share, threshold.limit) { reached = (row.start - start, latest) }
    }

    /// The share at the end of the scope.
    func atEnd(_ threshold: Threshold) -> Judgement {
        guard let last else { return Judgement(notDecided: "no agent was to connect") }
        return Judgement(threshold, low: last.share, high: last.share, figure: last.text, unclear: "")
    }

    /// Whether the limit was kept once within `span`.
    /// - Parameter elapsed: since the start of the run.
    func within(_ span: Nanoseconds, _ threshold: Threshold, elapsed: Nanoseconds) -> Judgement {
        guard let last else { return Judgement(notDecided: "no agent was to connect") }
        if let reached {
            let figure = "after \(Figures.duration(reached.by))"
            if reached.by <= span { return Judgement(.passed, figure) }
            guard reached.after < span else { return Judgement(.failed, figure) }
            return Judgement(
                notDecided: "reached between \(Figures.duration(reached.after)) and \(Figures.duration(reached.by))",
                figure: figure)
        }
        guard latest >= span else {
            return Judgement(notDecided: "it ended after \(Figures.duration(latest))", figure: last.text)
        }
        return Judgement(.failed, last.text)
    }
}
