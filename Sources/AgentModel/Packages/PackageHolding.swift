import Basis
import OpAMP

/// The packages of an agent: its own record while it works on them, and afterwards one shared by all agents that have
/// the same packages, until a further offer makes a difference.
enum PackageHolding {
    case own(Boxed<PackageKeeper>)
    case shared(SettledPackages)

    var keeper: PackageKeeper {
        switch self {
        case .own(let box): return box.value
        case .shared(let settled): return settled.keeper
        }
    }

    /// When something of it next falls due; never where nothing is under way.
    var nextDeadline: Instant {
        switch self {
        case .own(let box): return box.value.nextDeadline
        case .shared: return .distantFuture
        }
    }

    /// Whether an offer is being processed.
    var isWorking: Bool {
        switch self {
        case .own(let box): return box.value.sync != nil
        case .shared: return false
        }
    }
}

/// The packages of agents that have nothing to do about them.
package final class SettledPackages: Sendable {
    let keeper: PackageKeeper

    init(_ keeper: PackageKeeper) {
        self.keeper = keeper
    }
}

/// What the agents of a shard have come to by their offers: a fleet of thousands comes to a few things, each kept once.
/// Part of the effects, because those belong to the shard; it knows nothing that an agent could observe.
struct PackageCache: Sendable {
    /// Rollouts have a few versions at a time, each with a few ways to fail. What was pushed out is only not shared any
    /// more.
    static let limit = 32

    private var cache: [SettledPackages] = []
    private var offers: [PackagesAvailable] = []

    /// The same offer as another agent of the shard got it, where one has: hashes, addresses and names are kept once
    /// then, also while thousands work on it.
    mutating func offer(_ offer: PackagesAvailable) -> PackagesAvailable {
        if let known = offers.first(where: { $0 == offer }) { return known }
        if offers.count == Self.limit { offers.removeFirst() }
        offers.append(offer)
        return offer
    }

    /// - Parameter keeper: of an agent that is done with its offer.
    mutating func settled(_ keeper: PackageKeeper) -> SettledPackages {
        if let known = cache.first(where: { $0.keeper.hasSame(as: keeper) }) { return known }
        let settled = SettledPackages(keeper)
        if cache.count == Self.limit { cache.removeFirst() }
        cache.append(settled)
        return settled
    }
}
