import OpAMP

/// The packages of an agent of a simulated fleet: a record does not hold them, its host keeps them once for all agents
/// that have the same.
extension Agent {
    /// The agent's packages, while no offer is being processed; nil: they are those that came with the machine, or one
    /// is.
    var settledPackages: SettledPackages? {
        guard case .shared(let settled)? = extended?.value.packages else { return nil }
        return settled
    }

    /// The agent has these packages; nil: those that came with the machine.
    mutating func hold(_ packages: SettledPackages?) {
        withExtendedState { $0.packages = packages.map { .shared($0) } }
    }

    /// How far the agent is with the packages that its server offers.
    package var packageProgress: PackageProgress { PackageProgress(packages) }
}

extension SettledPackages {
    package var progress: PackageProgress { PackageProgress(keeper) }

    /// Whether two agents with these packages cannot be told apart by them.
    package func isSame(as other: SettledPackages) -> Bool {
        self === other || keeper.hasSame(as: other.keeper)
    }
}

/// How far an agent is with the packages that its server offers, by the numbers of the offers.
package struct PackageProgress: Hashable, Sendable {
    /// The offer that was begun last; 0: none.
    package let offered: UInt8
    /// The last one of which everything was installed; 0: none.
    package let installed: UInt8
    /// What is done about it now.
    package let step: Step

    package enum Step: UInt8, Sendable { case idle, between, downloading, installing }

    fileprivate init(_ keeper: PackageKeeper?) {
        offered = UInt8(truncatingIfNeeded: keeper?.statuses.serverProvidedAllPackagesHash.offerNumber ?? 0)
        installed = UInt8(truncatingIfNeeded: keeper?.completedHash.offerNumber ?? 0)
        switch keeper?.sync?.step {
        case nil: step = .idle
        case .between: step = .between
        case .downloading, .fetching: step = .downloading
        case .installing: step = .installing
        }
    }
}
