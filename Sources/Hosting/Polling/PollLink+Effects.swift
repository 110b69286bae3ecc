import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

extension PollLink {
    // MARK: - What the state machine asks for

    /// Tells the state machine what happened, does what it asks for, and goes on.
    func act(_ event: (inout Agent, Instant, inout Effects) -> Void) {
        tell(event)
        advance()
    }

    /// Tells the state machine what happened, and does what it asks for short of sending: `advance` is the caller's to call.
    func tell(_ event: (inout Agent, Instant, inout Effects) -> Void) {
        host.effects.removeAll()
        event(&agent, shard.now, &host.effects)
        perform()
    }

    func perform() {
        for index in host.effects.list.indices {
            perform(host.effects.list[index])
        }
        guard let wakeAt = host.effects.wakeAt else { return }
        if wakeAt == .distantFuture {
            cancelTimer()
        } else {
            setTimer(at: wakeAt)
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .connect:
            offered = nil
            stage = .connecting
        case .connectTo(let target):
            connect(to: target)
        case .send(let report):
            send(report)
        case .close:
            guard case .open = stage else { return }
            if isRefused { requests.removeAll() }
            stage = .leaving
            isLeaving = true
        case .abort:
            abandon()
        case .answered(let answer):
            guard !isRefused else { return }
            host.metrics.record(answer, service: shard.now - lastSent)
        case .firstAnswered(let span):
            host.metrics.record(.ready, span)
            if !hasBeenAnswered {
                hasBeenAnswered = true
                host.metrics.count(.agentsAnswered)
            }
        case .stateChanged(let change):
            host.moved(change, of: agent.index)
        case .healthReported(let change):
            host.metrics.healthReported(
                ReportedHealth(change.to), after: change.from.map { ReportedHealth($0) })
        case .count(let anomaly, let amount):
            count(anomaly, Int(amount))
        case .fault(let fault):
            host.metrics.count(.faults)
            host.metrics.count(named: "fault_\(fault.name)")
        case .readSlowly:
            // The connection belongs to others too: an agent that reads slowly cannot be had over a pool.
            host.metrics.count(named: "slow_reading_over_pool")
        case .config(let stage):
            host.metrics.record(stage, at: shard.now)
        case .package(let stage):
            host.metrics.record(stage, at: shard.now)
        case .settings(let stage):
            host.metrics.record(stage, at: shard.now)
        case .exportTelemetry(let export):
            host.send(export)
        case .download(let wish):
            let route: DownloadRoute.Finder = { [weak self] (_, isSecure) throws(TLSError) in
                try self?.downloadRoute(isSecure: isSecure) ?? DownloadRoute()
            }
            host.downloads.begin(wish, by: route) { [weak self] update in
                self?.act { agent, now, effects in agent.downloadTold(update, at: now, &effects) }
            }
        case .cancelDownload(let agent):
            host.downloads.cancel(agent: agent)
        }
    }

    private func send(_ report: ReportSlice) {
        // A server that refuses for now is not told agent_disconnect: that would be one more request.
        if isRefused, report.kind == .agentDisconnect { return }
        let bytes = Array(host.effects.bytes[report.range])
        if !requests.append(PollRequest(kind: report.kind, bytes: bytes)) {
            // The state machine gives its oldest up at the same number, so this is one that it no longer waits for.
            host.metrics.count(.writeOverflow)
        }
    }

    private func count(_ anomaly: Anomaly, _ amount: Int) {
        switch anomaly {
        case .unavailable where isRefused, .badRequest where isRefused: break
        case .answersLost where host.isCutting || isLeaving: host.metrics.count(.reportsCut, amount)
        default: host.metrics.count(anomaly: anomaly, amount)
        }
    }

    /// Drops whatever is under way.
    private func abandon() {
        stage = .offline
        countUnsentAgentDisconnects()
        requests.removeAll()
        pool.cancel(self)
        connection?.drop()
        connection = nil
    }

    /// Polls as the server has offered. The name is resolved off the shard; one that cannot be is a failed attempt like any other.
    private func connect(to target: ConnectionTarget) {
        let (resolve, usual) = (host.resolveOffer, home.target)
        Task { [self] in
            let found = await resolve(target.settings, usual)
            shard.perform { [self] in
                guard agent.state == .connecting, case .offline = stage else { return }
                if let found {
                    offered = AgentPlace(found)
                    stage = .connecting
                    advance()
                } else {
                    host.metrics.count(.dnsFailure)
                    act { agent, now, effects in agent.connectionFailed(.nameNotFound, at: now, &effects) }
                }
            }
        }
    }
}
