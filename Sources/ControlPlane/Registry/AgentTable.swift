internal import OpAMP

/// The agents of a shard: by index, by instance uid, and in a linked list for each connection.
///
/// Everything on the path of a report is O(1): a gateway may have thousands of agents on one connection.
struct AgentTable {
    /// Stands for "no agent" and "no connection".
    static let none = -1

    var records: [AgentRecord] = []
    private var indices: [InstanceUID: Int] = [:]
    private var vacant: [Int] = []
    /// Where `nextPlace` is.
    private var place = 0

    /// How many agents are in the table.
    var count: Int { indices.count }

    /// One more than the largest index in use; vacant places below it have no uid in `index(of:)`.
    var bound: Int { records.count }

    func index(of uid: InstanceUID) -> Int? {
        indices[uid]
    }

    var uids: [InstanceUID] { Array(indices.keys) }

    /// Whether the place holds an agent now.
    func isOccupied(_ index: Int) -> Bool {
        indices[records[index].uid] == index
    }

    /// A place in the table, another one at each call, all in turn; nil in an empty table.
    mutating func nextPlace() -> Int? {
        guard !records.isEmpty else { return nil }
        place = place + 1 < records.count ? place + 1 : 0
        return place
    }

    /// Puts in an agent whose uid is not in the table yet.
    mutating func insert(_ record: AgentRecord) -> Int {
        let index: Int
        if let place = vacant.popLast() {
            index = place
            records[place] = record
        } else {
            index = records.count
            records.append(record)
        }
        indices[record.uid] = index
        return index
    }

    /// Takes an unbound agent out.
    mutating func remove(_ index: Int) -> AgentRecord {
        let record = records[index]
        indices[record.uid] = nil
        records[index].cell = nil
        records[index].labels = nil
        records[index].customCapabilities = nil
        records[index].certificate = nil
        vacant.append(index)
        return record
    }

    /// Adds an unbound agent to the list that starts at `head`.
    mutating func link(_ index: Int, to slot: Int, head: inout Int) {
        records[index].connection = slot
        records[index].previous = Self.none
        records[index].next = head
        if head != Self.none { records[head].previous = index }
        head = index
    }

    /// Takes a bound agent from the list that starts at `head`.
    mutating func unlink(_ index: Int, head: inout Int) {
        let (previous, next) = (records[index].previous, records[index].next)
        if previous == Self.none { head = next } else { records[previous].next = next }
        if next != Self.none { records[next].previous = previous }
        records[index].connection = Self.none
        records[index].next = Self.none
        records[index].previous = Self.none
    }
}
