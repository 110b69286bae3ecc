import Basis

/// A step of the run at an instant: a new phase begins, and an event of the profile may happen.
struct RunStep {
    let at: Instant
    let phase: String
    let action: TimedEvent.Action
    /// What the embedded server has to do; nil where it has no part in it.
    let order: ServerOrder?
}

extension Profile {
    /// The profile's events in a run that starts at `start`, in order, without those that are skipped.
    /// - Parameters:
    ///   - catalogue: the package files that the embedded server has.
    ///   - configs: the files of offered configurations.
    func steps(
        from start: Instant, catalogue: PackageCatalogue? = nil, configs: ConfigFiles = ConfigFiles()
    ) -> [RunStep] {
        orderedEvents.compactMap { index, action in
            let offset = events[index].at.offset(in: duration)
            guard offset < duration, !skips(action) else { return nil }
            return RunStep(
                at: start + offset, phase: action.phase, action: action,
                order: ServerOrder(self, event: index, catalogue: catalogue, configs: configs))
        }
    }
}

extension TimedEvent.Action {
    /// The name of the phase that begins with it.
    var phase: String {
        switch self {
        case .dropConnections: "storm"
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
        if case .dropConnections = self { return true }
        return false
    }
}
