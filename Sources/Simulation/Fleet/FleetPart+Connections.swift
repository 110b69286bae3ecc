import AgentModel
import Basis
import OpAMP
import Rollout

/// Losing connections and opening them, and the events of agents' own.
extension FleetPart {
    // MARK: - Losing

    /// The connections of some agents are lost, within `spread` from the window's start.
    mutating func loseConnections(within spread: Nanoseconds, where isLost: (SimulatedAgent) -> Bool) {
        for place in agents.indices where agents[place].record.isOnline && isLost(agents[place]) {
            guard !agents[place].flags.contains(.polls) else {
                noticeWithNextPoll(place)
                continue
            }
            let isShared = agents[place].flags.contains(.isBehindGateway)
            let key = isShared ? UInt32(window.second & 0xFF_FFFF) : UInt32(agents[place].connections)
            let after = model.draws.below(spread.count.magnitude, carrier(place), .loss, key)
            agents[place].transportDue = min(
                agents[place].transportDue, Instant(nanoseconds: window.start.nanoseconds + after))
            if agents[place].transportDue < agents[place].due || agents[place].due < window.start {
                schedule(place, agents[place].transportDue)
            }
        }
    }

    /// An agent that polls learns with its next request that it reaches its server no more.
    private mutating func noticeWithNextPoll(_ place: Int) {
        if agents[place].flags.contains(.isCounted), window.start > .zero {
            agents[place].record.sendSteadyHeartbeats(
                upTo: Instant(nanoseconds: window.start.nanoseconds - 1), every: interval(place))
        }
        guard agents[place].record.nextHeartbeat != .distantFuture else { return }
        // Before the poll, which does not arrive.
        let before = Instant(nanoseconds: max(agents[place].record.nextHeartbeat.nanoseconds, 1) - 1)
        agents[place].transportDue = min(agents[place].transportDue, max(before, window.start))
        if agents[place].transportDue < agents[place].due || agents[place].due < window.start {
            schedule(place, agents[place].transportDue)
        }
    }

    /// Whether an agent that polls cannot send its next request.
    @inline(__always)
    func pollFails(_ place: Int) -> Bool {
        guard agents[place].flags.contains(.polls), agents[place].record.isOnline else { return false }
        return isCut(place) || !isServerUp(place)
            || window.cutGroups[Int(agents[place].replica)] & agents[place].groups != 0
    }

    /// An open connection is lost.
    /// - Parameter ofAll: whether the gateway loses it, where the agent is behind one.
    mutating func lose(_ place: Int, ofAll: Bool = true, at now: Instant) {
        guard agents[place].record.isOnline else { return }
        note(place, .lost, at: now, revision(running(place)))
        connectionEnds(place, ofAll: ofAll, at: now)
        step(
            place, at: now, .loss, UInt32(agents[place].connections), entry: lastOffer(place)
        ) { $0.connectionLost(.reset, at: $1, &$2) }
    }

    /// What was on the way is gone, and the server sees the connection end, unless it is down itself.
    func isServerUp(_ place: Int) -> Bool { !window.isReplicaDown[Int(agents[place].replica)] }

    mutating func connectionEnds(_ place: Int, ofAll: Bool = false, at now: Instant) {
        if agents[place].flags.contains(.isBehindGateway) { numberLoss(place, ofAll: ofAll, at: now) }
        agents[place].offerDue = .distantFuture
        agents[place].transportDue = .distantFuture
        guard isServerUp(place), agents[place].flags.isDisjoint(with: [.isReportedLost, .polls]) else { return }
        agents[place].flags.insert(.isReportedLost)
        tell(place, .disconnected, at: now, revision(running(place)))
    }

    // MARK: - Opening

    /// The wait before an attempt is over.
    mutating func beginAttempt(_ place: Int, at now: Instant) {
        agents[place].isAttemptCounted = false
        if agents[place].flags.contains(.isWhole) {
            step(place, at: now, .attempt, attemptKey(place), entry: lastOffer(place)) {
                $0.wake(at: $1, &$2)
            }
        } else {
            agents[place].record.beginAttempt(at: now)
            attempt(place, at: now)
        }
    }

    /// As long as it is known that an agent can reach nobody, the attempts that it is going to make are made at once:
    /// they fail, and nothing but the agent itself and the load depends on them.
    /// - Returns: Whether it is known.
    @inline(__always)
    mutating func failAhead(_ place: Int) -> Bool {
        guard runsAhead, agents[place].record.phase == .backingOff, !agents[place].flags.contains(.isWhole) else {
            return false
        }
        let isCut = isCut(place)
        guard isCut || window.upReplicas.isEmpty else { return false }
        failAhead(place, isCut: isCut)
        return true
    }

    private mutating func failAhead(_ place: Int, isCut: Bool) {
        let other = mistake == .attemptsPassOtherEvents ? .distantFuture : nextDueBesidesAttempts(place)
        let until = min(window.unchangedUntil, other)
        let isCounted = hasConnection(place) || agents[place].flags.contains(.polls)
        while agents[place].record.time < until {
            let time = agents[place].record.time
            if !isCut, isCounted { load.attempt(at: time) }
            refuse(place, at: time)
        }
    }

    private func attemptKey(_ place: Int) -> UInt32 {
        UInt32(agents[place].connections) << 8 | UInt32(min(agents[place].record.backoff.failures, 255))
    }

    /// Whether the agent reaches anything outside.
    private func isCut(_ place: Int) -> Bool {
        agents[place].flags.contains(.isCutOff) || agents[place].groups & window.downGroups != 0
    }

    /// The agent begins to connect: a replica lets it in, or it is refused at once.
    mutating func attempt(_ place: Int, at now: Instant) {
        guard !isCut(place) else { return refuse(place, at: now) }
        let id = carrier(place)
        let key = attemptKey(place)
        guard !isLetInByGateway(place) else {
            var random = model.draws.stream(number(place), .open, key)
            agents[place].transportDue = now + model.world.latency.draw(&random) * 2
            return
        }
        let isCounted = hasConnection(place) || agents[place].flags.contains(.polls)
        if isCounted { load.attempt() }
        guard !window.upReplicas.isEmpty else { return refuse(place, at: now) }
        let choice = Int(model.draws.below(UInt64(window.upReplicas.count), id, .choice, key))
        let replica = Int(window.upReplicas[choice])
        guard window.cutGroups[replica] & agents[place].groups == 0,
            model.draws.chance(window.admission[replica], id, .admission, key),
            window.acceptDelay[replica] < model.cohorts[0].plan.connectTimeout
        else { return refuse(place, at: now) }
        if isCounted { load.accepted[replica] += 1 }
        agents[place].replica = UInt8(replica)
        var random = model.draws.stream(id, .open, key)
        // TCP, TLS and the upgrade: six ways through the network.
        agents[place].transportDue = now + model.world.latency.draw(&random) * 6 + window.acceptDelay[replica]
    }

    private mutating func refuse(_ place: Int, at now: Instant) {
        note(place, .refused, at: now, revision(running(place)))
        let key = attemptKey(place)
        guard agents[place].flags.contains(.isWhole) else {
            var random = model.draws.stream(carrier(place), .attempt, key)
            agents[place].isAttemptCounted = false
            return agents[place].record.refusedAttempt(at: now, by: model.world.reconnect, &random)
        }
        step(place, at: now, .attempt, key, entry: lastOffer(place)) {
            $0.connectionFailed(.refused, at: $1, &$2)
        }
    }

    /// An attempt that was let in is through.
    mutating func attemptEnds(_ place: Int, at now: Instant) {
        guard agents[place].record.phase == .connecting else { return }
        let replica = agents[place].replica
        guard !isCut(place), isServerUp(place), window.cutGroups[Int(replica)] & agents[place].groups == 0 else {
            return refuse(place, at: now)
        }
        let isShared = agents[place].flags.contains(.isBehindGateway)
        if !isShared { agents[place].connections &+= 1 }
        note(place, .opened, at: now, revision(running(place)))
        if !isShared || hasConnection(place) && !isLetInByGateway(place) { load.opened() }
        if agents[place].flags.contains(.isReportedLost) {
            agents[place].flags.remove(.isReportedLost)
            tell(place, .reconnected, at: now, revision(running(place)))
        }
        step(
            place, at: now, .open, UInt32(agents[place].connections), entry: lastOffer(place)
        ) { $0.connected(at: $1, &$2) }
    }

    // MARK: - Events of the agents' own

    /// What an agent does by chance, whatever it runs, is planned.
    mutating func planChance(_ place: Int, _ rule: Int, after start: Instant, number: UInt32) {
        var random = model.draws.stream(self.number(place), .failure, model.drawNumber(rule) | (number & 0x7FFF) + 2)
        switch model.failures[rule].kind {
        case .unhealthy(let after, _):
            add(OwnEvent(at: start + after.draw(&random), kind: .collectorStops, rule: rule, number: number), place)
        case .partUnhealthy(let part, let after, _):
            add(OwnEvent(at: start + after.draw(&random), kind: .partFails(part), rule: rule, number: number), place)
        case .disconnects(let after, _):
            add(OwnEvent(at: start + after.draw(&random), kind: .cutOff, rule: rule, number: number), place)
        case .crashes(let after):
            add(OwnEvent(at: start + after.draw(&random), kind: .crashes, rule: rule, number: number), place)
        case .failsToApply, .failsToInstall, .mismatches, .silent, .slow: break
        }
    }

    mutating func ownEvent(_ place: Int, at now: Instant) {
        let own = Int(agents[place].ownEvents)
        guard events[own].due <= now, let event = events[own].takeFirst() else { return }
        if events[own].list.isEmpty { agents[place].flags.remove(.hasEvents) }
        let entry = lastOffer(place)
        switch event.kind {
        case .collectorStops: breakCollector(place, event, at: now)
        case .collectorStarts:
            step(place, at: now, .failure, event.number, entry: entry) { $0.collectorStarts(at: $1, &$2) }
            repeatByChance(place, event, at: now)
        case .partFails(let part): breakPart(part, place, event, at: now)
        case .partRecovers(let part):
            step(place, at: now, .failure, event.number, entry: entry) { $0.recovers(part, at: $1, &$2) }
            repeatByChance(place, event, at: now)
        case .cutOff: cutOff(place, event, at: now)
        case .cutEnds:
            agents[place].flags.remove(.isCutOff)
            repeatByChance(place, event, at: now)
        case .stops(let lasting): stop(place, until: now + lasting, at: now)
        case .crashes:
            var random = model.draws.stream(number(place), .restart, event.number << 8 | 1)
            stop(place, until: now + model.world.restartTime.draw(&random), at: now)
            repeatByChance(place, event, at: now)
        case .flaps:
            lose(place, at: now)
            guard case .flapping(let flapping) = model.world.faults[event.rule] else { return }
            var random = model.draws.stream(carrier(place), .flap, (event.number + 1) & 0xFF_FFFF)
            let span = max(flapping.every.draw(&random), .seconds(1))
            add(OwnEvent(at: now + span, kind: .flaps, rule: event.rule, number: event.number + 1), place)
        }
    }

    /// What happens by chance happens again.
    private mutating func repeatByChance(_ place: Int, _ event: OwnEvent, at now: Instant) {
        guard model.failures[event.rule].cause == .chance else { return }
        planChance(place, event.rule, after: now + .seconds(1), number: event.number + 1)
    }

    /// How long a failure lasts; nil: until another revision is applied.
    private func length(_ place: Int, _ event: OwnEvent) -> Nanoseconds? {
        let lasts: Distribution?
        switch model.failures[event.rule].kind {
        case .unhealthy(_, let span), .partUnhealthy(_, _, let span), .disconnects(_, let span): lasts = span
        case .failsToApply, .failsToInstall, .mismatches, .silent, .slow, .crashes: lasts = nil
        }
        let key = model.drawNumber(event.rule) | (event.number & 0x7FFF) << 1
        var random = model.draws.stream(number(place), .restart, key)
        return lasts?.draw(&random)
    }

    private mutating func breakCollector(_ place: Int, _ event: OwnEvent, at now: Instant) {
        guard agents[place].record.phase != .restarting else { return repeatByChance(place, event, at: now) }
        step(place, at: now, .failure, event.number, entry: lastOffer(place)) {
            $0.collectorStops(at: $1, &$2)
        }
        guard let length = length(place, event) else { return }
        add(OwnEvent(at: now + length, kind: .collectorStarts, rule: event.rule, number: event.number), place)
    }

    private mutating func breakPart(_ part: HealthPart, _ place: Int, _ event: OwnEvent, at now: Instant) {
        guard agents[place].record.phase != .restarting else { return repeatByChance(place, event, at: now) }
        step(place, at: now, .failure, event.number, entry: lastOffer(place)) { $0.fails(part, at: $1, &$2) }
        guard let length = length(place, event) else { return }
        add(OwnEvent(at: now + length, kind: .partRecovers(part), rule: event.rule, number: event.number), place)
    }

    private mutating func cutOff(_ place: Int, _ event: OwnEvent, at now: Instant) {
        agents[place].flags.insert(.isCutOff)
        cancelAttempt(place, at: agents[place].record.time)
        lose(place, ofAll: false, at: now)
        if let length = length(place, event) {
            add(OwnEvent(at: now + length, kind: .cutEnds, rule: event.rule, number: event.number), place)
        } else if !agents[place].flags.contains(.isWhole), !agents[place].record.isOnline {
            // For ever: its attempts to connect reach nobody.
            agents[place].record.disconnect(until: .distantFuture)
            agents[place].transportDue = .distantFuture
        }
    }

    private mutating func stop(_ place: Int, until: Instant, at now: Instant) {
        note(place, .stopped, at: now, revision(running(place)))
        if agents[place].record.isOnline { connectionEnds(place, at: now) }
        agents[place].transportDue = .distantFuture
        step(place, at: now, .restart, UInt32(agents[place].connections), entry: lastOffer(place)) {
            $0.processStops(until: until, at: $1, &$2)
        }
    }
}
