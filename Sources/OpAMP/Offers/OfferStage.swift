internal import OrderedCollections

/// What a server offers an agent.
public enum OfferKind: UInt8, CaseIterable, Hashable, Sendable {
    case remoteConfig, packages, connectionSettings
}

/// How far an agent is with an offer. The one answer to that question, for the agent, the server and the results; only
/// the statuses of the three messages are read into it.
public enum OfferStage: UInt8, CaseIterable, Comparable, Sendable {
    /// The agent has received the offer and has not reported anything about it.
    case received
    /// It has reported that it applies the offer.
    case applying
    /// It has reported that the offer is applied.
    case applied
    /// It has what was offered: of a configuration, it has also reported the effective one that matches it.
    case converged
    /// It has reported that the offer failed.
    case failed
    /// Another offer replaced this one before it was applied.
    case superseded

    /// The name in files: stable from release to release.
    public var name: String { "\(self)" }

    public static func < (left: OfferStage, right: OfferStage) -> Bool { left.rawValue < right.rawValue }
}

extension OfferStage {
    /// - Returns: `nil` where the status says nothing about an offer.
    public init?(_ status: RemoteConfigStatuses) {
        switch status {
        case .unset, .unrecognized: return nil
        case .applied: self = .applied
        case .applying: self = .applying
        case .failed: self = .failed
        }
    }

    /// - Returns: `nil` where the status says nothing about an offer.
    public init?(_ status: ConnectionSettingsStatuses) {
        switch status {
        case .unset, .unrecognized: return nil
        case .applied: self = .applied
        case .applying: self = .applying
        case .failed: self = .failed
        }
    }

    /// All packages together: failed where one failed and none is being worked on any more, applied where all are
    /// installed as offered.
    /// - Returns: `nil` where the statuses belong to no offer.
    public init?(_ statuses: borrowing ArenaReference<PackageStatusesRecord>) {
        guard statuses.errorMessage.isEmpty else {
            self = .failed
            return
        }
        guard !statuses.serverProvidedAllPackagesHash.isEmpty else { return nil }
        var (isWorking, hasFailed) = (false, false)
        let packages = statuses.packages
        for index in 0..<packages.count {
            switch packages[index].status {
            case .installed: break
            case .installFailed: hasFailed = true
            case .installPending, .installing, .downloading, .unrecognized: isWorking = true
            }
        }
        self = isWorking ? .applying : hasFailed ? .failed : .applied
    }
}

extension [UInt8] {
    /// Identifies an offer in the results: the first eight bytes of its hash as a number. A hash is opaque, so a
    /// short or an empty one is valid too.
    public var offerNumber: UInt64 { prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
