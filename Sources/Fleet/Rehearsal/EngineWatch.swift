import Basis
import ControlPlane
import OpAMP
import Rollout
import Simulation

/// Watches what agents receive and do, and judges the engine that drives them.
struct EngineWatch {
    private struct Agent {
        var isConnected = false
        var isOffered = false
        var isTakenBack = false
        var runsRevision = false
        var hasApplied = false
        var hasFailed = false
        var wasUnhealthy = false
        var wasDisconnected = false
        var isRestored = false

        var isBroken: Bool { hasFailed || wasUnhealthy || wasDisconnected }
    }

    private let selected: Set<UInt32>
    private var agents: [UInt32: Agent] = [:]
    private var judgement = EngineJudgement()
    private let offers: OfferTable
    /// When an agent last received or applied a configuration, or could not.
    private(set) var lastStep = Instant.zero

    init(_ selected: [UInt32], _ offers: OfferTable) {
        self.selected = Set(selected)
        self.offers = offers
    }

    mutating func saw(_ kind: AgentObservation.Kind, of number: UInt32, at now: Instant, begin: Instant) {
        var agent = agents[number] ?? Agent()
        let wasBroken = agent.isBroken
        let time = now - begin
        defer {
            if agent.isBroken, !wasBroken, judgement.firstBroken == nil { judgement.firstBroken = time }
            agents[number] = agent
        }
        switch kind {
        case .connected: agent.isConnected = true
        case .disconnected:
            agent.isConnected = false
            if agent.isOffered, !agent.isTakenBack { agent.wasDisconnected = true }
        case .unhealthy: if agent.isOffered, !agent.isTakenBack { agent.wasUnhealthy = true }
        case .healthy, .components, .clock: break
        case .sent(let entry):
            lastStep = now
            if isNew(entry) { received(&agent, time) } else if agent.isOffered { agent.isTakenBack = true }
        case .status(let stage, let entry?, let matches): report(&agent, stage, isNew(entry), matches, at: now, time)
        case .status: break
        }
    }

    private func isNew(_ entry: UInt32) -> Bool { offers.revision(of: Int(entry)) == Revision(1) }

    private mutating func received(_ agent: inout Agent, _ time: Nanoseconds) {
        judgement.pushes += 1
        if judgement.firstOffer == nil { judgement.firstOffer = time }
        guard !agent.isOffered || agent.isTakenBack else { return }
        judgement.lastOffer = time
        if judgement.firstBroken != nil { judgement.offeredAfterBroken += 1 }
        agent.isOffered = true
        agent.isTakenBack = false
        agent.isRestored = false
    }

    private mutating func report(
        _ agent: inout Agent, _ stage: OfferStage, _ isNew: Bool, _ matches: Bool, at now: Instant, _ time: Nanoseconds
    ) {
        switch stage {
        case .applied, .converged:
            lastStep = now
            agent.runsRevision = isNew
            if isNew {
                agent.hasApplied = true
                if !matches { agent.hasFailed = true }
                judgement.lastApplied = time
            } else if agent.isOffered {
                agent.isTakenBack = true
                agent.isRestored = true
                judgement.lastRestored = time
            }
        case .failed:
            lastStep = now
            guard isNew else { return }
            agent.runsRevision = false
            agent.hasFailed = true
        case .received, .applying, .superseded: break
        }
    }

    /// The figures until now.
    func result(_ driver: (performed: Int, failed: Int, failures: [String])) -> EngineJudgement {
        var judgement = judgement
        judgement.selected = selected.count
        for (number, agent) in agents where agent.isOffered || selected.contains(number) {
            if agent.isOffered { judgement.offered += 1 }
            if agent.hasApplied { judgement.applied += 1 }
            if agent.hasFailed { judgement.failed += 1 }
            if agent.wasUnhealthy { judgement.unhealthy += 1 }
            if agent.wasDisconnected { judgement.disconnected += 1 }
            if agent.isBroken { judgement.broken += 1 }
            if agent.isTakenBack { judgement.takenBack += 1 }
            // One that could not apply the new configuration has run the former one all the time.
            if agent.isTakenBack, !agent.runsRevision { judgement.restored += 1 }
        }
        for (number, agent) in agents {
            let isMeant: Bool
            if judgement.isRolledBack {
                isMeant = !agent.isOffered || !agent.runsRevision
            } else if judgement.offered >= selected.count {
                isMeant = !selected.contains(number) || agent.runsRevision
            } else {
                isMeant = selected.contains(number) || !agent.runsRevision
            }
            guard !isMeant else { continue }
            judgement.wrong += 1
            if !agent.isConnected { judgement.wrongOffline += 1 }
        }
        (judgement.actions, judgement.failedActions, judgement.problems) = driver
        return judgement
    }
}
