import AgentModel
import Basis
import Hosting

/// A step of the run at an instant: a new phase begins, and an event of the profile may happen.
struct RunStep {
    /// The event's place in the profile.
    let event: Int
    let at: Instant
    /// Nil: the phase goes on.
    let phase: String?
    let action: TimedEvent.Action
    /// What the embedded server has to do; nil where it has no part in it.
    var order: ServerOrder?
    /// What agents do themselves; nil where that is nothing.
    var herd: (action: HerdAction, of: Herd)?
}

extension [RunStep] {
    /// By their times; those of one time as they were.
    var inOrder: [RunStep] {
        enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }
}

extension Profile {
    /// The profile's events in a run that starts at `start`, in order, without those that are skipped.
    /// - Parameters:
    ///   - catalogue: the package files that the embedded server has.
    ///   - configs: the files of offered configurations.
    func steps(
        from start: Instant, catalogue: PackageCatalogue? = nil, configs: ConfigFiles = ConfigFiles()
    ) -> [RunStep] {
        orderedEvents.flatMap { index, _ -> [RunStep] in
            guard let at = events[index].at else { return [] }
            return steps(
                ofEvent: index, at: start + at.offset(in: duration), start: start, catalogue: catalogue,
                configs: configs)
        }.inOrder
    }

    /// The steps of one event that first happens at an instant, with its repetitions, up to the run's end.
    func steps(
        ofEvent index: Int, at first: Instant, start: Instant, catalogue: PackageCatalogue? = nil,
        configs: ConfigFiles = ConfigFiles()
    ) -> [RunStep] {
        let event = events[index]
        guard !skips(event.action) else { return [] }
        let end = start + duration
        return event.occurrences(from: first, start: start, in: self).flatMap { at -> [RunStep] in
            guard !event.action.needsEmbeddedServer else {
                let order = ServerOrder(self, event: index, catalogue: catalogue, configs: configs)
                return [RunStep(event: index, at: at, phase: event.action.phase, action: event.action, order: order)]
            }
            let parts = event.action.herds(zones: zones, seed: seed ^ at.nanoseconds)
            if parts.isEmpty {
                return [RunStep(event: index, at: at, phase: event.action.phase, action: event.action)]
            }
            return parts.enumerated().map { number, part in
                RunStep(
                    event: index, at: at + part.after, phase: number == 0 ? event.action.phase : nil,
                    action: event.action, herd: (part.action, part.herd))
            }
        }.filter { $0.at < end }
    }

    /// The zones of all cohorts, each once.
    private var zones: [String] {
        var zones: [String] = []
        for zone in cohorts.flatMap(\.zones) where !zones.contains(zone) { zones.append(zone) }
        return zones
    }
}

extension TimedEvent.Action {
    /// What agents do themselves, some after others.
    fileprivate func herds(
        zones: [String], seed: UInt64
    ) -> [(after: Nanoseconds, action: HerdAction, herd: Herd)] {
        switch self {
        case .leave(let event): [(.zero, .leave(event.leave), event.whom.herd(seed: seed))]
        case .partition(let event): [(.zero, .partition(event.plan), event.whom.herd(seed: seed))]
        case .reportStatus(let event): [(.zero, .report(event.part), event.whom.herd(seed: seed))]
        case .restart(let event):
            event.parts(zones: zones, seed: seed).map { ($0.after, .restart, $0.herd) }
        default: []
        }
    }
}

extension TimedEvent.Action {
    /// The name of the phase that begins with it.
    var phase: String {
        switch self {
        case .dropConnections: "storm"
        case .leave: "leave"
        case .partition: "partition"
        case .reportStatus: "status-report"
        case .restart: "restart"
        case .offerConfig: "config-push"
        case .withdrawConfig: "config-rollback"
        case .offerPackages: "package-rollout"
        case .withdrawPackages: "package-rollback"
        case .offerHeartbeat: "heartbeat-offer"
        case .offerConnection: "connection-offer"
        case .withdrawConnection: "connection-rollback"
        case .rotateCertificates: "certificate-rotation"
        case .revokeCertificates: "revocation"
        case .restartAgents: "restart"
        case .sendCustom: "custom-message"
        }
    }

    /// Whether its phase ends once the fleet is as it was before. What follows from an offer or a command may come late
    /// and from each agent at another time, so that phase goes on to the next event.
    var settles: Bool {
        switch self {
        case .dropConnections, .leave, .partition, .reportStatus: true
        default: false
        }
    }
}
