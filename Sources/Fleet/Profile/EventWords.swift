import Basis
import Hosting
import Schema

/// Describes an event in words.
enum EventWords {
    /// - Parameter connections: how many the fleet has; fewer than agents where some share one.
    static func words(for action: TimedEvent.Action, agents: Int, connections: Int) -> String {
        switch action {
        case .dropConnections(let share):
            let count = Figures.count(Int((Double(connections) * share).rounded()))
            return connections == agents
                ? "\(count) agents (\(ShareText.format(share))) lose their connection"
                : "\(count) connections (\(ShareText.format(share))) are lost, with all agents behind them"
        case .leave(let herd): return herd.text
        case .partition(let herd): return herd.text
        case .reportStatus(let herd): return herd.text
        case .restart(let herd): return herd.text
        case .offerConfig(let offer):
            let files = offer.files.map { "\($0.name) (\(size(of: $0.body)))" }.joined(separator: ", ")
            return "the server offers the configuration \(named(offer.name))\(files) to \(words(for: offer.target))"
        case .withdrawConfig(let name): return "the server withdraws the configuration \(name)"
        case .offerPackages(let offer):
            let packages = offer.packages.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
            return "the server offers the packages \(named(offer.name))\(packages) to \(words(for: offer.target))"
        case .withdrawPackages(let name): return "the server withdraws the packages \(name)"
        case .offerHeartbeat(let interval, let target):
            return "the server offers heartbeats every \(interval) to \(words(for: target))"
        case .offerConnection(let offer):
            return "the server offers \(named(offer.name))\(parts(of: offer)) to \(words(for: offer.target))"
        case .withdrawConnection(let name): return "the server withdraws the connection settings \(name)"
        case .rotateCertificates(let rotation, let target):
            let flaw = rotation.flaw.map { " that are bad (\($0.rawValue))" } ?? ""
            return "the server gives new certificates\(flaw) to \(words(for: target))"
        case .revokeCertificates(let target):
            return "the server withdraws the certificates of \(words(for: target))"
        case .restartAgents(let target): return "the server commands \(words(for: target)) to restart"
        case .sendCustom(let word, let target):
            return "the server sends the custom message \(word.rawValue) to \(words(for: target))"
        }
    }

    private static func parts(of offer: ConnectionOffer) -> String {
        var parts: [String] = []
        func add(_ what: String, _ destination: ConnectionOffer.Destination?) {
            guard let destination else { return }
            let headers = destination.headers.isEmpty ? "" : " with other headers"
            parts.append(
                destination.endpoint.isEmpty
                    ? "\(what)\(headers)" : "\(what) at \(Redaction.url(destination.endpoint))\(headers)")
        }
        add("its OpAMP service", offer.opamp?.destination)
        add("a place for own metrics", offer.ownMetrics)
        add("a place for own traces", offer.ownTraces)
        add("a place for own logs", offer.ownLogs)
        for other in offer.others { add("the connection \(other.name)", other.destination) }
        return parts.joined(separator: ", ")
    }

    private static func named(_ name: String?) -> String { name.map { "\($0): " } ?? "" }

    private static func size(of body: ConfigOffer.Body) -> String {
        switch body {
        case .text(let text): return Figures.binaryBytes(Double(text.utf8.count))
        case .generated(let bytes): return Figures.binaryBytes(Double(bytes))
        case .path(let path): return path
        }
    }

    private static func words(for target: EventTarget) -> String {
        let whose = target.attributes.map { "\($0.key)=\($0.text)" }.joined(separator: ", ")
        switch (target.share < 1, whose.isEmpty) {
        case (false, true): return "all agents"
        case (true, true): return "\(ShareText.format(target.share)) of the agents"
        case (false, false): return "the agents with \(whose)"
        case (true, false): return "\(ShareText.format(target.share)) of the agents with \(whose)"
        }
    }
}
