import AgentModel
import Basis
import Metrics

extension ShardMetrics {
    /// An answer, measured.
    /// - Parameter service: how long the server took, from when the report was really sent.
    func record(_ answer: AnsweredReport, service: Nanoseconds) {
        count(.answersReceived)
        switch answer.kind {
        case .heartbeat:
            record(.heartbeatResponse, answer.responseTime)
            record(.heartbeatService, service)
        case .first, .reconnect:
            record(.firstReport, service)
        case .status, .fullState, .components, .custom, .request:
            record(.statusResponse, answer.responseTime)
        case .goodbye, .malformed, .oversized:
            break
        }
    }

    /// How far an agent is with a remote configuration.
    func record(_ stage: ConfigStage) {
        switch stage.kind {
        case .offered:
            count(.remoteConfigsReceived)
        case .applying:
            record(.configApplying, stage.elapsed)
        case .applied:
            count(.configsApplied)
            record(.configApplied, stage.elapsed)
        case .converged:
            count(.configsConverged)
            record(.configConverged, stage.elapsed)
        case .failed:
            count(.configsFailed)
        case .superseded:
            count(.configsSuperseded)
        }
    }

    /// How far an agent is with packages.
    func record(_ stage: PackageStage) {
        switch stage.kind {
        case .offered: count(.packageOffers)
        case .downloading, .installing: break
        case .installed: count(.packagesInstalled)
        case .failed: count(.packagesFailed)
        case .converged:
            count(.packageOffersConverged)
            record(.packagesConverged, stage.elapsed)
        case .gaveUp: count(.packageOffersFailed)
        }
    }
}
