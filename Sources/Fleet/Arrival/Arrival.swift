public import Basis

/// When the agents of a fleet start, one after another in the order of their index.
public enum Arrival: Hashable, Sendable {
    /// All at the run's start.
    case allAtOnce
    /// Evenly over a time.
    case ramp(over: Nanoseconds)
    /// At random, with this many a second on average: a Poisson process, so that now and then many come together.
    case poisson(perSecond: Double)
    /// As a Poisson process that does not end: agents live for a while, and others come.
    case endless(perSecond: Double)
    /// One stage after another; never empty.
    case stages([ArrivalStage])
}

/// A part of an arrival.
public enum ArrivalStage: Hashable, Sendable {
    /// Open form: agents arrive at a rate that goes evenly from one figure to another. As the last stage it goes on at
    /// its last rate until the fleet is complete.
    case rate(from: Double, to: Double, length: Nanoseconds)
    /// Closed form: at the end of the stage this many agents have arrived in all.
    case population(PopulationTarget, length: Nanoseconds)
    /// Nobody arrives.
    case hold(length: Nanoseconds)

    /// How long the stage takes.
    public var length: Nanoseconds {
        switch self {
        case .rate(_, _, let length), .population(_, let length), .hold(let length): return length
        }
    }
}

/// A part of the fleet, counted from its first agent.
public enum PopulationTarget: Hashable, Sendable {
    case agents(Int)
    /// Of the fleet: it moves along when the number of agents is changed.
    case share(Double)

    /// The number of agents in a fleet of `fleet`, at most all of it.
    public func count(of fleet: Int) -> Int {
        switch self {
        case .agents(let count): return min(count, fleet)
        case .share(let share): return Int((Double(fleet) * share).rounded())
        }
    }
}
