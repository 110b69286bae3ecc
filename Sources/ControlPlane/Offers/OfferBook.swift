internal import OpAMP

/// One offer and whom it is for.
public struct StandingOffer: Sendable {
    public let offer: Offer
    public let selection: Selection
    /// Whether it was taken back; agents then fall to the one before it that is meant for them.
    public internal(set) var isWithdrawn = false
}

/// Why an offer cannot be made. The caller is at fault.
public enum OfferError: Error, Hashable, Sendable {
    /// The server does not declare that it makes such offers; add the capability to the plan.
    case notDeclared(OfferKind)
    /// The message would be larger than the plan's limit.
    case tooLarge(byteCount: Int, limit: Int)
    /// So many offers of the kind stand that none can be forgotten; withdraw some.
    case tooManyStanding(limit: Int)
    /// No offer of this revision stands.
    case unknownRevision(OfferKind, UInt32)
}

extension OfferError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notDeclared(let kind): "the server does not declare that it offers \(kind); add it to its capabilities"
        case .tooLarge(let count, let limit):
            "the offer has \(count) bytes and \(limit) are allowed; offer less or raise the plan's message limit"
        case .tooManyStanding(let limit): "\(limit) offers stand already; withdraw some of them first"
        case .unknownRevision(let kind, let revision): "no offer of \(kind) has revision \(revision); see the history"
        }
    }
}

/// What is on offer, kind by kind, with the history of what was.
///
/// An offer stands until it is withdrawn: the latest one that is meant for an agent is the agent's. So an agent that
/// comes later, or comes back on another shard, gets what it should have without anybody remembering it.
struct OfferBook: Sendable {
    /// Offers of a kind that are remembered. Beyond them the oldest goes that no agent can be meant by any more: a rollout
    /// has a few stages, and nobody rolls back further than this.
    static let limit = 64

    private var books: [OfferKind: [StandingOffer]] = [:]
    /// Grows with every change, so that an agent which is up to date can be told from one that is not.
    private(set) var generation: UInt32 = 1

    /// All offers of the kind, oldest first, withdrawn ones included.
    func history(of kind: OfferKind) -> [StandingOffer] {
        books[kind] ?? []
    }

    var isEmpty: Bool { books.isEmpty }

    /// Puts an offer up.
    /// - Returns: Whether there was room.
    @discardableResult
    mutating func stand(_ offer: Offer, for selection: Selection) -> Bool {
        var book = books[offer.kind] ?? []
        if book.count >= Self.limit {
            let lastForAll = book.lastIndex { !$0.isWithdrawn && $0.selection == .all } ?? 0
            let idle = book.indices.first { book[$0].isWithdrawn || $0 < lastForAll }
            guard let idle else { return false }
            book.remove(at: idle)
        }
        book.append(StandingOffer(offer: offer, selection: selection))
        books[offer.kind] = book
        generation &+= 1
        return true
    }

    /// Takes back the offers with that revision.
    /// - Returns: Whether there were any.
    mutating func withdraw(_ kind: OfferKind, revision: UInt32) -> Bool {
        guard var book = books[kind] else { return false }
        var found = false
        for index in book.indices where book[index].offer.revision == revision && !book[index].isWithdrawn {
            book[index].isWithdrawn = true
            found = true
        }
        guard found else { return false }
        books[kind] = book
        generation &+= 1
        return true
    }

    /// The offer that is meant for the agent, if there is one.
    func current(_ kind: OfferKind, for uid: InstanceUID, label: (String) -> String?) -> Offer? {
        guard let book = books[kind] else { return nil }
        return book.last { !$0.isWithdrawn && $0.selection.contains(uid, label: label) }?.offer
    }
}
