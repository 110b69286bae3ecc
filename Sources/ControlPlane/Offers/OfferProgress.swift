internal import OpAMP
internal import OrderedCollections

/// How far one kind of offer (config, packages, connection settings) has come with one agent.
struct OfferProgress: Sendable {
    /// The hash that the agent last reported.
    var reported = Fingerprint.nothing
    /// The hash of what was last sent on the present connection.
    var sent = Fingerprint.nothing
    /// How often in a row it was sent there.
    var times: UInt8 = 0
    /// What the agent last said became of it.
    var stage = Stage.silent

    /// What an agent says about an offer.
    enum Stage: UInt8, Sendable {
        case silent, applying, applied, failed
    }
}

extension OfferProgress.Stage {
    init(_ status: RemoteConfigStatuses) {
        switch status {
        case .unset, .unrecognized: self = .silent
        case .applied: self = .applied
        case .applying: self = .applying
        case .failed: self = .failed
        }
    }

    init(_ status: ConnectionSettingsStatuses) {
        switch status {
        case .unset, .unrecognized: self = .silent
        case .applied: self = .applied
        case .applying: self = .applying
        case .failed: self = .failed
        }
    }

    /// All packages together: failed when one failed and none is on its way any more, applied when all are installed as offered.
    init(_ statuses: borrowing ArenaReference<PackageStatusesRecord>) {
        guard statuses.errorMessage.isEmpty else {
            self = .failed
            return
        }
        var (onTheWay, failed) = (false, false)
        let packages = statuses.packages
        for index in 0..<packages.count {
            switch packages[index].status {
            case .installed: break
            case .installFailed: failed = true
            case .installPending, .installing, .downloading, .unrecognized: onTheWay = true
            }
        }
        if statuses.serverProvidedAllPackagesHash.isEmpty {
            self = .silent
        } else {
            self = onTheWay ? .applying : failed ? .failed : .applied
        }
    }
}
