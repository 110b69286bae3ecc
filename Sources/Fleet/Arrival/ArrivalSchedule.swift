public import Basis

/// When agent i of a fleet starts: a pure function of the index, so that any shard or process can ask for its own
/// agents.
///
/// Agents start in the order of their index. A question costs no memory and at most the logarithm of the number of
/// stages (ramp, stages) or of the index (Poisson) in time. A small value; every shard takes a copy.
public struct ArrivalSchedule: Sendable {
    /// How many agents there are.
    public let agents: Int
    /// How many of them the stages never bring; 0 in a profile that was read well.
    public let shortfall: Int
    /// Whether agents come as long as the run lasts.
    public private(set) var isEndless = false
    private let form: Form

    private enum Form: Sendable {
        case allAtOnce
        /// Seconds between two agents.
        case ramp(gap: Double)
        case poisson(PoissonProcess)
        case stages([ArrivalSegment])
    }

    public init(_ profile: Profile) {
        self.init(profile.arrival, agents: profile.agents, seed: profile.seed)
        if case .endless = profile.arrival { isEndless = true }
    }

    /// - Parameter seed: the run's; only a Poisson process draws from it.
    public init(_ arrival: Arrival, agents: Int, seed: UInt64) {
        self.agents = max(agents, 0)
        switch arrival {
        case .allAtOnce:
            form = .allAtOnce
            shortfall = 0
        case .ramp(let span):
            form = .ramp(gap: span.seconds / Double(max(agents, 1)))
            shortfall = 0
        case .endless(let rate):
            form = .poisson(PoissonProcess(perSecond: rate, seed: seed))
            shortfall = 0
        case .poisson(let rate):
            form = .poisson(PoissonProcess(perSecond: rate, seed: seed))
            shortfall = 0
        case .stages(let stages):
            let segments = ArrivalSegment.chain(stages, agents: self.agents)
            form = .stages(segments)
            // A hair of rounding is no agent.
            let reached = segments.last.map { $0.lastCount } ?? 0
            shortfall = reached.isFinite ? max(0, self.agents - Int(reached + ArrivalSegment.tolerance)) : 0
        }
    }

    /// When agent `index` starts, from the run's start; never earlier than the agent before it. An agent that the
    /// stages do not bring starts when they end.
    public func offset(of index: Int) -> Nanoseconds {
        switch form {
        case .allAtOnce: return .zero
        case .ramp(let gap): return Nanoseconds(seconds: gap * Double(index))
        case .poisson(let process): return Nanoseconds(seconds: process.time(of: index))
        case .stages(let segments): return Nanoseconds(seconds: ArrivalSegment.time(of: Double(index), in: segments))
        }
    }

    /// The instant at which agent `index` starts in a run that started at `runStart`.
    public func start(of index: Int, from runStart: Instant) -> Instant {
        runStart + offset(of: index)
    }

    /// When the last agent starts, from the run's start.
    public var end: Nanoseconds {
        agents > 0 && !isEndless ? offset(of: agents - 1) : .zero
    }

    /// How many agents have started by `offset`, the ones that start right then included. Halves its way to the answer.
    public func arrived(by offset: Nanoseconds) -> Int {
        var (low, high) = (0, agents)
        while low < high {
            let middle = low + (high - low) / 2
            if self.offset(of: middle) <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
