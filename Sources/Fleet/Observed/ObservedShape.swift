import AgentModel
import Basis
import Observing

/// The number of agents over time, as a profile describes it: an arrival, or a population in few stages.
struct ObservedShape {
    /// A moment, in seconds from the first agent, with the number of agents.
    struct Point: Equatable {
        var seconds: Double
        var agents: Double
    }

    /// The profile's `agents`: the most at one time.
    let agents: Int
    let arrival: Arrival
    /// The corners of the curve after its first one; empty where `arrival` says it all.
    let corners: [Point]
    let duration: Nanoseconds
    /// The steps of the watch in which the fleet was nearly whole.
    let fullSteps: [Int]

    /// `nil` where no agent was seen.
    init?(_ observation: Observation) {
        guard let first = observation.firstReport else { return nil }
        let (width, counts) = observation.population
        let step = width.seconds
        let offset = (first - observation.start).seconds
        let peak = counts.max() ?? 0
        guard peak > 0 else { return nil }
        // What comes after the fleet as a whole was switched off belongs to no run.
        let present = counts.filter { $0 > 0 }.sorted()
        let usual = Double(present[present.count / 2])
        let isOver = counts.last == 0
        let last = isOver ? counts.lastIndex { Double($0) >= 0.9 * usual } ?? counts.count - 1 : counts.count - 1
        let end = isOver ? Double(last + 1) * step : (observation.end - observation.start).seconds
        let seconds = max(end - offset, 0.1)
        // The number at the end of a step; before the first agent there was none.
        let curve =
            [Point(seconds: 0, agents: 0)]
            + counts[...last].enumerated().map { index, count in
                Point(seconds: min(max(Double(index + 1) * step - offset, 0), seconds), agents: Double(count))
            }
        let plateau = Self.plateau(of: curve, peak: Double(peak))
        duration = .milliseconds(Int64((seconds * 10).rounded()) * 100)
        fullSteps = counts.indices.prefix(last + 1).filter { Double(counts[$0]) >= 0.9 * Double(peak) }
        if let plateau {
            agents = Int(plateau.rounded())
            let ramp = Self.ramp(of: curve, to: plateau)
            // Within a step it cannot be told from all at once.
            arrival = ramp <= 1.5 * step ? .allAtOnce : .ramp(over: .milliseconds(Int64((ramp * 10).rounded()) * 100))
            corners = []
        } else {
            agents = peak
            arrival = .allAtOnce
            corners = Array(Self.corners(of: curve, within: max(0.03 * Double(peak), 0.5)).dropFirst())
        }
    }

    /// The stages of a population; empty where `arrival` says it all.
    /// - Parameter leave: how agents leave where the number falls.
    func stages(_ leave: LeavePlan) -> [PopulationStage] {
        zip([Point(seconds: 0, agents: 0)] + corners, corners).compactMap { from, to in
            let over = Nanoseconds.milliseconds(Int64(((to.seconds - from.seconds) * 10).rounded()) * 100)
            guard over > .zero || to.agents != from.agents else { return nil }
            if to.agents == from.agents { return .hold(length: over) }
            var target = PopulationStage.Target()
            target.to = .agents(Int(to.agents.rounded()))
            target.over = over
            if to.agents < from.agents { target.leave = leave }
            return .to(target)
        }
    }

    /// The number that the fleet keeps once it has arrived; `nil` where it does not keep one.
    private static func plateau(of curve: [Point], peak: Double) -> Double? {
        guard let reached = curve.firstIndex(where: { $0.agents >= 0.95 * peak }) else { return nil }
        let rest = curve[reached...].map(\.agents).sorted()
        let middle = rest[rest.count / 2]
        // Chance moves a fleet that is replaced all the time.
        let tolerance = max(0.05 * middle, 2 * middle.squareRoot().rounded() * 0.5, 0.5)
        guard rest.allSatisfy({ abs($0 - middle) <= tolerance }) else { return nil }
        // An arrival is even: its corners lie on one line.
        let rise = Array(curve[...reached])
        let corners = corners(of: rise, within: max(0.06 * peak, 1))
        return corners.count <= 3 ? middle : nil
    }

    /// How long the fleet took to arrive, from the times at which a tenth and nine tenths of it were there.
    private static func ramp(of curve: [Point], to plateau: Double) -> Double {
        let (early, late) = (crossing(of: curve, 0.1 * plateau), crossing(of: curve, 0.9 * plateau))
        return max((late - early) / 0.8, 0)
    }

    private static func crossing(of curve: [Point], _ agents: Double) -> Double {
        for (before, after) in zip(curve, curve.dropFirst()) where after.agents >= agents {
            let share = after.agents > before.agents ? (agents - before.agents) / (after.agents - before.agents) : 1
            return before.seconds + (after.seconds - before.seconds) * max(share, 0)
        }
        return curve.last?.seconds ?? 0
    }

    /// The fewest points of the curve from which no other is further away than `tolerance` (Douglas and Peucker), at
    /// most `maxCorners`.
    private static func corners(of curve: [Point], within tolerance: Double) -> [Point] {
        var kept = [0, max(curve.count - 1, 0)]
        while kept.count < maxCorners {
            var (worst, place) = (tolerance, -1)
            for (from, to) in zip(kept, kept.dropFirst()) where to > from + 1 {
                let (first, last) = (curve[from], curve[to])
                let width = max(last.seconds - first.seconds, .leastNormalMagnitude)
                for index in from + 1..<to {
                    let share = (curve[index].seconds - first.seconds) / width
                    let distance = abs(curve[index].agents - first.agents - (last.agents - first.agents) * share)
                    if distance > worst { (worst, place) = (distance, index) }
                }
            }
            guard place >= 0 else { break }
            kept.insert(place, at: kept.firstIndex { $0 > place } ?? kept.count)
        }
        return kept.map { curve[$0] }
    }

    private static let maxCorners = 100
}
