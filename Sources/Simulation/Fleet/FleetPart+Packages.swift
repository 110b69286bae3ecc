import AgentModel
import Basis
import OpAMP
import Rollout

/// Agents whose revisions are packages.
extension FleetPart {
    /// The entry that the agent runs; 0: its local configuration.
    @inline(__always)
    func running(_ place: Int) -> UInt8 {
        guard isOfPackages else { return agents[place].record.running }
        let installed = packages.list[Int(agents[place].packages)].installed
        return isOfBoth ? Self.running(agents[place].record, installed: installed, revisionOf) : installed
    }

    /// The entry that it was offered last.
    @inline(__always)
    func lastOffer(_ place: Int) -> UInt8 {
        isOfPackages && !isOfBoth
            ? packages.list[Int(agents[place].packages)].offered : agents[place].record.lastOffer
    }

    /// Whether it could not take over what it was offered last, and has said so.
    func hasFailed(_ place: Int) -> Bool {
        guard isOfPackages else { return agents[place].record.hasFailed }
        if isOfBoth, agents[place].record.hasFailed { return true }
        let state = packages.list[Int(agents[place].packages)]
        return !isWorkingOnPackages(place) && state.installed != state.offered
    }

    /// Whether it is still taking over what it was offered last.
    func isApplying(_ place: Int) -> Bool {
        isOfPackages && isWorkingOnPackages(place) || (!isOfPackages || isOfBoth) && agents[place].record.isApplying
    }

    func isWorkingOnPackages(_ place: Int) -> Bool { packageStep(place) != .idle }

    func packageStep(_ place: Int) -> PackageProgress.Step {
        guard agents[place].flags.contains(.isWhole) else { return .idle }
        return whole[UInt32(place)]?.packageProgress.step ?? .idle
    }

    /// The agent that was awake has been put back: notes what packages it has.
    /// - Returns: Whether there is room for them; else it is kept whole.
    mutating func keepPackages(_ place: Int) -> Bool {
        guard isOfPackages else { return true }
        guard let settled = woken.packages else {
            agents[place].packages = 0
            return true
        }
        guard let state = packages.place(of: settled) else { return false }
        agents[place].packages = state
        return true
    }

    /// A download or an installation has gone on, or is over.
    mutating func packagesDue(_ place: Int, at now: Instant) {
        let entry = packages.list[Int(agents[place].packages)].offered
        let number = UInt32(packageStep(place).rawValue) << 8 | UInt32(entry)
        step(place, at: now, .package, number, entry: entry) { agent, now, effects in
            let installed = agent.packageProgress.installed
            agent.wake(at: now, &effects)
            // The collector of another version starts.
            if agent.packageProgress.installed != installed { agent.healthIsRestored(at: now, &effects) }
        }
    }

    /// The agent downloads or installs a package from now on.
    mutating func packageBegins(_ place: Int, _ step: PackageStep, at now: Instant) {
        switch step {
        case .downloading:
            load.download()
            note(place, .downloading, at: now, revision(packages.list[Int(agents[place].packages)].offered))
        case .installing:
            note(place, .installing, at: now, revision(packages.list[Int(agents[place].packages)].offered))
        case .installed, .failed: break
        }
    }

    /// The agent has reached a stage of an offer of packages.
    mutating func packagesReached(_ place: Int, _ stage: OfferStage, entry: UInt8, at now: Instant) {
        switch stage {
        case .received, .applied, .superseded: break
        case .applying: note(place, .applying, at: now, revision(entry))
        case .converged:
            if !isOfBoth { planFailures(place, entry, at: now) } else { planFailuresOfBoth(place, entry, at: now) }
            packagesEnded(place, PackagesEnd(entry: entry, isInstalled: true), at: now)
        case .failed: packagesEnded(place, PackagesEnd(entry: entry, isInstalled: false), at: now)
        }
    }

    /// The server receives it with the agent's next report, at once where the agent is connected.
    private mutating func packagesEnded(_ place: Int, _ end: PackagesEnd, at now: Instant) {
        if agents[place].record.isOnline { report(place, end, at: now) } else { unreported[UInt32(place)] = end }
    }

    /// A report that has been sent says what ended without a connection.
    mutating func reportPackages(_ place: Int, at now: Instant) {
        guard let end = unreported.removeValue(forKey: UInt32(place)) else { return }
        report(place, end, at: now)
    }

    private mutating func report(_ place: Int, _ end: PackagesEnd, at now: Instant) {
        if isOfBoth {
            return ended(.packages, of: end.entry, place, as: end.isInstalled ? .applied : .failed, at: now)
        }
        let revision = revision(end.entry)
        note(place, end.isInstalled ? .applied : .failed, at: now, revision)
        tell(place, end.isInstalled ? .applied : .failed, at: now, revision)
    }
}

/// How the work on an offer of packages ended.
struct PackagesEnd {
    let entry: UInt8
    let isInstalled: Bool
}
