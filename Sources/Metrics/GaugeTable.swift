/// How many agents are in each of some classes; also the change of that over an interval, where a figure may be negative.
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

    /// All agents, whatever their class.
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
