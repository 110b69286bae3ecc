/// The agents that a rollout may reach: numbers from 0, with attributes in columns of one byte an agent.
public struct RolloutFleet: Hashable, Sendable {
    /// One attribute of all agents.
    public struct Column: Hashable, Sendable {
        public let name: String
        public let values: [String]
        /// For each agent, which of `values` it has.
        public let indexes: [UInt8]
    }

    /// The most values of one attribute; what exceeds them is one value, `otherValue`.
    public static let maxValues = 256
    /// The value that stands for all beyond the first 255.
    public static let otherValue = "(other)"

    /// The agents' numbers are below this.
    public let count: Int
    /// The numbers that exist, ascending; nil: all. What happens to an agent does not depend on which others exist.
    public private(set) var members: [UInt32]?
    public private(set) var columns: [Column] = []

    /// - Parameters:
    ///   - count: how many agents; their numbers are `0 ..< count`.
    ///   - members: those of them that exist; nil: all.
    public init(count: Int, members: [UInt32]? = nil) {
        self.count = max(count, 0)
        self.members = members.map { Set($0.filter { Int($0) < count }).sorted() }
    }

    /// The same fleet with only these agents.
    public func keeping(_ members: [UInt32]) -> RolloutFleet {
        var fleet = self
        fleet.members = Set(members.filter { Int($0) < count }).sorted()
        return fleet
    }

    /// Adds an attribute, or replaces the one of that name. Linear in the agents.
    /// - Parameters:
    ///   - values: the different values.
    ///   - index: which of `values` an agent has.
    public mutating func add(_ name: String, values: [String], index: (UInt32) -> Int) {
        var kept = values
        if values.count > Self.maxValues { kept = values.prefix(Self.maxValues - 1) + [Self.otherValue] }
        let last = max(kept.count - 1, 0)
        let indexes = (0..<UInt32(count)).map { UInt8(min(max(index($0), 0), last)) }
        columns.removeAll { $0.name == name }
        columns.append(Column(name: name, values: kept, indexes: indexes))
    }

    public func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The value of an agent's attribute; nil where the fleet has no such attribute.
    public func value(_ name: String, of agent: UInt32) -> String? {
        guard let column = column(name), column.indexes.indices.contains(Int(agent)) else { return nil }
        let index = Int(column.indexes[Int(agent)])
        return column.values.indices.contains(index) ? column.values[index] : nil
    }
}
