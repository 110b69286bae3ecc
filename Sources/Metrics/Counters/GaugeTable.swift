public import AgentModel

/// How many agents are in each of some classes; also the change of that over an interval, where a figure may be
/// negative.
///
/// The classes' raw values count up from 0.
public struct GaugeTable<Class: CaseIterable & RawRepresentable<Int>>: Hashable, Sendable {
    private var values: [Int]

    public init() {
        values = [Int](repeating: 0, count: Class.allCases.count)
    }

    public subscript(place: Class) -> Int {
        get { values[place.rawValue] }
        set { values[place.rawValue] = newValue }
    }

    /// All agents of all classes.
    public var total: Int { values.reduce(0, +) }

    mutating func add(_ other: GaugeTable) {
        for index in values.indices { values[index] += other.values[index] }
    }

    /// Keeps of each class the greater figure.
    mutating func raise(to other: GaugeTable) {
        for index in values.indices { values[index] = max(values[index], other.values[index]) }
    }

    mutating func reset() {
        for index in values.indices { values[index] = 0 }
    }
}

/// How many agents are in each state of their life; every agent is in exactly one.
public typealias StateTable = GaugeTable<AgentState>

extension StateTable {
    /// Agents with a connection that is open and not being closed.
    public var online: Int { AgentState.allCases.reduce(0) { $1.isOnline ? $0 + self[$1] : $0 } }
}

extension AgentState {
    /// The name in files and machine output: stable from release to release.
    public var key: String { name.replacing(" ", with: "_") }
}

/// What agents last reported of their health. An agent that has reported none is in none of the classes; one that has
/// left stays where it was.
public typealias HealthTable = GaugeTable<HealthGrade>

extension HealthTable {
    /// Agents with at least one component that is not healthy.
    public var notHealthy: Int { self[.degraded] + self[.unhealthy] }
}
