public import Metrics

extension Profile {
    /// Whether a run skips the event: only the embedded server can do it, and the run is against another
    /// one.
    func skips(_ action: TimedEvent.Action) -> Bool {
        if case .url = server { action.needsEmbeddedServer && driverAction(action) == nil } else { false }
    }

    /// A warning for each event that a run skips.
    public var skippedEvents: [RunWarning] {
        guard case .url(let url) = server else { return [] }
        return orderedEvents.filter { skips($0.action) }.map { index, action in
            let name = action.nameOfOffer.map { " '\($0)'" } ?? ""
            return RunWarning(
                rule: "skipped-event",
                message: "\(action.key)\(name) \(events[index].timeText(in: duration)) was skipped: "
                    + "only the embedded server can do it, and the run is against \(url.description)",
                remedy: action.serverRemedy)
        }
    }
}

extension TimedEvent.Action {
    /// The name of the offer that is made or withdrawn; nil where it has none.
    var nameOfOffer: String? {
        switch self {
        case .withdrawConfig(let name), .withdrawPackages(let name), .withdrawConnection(let name): name
        default: offerName
        }
    }

    /// How the same is had of a server apart from the run.
    fileprivate var serverRemedy: String {
        let command: String? =
            switch self {
            case .offerConfig: "muster serve --offer-config FILE"
            case .offerPackages: "muster serve --packages DIR --offer FILE"
            case .offerHeartbeat(let interval, _): "muster serve --heartbeat \(interval)"
            default: nil
            }
        guard let command else { return "run without --server, or do it at that server" }
        return
            "run without --server, do it at that server, or start it with `\(command)`, which offers it from the start"
    }
}
