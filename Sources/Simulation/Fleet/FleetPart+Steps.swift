import AgentModel
import Basis
import OpAMP
import Rollout

/// Steps of the agents: each wakes the product's `Agent` from its record, steps it, and puts it back.
extension FleetPart {
    /// From `now` on, not included, the agent's heartbeats are counted, if they are steady.
    @inline(__always)
    mutating func resumeHeartbeats(_ place: Int, after now: Instant) {
        guard !isEach, agents[place].record.hasSteadyHeartbeats, !agents[place].flags.contains(.isWhole) else { return }
        load.add(
            agents[place].replica, agents[place].interval, next: agents[place].record.nextHeartbeat,
            windowEnd: window.end)
        agents[place].flags.insert(.isCounted)
    }

    /// Sends the agent's steady heartbeats up to `now`, itself included, and counts them no longer.
    @inline(__always)
    mutating func suspendHeartbeats(_ place: Int, at now: Instant) {
        guard agents[place].flags.contains(.isCounted) else { return }
        let until = mistake == .heartbeatAtTheInstantIsMissed ? Instant(nanoseconds: now.nanoseconds - 1) : now
        agents[place].record.sendSteadyHeartbeats(upTo: until, every: interval(place))
        if mistake == .lossKeepsTheLoad, !agents[place].record.isApplying { return }
        load.remove(
            agents[place].replica, agents[place].interval, next: agents[place].record.nextHeartbeat,
            windowEnd: window.end)
        agents[place].flags.remove(.isCounted)
    }

    /// One step of an agent.
    /// - Parameters:
    ///   - purpose: what the step draws for, and the number of that draw.
    ///   - entry: the entry of the revision table that the step is about.
    ///   - isAnswered: whether the server answers the reports of the step.
    mutating func step(
        _ place: Int, at now: Instant, _ purpose: KeyedDraws.Purpose, _ number: UInt32, entry: UInt8,
        _ body: (inout Agent, Instant, inout Effects) -> Void
    ) {
        suspendHeartbeats(place, at: now)
        let wasOnline = agents[place].record.isOnline
        let (phase, time) = (agents[place].record.phase, agents[place].record.time)
        let id = self.number(place)
        let (faults, cohort) = model.faults(of: id, entry: entry, isOfPackages: purpose == .package)
        let isOfConnection = purpose == .loss || purpose == .attempt
        var random = model.draws.stream(isOfConnection ? carrier(place) : id, purpose, number)
        if mistake == .drawsFromOneStream, !isEach {
            sharedDraws &+= 1
            random = model.draws.stream(0, purpose, sharedDraws)
        }
        if agents[place].flags.contains(.isWhole), let kept = whole.removeValue(forKey: UInt32(place)) {
            let own = isOfBoth ? model.cohorts[cohort + Int(agents[place].interval)] : nil
            woken.wake(kept, cohort: own, faults: faults, random: random)
        } else {
            woken.wake(
                agents[place].record, index: UInt64(id), cohort: model.cohorts[cohort + Int(agents[place].interval)],
                faults: faults, random: random, packages: packages.list[Int(agents[place].packages)].settled,
                revisions)
        }
        effects.removeAll()
        body(&woken.agent, now, &effects)
        // The server's answers without content change no more than that the reports are confirmed, so they come with
        // the reports; what an answer brings takes its time.
        while woken.agent.outstandingReports > 0 {
            woken.agent.receivedAcknowledgement(revisions.capabilities, at: now, &effects)
        }
        if !clockErrors.isEmpty, effects.list.contains(where: { if case .send = $0 { true } else { false } }) {
            clockErrors[place] = woken.agent.clockError(at: now)
        }
        let unhealthy = unhealthyComponents.isEmpty ? nil : reportedUnhealthy(at: now)
        if let record = woken.putBack(revisions), keepPackages(place) {
            agents[place].record = record
            agents[place].flags.remove(.isWhole)
        } else {
            keepWhole(place)
        }
        if agents[place].record.phase != phase || agents[place].record.time != time {
            cancelAttempt(place, at: time)
        }
        if agents[place].record.isOnline != wasOnline, hasConnection(place) {
            load.connected[Int(agents[place].replica)] += wasOnline ? -1 : 1
        }
        perform(place, at: now)
        if let unhealthy { componentsReported(unhealthy, place, at: now) }
        resumeHeartbeats(place, after: now)
    }

    /// Which watched components a report of the step says to be unhealthy; nil: it has no health.
    private func reportedUnhealthy(at now: Instant) -> UInt8? {
        let saysHealth = effects.list.contains { effect in
            if case .send(let report) = effect { report.content.contains(.health) } else { false }
        }
        return saysHealth ? woken.agent.unhealthy(among: model.world.watchedComponents, at: now) : nil
    }

    /// The server learns which watched components are unhealthy.
    private mutating func componentsReported(_ unhealthy: UInt8, _ place: Int, at now: Instant) {
        let changed = unhealthyComponents[place] ^ unhealthy
        unhealthyComponents[place] = unhealthy
        guard changed != 0 else { return }
        let revision = self.revision(running(place))
        for component in UInt8(0)..<8 where changed & 1 << component != 0 {
            let kind: AgentOutcome.Kind = unhealthy & 1 << component != 0 ? .componentUnhealthy : .componentHealthy
            tell(place, kind, at: now, revision, component: component)
        }
    }

    /// Keeps the agent that was awake itself.
    private mutating func keepWhole(_ place: Int) {
        if let record = woken.agent.outline(revisions) { agents[place].record = record }
        agents[place].flags.insert(.isWhole)
        let agent = woken.takeWhole()
        if isOfPackages { agents[place].packages = packages.place(of: agent.packageProgress) }
        whole[UInt32(place)] = agent
    }

    /// Does what a step asked for, and tells the server's side what its reports say.
    private mutating func perform(_ place: Int, at now: Instant) {
        var isConnecting = false
        var isAnswered = false
        var applied: UInt64?
        for number in effects.list.indices {
            switch effects.list[number] {
            case .send(let report):
                isAnswered = true
                load.report(agents[place].replica, bytes: reportSizes[Int(report.content.rawValue)])
            case .connect, .connectTo: isConnecting = true
            case .offer(let step):
                guard let number = step.number else { continue }
                if isOfPackages, step.kind == .packages {
                    packagesReached(place, step.stage, entry: UInt8(truncatingIfNeeded: number), at: now)
                }
                guard step.kind == .remoteConfig else { continue }
                if step.stage == .converged { applied = nil }
                reached(place, step.stage, entry: UInt8(truncatingIfNeeded: number), at: now, &applied)
            case .healthReported(let change):
                let isUnhealthy = change.to == .unhealthy
                let revision = self.revision(running(place))
                guard isUnhealthy || change.from == .unhealthy else {
                    note(place, change.to == .degraded ? .degraded : .recovered, at: now, revision)
                    continue
                }
                note(place, isUnhealthy ? .unhealthy : .healthy, at: now, revision)
                tell(place, isUnhealthy ? .unhealthy : .healthy, at: now, revision)
            case .package(let step): packageBegins(place, step, at: now)
            default: break
            }
        }
        if let applied, isOfBoth {
            ended(.configuration, of: UInt8(truncatingIfNeeded: applied), place, as: .mismatched, at: now)
        } else if let applied {
            let revision = self.revision(UInt8(truncatingIfNeeded: applied))
            note(place, .mismatched, at: now, revision)
            tell(place, .mismatched, at: now, revision)
        }
        if running(place) > newestEntry {
            violations.append(InvariantViolation(at: now, agent: number(place), kind: .runsWhatNobodyOffered))
        }
        if isAnswered, !unreported.isEmpty, agents[place].record.isOnline { reportPackages(place, at: now) }
        if isConnecting { attempt(place, at: now) }
        if isAnswered, agents[place].record.isOnline { serverAnswers(place, at: now) }
    }

    /// A report says that the agent has reached a stage of an offer.
    /// - Parameter applied: the entry that is reported as applied, until its effective configuration is too.
    private mutating func reached(
        _ place: Int, _ stage: OfferStage, entry: UInt8, at now: Instant, _ applied: inout UInt64?
    ) {
        let revision = self.revision(entry)
        if isOfBoth, stage == .converged || stage == .failed {
            return ended(.configuration, of: entry, place, as: stage == .failed ? .failed : .applied, at: now)
        }
        switch stage {
        case .received, .superseded: break
        case .applying: note(place, .applying, at: now, revision)
        case .applied: applied = UInt64(entry)
        case .converged:
            note(place, .applied, at: now, revision)
            tell(place, .applied, at: now, revision)
        case .failed:
            note(place, .failed, at: now, revision)
            tell(place, .failed, at: now, revision)
        }
    }
}
