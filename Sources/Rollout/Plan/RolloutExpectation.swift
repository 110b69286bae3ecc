public import Basis

/// How a rehearsal should end.
public struct RolloutExpectation: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Hashable, Sendable {
        case any, finished, paused, aborted
        case stoppedInCanary = "stopped-in-canary"
        case stopped
        case rolledBack = "rolled-back"
    }

    public var outcome = Outcome.any
    /// The most agents that may break before it ends.
    public var broken: Int?
    /// From the begin to the end, or to the pause.
    public var within: Nanoseconds?
    /// The most agents that end on another revision than the outcome means.
    public var left: Int?

    public init() {}
}

extension RolloutExpectation {
    /// What a rehearsal came to.
    public struct Ending: Sendable {
        public var state: RolloutState
        /// From the rollout's begin to its end, or until it paused; nil where it was still going on.
        public var time: Nanoseconds?
        /// Agents that the revision broke.
        public var broken: Int
        /// Agents on another revision than the outcome means.
        public var left: Int

        public init(state: RolloutState, time: Nanoseconds?, broken: Int, left: Int) {
            self.state = state
            self.time = time
            self.broken = broken
            self.left = left
        }
    }

    /// What is expected.
    public enum Aspect: CaseIterable, Hashable, Sendable { case outcome, broken, within, left }

    /// What is not as expected; empty: all is.
    public func unmet(by ending: Ending) -> [Aspect] {
        Aspect.allCases.filter { aspect in
            switch aspect {
            case .outcome: !outcome.holds(ending.state)
            case .broken: broken.map { ending.broken > $0 } ?? false
            case .within: within.map { within in ending.time.map { $0 > within } ?? true } ?? false
            case .left: left.map { ending.left > $0 } ?? false
            }
        }
    }

    /// What is not as expected, a sentence each.
    public func differences(from ending: Ending) -> [String] {
        unmet(by: ending).map { aspect in
            switch aspect {
            case .outcome: return "expected \(outcome.rawValue), but the rollout \(ending.state.inWords)"
            case .broken: return "expected at most \(broken ?? 0) broken agents, but \(ending.broken) broke"
            case .within:
                let took = ending.time.map { "it took \($0)" } ?? "it was still going on"
                return "expected it to end within \(within ?? .zero), but \(took)"
            case .left:
                return "expected at most \(left ?? 0) agents on another revision, but there are \(ending.left)"
            }
        }
    }
}

extension RolloutExpectation.Outcome {
    fileprivate func holds(_ state: RolloutState) -> Bool {
        let (isStopped, stage): (Bool, Int) =
            switch state {
            case .paused(let stage, .failure), .finishing(let stage), .ended(.aborted(let stage)): (true, stage)
            case .ended(.rolledBack(let stage, _)): (true, stage)
            case .notBegun, .offering, .soaking, .waiting, .paused, .rollingBack, .ended(.finished): (false, 0)
            }
        switch self {
        case .any: return true
        case .finished: return state == .ended(.finished)
        case .paused: if case .paused = state { return true } else { return false }
        case .aborted: if case .ended(.aborted) = state { return true } else { return false }
        case .rolledBack: if case .ended(.rolledBack) = state { return true } else { return false }
        case .stopped: return isStopped
        case .stoppedInCanary: return isStopped && stage == 0
        }
    }
}

extension RolloutState {
    /// Where it is, for sentences: `the rollout …`.
    public var inWords: String {
        switch self {
        case .notBegun: "has not begun"
        case .offering(let stage): "offers stage \(stage + 1)"
        case .soaking(let stage, _): "watches stage \(stage + 1)"
        case .waiting(let stage, _): "waits for the time window of stage \(stage + 1)"
        case .paused(let stage, .operatorCommand): "was paused by the operator in stage \(stage + 1)"
        case .paused(let stage, .approval): "waits for an operator before stage \(stage + 1)"
        case .paused(let stage, .failure): "stopped in stage \(stage + 1) and is paused"
        case .finishing(let stage): "stopped in stage \(stage + 1); agents in flight finish"
        case .rollingBack: "is being rolled back"
        case .ended(.finished): "finished"
        case .ended(.aborted(let stage)): "was aborted in stage \(stage + 1)"
        case .ended(.rolledBack(let stage, let unreached)):
            "was rolled back in stage \(stage + 1)" + (unreached > 0 ? ", \(unreached) agents not reached" : "")
        }
    }
}
