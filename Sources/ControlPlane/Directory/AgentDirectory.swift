public import Basis
internal import OpAMP
internal import Synchronization

/// Which shard of a server has which agent, when there is more than one shard.
///
/// An established connection never moves, but an agent may reconnect on any shard, and a duplicate must be detected on
/// all shards. The directory is used only when an agent appears on a connection and when it leaves: one short lock on
/// one of many stripes. In between, the shard that owns an agent publishes its sequence number in the agent's
/// `AgentCell` and reads there whether the agent has moved to another shard, without any lock.
public final class AgentDirectory: Sendable {
    private let stripes: [Stripe]
    private let limitOfStripe: Int
    private let forgetsAfter: Nanoseconds

    /// - Parameters:
    ///   - stripes: How many locks the agents are spread over; rounded up to a power of two, at most 4,096 or `limit`.
    ///   - limit: How many agents are remembered at most, within the unevenness of the stripes.
    ///   - forgetsAfter: As `ServerPlan.forgetsAfter`.
    public init(stripes: Int = 64, limit: Int = 1_000_000, forgetsAfter: Nanoseconds = .seconds(3_600)) {
        self.forgetsAfter = forgetsAfter
        var count = 1
        while count < min(stripes, 4096), count * 2 <= limit { count *= 2 }
        self.stripes = (0..<count).map { _ in Stripe() }
        limitOfStripe = max(1, limit / count)
    }

    /// How many agents are known to all shards together. Takes every lock in turn.
    public var count: Int {
        stripes.reduce(0) { total, stripe in total + stripe.entries.withLock { $0.agents.count } }
    }

    /// A shard's report of an agent that it does not own: whose is it now?
    /// - Parameter forgotten: Grows by the agents that were forgotten to make room.
    func claim(
        _ uid: InstanceUID, shard: UInt16, sequenceNumber: UInt64, at now: Instant, forgotten: inout UInt64
    ) -> Claim {
        let stripe = stripe(of: uid)
        let (claim, count) = stripe.entries.withLock { entries -> (Claim, UInt64) in
            var count: UInt64 = 0
            if entries.agents[uid] == nil {
                count = entries.forgetGone(before: now - forgetsAfter)
                if entries.agents.count >= limitOfStripe, entries.forgetOldest() { count += 1 }
            }
            return (self.claim(uid, shard, sequenceNumber, in: &entries), count)
        }
        forgotten &+= count
        return claim
    }

    private func claim(
        _ uid: InstanceUID, _ shard: UInt16, _ sequenceNumber: UInt64, in entries: inout Entries
    ) -> Claim {
        guard let entry = entries.agents[uid] else {
            guard entries.agents.count < limitOfStripe else { return .full }
            let cell = AgentCell(owner: shard, sequenceNumber: sequenceNumber)
            entries.insert(uid, cell)
            return .fresh(cell)
        }
        let owner = entry.cell.owner
        guard owner != AgentCell.nobody else {
            entry.cell.take(by: shard)
            entries.agents[uid]?.record = nil
            return .returned(entry.record?.value, entry.cell)
        }
        guard owner != shard, sequenceNumber > entry.cell.sequenceNumber else { return .held }
        entry.cell.take(by: shard)
        entries.agents[uid]?.record = nil
        return .taken(entry.cell)
    }

    /// The agent has left the shard's connection; its record waits here for whoever sees it next. Ignored when another
    /// shard has taken it over.
    func release(_ record: AgentRecord, shard: UInt16) {
        guard let cell = record.cell else { return }
        stripe(of: record.uid).entries.withLock { entries in
            guard cell.owner == shard else { return }
            var free = record
            free.cell = nil
            cell.take(by: AgentCell.nobody)
            entries.agents[record.uid]?.record = RecordBox(free)
        }
    }

    private func stripe(of uid: InstanceUID) -> Stripe {
        // The last bytes of a version 7 UUID are random; sequential test uids differ in them too.
        let mixed = (uid.low ^ uid.high) &* 0x9E37_79B9_7F4A_7C15
        return stripes[Int(truncatingIfNeeded: mixed >> 32) & (stripes.count - 1)]
    }

    private final class Stripe: Sendable {
        let entries = Mutex(Entries())
    }

    private struct Entry: Sendable {
        var cell: AgentCell
        /// What is remembered while no shard has the agent.
        var record: RecordBox?
        /// Where its uid is in `Entries.uids`.
        var place: Int
    }

    /// The agents of a stripe, and their uids in an array, so that some of them can be looked at in turn.
    private struct Entries: Sendable {
        var agents: [InstanceUID: Entry] = [:]
        private var uids: [InstanceUID] = []
        private var next = 0

        mutating func insert(_ uid: InstanceUID, _ cell: AgentCell) {
            agents[uid] = Entry(cell: cell, record: nil, place: uids.count)
            uids.append(uid)
        }

        private mutating func remove(_ uid: InstanceUID) {
            guard let place = agents.removeValue(forKey: uid)?.place, let last = uids.popLast(), last != uid else {
                return
            }
            uids[place] = last
            agents[last]?.place = place
        }

        /// The next agent in turn that no shard has, where it is one, and when it sent its last report.
        private mutating func nextGone() -> (uid: InstanceUID, lastReport: Instant)? {
            guard !uids.isEmpty else { return nil }
            next = next + 1 < uids.count ? next + 1 : 0
            let uid = uids[next]
            guard let entry = agents[uid], entry.cell.owner == AgentCell.nobody, let record = entry.record else {
                return nil
            }
            return (uid, record.value.lastReport)
        }

        /// Looks at a few agents and forgets those whose last report is older.
        /// - Returns: How many.
        mutating func forgetGone(before instant: Instant) -> UInt64 {
            var count: UInt64 = 0
            for _ in 0..<4 {
                guard let (uid, lastReport) = nextGone(), lastReport < instant else { continue }
                remove(uid)
                count += 1
            }
            return count
        }

        /// Looks at some agents and forgets the one that has sent no report for longest.
        /// - Returns: Whether there was one.
        mutating func forgetOldest() -> Bool {
            var oldest: (uid: InstanceUID, lastReport: Instant)?
            for _ in 0..<64 {
                guard let gone = nextGone() else { continue }
                if let other = oldest, other.lastReport <= gone.lastReport { continue }
                oldest = gone
            }
            guard let oldest else { return false }
            remove(oldest.uid)
            return true
        }
    }

    private final class RecordBox: Sendable {
        let value: AgentRecord

        init(_ value: AgentRecord) {
            self.value = value
        }
    }
}

/// The result of a shard's claim of an agent.
enum Claim {
    /// Nobody knew it; the shard has it now.
    case fresh(AgentCell)
    /// It was known and on no connection; the shard has it now, with what is remembered of it.
    case returned(AgentRecord?, AgentCell)
    /// Another shard still has a connection of it, but this report is newer: the shard has it now, and must ask for its
    /// state.
    case taken(AgentCell)
    /// Another live connection has it, and this report is not newer: a duplicate.
    case held
    /// Nobody knew it, and no more can be remembered.
    case full
}

/// The state of one agent that shards share: its owner, and its last sequence number.
final class AgentCell: Sendable {
    static let nobody = UInt16.max

    private let ownerWord: Atomic<UInt16>
    private let sequenceWord: Atomic<UInt64>

    init(owner: UInt16, sequenceNumber: UInt64) {
        ownerWord = Atomic(owner)
        sequenceWord = Atomic(sequenceNumber)
    }

    /// The shard that owns the agent. A single load; another shard may take the agent right after.
    var owner: UInt16 { ownerWord.load(ordering: .relaxed) }

    /// The number of the last report that the owner took in.
    var sequenceNumber: UInt64 { sequenceWord.load(ordering: .relaxed) }

    /// Only under the directory's lock.
    func take(by shard: UInt16) {
        ownerWord.store(shard, ordering: .relaxed)
    }

    /// Only by the owner.
    func publish(_ sequenceNumber: UInt64) {
        sequenceWord.store(sequenceNumber, ordering: .relaxed)
    }
}
