import AgentModel
import Basis
import OpAMP
import OrderedCollections

/// What the agents of a part have come to by the packages that they were offered, each once: an agent has the place of
/// its own.
struct PackageStates {
    struct State {
        /// Nil: what came with the machine, or an offer is being processed.
        let settled: SettledPackages?
        /// The entry of the offer that was begun last, and of the last one that was installed.
        let offered: UInt8
        let installed: UInt8
    }

    private(set) var list = [State(settled: nil, offered: 1, installed: 1)]
    private var placesOf: [UInt16: [UInt16]] = [:]
    private var settledCount = 0

    /// Pairs of entries are fewer than 65,026, so that they have places beside these.
    private static let settledLimit = 500

    /// The place of an agent that processes an offer.
    mutating func place(of progress: PackageProgress) -> UInt16 { place(of: progress, nil) ?? 0 }

    /// The place of an agent that has these; nil: there is none left.
    mutating func place(of settled: SettledPackages) -> UInt16? { place(of: settled.progress, settled) }

    private mutating func place(of progress: PackageProgress, _ settled: SettledPackages?) -> UInt16? {
        // What came with the machine is the first entry.
        let (offered, installed) = (max(progress.offered, 1), max(progress.installed, 1))
        let pair = UInt16(offered) << 8 | UInt16(installed)
        let known = placesOf[pair]?.first { place in
            guard let other = list[Int(place)].settled else { return settled == nil }
            return settled.map { $0.isSame(as: other) } ?? false
        }
        if let known { return known }
        if settled != nil {
            guard settledCount < Self.settledLimit else { return nil }
            settledCount += 1
        }
        let place = UInt16(list.count)
        list.append(State(settled: settled, offered: offered, installed: installed))
        placesOf[pair, default: []].append(place)
        return place
    }
}

/// The offers of packages, one for each entry of the table of revisions.
enum PackageOffers {
    private static let name = "collector"

    static var installed: [PackagePlan.LocalPackage] {
        [PackagePlan.LocalPackage(name: name, version: version(of: 0))]
    }

    private static func version(of revision: UInt16) -> String { "1.\(revision).0" }

    static func offer(entry: UInt8, revision: UInt16, from capabilities: ServerCapabilities) -> ServerToAgent {
        let version = version(of: revision)
        // As the agents have it for what came with the machine, so that the former version is the same package.
        let hash = FNV1a.fingerprint(Array("\(name)@\(version)".utf8))
        let file = DownloadableFile(
            downloadURL: "https://packages.example.org/\(name)-\(version)", contentHash: hash)
        let package = PackageAvailable(version: version, file: file, hash: hash)
        return ServerToAgent(
            packagesAvailable: PackagesAvailable(
                packages: [name: package], allPackagesHash: [0, 0, 0, 0, 0, 0, 0, entry]),
            capabilities: capabilities)
    }
}
