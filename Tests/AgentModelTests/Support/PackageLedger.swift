import OpAMP
import OrderedCollections

@testable import AgentModel

/// Watches what an agent says of its packages, and holds it against the offers and the machine: nothing is named that
/// is neither there nor worked on, and what is there was offered, or came with the machine.
struct PackageLedger {
    /// What was broken, in words.
    private(set) var problems: [String] = []
    /// So many packages were reported as installed.
    private(set) var installed = 0
    private let local: Set<String>
    /// The hashes that were offered for each name, by the hash of the offer.
    private var offers: [[UInt8]: [String: Set<[UInt8]>]] = [:]
    private var reportsSeen = 0

    init(local: [String]) {
        self.local = Set(local)
    }

    mutating func received(_ offer: PackagesAvailable) {
        for (name, package) in offer.packages {
            offers[offer.allPackagesHash, default: [:]][name, default: []].insert(package.hash)
        }
        // An offer of nothing is an offer too.
        offers[offer.allPackagesHash, default: [:]] = offers[offer.allPackagesHash, default: [:]]
    }

    /// Takes in all that has been reported since the last time.
    mutating func follow(_ script: AgentScript) {
        for sent in script.allSent[reportsSeen...] {
            guard let statuses = sent.report.packageStatuses else { continue }
            for (name, status) in statuses.packages {
                check(
                    name, status, statuses.serverProvidedAllPackagesHash, "#\(sent.report.sequenceNumber) \"\(name)\"")
            }
        }
        reportsSeen = script.allSent.count
    }

    private mutating func check(_ name: String, _ status: PackageStatus, _ hash: [UInt8], _ place: String) {
        let offered = offers[hash]?[name] ?? []
        let isLocal = hash.isEmpty && local.contains(name)
        if offered.isEmpty, !isLocal { problems.append("\(place) is neither of the offer nor of the machine") }
        if !status.serverOfferedHash.isEmpty, !offered.contains(status.serverOfferedHash) {
            problems.append("\(place) was not offered with that hash")
        }
        let everOffered = offers.values.contains { $0[name]?.contains(status.agentHasHash) == true }
        if !status.agentHasHash.isEmpty, !everOffered, !local.contains(name) {
            problems.append("\(place) is there and was never offered")
        }
        switch status.status {
        case .installed:
            installed += 1
            if status.agentHasHash.isEmpty { problems.append("\(place) is installed and not there") }
        case .downloading, .installing, .installPending:
            if status.agentHasHash == status.serverOfferedHash { problems.append("\(place) is there and worked on") }
        case .installFailed, .unrecognized:
            break
        }
    }
}
