import AgentModel
import Basis
import Metrics

extension ShardMetrics {
    /// A TLS handshake that has succeeded.
    func recordHandshake(_ span: Nanoseconds, isResumed: Bool) {
        count(isResumed ? .tlsHandshakesResumed : .tlsHandshakesFull)
        record(isResumed ? .tlsResumption : .tlsHandshake, span)
    }

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
        case .agentDisconnect, .malformed, .oversized:
            break
        }
    }

    /// How far an agent is with a remote configuration.
    func record(_ stage: ConfigStage, at now: Instant) {
        let reached: WaveStage
        switch stage.kind {
        case .offered:
            count(.remoteConfigsReceived)
            reached = .received
        case .applying:
            record(.configApplying, stage.elapsed)
            reached = .applying
        case .applied:
            count(.configsApplied)
            record(.configApplied, stage.elapsed)
            reached = .applied
        case .converged:
            count(.configsConverged)
            record(.configConverged, stage.elapsed)
            reached = .converged
        case .failed:
            count(.configsFailed)
            reached = .failed
        case .superseded:
            count(.configsSuperseded)
            reached = .superseded
        }
        self.reached(reached, of: .config, number: stage.wave, received: now - stage.elapsed, at: now)
    }

    /// How far an agent is with packages. It has what was offered once all of it is installed.
    func record(_ stage: PackageStage, at now: Instant) {
        var reached: [WaveStage] = []
        switch stage.kind {
        case .offered:
            count(.packageOffers)
            reached = [.received, .applying]
        case .downloading, .installing: break
        case .installed: count(.packagesInstalled)
        case .failed: count(.packagesFailed)
        case .converged:
            count(.packageOffersConverged)
            record(.packagesConverged, stage.elapsed)
            reached = [.applied, .converged]
        case .gaveUp:
            count(.packageOffersFailed)
            reached = [.failed]
        }
        for stageReached in reached {
            self.reached(stageReached, of: .packages, number: stage.wave, received: now - stage.elapsed, at: now)
        }
    }

    /// How far an agent is with connection settings: what is in force has converged.
    func record(_ stage: SettingsStage, at now: Instant) {
        let reached: [WaveStage]
        switch stage.kind {
        case .offered:
            count(.settingsOffered)
            reached = [.received]
        case .applying: reached = [.applying]
        case .applied: reached = [.applied, .converged]
        case .failed: reached = [.failed]
        }
        guard let wave = stage.wave else { return }
        for stageReached in reached {
            self.reached(stageReached, of: .connection, number: wave, received: now - stage.elapsed, at: now)
        }
    }
}
