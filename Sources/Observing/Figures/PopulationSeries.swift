public import Basis

/// How many agents came and left in each step of a watch. The steps become twice as long whenever there would be more
/// than `limit`, so that a watch of weeks takes no more memory than one of minutes.
public struct PopulationSeries: Equatable, Sendable {
    /// What happened in one step.
    public struct Step: Equatable, Sendable {
        public var came = 0
        public var left = 0
    }

    /// The limit of steps.
    public static let limit = 1_024

    /// When the first step begins.
    public let start: Instant
    /// The length of a step.
    public private(set) var width = Nanoseconds.milliseconds(500)
    public private(set) var steps: [Step] = []

    public init(start: Instant) {
        self.start = start
    }

    mutating func came(at time: Instant) { steps[index(of: time)].came += 1 }

    mutating func left(at time: Instant) { steps[index(of: time)].left += 1 }

    /// Takes back that an agent came at that time.
    mutating func didNotCome(at time: Instant) { steps[index(of: time)].came -= 1 }

    /// Reaches to `time`, also where nothing has happened.
    mutating func reach(_ time: Instant) { _ = index(of: time) }

    /// How many agents there were at the end of each step.
    public var counts: [Int] {
        var count = 0
        return steps.map { step in
            count += step.came - step.left
            return count
        }
    }

    /// The step that a time falls into, made where there is none yet. Linear only where the steps are lengthened.
    private mutating func index(of time: Instant) -> Int {
        var index = place(of: time)
        while index >= Self.limit {
            lengthen()
            index = place(of: time)
        }
        if index >= steps.count { steps += Array(repeating: Step(), count: index + 1 - steps.count) }
        return index
    }

    private func place(of time: Instant) -> Int {
        max(Int(clamping: (time - start).count / width.count), 0)
    }

    private mutating func lengthen() {
        width = width * 2
        steps = stride(from: 0, to: steps.count, by: 2).map { first in
            steps[first..<min(first + 2, steps.count)].reduce(into: Step()) { sum, step in
                sum.came += step.came
                sum.left += step.left
            }
        }
    }
}
