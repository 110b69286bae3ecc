import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

extension WebSocketLink {
    // MARK: - What the state machine asks for

    /// Tells the state machine what happened, and does what it asks for.
    func tell(_ event: LinkEvent) {
        host.effects.removeAll()
        take(event, at: shard.now, &host.effects)
        perform()
    }

    func perform() {
        let host = host
        for index in host.effects.list.indices {
            perform(host.effects.list[index])
        }
        flush()
        if let wakeAt = host.effects.wakeAt {
            arm(wakeAt)
        }
    }

    func arm(_ agentWake: Instant) {
        var instant = agentWake
        if let slowness {
            slowness.agentWake = agentWake
            instant = min(agentWake, slowness.resumesAt)
        }
        if instant == .distantFuture {
            cancelTimer()
        } else {
            setTimer(at: instant)
        }
    }

    func perform(_ effect: Effect) {
        switch effect {
        case .send(let report):
            host.metrics.count(.messagesSent)
            host.metrics.count(report.kind.counter)
            host.watch?.sent(Array(host.effects.bytes[report.range]), report.kind, on: self, at: shard.now)
            appendFrame(report)
        case .answered(let answer):
            host.metrics.record(answer, service: answer.serviceTime)
        case .firstAnswered(let span):
            host.metrics.record(.ready, span)
            firstAnswered()
        case .stateChanged(let change):
            host.moved(change, of: agent.index)
        case .healthReported(let change):
            host.metrics.healthReported(
                ReportedHealth(change.to), after: change.from.map { ReportedHealth($0) })
        case .count(let anomaly, let amount):
            count(anomaly, Int(amount))
        case .connect:
            offered = nil
            connect()
        case .connectTo(let target):
            connect(to: target)
        case .close(let code):
            guard case .open = stage else { return }
            host.watch?.closed(self)
            WebSocketFrame.appendClose(
                WebSocketCloseCode(rawValue: code), mask: host.maskingKey(), to: &host.output)
            stage = .closing
            isLeaving = true
        case .abort:
            flush()
            uncork()
            switch stage {
            case .dialing, .tunnelling, .securing: givenUp = .connectTimedOut
            case .upgrading: givenUp = .upgradeTimedOut
            case .offline, .open, .closing: givenUp = nil
            }
            stage = .offline
            abort()
        case .fault(let fault):
            host.metrics.count(.faults)
            host.metrics.count(named: "fault_\(fault.name)")
        case .readSlowly(let bytesPerSecond):
            readSlowly(bytesPerSecond)
        case .config(let stage):
            host.metrics.record(stage, at: shard.now)
        case .package(let stage):
            host.metrics.record(stage, at: shard.now)
        case .settings(let stage):
            host.metrics.record(stage, at: shard.now)
        case .exportTelemetry(let export):
            host.send(export)
        case .download(let wish):
            let route: DownloadRoute.Finder = { [weak self] (agent, isSecure) throws(TLSError) in
                try self?.downloadRoute(of: agent, isSecure: isSecure) ?? DownloadRoute()
            }
            host.downloads.begin(wish, by: route) { [weak self] in self?.tell(.download($0)) }
        case .cancelDownload(let agent):
            host.downloads.cancel(agent: agent)
        }
    }

    func count(_ anomaly: Anomaly, _ amount: Int) {
        switch anomaly {
        case .answersLost where host.isCutting || isLeaving:
            host.metrics.count(.reportsCut, amount)
        case .connectTimedOut:
            // Where the engine noticed first, it has been counted by its cause.
            if let givenUp { host.metrics.count(givenUp, amount) }
            givenUp = nil
        default:
            host.metrics.count(anomaly: anomaly, amount)
        }
    }

    /// Reads no faster from now on (and until the connection ends): an agent that is busy, or meant to be a nuisance.
    func readSlowly(_ bytesPerSecond: Int) {
        slowness = SlowReading(bytesPerSecond: bytesPerSecond, agentWake: timer ?? .distantFuture)
    }

    /// Connects as the server has offered. The name is resolved off the shard; one that cannot be is a failed attempt like any other.
    func connect(to target: ConnectionTarget) {
        let (resolve, usual) = (host.resolveOffer, home.target)
        Task { [self] in
            let found = await resolve(target.settings, usual)
            shard.perform { [self] in
                guard case .offline = stage else { return }
                if let found {
                    offered = AgentPlace(found)
                    connect()
                } else {
                    host.metrics.count(.dnsFailure)
                    tell(.connectionFailed(.nameNotFound))
                }
            }
        }
    }

    func connect() {
        if isIdle {
            dial()
        } else {
            dialsWhenClosed = true
        }
    }

    func dial() {
        isLeaving = false
        host.metrics.count(.connectionsAttempted)
        stage = .dialing(shard.now)
        let target = place.target
        // Behind a proxy TLS begins once there is a tunnel.
        let security = target.proxy == nil ? target.security : nil
        do throws(TLSError) {
            connect(
                to: target.address(of: agent.index), from: target.source(of: agent.index),
                timeout: agent.cohort.plan.connectTimeout, tls: security?.context, serverName: security?.serverName,
                identity: security == nil ? nil : try identity(for: target), resumes: hasConnected)
        } catch {
            stage = .offline
            hasNoIdentity()
        }
    }

    func flush() {
        guard !host.output.isEmpty else { return }
        host.metrics.count(.bytesSent, host.output.count)
        var output: [UInt8] = []
        swap(&output, &host.output)
        write(output.span.bytes)
        output.removeAll(keepingCapacity: true)
        swap(&output, &host.output)
    }

    func count(_ cause: CloseCause) {
        host.metrics.count(Counter(cause))
        switch cause {
        case .tls, .other, .local, .badSource, .timedOut(.close), .timedOut(.delivery):
            host.metrics.count(named: cause.name)
        default: break
        }
    }
}
