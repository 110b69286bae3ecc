internal import OpAMP
internal import Synchronization

/// Which shard of a server has which agent, when there is more than one shard.
///
/// An established connection never moves, but an agent may come back on any shard, and a duplicate must be seen wherever
/// it shows up. The directory is asked only when an agent appears on a connection and told only when it leaves: one
/// short lock on one of many stripes. In between, the shard that owns an agent publishes its sequence number in the
/// agent's `AgentCell` and sees there whether another shard has taken the agent over, without any lock.
public final class AgentDirectory: Sendable {
    private let stripes: [Stripe]
    private let limitOfStripe: Int

    /// - Parameters:
    ///   - stripes: How many locks the agents are spread over; rounded up to a power of two, at most 4,096 or `limit`.
    ///   - limit: How many agents are remembered at most, within the unevenness of the stripes.
    public init(stripes: Int = 64, limit: Int = 4_000_000) {
        var count = 1
        while count < min(stripes, 4096), count * 2 <= limit { count *= 2 }
        self.stripes = (0..<count).map { _ in Stripe() }
        limitOfStripe = max(1, limit / count)
    }

    /// How many agents are known to all shards together. Takes every lock in turn.
    public var count: Int {
        stripes.reduce(0) { total, stripe in total + stripe.entries.withLock { $0.count } }
    }

    /// A shard's report of an agent that it does not own: whose is it now?
    func claim(_ uid: InstanceUID, shard: UInt16, sequenceNumber: UInt64) -> Claim {
        stripe(of: uid).entries.withLock { entries in
            guard let entry = entries[uid] else {
                guard entries.count < limitOfStripe else { return .full }
                let cell = AgentCell(owner: shard, sequenceNumber: sequenceNumber)
                entries[uid] = Entry(cell: cell, record: nil)
                return .fresh(cell)
            }
            let owner = entry.cell.owner
            guard owner != AgentCell.nobody else {
                entry.cell.take(by: shard)
                entries[uid] = Entry(cell: entry.cell, record: nil)
                return .returned(entry.record?.value, entry.cell)
            }
            guard owner != shard, sequenceNumber > entry.cell.sequenceNumber else { return .held }
            entry.cell.take(by: shard)
            entries[uid] = Entry(cell: entry.cell, record: nil)
            return .taken(entry.cell)
        }
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
            entries[record.uid] = Entry(cell: cell, record: RecordBox(free))
        }
    }

    private func stripe(of uid: InstanceUID) -> Stripe {
        // The last bytes of a version 7 UUID are random; sequential test uids differ in them too.
        let mixed = (uid.low ^ uid.high) &* 0x9E37_79B9_7F4A_7C15
        return stripes[Int(truncatingIfNeeded: mixed >> 32) & (stripes.count - 1)]
    }

    private final class Stripe: Sendable {
        let entries = Mutex<[InstanceUID: Entry]>([:])
    }

    private struct Entry: Sendable {
        var cell: AgentCell
        var record: RecordBox?
    }

    private final class RecordBox: Sendable {
        let value: AgentRecord

        init(_ value: AgentRecord) {
            self.value = value
        }
    }
}

/// What a shard learns when it claims an agent.
enum Claim {
    /// Nobody knew it; the shard has it now.
    case fresh(AgentCell)
    /// It was known and on no connection; the shard has it now, with what is remembered of it.
    case returned(AgentRecord?, AgentCell)
    /// Another shard still has a connection of it, but this report is newer: the shard has it now, and must ask for its state.
    case taken(AgentCell)
    /// Another live connection has it, and this report is not newer: a duplicate.
    case held
    /// Nobody knew it, and no more can be remembered.
    case full
}

/// What shards share of one agent: who owns it, and how far its sequence number has come.
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
