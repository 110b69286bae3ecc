import Basis

/// The faults that concern more than one agent, in the order of the seconds in which they begin and end.
struct FaultSchedule {
    struct Step {
        let second: Int
        let fault: WorldFault
        let begins: Bool
    }

    private let steps: [Step]
    private var next = 0

    init(_ faults: [WorldFault]) {
        var steps: [Step] = []
        for fault in faults {
            let span: (from: Nanoseconds, lasting: Nanoseconds)
            switch fault {
            case .outage(_, let from, let lasting), .replicaDown(_, let from, let lasting),
                .replicaSlow(_, _, let from, let lasting), .partition(_, _, let from, let lasting):
                span = (from, lasting)
            case .failure, .stop, .flapping: continue
            }
            let (begin, end) = (Self.second(span.from), Self.second(span.from + span.lasting))
            guard end > begin else { continue }
            steps.append(Step(second: begin, fault: fault, begins: true))
            steps.append(Step(second: end, fault: fault, begins: false))
        }
        // What ends comes before what begins; otherwise the order of the list stays.
        let order = steps.indices.sorted {
            (steps[$0].second, steps[$0].begins ? 1 : 0, $0) < (steps[$1].second, steps[$1].begins ? 1 : 0, $1)
        }
        self.steps = order.map { steps[$0] }
    }

    private static func second(_ time: Nanoseconds) -> Int {
        Int(max(time.count, 0) / 1_000_000_000) + (max(time.count, 0) % 1_000_000_000 > 0 ? 1 : 0)
    }

    /// When the next step is due; nil: there is none.
    var nextSecond: Int? { next < steps.count ? steps[next].second : nil }

    /// The next step that is due by `second`.
    mutating func take(by second: Int) -> Step? {
        guard next < steps.count, steps[next].second <= second else { return nil }
        next += 1
        return steps[next - 1]
    }
}
