import AgentModel
import Basis
import OpAMP
import Rollout

/// What happens to an agent, one thing after the other.
extension FleetPart {
    /// When something next happens to the agent, as far as it is known; from the last heartbeat that was counted on.
    @inline(__always)
    func nextDue(_ place: Int) -> Instant {
        let due = nextDueBesidesAttempts(place)
        return agents[place].record.phase == .backingOff ? min(due, agents[place].record.time) : due
    }

    /// The same without the agent's next attempt to connect.
    @inline(__always)
    func nextDueBesidesAttempts(_ place: Int) -> Instant {
        let flags = agents[place].flags
        var due = min(agents[place].transportDue, agents[place].offerDue)
        if flags.contains(.awaitsTarget) { due = min(due, agents[place].targetFrom) }
        switch agents[place].record.phase {
        case .connecting, .backingOff: break
        case .restarting: due = min(due, agents[place].record.time)
        case .connected, .running, .configuring, .updating:
            let isOwed = agents[place].isOwed && mistake != .owedOfferIsForgotten
            if isEach || !flags.contains(.isCounted) || isOwed {
                due = min(due, agents[place].record.nextHeartbeat)
            }
        }
        let rests = mistake == .restsBeforeDeath && !agents[place].record.isApplying && flags.contains(.isCounted)
        if !rests { due = min(due, agents[place].configurationDue) }
        return flags.contains(.hasEvents) ? min(due, events[Int(agents[place].ownEvents)].due) : due
    }

    /// The earliest thing happens. At one instant: the heartbeat, the offer's sending, its arrival, the transport, the
    /// agent's own waits, then events of its own.
    mutating func happen(_ place: Int, at now: Instant) {
        let (flags, phase) = (agents[place].flags, agents[place].record.phase)
        if agents[place].record.isOnline, agents[place].record.nextHeartbeat <= now {
            heartbeat(place, at: now)
        } else if pollFails(place) {
            lose(place, at: now)
        } else if flags.contains(.awaitsTarget), agents[place].targetFrom <= now {
            targetBegins(place, at: now)
        } else if agents[place].offerDue <= now {
            offerArrives(place, at: now)
        } else if agents[place].transportDue <= now {
            agents[place].transportDue = .distantFuture
            if !agents[place].record.isOnline { return attemptEnds(place, at: now) }
            // One that polls has not missed anything, if nothing was due meanwhile.
            if !flags.contains(.polls) { lose(place, at: now) }
        } else if phase == .backingOff, agents[place].record.time <= now {
            beginAttempt(place, at: now)
        } else if phase == .restarting, agents[place].record.time <= now {
            let before = agents[place].record
            note(place, .restarted, at: now, revision(running(place)))
            step(place, at: now, .restart, UInt32(agents[place].connections), entry: lastOffer(place)) {
                $0.wake(at: $1, &$2)
            }
            planFailuresOfApplied(place, before: before, at: now)
        } else if agents[place].configurationDue <= now {
            configurationDue(place, at: now)
        } else {
            ownEvent(place, at: now)
        }
    }

    /// A heartbeat that is an event: the first of a connection, one of an agent that is not at rest, or each. Or one
    /// that is not, and whose answer brings what is owed.
    private mutating func heartbeat(_ place: Int, at now: Instant) {
        if agents[place].flags.contains(.isCounted) {
            agents[place].record.sendSteadyHeartbeats(upTo: now, every: interval(place))
            return serverAnswers(place, at: now)
        }
        if !agents[place].record.hasSteadyHeartbeats {
            note(place, .firstHeartbeat, at: now, revision(running(place)))
            if !isEach, sendFirstHeartbeat(place, at: now) { return }
        }
        step(place, at: now, .open, UInt32(agents[place].connections), entry: lastOffer(place)) {
            $0.wake(at: $1, &$2)
        }
    }

    /// The first heartbeat of a connection without waking the agent, where that is all that happens to it.
    private mutating func sendFirstHeartbeat(_ place: Int, at now: Instant) -> Bool {
        guard !agents[place].flags.contains(.isWhole), agents[place].record.nextHeartbeat == now,
            agents[place].record.sendFirstHeartbeat(every: interval(place))
        else { return false }
        load.report(agents[place].replica, bytes: reportSizes[0])
        serverAnswers(place, at: now)
        resumeHeartbeats(place, after: now)
        return true
    }

    // MARK: - Offers

    /// The server's answer to a report brings what is meant for the agent, unless it has it or it is under way.
    @inline(__always)
    mutating func serverAnswers(_ place: Int, at now: Instant) {
        guard agents[place].isOwed else { return }
        let replica = Int(agents[place].replica)
        send(place, at: now + window.answerDelay[replica], trips: 2)
    }

    /// From now on the server means the agent to have its target.
    private mutating func targetBegins(_ place: Int, at now: Instant) {
        agents[place].flags.remove(.awaitsTarget)
        if agents[place].target == agents[place].delivered, agents[place].offerDue == .distantFuture {
            // It has what it is meant to have: the server knows that nothing is to be done.
            let revision = self.revision(agents[place].target)
            if runs(revision, place) { tell(place, .applied, at: now, revision) }
            return
        }
        guard model.world.delivery == .push, agents[place].record.isOnline, agents[place].isOwed,
            !agents[place].flags.contains(.polls)
        else { return }
        send(place, at: now, trips: 1)
    }

    /// An offer is sent.
    private mutating func send(_ place: Int, at now: Instant, trips: Int64) {
        let id = number(place)
        agents[place].offersSent &+= 1
        let count = UInt32(agents[place].connections) << 8 | UInt32(agents[place].offersSent)
        load.offer(bytes: model.world.configurationBytes + FleetModel.answerBytes)
        let target = agents[place].target
        if model.draws.chance(model.world.messageLoss, id, .messageLoss, count) {
            return note(place, .offerLost, at: now, revision(target))
        }
        var random = model.draws.stream(id, .latency, count)
        agents[place].underWay = target
        agents[place].offerDue = now + model.world.latency.draw(&random) * trips
    }

    private mutating func offerArrives(_ place: Int, at now: Instant) {
        agents[place].offerDue = .distantFuture
        let entry = agents[place].underWay
        agents[place].delivered = entry
        let revision = self.revision(entry)
        note(place, .offered, at: now, revision)
        let before = lastOffer(place)
        if isOfBoth { parts[place] = partsBefore(place, offer: entry) }
        let (packageOffers, revisions) = (model.packageOffers, revisions)
        step(place, at: now, .offer, UInt32(entry), entry: entry) {
            if packageOffers.isEmpty {
                $0.received(offer: entry, of: revisions, at: $1, &$2)
            } else {
                $0.received(packageOffers[Int(entry) - 1], at: $1, &$2)
            }
        }
        // One of packages may wait until the one before is processed.
        let isWaiting = isOfPackages && isApplying(place)
        if lastOffer(place) == before, before != entry, !isWaiting { note(place, .ignored, at: now, revision) }
    }

    // MARK: - Configurations

    /// An application ends, or the agent crashes because of what it applied.
    private mutating func configurationDue(_ place: Int, at now: Instant) {
        guard !isOfPackages || isOfBoth && ownConfigurationDue(place) <= now else {
            return packagesDue(place, at: now)
        }
        let entry = agents[place].record.lastOffer
        let before = agents[place].record
        if !before.isApplying {
            note(place, .crashed, at: now, revision(entry))
            connectionEnds(place, at: now)
        }
        step(place, at: now, .applying, UInt32(entry), entry: entry) { agent, now, effects in
            if before.willSucceed { agent.healthIsRestored(at: now, &effects) }
            let installed = agent.packageProgress.installed
            agent.wake(at: now, &effects)
            if agent.packageProgress.installed != installed { agent.healthIsRestored(at: now, &effects) }
        }
        planFailuresOfApplied(place, before: before, at: now)
    }

    /// Plans what a revision brings about, where the step that was just taken has ended its application.
    private mutating func planFailuresOfApplied(_ place: Int, before: CompactAgent, at now: Instant) {
        let record = agents[place].record
        guard before.willSucceed, record.running != before.running || record.lies else { return }
        if isOfBoth {
            planFailuresOfBoth(place, before.lastOffer, at: now)
        } else {
            planFailures(place, before.lastOffer, at: now)
        }
    }

    /// The agent has applied a revision: what that brings about later is planned, what the former one did is over.
    mutating func planFailures(_ place: Int, _ entry: UInt8, at now: Instant) {
        if agents[place].flags.contains(.hasEvents) {
            let failures = model.failures
            events[Int(agents[place].ownEvents)].removeAll { event in
                switch event.kind {
                case .collectorStops, .partFails, .cutOff, .crashes: failures[event.rule].cause != .chance
                case .collectorStarts, .partRecovers, .cutEnds, .stops, .flaps: false
                }
            }
        }
        let revision = self.revision(entry)
        let id = number(place)
        var planned: [OwnEvent] = []
        model.forEachFailure(of: id, revision) { number in
            guard model.failures[number].cause != .chance else { return }
            var random = model.draws.stream(id, .failure, model.drawNumber(number) | UInt32(entry) << 8 | 1)
            switch model.failures[number].kind {
            case .unhealthy(let after, _):
                planned.append(OwnEvent(at: now + after.draw(&random), kind: .collectorStops, rule: number, number: 0))
            case .partUnhealthy(let part, let after, _):
                planned.append(OwnEvent(at: now + after.draw(&random), kind: .partFails(part), rule: number, number: 0))
            case .disconnects(let after, _):
                planned.append(OwnEvent(at: now + after.draw(&random), kind: .cutOff, rule: number, number: 0))
            case .crashes(let after):
                // The agent's own state machine has the crashes of configurations.
                guard isOfPackages, !isOfBoth else { return }
                planned.append(OwnEvent(at: now + after.draw(&random), kind: .crashes, rule: number, number: 0))
            case .failsToApply, .failsToInstall, .mismatches, .silent, .slow: break
            }
        }
        for event in planned { add(event, place) }
    }
}
