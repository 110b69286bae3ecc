public import AgentModel
public import Basis

/// What single agents of a world do, for a host that plays them on sockets: the same agents fail in the same way and
/// draw the same numbers as in virtual time. A pure function of the world.
public struct AgentFates: Sendable {
    /// What happens to an agent beside its own state machine.
    public struct Mishap: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            /// The collector stops: the agent is unhealthy.
            case unhealthy
            /// A part of its health tree becomes unhealthy.
            case partUnhealthy(HealthPart)
            /// The agent cannot reach its server.
            case cutOff
            /// The process ends, and starts again after a time.
            case crash(down: Nanoseconds)
        }

        public var agent: UInt32
        public var kind: Kind
        /// From the application of the revision, from the rehearsal's start, or from the end of the one before.
        public var after: Nanoseconds
        /// How long it lasts; nil: until another revision is applied.
        public var lasts: Nanoseconds?
        fileprivate var rule: Int
        fileprivate var number: UInt32
    }

    private let model: FleetModel

    /// - Parameter revisions: the revision of each entry of the table of offers, in order; the first is revision 0. An
    ///   offer that is repeated after a failure is an entry of its own.
    public init(_ world: World, revisions: [UInt16]) {
        model = FleetModel(world: world, entries: revisions)
    }

    /// The entries of the table of offers, numbered from 1.
    public func revision(ofEntry entry: Int) -> UInt16? {
        model.revisionOf.indices.contains(entry - 1) ? model.revisionOf[entry - 1] : nil
    }

    /// How an agent takes the offer of an entry.
    public func conduct(of agent: UInt32, offeredEntry entry: Int) -> AgentConduct {
        conduct(of: agent, .offer, entry)
    }

    /// How an agent goes on with an entry that it has applied.
    public func conduct(of agent: UInt32, appliedEntry entry: Int) -> AgentConduct {
        conduct(of: agent, .applying, entry)
    }

    private func conduct(of agent: UInt32, _ purpose: KeyedDraws.Purpose, _ entry: Int) -> AgentConduct {
        let (faults, cohort) = model.faults(of: agent, revision(ofEntry: entry) ?? 0)
        return AgentConduct(
            faults: faults, random: model.draws.stream(agent, purpose, UInt32(clamping: entry)),
            timeToDeath: cohort > 0 ? model.cohorts[cohort].plan.faults.timeToDeath : nil)
    }

    /// How long an agent has no connection from the time on that the world says; nil: it has one.
    public func offlineTime(of agent: UInt32) -> Nanoseconds? {
        guard model.draws.chance(model.world.offlineShare, agent, .fault) else { return nil }
        var random = model.draws.stream(agent, .fault, 1)
        return model.world.offlineTime.draw(&random)
    }

    /// What applying an entry brings about later.
    public func mishaps(of agent: UInt32, appliedEntry entry: Int) -> [Mishap] {
        var mishaps: [Mishap] = []
        model.forEachFailure(of: agent, revision(ofEntry: entry) ?? 0) { number in
            guard model.failures[number].cause != .chance else { return }
            var random = model.draws.stream(
                agent, .failure, model.drawNumber(number) | UInt32(clamping: entry) << 8 | 1)
            switch model.failures[number].kind {
            case .unhealthy(let after, _):
                mishaps.append(mishap(agent, .unhealthy, after.draw(&random), number, 0))
            case .partUnhealthy(let part, let after, _):
                mishaps.append(mishap(agent, .partUnhealthy(part), after.draw(&random), number, 0))
            case .disconnects(let after, _):
                mishaps.append(mishap(agent, .cutOff, after.draw(&random), number, 0))
            case .failsToApply, .failsToInstall, .mismatches, .silent, .slow, .crashes: break
            }
        }
        return mishaps
    }

    /// What first happens to an agent by chance, by each rule.
    public func mishapsByChance(of agent: UInt32) -> [Mishap] {
        var mishaps: [Mishap] = []
        model.forEachChance(of: agent) { rule in
            if let mishap = byChance(agent, rule, number: 0) { mishaps.append(mishap) }
        }
        return mishaps
    }

    /// What happens by chance happens again: the next time, from the end of that one; nil: it does not.
    public func next(after mishap: Mishap) -> Mishap? {
        guard model.failures[mishap.rule].cause == .chance else { return nil }
        guard var next = byChance(mishap.agent, mishap.rule, number: mishap.number + 1) else { return nil }
        next.after = next.after + .seconds(1)
        return next
    }

    private func byChance(_ agent: UInt32, _ rule: Int, number: UInt32) -> Mishap? {
        var random = model.draws.stream(agent, .failure, model.drawNumber(rule) | (number & 0x7FFF) + 2)
        switch model.failures[rule].kind {
        case .unhealthy(let after, _): return mishap(agent, .unhealthy, after.draw(&random), rule, number)
        case .partUnhealthy(let part, let after, _):
            return mishap(agent, .partUnhealthy(part), after.draw(&random), rule, number)
        case .disconnects(let after, _): return mishap(agent, .cutOff, after.draw(&random), rule, number)
        case .crashes(let after):
            let span = after.draw(&random)
            var random = model.draws.stream(agent, .restart, number << 8 | 1)
            return mishap(agent, .crash(down: model.world.restartTime.draw(&random)), span, rule, number)
        case .failsToApply, .failsToInstall, .mismatches, .silent, .slow: return nil
        }
    }

    private func mishap(
        _ agent: UInt32, _ kind: Mishap.Kind, _ after: Nanoseconds, _ rule: Int, _ number: UInt32
    ) -> Mishap {
        let lasts: Distribution?
        switch model.failures[rule].kind {
        case .unhealthy(_, let span), .partUnhealthy(_, _, let span), .disconnects(_, let span): lasts = span
        case .failsToApply, .failsToInstall, .mismatches, .silent, .slow, .crashes: lasts = nil
        }
        var random = model.draws.stream(agent, .restart, model.drawNumber(rule) | (number & 0x7FFF) << 1)
        return Mishap(
            agent: agent, kind: kind, after: after, lasts: lasts?.draw(&random), rule: rule, number: number)
    }
}
