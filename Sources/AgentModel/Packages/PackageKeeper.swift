import Basis
import OpAMP
import OrderedCollections

/// What one agent has installed and is installing (Downloading Packages, Package Status Reporting): a state machine of
/// its own, that works through one package at a time.
///
/// The statuses that it reports are kept as they will be sent. Nothing here draws or decides an outcome: that is the
/// agent's, which tells the keeper what happened.
struct PackageKeeper {
    struct Installed: Hashable {
        var type: PackageType
        var version: String
        var hash: [UInt8]
        var contentHash: [UInt8]
        /// Whether a server's offer has brought it, rather than the machine.
        var isOffered = false
    }

    /// The work on one offer.
    struct Sync {
        let offer: PackagesAvailable
        let begun: Instant
        /// Packages of the offer that are not processed yet, the next one first.
        var waiting: [String]
        var step: Step
        var hasFailures: Bool
    }

    enum Step: Hashable {
        /// Between two packages.
        case between
        case downloading(String, begun: Instant, done: Instant, nextProgress: Instant)
        /// Its file is being fetched by the host, as the agent's download of that number.
        case fetching(String, number: UInt32)
        case installing(String, done: Instant)
    }

    private(set) var installed: OrderedDictionary<String, Installed> = [:]
    private(set) var statuses = PackageStatuses()
    private(set) var sync: Sync?
    /// The hash of the last offer of which everything was installed.
    private(set) var completedHash: [UInt8] = []
    /// The number of the latest fetch: updates of former ones are ignored.
    private(set) var fetches: UInt32 = 0
    /// An offer that was received while another was processed; only the newest is kept.
    var pending: PackagesAvailable?

    init(_ local: [PackagePlan.LocalPackage]) {
        for package in local {
            // The agent never computes hashes that a server compares; a local package has one all the same, as it must
            // be set, and a fingerprint of name and version serves.
            let hash = FNV1a.fingerprint(Array("\(package.name)@\(package.version)".utf8))
            installed[package.name] = Installed(
                type: package.type, version: package.version, hash: hash, contentHash: hash)
            statuses.packages[package.name] = PackageStatus(
                name: package.name, agentHasVersion: package.version, agentHasHash: hash, status: .installed)
        }
    }

    var nextDeadline: Instant {
        switch sync?.step {
        case nil: return .distantFuture
        case .between: return .zero
        case .downloading(_, _, let done, let nextProgress): return min(done, nextProgress)
        case .fetching: return .distantFuture
        case .installing(_, let done): return done
        }
    }

    /// Whether `offer` is the one that was begun last, or waits.
    func knows(_ offer: PackagesAvailable) -> Bool {
        if let pending { return pending.allPackagesHash == offer.allPackagesHash }
        return statuses.serverProvidedAllPackagesHash == offer.allPackagesHash
    }

    /// An offer is rejected as a whole; that is reported until another one is begun (PackageStatuses.error_message).
    /// - Returns: Whether that is anything new.
    mutating func refuse(_ reason: String) -> Bool {
        guard statuses.errorMessage != reason else { return false }
        statuses.errorMessage = reason
        return true
    }

    /// An offer was received that is no reason to report a problem.
    /// - Returns: Whether there was one before.
    mutating func forgive() -> Bool {
        guard !statuses.errorMessage.isEmpty else { return false }
        statuses.errorMessage = ""
        return true
    }

    /// Starts an offer: decides what has to be done and drops packages that are no longer offered (steps 1 and 2).
    mutating func begin(_ offer: PackagesAvailable, dependencies: [String: [String]], at now: Instant) {
        statuses.serverProvidedAllPackagesHash = offer.allPackagesHash
        statuses.errorMessage = ""
        for name in installed.keys where offer.packages[name] == nil { installed[name] = nil }
        for name in statuses.packages.keys where offer.packages[name] == nil { statuses.packages[name] = nil }
        var wanted: [String] = []
        var present: Set<String> = []
        for (name, package) in offer.packages {
            // A package of another type is not another version but another thing.
            if let has = installed[name], has.type != package.type { removeInstalled(name) }
            var status = statuses.packages[name] ?? PackageStatus(name: name)
            status.serverOfferedVersion = package.version
            status.serverOfferedHash = package.hash
            status.errorMessage = ""
            status.downloadDetails = nil
            if let has = installed[name], has.hash == package.hash {
                status.status = .installed
                present.insert(name)
            } else {
                status.status = .installPending
                wanted.append(name)
            }
            statuses.packages[name] = status
        }
        let order = InstallationOrder(wanted: wanted, present: present, dependencies: dependencies)
        for (name, reason) in order.refused { markFailed(name, reason) }
        sync = Sync(
            offer: offer, begun: now, waiting: order.names, step: .between, hasFailures: !order.refused.isEmpty)
    }

    /// The next package, if there is one; it is removed from those that wait.
    mutating func takeNext() -> (name: String, package: PackageAvailable)? {
        guard var work = sync, let name = work.waiting.first, let package = work.offer.packages[name] else {
            return nil
        }
        work.waiting.removeFirst()
        sync = work
        return (name, package)
    }

    /// Whether the file of `package` is on the machine already, so that it need not be downloaded (step 3).
    func hasFile(of package: PackageAvailable, named name: String) -> Bool {
        guard let wanted = package.file?.contentHash, !wanted.isEmpty else { return false }
        return installed[name]?.contentHash == wanted
    }

    mutating func beginDownload(_ name: String, done: Instant, nextProgress: Instant, at now: Instant) {
        sync?.step = .downloading(name, begun: now, done: done, nextProgress: nextProgress)
        statuses.packages[name]?.status = .downloading
        statuses.packages[name]?.downloadDetails = PackageDownloadDetails()
    }

    /// The host fetches the file from now on.
    /// - Returns: the number of the download, which its updates have.
    mutating func beginFetch(_ name: String) -> UInt32 {
        fetches &+= 1
        sync?.step = .fetching(name, number: fetches)
        statuses.packages[name]?.status = .downloading
        statuses.packages[name]?.downloadDetails = PackageDownloadDetails()
        return fetches
    }

    /// The package whose file is being fetched under that number.
    func fetching(_ number: UInt32) -> String? {
        guard case .fetching(let name, number)? = sync?.step else { return nil }
        return name
    }

    /// A fetch proceeds: how much of the file has been received, and how fast.
    mutating func fetched(_ progress: DownloadProgress) {
        guard case .fetching(let name, _)? = sync?.step else { return }
        statuses.packages[name]?.downloadDetails = PackageDownloadDetails(
            downloadPercent: progress.percent, downloadBytesPerSecond: progress.bytesPerSecond)
    }

    /// A download proceeds: how much has been received, and how fast.
    mutating func progressed(bytes: Int, next: Instant, at now: Instant) {
        guard case .downloading(let name, let begun, let done, _)? = sync?.step else { return }
        let (passed, all) = ((now - begun).seconds, (done - begun).seconds)
        guard all > 0 else { return }
        sync?.step = .downloading(name, begun: begun, done: done, nextProgress: next)
        statuses.packages[name]?.downloadDetails = PackageDownloadDetails(
            downloadPercent: min(100 * passed / all, 100), downloadBytesPerSecond: Double(bytes) / all)
    }

    mutating func beginInstallation(_ name: String, done: Instant) {
        sync?.step = .installing(name, done: done)
        statuses.packages[name]?.status = .installing
        statuses.packages[name]?.downloadDetails = nil
    }

    mutating func finishInstallation(_ name: String) {
        guard let package = sync?.offer.packages[name] else { return }
        sync?.step = .between
        installed[name] = Installed(
            type: package.type, version: package.version, hash: package.hash,
            contentHash: package.file?.contentHash ?? [], isOffered: true)
        statuses.packages[name]?.status = .installed
        statuses.packages[name]?.agentHasVersion = package.version
        statuses.packages[name]?.agentHasHash = package.hash
        statuses.packages[name]?.errorMessage = ""
    }

    /// A package could not be installed. What was there before is still there: `agent_has` stays as it was.
    mutating func fail(_ name: String, _ reason: String, dependencies: [String: [String]]) {
        markFailed(name, reason)
        sync?.step = .between
        sync?.hasFailures = true
        // What needs it cannot be installed either.
        guard let waiting = sync?.waiting else { return }
        for other in waiting where dependencies[other]?.contains(name) == true && installed[name] == nil {
            sync?.waiting.removeAll { $0 == other }
            fail(other, "needs the package \"\(name)\", which could not be installed", dependencies: dependencies)
        }
    }

    private mutating func markFailed(_ name: String, _ reason: String) {
        statuses.packages[name]?.status = .installFailed
        statuses.packages[name]?.errorMessage = reason
        statuses.packages[name]?.downloadDetails = nil
    }

    private mutating func removeInstalled(_ name: String) {
        installed[name] = nil
        statuses.packages[name]?.agentHasVersion = ""
        statuses.packages[name]?.agentHasHash = []
    }

    /// The process went down during the work: a download starts again, an installation has failed and was restored.
    mutating func interrupted(dependencies: [String: [String]]) {
        switch sync?.step {
        case nil, .between: break
        case .downloading(let name, _, _, _), .fetching(let name, _):
            statuses.packages[name]?.status = .installPending
            statuses.packages[name]?.downloadDetails = nil
            sync?.waiting.insert(name, at: 0)
            sync?.step = .between
        case .installing(let name, _):
            fail(name, "the agent went down while it installed the package", dependencies: dependencies)
        }
    }

    /// The whole offer has been processed.
    /// - Returns: Whether everything of it is installed.
    mutating func finishSync() -> Bool {
        guard let work = sync else { return false }
        sync = nil
        if !work.hasFailures { completedHash = work.offer.allPackagesHash }
        return !work.hasFailures
    }

    /// Whether two agents that are done with their offers have the same and report the same.
    func hasSame(as other: PackageKeeper) -> Bool {
        statuses == other.statuses && installed == other.installed && completedHash == other.completedHash
            && fetches == other.fetches
    }

    /// The version of the agent itself, where a server's offer has changed it. Another one that is being installed, or
    /// that could not be, changes nothing of it.
    var offeredAgentVersion: String? {
        installed.values.first { $0.type == .topLevel && $0.isOffered }?.version
    }
}

/// In which order the packages of an offer are installed, and which cannot be.
struct InstallationOrder: Hashable, Sendable {
    /// Packages to install, what they need before them.
    private(set) var names: [String] = []
    /// Packages that cannot be installed, with the reason.
    private(set) var refused: OrderedDictionary<String, String> = [:]

    /// - Parameters:
    ///   - wanted: the packages to install.
    ///   - present: those that are installed already and stay.
    init(wanted: [String], present: Set<String>, dependencies: [String: [String]]) {
        let isWanted = Set(wanted)
        var done = present
        var left = wanted
        // Each round removes at least one package, so there are at most as many rounds as packages.
        while !left.isEmpty {
            var waiting: [String] = []
            for name in left {
                let needs = dependencies[name] ?? []
                if let missing = needs.first(where: { !done.contains($0) && !isWanted.contains($0) }) {
                    refused[name] = "needs the package \"\(missing)\", which is neither installed nor offered"
                } else if let broken = needs.first(where: { refused[$0] != nil }) {
                    refused[name] = "needs the package \"\(broken)\", which cannot be installed"
                } else if needs.allSatisfy(done.contains) {
                    names.append(name)
                    done.insert(name)
                } else {
                    waiting.append(name)
                }
            }
            guard waiting.count < left.count else {
                for name in waiting { refused[name] = "needs packages that need it" }
                break
            }
            left = waiting
        }
    }
}
