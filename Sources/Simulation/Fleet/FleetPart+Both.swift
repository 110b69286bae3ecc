import AgentModel
import Basis
import Rollout

/// How far an agent is with a revision that is a configuration and packages, as its server knows it.
struct RevisionParts {
    enum Part { case configuration, packages }

    enum Ending: UInt8 { case none, applied, failed, mismatched }

    /// The entry that it was offered last.
    let entry: UInt8
    var configuration = Ending.none
    var packages = Ending.none
    /// Whether what the revision brings about later has been planned.
    var isPlanned = false

    init(entry: UInt8) { self.entry = entry }

    var isApplied: Bool { configuration == .applied && packages == .applied }

    /// Whether one part could not be taken over, or not as it was offered.
    var isBad: Bool { Self.isBad(configuration) || Self.isBad(packages) }

    private static func isBad(_ ending: Ending) -> Bool { ending == .failed || ending == .mismatched }
}

/// Agents whose revisions are a configuration and packages: an agent has a revision once it has both, and has failed as
/// soon as it cannot take over one of them.
extension FleetPart {
    /// Whether the agent runs a revision.
    func runs(_ revision: UInt16, _ place: Int) -> Bool {
        guard self.revision(running(place)) == revision else { return false }
        return !isOfBoth || hasSameParts(place)
    }

    /// Whether its configuration and its packages are those of one revision.
    private func hasSameParts(_ place: Int) -> Bool {
        revision(agents[place].record.running) == revision(installedEntry(place))
    }

    private func installedEntry(_ place: Int) -> UInt8 { packages.list[Int(agents[place].packages)].installed }

    /// The entry that an agent runs. With a configuration and packages of different revisions that is the one which it
    /// had before its last offer. Not a method: that would be given a copy of the whole partition.
    static func running(_ record: CompactAgent, installed: UInt8, _ revisionOf: [UInt16]) -> UInt8 {
        func revision(_ entry: UInt8) -> UInt16 { entry > 0 ? revisionOf[Int(entry) - 1] : 0 }
        if revision(record.running) == revision(installed) { return max(record.running, installed) }
        return revision(record.running) == revision(record.lastOffer) ? installed : record.running
    }

    /// What is done of an offer before it arrives: an agent takes no notice of the part that it has.
    func partsBefore(_ place: Int, offer entry: UInt8) -> RevisionParts {
        var parts = RevisionParts(entry: entry)
        let (record, state) = (agents[place].record, packages.list[Int(agents[place].packages)])
        if record.lastOffer == entry, record.running == entry, !record.isApplying { parts.configuration = .applied }
        if state.offered == entry, state.installed == entry, !isWorkingOnPackages(place), state.settled != nil {
            parts.packages = .applied
        }
        return parts
    }

    /// When the agent's configuration has something to do by itself; its record may have the time of its packages.
    func ownConfigurationDue(_ place: Int) -> Instant {
        guard agents[place].flags.contains(.isWhole) else { return agents[place].record.configurationDue }
        return whole[UInt32(place)]?.configurationDue ?? .distantFuture
    }

    /// The server learns how the agent ended with one part of an offer.
    mutating func ended(
        _ part: RevisionParts.Part, of entry: UInt8, _ place: Int, as ending: RevisionParts.Ending, at now: Instant
    ) {
        let revision = revision(entry)
        guard parts[place].entry == entry else { return }
        let wasBad = parts[place].isBad
        switch part {
        case .configuration: parts[place].configuration = ending
        case .packages: parts[place].packages = ending
        }
        switch ending {
        case .none: break
        case .applied:
            note(place, part == .packages ? .installed : .configured, at: now, revision)
            guard parts[place].isApplied else { return }
            note(place, .applied, at: now, revision)
            tell(place, .applied, at: now, revision)
        case .failed:
            note(place, .failed, at: now, revision)
            if !wasBad { tell(place, .failed, at: now, revision) }
        case .mismatched:
            note(place, .mismatched, at: now, revision)
            if !wasBad { tell(place, .mismatched, at: now, revision) }
        }
    }

    /// The agent has taken over one part: what the revision brings about later is planned once it has both.
    mutating func planFailuresOfBoth(_ place: Int, _ entry: UInt8, at now: Instant) {
        let record = agents[place].record
        guard parts[place].entry == entry, !parts[place].isPlanned, record.lastOffer == entry, !record.isApplying,
            record.running == entry || record.lies, installedEntry(place) == entry
        else { return }
        parts[place].isPlanned = true
        planFailures(place, entry, at: now)
    }
}
