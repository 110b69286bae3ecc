import Basis

/// Which figures of cohorts are kept apart. Place 0 is of what belongs to no cohort.
enum CohortPlaces {
    /// So many cohorts have figures of their own; the later ones have one place together. A cohort costs a shard some
    /// 60 KiB.
    static let limit = 64

    /// How many places a run of so many cohorts needs: a run of one has none for it, because its figures are the run's.
    static func count(for cohorts: Int) -> Int {
        cohorts < 2 ? 1 : 1 + min(cohorts, limit) + (cohorts > limit ? 1 : 0)
    }
}

/// One `CounterTable` for each place, in one piece of memory.
struct CohortCounters: Sendable {
    private var values: [UInt64]
    let places: Int

    init(places: Int) {
        self.places = places
        values = [UInt64](repeating: 0, count: places * Self.width)
    }

    private static let width = Counter.allCases.count

    @inline(__always)
    mutating func count(_ counter: Counter, _ amount: UInt64, at place: Int) {
        values[place &* Self.width &+ counter.index] &+= amount
    }

    subscript(place: Int) -> CounterTable {
        CounterTable(values[place * Self.width..<(place + 1) * Self.width])
    }

    /// All places together.
    var total: CounterTable {
        (1..<places).reduce(into: self[0]) { $0.add(self[$1]) }
    }

    mutating func add(_ other: CohortCounters) {
        for index in values.indices { values[index] &+= other.values[index] }
    }

    mutating func reset() {
        for index in values.indices { values[index] = 0 }
    }
}

/// Response and service times by place; empty where there is only one.
struct CohortTimes: Sendable {
    private(set) var response: [CoarseHistogram]
    private(set) var service: [CoarseHistogram]

    init(places: Int) {
        let count = places > 1 ? places : 0
        response = (0..<count).map { _ in CoarseHistogram() }
        service = (0..<count).map { _ in CoarseHistogram() }
    }

    @inline(__always)
    mutating func record(_ measure: Measure, _ span: Nanoseconds, count: UInt64 = 1, at place: Int) {
        guard place > 0 else { return }
        switch measure {
        case .heartbeatResponse: response[place].record(span, count: count)
        case .heartbeatService: service[place].record(span, count: count)
        default: break
        }
    }

    mutating func add(_ other: CohortTimes) {
        for index in response.indices {
            response[index].add(other.response[index])
            service[index].add(other.service[index])
        }
    }

    mutating func reset() {
        for index in response.indices {
            response[index].reset()
            service[index].reset()
        }
    }
}
