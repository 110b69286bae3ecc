public import OpAMP

/// An offer and the agents that it is for.
public struct TargetedOffer: Sendable {
    public let offer: Offer
    public internal(set) var selection: Selection
    /// Whether it was withdrawn; its agents then get the latest one before it that is for them.
    public internal(set) var isWithdrawn = false
}

/// Why an offer cannot be made. The caller is at fault.
public enum OfferError: Error, Hashable, Sendable {
    /// The server does not declare that it makes such offers; add the capability to the plan.
    case notDeclared(OfferKind)
    /// The message would be larger than the plan's limit.
    case tooLarge(byteCount: Int, limit: Int)
    /// The limit of offers in force is reached; withdraw some.
    case tooMany(limit: Int)
    /// No offer of this revision is in force.
    case unknownRevision(OfferKind, UInt32)
}

extension OfferError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notDeclared(let kind): "the server does not declare that it offers \(kind); add it to its capabilities"
        case .tooLarge(let count, let limit):
            "the offer has \(count) bytes and \(limit) are allowed; offer less or raise the plan's message limit"
        case .tooMany(let limit): "\(limit) offers are in force already; withdraw some of them first"
        case .unknownRevision(let kind, let revision): "no offer of \(kind) has revision \(revision); see the history"
        }
    }
}

/// The present offers of each kind, with the history of former ones.
///
/// An offer is in force until it is withdrawn: an agent gets the latest one that is for it. So an agent that connects
/// later, or reconnects on another shard, gets what it should have without any record of it.
struct OfferBook: Sendable {
    /// Offers of a kind that are remembered. Beyond them the oldest goes that no agent can be meant by any more: a
    /// rollout has a few stages, and nobody rolls back further than this.
    static let limit = 64

    private var entries: [OfferKind: [TargetedOffer]] = [:]
    /// What agents get that no offer is for.
    private(set) var standing: StandingOffers?
    /// Grows with every change, so that agents that are up to date can be distinguished from others.
    private(set) var generation: UInt32 = 1

    /// All offers of the kind, oldest first, withdrawn ones included.
    func history(of kind: OfferKind) -> [TargetedOffer] {
        entries[kind] ?? []
    }

    var isEmpty: Bool { entries.isEmpty && standing == nil }

    /// Replaces what agents get that no offer is for.
    mutating func stand(_ standing: StandingOffers) {
        self.standing = standing
        generation &+= 1
    }

    /// Adds an offer.
    /// - Returns: Whether the limit allowed it.
    @discardableResult
    mutating func add(_ offer: Offer, for selection: Selection) -> Bool {
        var offers = entries[offer.kind] ?? []
        if offers.count >= Self.limit {
            let lastForAll = offers.lastIndex { !$0.isWithdrawn && $0.selection == .all } ?? 0
            let idle = offers.indices.first { offers[$0].isWithdrawn || $0 < lastForAll }
            guard let idle else { return false }
            offers.remove(at: idle)
        }
        offers.append(TargetedOffer(offer: offer, selection: selection))
        entries[offer.kind] = offers
        generation &+= 1
        return true
    }

    /// Withdraws the offers with that revision.
    /// - Returns: Whether there were any.
    mutating func withdraw(_ kind: OfferKind, revision: UInt32) -> Bool {
        guard var offers = entries[kind] else { return false }
        var found = false
        for index in offers.indices where offers[index].offer.revision == revision && !offers[index].isWithdrawn {
            offers[index].isWithdrawn = true
            found = true
        }
        guard found else { return false }
        entries[kind] = offers
        generation &+= 1
        return true
    }

    /// Adds agents to the selection of the offer in force with that revision, and takes some from it.
    /// - Returns: Whether there is such an offer, for agents by uid.
    mutating func retarget(
        _ kind: OfferKind, revision: UInt32, adding added: [InstanceUID], removing removed: [InstanceUID]
    ) -> Bool {
        let place = entries[kind]?.lastIndex { $0.offer.revision == revision && !$0.isWithdrawn }
        guard let place, case .agents(var uids)? = entries[kind]?[place].selection else { return false }
        // Not a second reference to the set while it changes.
        entries[kind]?[place].selection = .all
        uids.formUnion(added)
        uids.subtract(removed)
        entries[kind]?[place].selection = .agents(uids)
        generation &+= 1
        return true
    }

    /// The offer that is meant for the agent, if there is one.
    func current(_ kind: OfferKind, for uid: InstanceUID, label: (String) -> String?) -> Offer? {
        let made = entries[kind]?.last { !$0.isWithdrawn && $0.selection.contains(uid, label: label) }?.offer
        return made ?? standing?.offer(kind, for: uid, label: label)
    }
}
