import AgentModel
public import Basis
import Foundation
import Hosting

/// How many agents a profile wants at each time of its run: of the fleet, and of each cohort that has a population of
/// its own. A pure function of the profile.
public struct PopulationShape: Sendable {
    /// Cohorts whose number follows a curve.
    struct Part: Sendable {
        /// Their places in the profile.
        var cohorts: Set<Int>
        var curve: PopulationCurve
    }

    let parts: [Part]
    /// The cohorts whose agents arrive by `arrival` and stay.
    let arriving: Set<Int>
    private let schedule: ArrivalSchedule
    /// The part of the fleet that they are.
    private let arrivingShare: Double
    /// Where agents come without an end.
    let churn: Churn?

    /// Of a profile that was read or overridden well.
    public init(_ profile: Profile) {
        schedule = ArrivalSchedule(profile)
        churn = Churn(profile)
        let counts = Population(profile).cohortCounts
        var parts: [Part] = []
        var others: Set<Int> = []
        for (number, cohort) in profile.cohorts.enumerated() {
            if cohort.population.isEmpty {
                others.insert(number)
            } else {
                let count = counts.indices.contains(number) ? counts[number] : profile.agents
                parts.append(
                    Part(cohorts: [number], curve: Self.curve(cohort.population, of: count, in: profile.duration)))
            }
        }
        if !profile.population.isEmpty, !others.isEmpty {
            let agents = others.reduce(0) { $0 + (counts.indices.contains($1) ? counts[$1] : 0) }
            var stages = profile.population
            // An arrival is the short form of the first stage.
            if case .ramp(let span) = profile.arrival { stages.insert(.to(.init(over: span)), at: 0) }
            parts.append(Part(cohorts: others, curve: Self.curve(stages, of: agents, in: profile.duration)))
            others = []
        }
        self.parts = parts
        arriving = others
        let arrivingCount = others.reduce(0) { $0 + (counts.indices.contains($1) ? counts[$1] : profile.agents) }
        arrivingShare = min(Double(arrivingCount) / Double(max(profile.agents, 1)), 1)
    }

    /// Whether the number of agents follows anything but the arrival.
    public var isShaped: Bool { !parts.isEmpty || churn != nil }

    /// How many agents there are to be at a time; the ends of lifetimes are left out, but
    /// those of agents that come without an end.
    public func agents(at offset: Nanoseconds) -> Int {
        let shaped = parts.reduce(0) { $0 + $1.curve.agents(at: offset) }
        guard !arriving.isEmpty else { return shaped }
        if let churn { return shaped + Int(churn.expected(at: offset).rounded()) }
        return shaped + Int((Double(schedule.arrived(by: offset)) * arrivingShare).rounded())
    }

    /// The most agents at one time, of some hundred looks and of each corner of a curve.
    func peakAgents(in duration: Nanoseconds) -> Int {
        let corners = parts.flatMap { part in zip(part.curve.starts, part.curve.stages).map { $0 + $1.length } }
        let looks = (1...200).map { duration.scaled(by: Double($0) / 200) }
        return (corners.filter { $0 <= duration } + looks).reduce(0) { max($0, agents(at: $1)) }
    }

    /// The most agents that start within a second.
    var peakArrivals: Int {
        if let churn { return Int(churn.rate.rounded(.up)) }
        let peaks = parts.map { part -> Double in
            var (peak, before) = (0.0, part.curve.initial)
            for stage in part.curve.stages {
                peak = max(peak, (stage.to - before) / max(stage.length.seconds, 1))
                before = stage.to
            }
            return peak
        }
        return Int(peaks.reduce(0, +).rounded(.up))
    }

    /// When the first curve rises no more for the first time, so that the fleet can be called complete.
    var firstLevel: Nanoseconds {
        let ends = parts.map { part -> Nanoseconds in
            let rising = zip(part.curve.stages, part.curve.starts).prefix { stage, _ in
                stage.length > .zero || stage.to > 0
            }
            return rising.first.map { $0.1 + $0.0.length } ?? .zero
        }
        return max(ends.max() ?? .zero, arriving.isEmpty ? .zero : schedule.end)
    }

    // MARK: - From stages to a curve

    /// - Parameter agents: what shares are of.
    static func curve(_ stages: [PopulationStage], of agents: Int, in duration: Nanoseconds) -> PopulationCurve {
        var points: [PopulationCurve.Stage] = []
        var (passed, level) = (Nanoseconds.zero, 0.0)
        func append(_ stage: PopulationCurve.Stage) {
            points.append(stage)
            passed = passed + stage.length
            level = stage.to
        }
        for stage in stages {
            switch stage {
            case .to(let target):
                append(
                    .init(
                        length: target.over, to: Double(target.to.count(of: agents)), leaving: target.leave,
                        order: target.first))
            case .hold(let length):
                append(.init(length: length, to: level))
            case .daily(let daily):
                let (low, high) = (Double(daily.low.count(of: agents)), Double(daily.high.count(of: agents)))
                append(.init(length: .zero, to: low, leaving: daily.leave, order: daily.first))
                var step = 0
                while passed < duration, points.count < maxStages {
                    step += 1
                    // A whole number of steps a day: (1 − cos) / 2 between the low and the high.
                    let height = (1 - cosine(step % stepsPerDay)) / 2
                    append(
                        .init(
                            length: daily.day.scaled(by: 1 / Double(stepsPerDay)), to: low + (high - low) * height,
                            leaving: daily.leave, order: daily.first))
                }
            case .points(let curve):
                var before = Nanoseconds.zero
                for point in curve.points {
                    append(
                        .init(
                            length: point.at - before, to: Double(min(point.agents, agents)), leaving: curve.leave,
                            order: curve.first))
                    before = point.at
                }
            }
        }
        return PopulationCurve(points)
    }

    private static let stepsPerDay = 48
    /// More than 2,000 days in a run.
    private static let maxStages = 100_000

    private static func cosine(_ step: Int) -> Double { cos(2 * .pi * Double(step) / Double(stepsPerDay)) }
}
