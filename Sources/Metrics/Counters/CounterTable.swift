/// One number for each `Counter`: of an interval, a phase or a whole run.
public struct CounterTable: Hashable, Sendable {
    private var values: [UInt64]

    public init() {
        values = [UInt64](repeating: 0, count: Counter.allCases.count)
    }

    /// - Parameter values: one for each counter, in the order of the table.
    init(_ values: ArraySlice<UInt64>) {
        self.values = Array(values)
    }

    public subscript(counter: Counter) -> UInt64 {
        get { values[counter.index] }
        set { values[counter.index] = newValue }
    }

    /// Reports of every kind that were sent.
    public var reportsSent: UInt64 { sum(of: .reports) }

    /// The share of the heartbeats that were due which were answered in time, 0...1. What the run itself cut short or
    /// skipped says nothing about the server and does not count; 0 where none was due.
    public var availability: Double {
        let own = self[.heartbeatsCut] + self[.skippedHeartbeats]
        let due = self[.heartbeatsDue] - min(own, self[.heartbeatsDue])
        return due > 0 ? Double(self[.heartbeatsAnsweredInTime]) / Double(due) : 0
    }

    /// All errors, of the network, the server and the tool.
    public var errors: UInt64 { Counter.errors.reduce(0) { $0 &+ self[$1] } }

    /// The sum over one family.
    public func sum(of family: Counter.Family) -> UInt64 {
        Counter.allCases.reduce(0) { $1.family == family ? $0 &+ self[$1] : $0 }
    }

    /// Adds `amount` to one counter. O(1), no allocation.
    @inline(__always)
    mutating func count(_ counter: Counter, _ amount: UInt64) {
        values[counter.index] &+= amount
    }

    mutating func add(_ other: CounterTable) {
        for index in values.indices { values[index] &+= other.values[index] }
    }

    mutating func reset() {
        for index in values.indices { values[index] = 0 }
    }
}

/// Events without a counter of their own (a close code, an anomaly of an agent), counted by name and bounded in number.
public struct NamedCounters: Hashable, Sendable {
    /// How many names are kept apart. A faulty server may produce any number of names; the table must not grow with
    /// them.
    public static let capacity = 64

    /// Under which name everything beyond the capacity is counted.
    public static let overflowName = "other_names"

    private var values: [String: UInt64] = [:]

    public init() {}

    /// Adds `amount` to the counter `name`: a dictionary look-up, so for rare events only.
    public mutating func count(_ name: String, _ amount: UInt64 = 1) {
        let known = values[name] != nil || values.count < Self.capacity
        values[known ? name : Self.overflowName, default: 0] &+= amount
    }

    /// The names and their counts, by name.
    public var sorted: [(name: String, count: UInt64)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    public subscript(name: String) -> UInt64 { values[name] ?? 0 }

    public var isEmpty: Bool { values.isEmpty }

    mutating func add(_ other: NamedCounters) {
        guard !other.isEmpty else { return }
        for (name, count) in other.sorted { self.count(name, count) }
    }

    mutating func reset() {
        if !values.isEmpty { values.removeAll(keepingCapacity: true) }
    }
}
